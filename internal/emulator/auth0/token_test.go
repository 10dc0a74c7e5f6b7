package auth0_test

import (
	"net/http"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/appsyncctl/appsyncctl/internal/emulator/auth0"
)

func TestClientCredentials(t *testing.T) {
	tn := start(t, nil)
	got := tn.post(t, "/oauth/token", "grant_type", "client_credentials", "client_id", "machine",
		"client_secret", secret, "audience", audience).ok(t)
	if got.text("token_type") != "Bearer" || got.json["expires_in"] != 86400.0 || got.text("scope") != "read:customers" {
		t.Errorf("got %s", got.body)
	}
	if _, there := got.json["refresh_token"]; there {
		t.Error("a refresh token for a machine")
	}
	if cache := got.header.Get("Cache-Control"); cache != "no-store" {
		t.Errorf("Cache-Control %q", cache)
	}
	now := float64(tn.clock.Now().Unix())
	want := map[string]any{
		"iss": tn.issuer, "sub": "machine@clients", "aud": audience, "iat": now, "exp": now + 86400,
		"scope": "read:customers", "gty": "client-credentials", "azp": "machine",
	}
	if got := claims(t, got.text("access_token")); !reflect.DeepEqual(got, want) {
		t.Errorf("claims\n got %v\nwant %v", got, want)
	}
	header := jwtPart(t, got.text("access_token"), 0)
	if header["alg"] != "RS256" || header["typ"] != "JWT" || header["kid"] == "" {
		t.Errorf("header %v", header)
	}
}

func TestClientCredentialsRefused(t *testing.T) {
	tn := start(t, nil)
	tests := []struct {
		name        string
		pairs       []string
		status      int
		code        string
		description string
	}{
		{"no grant type", []string{"client_id", "machine"}, 400, "invalid_request", "Missing required parameter: grant_type"},
		{"no client", []string{"grant_type", "client_credentials"}, 400, "invalid_request", "Missing required parameter: client_id"},
		{
			"unknown client",
			[]string{"grant_type", "client_credentials", "client_id", "nobody", "client_secret", secret, "audience", audience},
			401, "access_denied", "Unauthorized",
		},
		{
			"wrong secret",
			[]string{"grant_type", "client_credentials", "client_id", "machine", "client_secret", "wrong", "audience", audience},
			401, "access_denied", "Unauthorized",
		},
		{
			"no secret",
			[]string{"grant_type", "client_credentials", "client_id", "machine", "audience", audience},
			401, "access_denied", "Unauthorized",
		},
		{
			"post to a client of basic",
			[]string{"grant_type", "client_credentials", "client_id", "basic", "client_secret", secret, "audience", audience},
			401, "access_denied", "Unauthorized",
		},
		{
			"unknown grant type",
			[]string{"grant_type", "magic", "client_id", "machine", "client_secret", secret},
			403, "unsupported_grant_type", "Unsupported grant type: magic",
		},
		{
			"grant type not allowed",
			[]string{"grant_type", "client_credentials", "client_id", "native", "audience", audience},
			403, "unauthorized_client", "Grant type 'client_credentials' not allowed for the client.",
		},
		{
			"no audience",
			[]string{"grant_type", "client_credentials", "client_id", "machine", "client_secret", secret},
			403, "access_denied", "No audience parameter was provided, and no default audience has been configured",
		},
		{
			"unknown audience",
			[]string{"grant_type", "client_credentials", "client_id", "machine", "client_secret", secret, "audience", "https://api.example"},
			403, "access_denied", "Service not found: https://api.example",
		},
		{
			"no client grant",
			[]string{"grant_type", "client_credentials", "client_id", "machine", "client_secret", secret, "audience", "https://other.example/"},
			403, "access_denied", `Client is not authorized to access "https://other.example/". You need to create a "client-grant"` +
				" associated to this API. See: https://auth0.com/docs/api/v2#!/Client_Grants/post_client_grants",
		},
		{
			"scope not granted",
			[]string{"grant_type", "client_credentials", "client_id", "machine", "client_secret", secret, "audience", audience, "scope", "write:customers"},
			403, "access_denied", "Client has not been granted scopes: write:customers",
		},
		{
			"unknown organization",
			[]string{"grant_type", "client_credentials", "client_id", "machine", "client_secret", secret, "audience", audience, "organization", "org_2"},
			400, "invalid_request", "parameter organization is invalid",
		},
		{
			"parameter twice",
			[]string{"grant_type", "client_credentials", "client_id", "machine", "client_id", "machine"},
			400, "invalid_request", "Duplicate parameter.",
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got := tn.post(t, "/oauth/token", tt.pairs...)
			got.refused(t, tt.status, tt.code, tt.description)
			if strings.Contains(got.body, secret) {
				t.Error("the answer repeats the secret")
			}
		})
	}
}

func TestSecretInHeaderAndJSON(t *testing.T) {
	tn := start(t, nil)
	pairs := []string{"grant_type", "client_credentials", "audience", audience}
	tests := []struct {
		name   string
		user   string
		secret string
		status int
	}{
		{"basic as Auth0 documents it", "basic", secret, 200},
		{"basic with URL encoding", "basic", "s3cret%2Bwith%2Fodd%3Dchars", 200},
		{"either", "machine", secret, 200},
		{"wrong", "basic", "wrong", 401},
		{"basic to a client of post", "post", secret, 401},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			r := tn.request(t, "/oauth/token", pairs...)
			r.SetBasicAuth(tt.user, tt.secret)
			if got := do(t, r); got.status != tt.status {
				t.Errorf("got %d %s, want %d", got.status, got.body, tt.status)
			}
		})
	}
	t.Run("JSON", func(t *testing.T) {
		r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, tn.issuer+"oauth/token", strings.NewReader(
			`{"grant_type":"client_credentials","client_id":"post","client_secret":"`+secret+`","audience":"`+audience+`","x":1}`))
		if err != nil {
			t.Fatal(err)
		}
		r.Header.Set("Content-Type", "application/json; charset=utf-8")
		do(t, r).ok(t)
	})
}

func TestBodyRefused(t *testing.T) {
	tn := start(t, nil)
	tests := []struct {
		name, kind, body string
		status           int
	}{
		{"half JSON", "application/json", `{"grant_type":`, 400},
		{"JSON list", "application/json", `[]`, 400},
		{"bad escape", "application/x-www-form-urlencoded", "a=%zz", 400},
		{"too large", "application/x-www-form-urlencoded", "a=" + strings.Repeat("x", 65<<10), 413},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, tn.issuer+"oauth/token", strings.NewReader(tt.body))
			if err != nil {
				t.Fatal(err)
			}
			r.Header.Set("Content-Type", tt.kind)
			if got := do(t, r); got.status != tt.status || got.text("error") != "invalid_request" {
				t.Errorf("got %d %s, want %d", got.status, got.body, tt.status)
			}
		})
	}
}

func TestDialects(t *testing.T) {
	tests := []struct {
		dialect auth0.Dialect
		typ     string
		has     []string
		hasNot  []string
	}{
		{auth0.DialectAccessToken, "JWT", []string{"azp", "gty"}, []string{"client_id", "jti", "permissions"}},
		{auth0.DialectAccessTokenAuthz, "JWT", []string{"azp", "gty", "permissions"}, []string{"client_id", "jti"}},
		{auth0.DialectRFC9068, "at+jwt", []string{"client_id", "jti"}, []string{"azp", "gty", "permissions"}},
		{auth0.DialectRFC9068Authz, "at+jwt", []string{"client_id", "jti", "permissions"}, []string{"azp", "gty"}},
	}
	for _, tt := range tests {
		t.Run(string(tt.dialect), func(t *testing.T) {
			tn := start(t, func(c *auth0.Config) {
				c.APIs[0].Dialect = tt.dialect
				c.APIs[0].Lifetime = time.Hour
			})
			got := tn.post(t, "/oauth/token", "grant_type", "client_credentials", "client_id", "machine",
				"client_secret", secret, "audience", audience).ok(t)
			if got.json["expires_in"] != 3600.0 {
				t.Errorf("expires_in %v", got.json["expires_in"])
			}
			if typ := jwtPart(t, got.text("access_token"), 0)["typ"]; typ != tt.typ {
				t.Errorf("typ %v, want %s", typ, tt.typ)
			}
			claims := claims(t, got.text("access_token"))
			for _, name := range tt.has {
				if claims[name] == nil {
					t.Errorf("no %s", name)
				}
			}
			for _, name := range tt.hasNot {
				if claims[name] != nil {
					t.Errorf("%s %v", name, claims[name])
				}
			}
		})
	}
}
