package auth0_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/appsyncctl/appsyncctl/internal/emulator/auth0"
)

const managerSecret = "manager-s3cret"

// startManaged starts a tenant with a client that is granted scopes of the Management
// API, and returns it with a token for them.
func startManaged(t *testing.T, scopes ...string) (tenant, manager) {
	t.Helper()
	tn := start(t, func(c *auth0.Config) {
		c.Clients = append(c.Clients, auth0.Client{
			ID: "manager", Secret: managerSecret, Grants: []string{auth0.GrantClientCredentials},
			Audiences: map[string][]string{auth0.ManagementAPI: scopes},
		})
	})
	token := tn.post(t, "/oauth/token", "grant_type", "client_credentials", "client_id", "manager",
		"client_secret", managerSecret, "audience", tn.issuer+"api/v2/").ok(t)
	return tn, manager{tn, "Bearer " + token.text("access_token")}
}

// manager calls the Management API.
type manager struct {
	tenant
	authorization string
}

func (m manager) call(t *testing.T, method, path, body string) answer {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), method, m.issuer+"api/v2/"+path, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	if m.authorization != "" {
		r.Header.Set("Authorization", m.authorization)
	}
	return m.do(t, r)
}

// do is do for answers that may be arrays.
func (m manager) do(t *testing.T, r *http.Request) answer {
	t.Helper()
	client := &http.Client{}
	resp, err := client.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	var body bytes.Buffer
	if _, err := body.ReadFrom(resp.Body); err != nil {
		t.Fatal(err)
	}
	a := answer{status: resp.StatusCode, header: resp.Header, body: body.String()}
	_ = json.Unmarshal(body.Bytes(), &a.json) // a list has no members
	return a
}

// managed checks for an error of the Management API.
func (a answer) managed(t *testing.T, status int, name, message, code string) {
	t.Helper()
	want, err := json.Marshal(struct {
		Status  int    `json:"statusCode"`
		Name    string `json:"error"`
		Message string `json:"message"`
		Code    string `json:"errorCode,omitempty"`
	}{status, name, message, code})
	if err != nil {
		t.Fatal(err)
	}
	if a.status != status || a.body != string(want) {
		t.Errorf("got %d %s\nwant %s", a.status, a.body, want)
	}
}

func TestManagementToken(t *testing.T) {
	tn, m := startManaged(t, "read:clients")
	api := tn.issuer + "api/v2/"

	// Only a client that is granted the Management API gets its tokens.
	tn.post(t, "/oauth/token", "grant_type", "client_credentials", "client_id", "post", "client_secret", secret, "audience", api).
		refused(t, http.StatusForbidden, "access_denied", fmt.Sprintf("Client is not authorized to access %q."+
			" You need to create a \"client-grant\" associated to this API. See: https://auth0.com/docs/api/v2#!/Client_Grants/post_client_grants", api))
	if a := m.call(t, http.MethodGet, "clients", ""); a.status != http.StatusOK {
		t.Errorf("got %d %s", a.status, a.body)
	}
	m.call(t, http.MethodPost, "clients", `{"name":"x"}`).
		managed(t, 403, "Forbidden", "Insufficient scope, expected any of: create:clients", "insufficient_scope")
	m.call(t, http.MethodGet, "users", "").managed(t, 404, "Not Found", "Not Found", "")

	tests := []struct {
		name          string
		authorization string
		status        int
		kind, message string
		code          string
	}{
		{"none", "", 401, "Unauthorized", "Missing authentication", ""},
		{"no JWT", "Bearer abc", 400, "Bad Request", "Bad HTTP authentication header format", "Bearer"},
		{"forged", m.authorization[:len(m.authorization)-4] + "AAAA", 401, "Unauthorized", "Invalid token", ""},
		{"of another API", "Bearer " + tn.post(t, "/oauth/token", "grant_type", "client_credentials", "client_id", "post",
			"client_secret", secret, "audience", audience).ok(t).text("access_token"), 401, "Unauthorized", "Bad audience: " + audience, ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			manager{tn, tt.authorization}.call(t, http.MethodGet, "clients", "").managed(t, tt.status, tt.kind, tt.message, tt.code)
		})
	}
	tn.clock.advance(25 * time.Hour)
	m.call(t, http.MethodGet, "clients", "").managed(t, 401, "Unauthorized", "Expired token received for JSON Web Token validation", "")
}

func TestManagementLists(t *testing.T) {
	_, m := startManaged(t, "read:clients", "read:resource_servers", "read:client_grants")
	a := m.call(t, http.MethodGet, "clients?fields=client_id&include_fields=true&per_page=2&page=1&include_totals=true", "")
	if want := `{"clients":[{"client_id":"basic"},{"client_id":"native"}],"limit":2,"start":2,"total":7}`; a.body != want {
		t.Errorf("got %s\nwant %s", a.body, want)
	}
	if a := m.call(t, http.MethodGet, "clients?fields=client_id&page=9", ""); a.body != "[]" {
		t.Errorf("behind the end: %s", a.body)
	}
	if a := m.call(t, http.MethodGet, "clients?app_type=native&fields=name&is_global=false", ""); strings.Count(a.body, "name") != 3 {
		t.Errorf("native ones: %s", a.body)
	}
	if a := m.call(t, http.MethodGet, "clients", ""); strings.Contains(a.body, secret) || strings.Contains(a.body, "client_secret\"") {
		t.Errorf("secrets without read:client_keys: %s", a.body)
	}
	m.call(t, http.MethodGet, "clients?per_page=101", "").
		managed(t, 400, "Bad Request", "Query validation error: 'Value 101 is greater than maximum 100' on property per_page.", "invalid_query_string")
	a = m.call(t, http.MethodGet, "resource-servers?identifiers="+audience+"&fields=identifier,signing_alg&include_totals=true", "")
	if want := fmt.Sprintf(`{"limit":50,"resource_servers":[{"identifier":%q,"signing_alg":"RS256"}],"start":0,"total":1}`, audience); a.body != want {
		t.Errorf("got %s\nwant %s", a.body, want)
	}
	a = m.call(t, http.MethodGet, "client-grants?client_id=machine&include_totals=true", "")
	if a.json["total"] != 1.0 || !strings.Contains(a.body, `"scope":["read:customers"]`) {
		t.Errorf("grants: %s", a.body)
	}
}

// TestManagementMakes goes through the making of all three kinds and uses them.
func TestManagementMakes(t *testing.T) {
	tn, m := startManaged(t, auth0.ManagementScopes()...)
	api := m.call(t, http.MethodPost, "resource-servers", `{"identifier":"urn:new","name":"New","signing_alg":"HS256","allow_offline_access":true}`)
	if api.status != http.StatusCreated || api.text("id") == "" || api.json["token_lifetime"] != 86400.0 {
		t.Fatalf("api: %d %s", api.status, api.body)
	}
	m.call(t, http.MethodPost, "resource-servers", `{"identifier":"urn:new"}`).
		managed(t, 409, "Conflict", "A resource server with the same identifier already exists", "resource_server_conflict")
	machine := m.call(t, http.MethodPost, "clients", `{"name":"robot","app_type":"non_interactive","grant_types":["client_credentials"],"token_endpoint_auth_method":"client_secret_post"}`)
	id, key := machine.text("client_id"), machine.text("client_secret")
	if machine.status != http.StatusCreated || len(id) != 32 || key == "" {
		t.Fatalf("client: %d %s", machine.status, machine.body)
	}
	login := func() answer {
		return tn.post(t, "/oauth/token", "grant_type", "client_credentials", "client_id", id, "client_secret", key, "audience", "urn:new")
	}
	if a := login(); a.status != http.StatusForbidden {
		t.Errorf("a token without a grant: %d %s", a.status, a.body)
	}
	grant := fmt.Sprintf(`{"client_id":%q,"audience":"urn:new","scope":[]}`, id)
	if a := m.call(t, http.MethodPost, "client-grants", grant); a.status != http.StatusCreated || !strings.HasPrefix(a.text("id"), "cgr_") {
		t.Fatalf("grant: %d %s", a.status, a.body)
	}
	if a := m.call(t, http.MethodPost, "client-grants", grant); a.status != http.StatusConflict {
		t.Errorf("the grant twice: %d %s", a.status, a.body)
	}
	if header := jwtPart(t, login().ok(t).text("access_token"), 0); header["alg"] != "HS256" {
		t.Errorf("signed by %v, want HS256", header["alg"])
	}
	if a := m.call(t, http.MethodPatch, "resource-servers/"+api.text("id"), `{"signing_alg":"RS256"}`); a.status != http.StatusOK || a.text("name") != "New" {
		t.Errorf("change: %d %s", a.status, a.body)
	}
	if header := jwtPart(t, login().ok(t).text("access_token"), 0); header["alg"] != "RS256" {
		t.Errorf("signed by %v, want RS256", header["alg"])
	}
	if a := m.call(t, http.MethodGet, "clients/"+id+"?fields=client_secret", ""); a.text("client_secret") != key {
		t.Errorf("the secret cannot be read: %d", a.status)
	}
}

// TestManagementChangesClient changes a client that has a login, which stays good.
func TestManagementChangesClient(t *testing.T) {
	tn, m := startManaged(t, auth0.ManagementScopes()...)
	phone := m.call(t, http.MethodPost, "clients", `{"name":"phone","app_type":"native","grant_types":["`+device+`"],"oidc_conformant":true}`)
	id := phone.text("client_id")
	first := tn.post(t, "/oauth/device/code", "client_id", id, "audience", audience, "scope", "openid offline_access").ok(t)
	if a := m.call(t, http.MethodPatch, "clients/"+id, `{"grant_types":["`+device+`","refresh_token"],"refresh_token":{"rotation_type":"rotating","expiration_type":"expiring","leeway":60}}`); a.status != http.StatusOK {
		t.Fatalf("change: %d %s", a.status, a.body)
	}
	tn.post(t, "/activate", "user_code", first.text("user_code"), "action", "approve").ok(t)
	login := tn.post(t, "/oauth/token", "grant_type", device, "client_id", id, "device_code", first.text("device_code")).ok(t)
	m.call(t, http.MethodPatch, "clients/"+id, `{"description":"changed again"}`)
	for range 2 { // the second within the client's own leeway
		next := tn.post(t, "/oauth/token", "grant_type", "refresh_token", "client_id", id, "refresh_token", login.text("refresh_token")).ok(t)
		if next.text("refresh_token") == "" {
			t.Error("no rotation")
		}
	}
}

func TestManagementRefuses(t *testing.T) {
	_, m := startManaged(t, auth0.ManagementScopes()...)
	tests := []struct {
		name, method, path, body string
		status                   int
		kind, message, code      string
	}{
		{"unknown member", "POST", "clients", `{"name":"x","grants":[]}`, 400, "Bad Request",
			"Payload validation error: 'Additional properties not allowed: grants'.", "invalid_body"},
		{"wrong type", "POST", "clients", `{"name":7}`, 400, "Bad Request",
			"Payload validation error: 'Expected type string but found type number' on property name.", "invalid_body"},
		{"no name", "POST", "clients", `{}`, 400, "Bad Request", "Payload validation error: 'Missing required property: name'.", "invalid_body"},
		{"no JSON", "POST", "clients", `[`, 400, "Bad Request", "Invalid request payload JSON format", ""},
		{"no identifier", "POST", "resource-servers", `{"name":"x"}`, 400, "Bad Request",
			"Payload validation error: 'Missing required property: identifier'.", "invalid_body"},
		{"identifier changed", "PATCH", "resource-servers/" + strings.ReplaceAll(audience, "/", "%2F"), `{"identifier":"urn:x"}`, 400, "Bad Request",
			"Payload validation error: 'Additional properties not allowed: identifier'.", "invalid_body"},
		{"unknown API", "PATCH", "resource-servers/none", `{}`, 404, "Not Found", "The resource server does not exist", "inexistent_resource_server"},
		{"unknown client", "GET", "clients/none", ``, 404, "Not Found", "The client does not exist", "inexistent_client"},
		{"unknown grant", "PATCH", "client-grants/none", `{"scope":[]}`, 404, "Not Found", "The grant does not exist.", "inexistent_client_grant"},
		{"scopes that the API has not", "POST", "client-grants", `{"client_id":"native","audience":"` + audience + `","scope":["fly"]}`, 400, "Bad Request",
			"Payload validation error: scope must be a subset of resource server scopes", "invalid_body"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			m.call(t, tt.method, tt.path, tt.body).managed(t, tt.status, tt.kind, tt.message, tt.code)
		})
	}
}

// TestManagementKeepsTheConfigured changes what the configuration made.
func TestManagementKeepsTheConfigured(t *testing.T) {
	tn, m := startManaged(t, auth0.ManagementScopes()...)
	login := func(id, api string) int {
		return tn.post(t, "/oauth/token", "grant_type", "client_credentials", "client_id", id, "client_secret", secret, "audience", api).status
	}
	m.call(t, http.MethodPatch, "clients/post", `{"description":"x"}`)
	m.call(t, http.MethodPost, "resource-servers", `{"identifier":"urn:new"}`)
	m.call(t, http.MethodPost, "client-grants", `{"client_id":"machine","audience":"urn:new","scope":[]}`)
	for _, api := range []string{audience, "urn:new"} {
		if got := login("post", api); got != http.StatusOK {
			t.Errorf("post, who may have every API, for %s: %d", api, got)
		}
		if got := tn.post(t, "/oauth/token", "grant_type", "client_credentials", "client_id", "machine", "client_secret", secret, "audience", api).status; got != http.StatusOK {
			t.Errorf("machine for %s: %d", api, got)
		}
	}
}
