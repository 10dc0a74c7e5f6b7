package management_test

import (
	"errors"
	"fmt"
	"net/http"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/appsyncctl/appsyncctl/internal/emulator/auth0"
	"github.com/appsyncctl/appsyncctl/internal/management"
)

// actions writes a plan down, such as "api create, machine keep".
func actions(plan *management.Plan) string {
	var words []string
	for _, step := range plan.Steps() {
		words = append(words, fmt.Sprintf("%s %s", step.Kind, step.Action))
	}
	return strings.Join(words, ", ")
}

func (tn *tenant) plan(t *testing.T) *management.Plan {
	t.Helper()
	plan, err := tn.Plan(t.Context(), want())
	if err != nil {
		t.Fatal(err)
	}
	return plan
}

const (
	allNew  = "api create, machine create, grant create, native create"
	allKept = "api keep, machine keep, grant keep, native keep"
)

func TestApply(t *testing.T) {
	tn := start(t, nil)
	plan := tn.plan(t)
	if got := actions(plan); got != allNew {
		t.Errorf("planned %s", got)
	}
	if writes := tn.writes(); len(writes) > 0 {
		t.Errorf("planning wrote %v", writes)
	}
	secret, err := tn.Apply(t.Context(), plan)
	if err != nil {
		t.Fatal(err)
	}
	for _, step := range plan.Steps() {
		if !step.Done || step.ID == "" {
			t.Errorf("%s: done %v, id %q", step.Kind, step.Done, step.ID)
		}
	}
	tn.token(t, plan.Machine.ID, string(secret), audience)
	tn.writes()

	again := tn.plan(t)
	if got := actions(again); got != allKept {
		t.Errorf("planned again: %s", got)
	}
	if again.Machine.ID != plan.Machine.ID || again.Native.ID != plan.Native.ID {
		t.Error("other applications were found")
	}
	if secret, err := tn.Apply(t.Context(), again); secret != "" || err != nil || len(tn.writes()) > 0 {
		t.Errorf("nothing to do, but %v", err)
	}
	read, err := tn.MachineSecret(t.Context(), plan.Machine.ID)
	if err != nil || read != secret || read == "" {
		t.Errorf("the secret could not be read: %v", err)
	}
}

func TestChanges(t *testing.T) {
	tn := start(t, func(c *auth0.Config) {
		c.APIs = []auth0.API{{Identifier: audience, Algorithm: auth0.HS256, Name: "mine"}}
	})
	phone := tn.post(t, "clients", `{"name":"phone","app_type":"native","oidc_conformant":true,"token_endpoint_auth_method":"none",
		"grant_types":["implicit","refresh_token"],"callbacks":["myapp://callback"],"description":"mine",
		"jwt_configuration":{"alg":"RS256"},"refresh_token":{"rotation_type":"rotating","expiration_type":"expiring","leeway":7}}`)
	plan := tn.plan(t)
	if got := actions(plan); got != "api change, machine create, grant create, native change" {
		t.Fatalf("planned %s", got)
	}
	wantChanges := []management.Change{
		{Field: "signing_alg", From: "HS256", To: "RS256"},
		{Field: "allow_offline_access", From: false, To: true},
	}
	if !reflect.DeepEqual(plan.API.Changes, wantChanges) {
		t.Errorf("api: %v", plan.API.Changes)
	}
	if _, err := tn.Apply(t.Context(), plan); err != nil {
		t.Fatal(err)
	}
	var patches []sent
	for _, write := range tn.writes() {
		if write.method == http.MethodPatch {
			patches = append(patches, write)
		}
	}
	wantPatches := []sent{
		{http.MethodPatch, "resource-servers/" + plan.API.ID, map[string]any{"signing_alg": "RS256", "allow_offline_access": true}},
		{http.MethodPatch, "clients/" + phone["client_id"].(string), map[string]any{
			"grant_types": []any{"implicit", "refresh_token", auth0.GrantDeviceCode, "authorization_code"},
			"callbacks":   []any{"myapp://callback", "http://127.0.0.1:8976/callback", "http://127.0.0.1:8977/callback"},
		}},
	}
	if !reflect.DeepEqual(patches, wantPatches) {
		t.Errorf("got %v\nwant %v", patches, wantPatches)
	}
	if got := actions(tn.plan(t)); got != allKept {
		t.Errorf("planned again: %s", got)
	}
}

// TestRotationIsTurnedOn changes an object inside: Auth0 takes it whole.
func TestRotationIsTurnedOn(t *testing.T) {
	tn := start(t, nil)
	tn.post(t, "clients", `{"name":"phone","oidc_conformant":true,"token_endpoint_auth_method":"none"}`)
	plan := tn.plan(t)
	var fields []string
	for _, change := range plan.Native.Changes {
		fields = append(fields, change.Field)
	}
	if got := strings.Join(fields, " "); got != "app_type grant_types callbacks jwt_configuration.alg refresh_token.rotation_type refresh_token.expiration_type" {
		t.Errorf("changes %s", got)
	}
	if _, err := tn.Apply(t.Context(), plan); err != nil {
		t.Fatal(err)
	}
	for _, write := range tn.writes() {
		if write.method != http.MethodPatch {
			continue
		}
		got, _ := write.body["refresh_token"].(map[string]any)
		want := map[string]any{
			"rotation_type": "rotating", "expiration_type": "expiring", "leeway": 60.0, "token_lifetime": 2592000.0,
			"idle_token_lifetime": 1296000.0, "infinite_token_lifetime": false, "infinite_idle_token_lifetime": false,
		}
		if !reflect.DeepEqual(got, want) {
			t.Errorf("got %v\nwant %v", got, want)
		}
	}
	if got := actions(tn.plan(t)); got != allKept {
		t.Errorf("planned again: %s", got)
	}
}

// TestBrokenOff fails at each of the four writes in turn, and goes on.
func TestBrokenOff(t *testing.T) {
	for failing := range 4 {
		t.Run(fmt.Sprint(failing), func(t *testing.T) {
			tn := start(t, nil)
			writes := 0
			tn.before = func(w http.ResponseWriter, r *http.Request) bool {
				if r.Method == http.MethodGet || !strings.HasPrefix(r.URL.Path, "/api/v2/") {
					return false
				}
				writes++
				if writes != failing+1 {
					return false
				}
				w.WriteHeader(http.StatusInternalServerError)
				return true
			}
			plan := tn.plan(t)
			secret, err := tn.Apply(t.Context(), plan)
			refused, ok := errors.AsType[*management.Error](err)
			if !ok || !refused.Transient() {
				t.Fatalf("got %v", err)
			}
			if made := failing > 1; made != (secret != "") {
				t.Errorf("the machine was made: %v, its secret is there: %v", made, secret != "")
			}
			for i, step := range plan.Steps() {
				if step.Done != (i < failing) {
					t.Errorf("%s done: %v", step.Kind, step.Done)
				}
			}
			rest := tn.plan(t)
			if actions(rest) == allKept {
				t.Fatal("nothing is left to do")
			}
			if _, err := tn.Apply(t.Context(), rest); err != nil {
				t.Fatal(err)
			}
			if got := actions(tn.plan(t)); got != allKept {
				t.Errorf("planned at last: %s", got)
			}
		})
	}
}

func TestPlanRefuses(t *testing.T) {
	tests := []struct {
		name    string
		clients []string
		want    string
	}{
		{"two of a name", []string{`{"name":"robot"}`, `{"name":"robot"}`}, `2 applications have the name "robot": `},
		{"a type that cannot be meant", []string{`{"name":"phone","app_type":"spa"}`}, "its type is spa, not native"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			tn := start(t, nil)
			var ids []string
			for _, client := range tt.clients {
				id, _ := tn.post(t, "clients", client)["client_id"].(string)
				ids = append(ids, id)
			}
			_, err := tn.Plan(t.Context(), want())
			for _, part := range append(ids, tt.want) {
				if err == nil || !strings.Contains(err.Error(), part) {
					t.Errorf("got %v, want %s", err, part)
				}
			}
		})
	}
}

func TestCheck(t *testing.T) {
	tn := start(t, nil)
	plan := tn.plan(t)
	err := plan.Check([]string{"read:clients", "create:client_grants"})
	lacking, ok := errors.AsType[*management.ScopeError](err)
	if !ok || !reflect.DeepEqual(lacking.Missing, []string{"create:resource_servers", "create:clients"}) {
		t.Errorf("got %v", err)
	}
	if err := plan.Check(management.Scopes()); err != nil {
		t.Error(err)
	}
	if err := plan.Check(nil); err != nil {
		t.Errorf("a token that names no scopes: %v", err)
	}
}

func TestMissingScope(t *testing.T) {
	tn := start(t, func(c *auth0.Config) {
		c.Clients[0].Audiences = map[string][]string{auth0.ManagementAPI: {"read:resource_servers"}}
	})
	_, err := tn.Plan(t.Context(), want())
	refused, ok := errors.AsType[*management.Error](err)
	if !ok || !refused.Unauthorized() || !reflect.DeepEqual(refused.Scopes(), []string{"read:clients", "read:client_keys"}) {
		t.Errorf("got %v", err)
	}
}

// TestOthersGrants does not take another's grant, nor one for people, for the machine's.
func TestOthersGrants(t *testing.T) {
	tn := start(t, nil)
	if _, err := tn.Apply(t.Context(), tn.plan(t)); err != nil {
		t.Fatal(err)
	}
	tn.before = func(w http.ResponseWriter, r *http.Request) bool {
		if r.URL.Path != "/api/v2/client-grants" {
			return false
		}
		query := r.URL.Query()
		_, _ = fmt.Fprintf(w, `{"total":2,"start":0,"limit":100,"client_grants":[
			{"id":"cgr_1","client_id":"other","audience":%q},
			{"id":"cgr_2","client_id":%q,"audience":%[1]q,"subject_type":"user"}]}`, query.Get("audience"), query.Get("client_id"))
		return true
	}
	if got := actions(tn.plan(t)); got != "api keep, machine keep, grant create, native keep" {
		t.Errorf("planned %s", got)
	}
}

func TestNotes(t *testing.T) {
	tn := start(t, nil)
	tn.before = func(w http.ResponseWriter, r *http.Request) bool {
		if r.URL.Path != "/api/v2/resource-servers" {
			return false
		}
		_, _ = fmt.Fprintf(w, `{"total":1,"start":0,"limit":100,"resource_servers":[{"id":"1","identifier":%q,
			"token_encryption":{"format":"compact-nested-jwe"},"proof_of_possession":{"mechanism":"dpop","required":true},
			"subject_type_authorization":{"user":{"policy":"require_client_grant"},"client":{"policy":"deny_all"}}}]}`, audience)
		return true
	}
	notes := strings.Join(tn.plan(t).Notes, "\n")
	for _, want := range []string{"encrypts its tokens", "binds its tokens", "only by its policy require_client_grant", "lets no machines in"} {
		if !strings.Contains(notes, want) {
			t.Errorf("no note that it %s", want)
		}
	}
}

// withAPI has the API already: what is left to make are things of which there may be two.
func withAPI(c *auth0.Config) {
	c.APIs = []auth0.API{{Identifier: audience, OfflineAccess: true}}
}

// TestApplyTwice carries two plans out that were both made before anything was there.
func TestApplyTwice(t *testing.T) {
	tn := start(t, withAPI)
	first, second := tn.plan(t), tn.plan(t)
	if _, err := tn.Apply(t.Context(), first); err != nil {
		t.Fatal(err)
	}
	tn.writes()
	secret, err := tn.Apply(t.Context(), second)
	if err != nil || secret != "" {
		t.Errorf("got a secret: %v, %v", secret != "", err)
	}
	if writes := tn.writes(); len(writes) > 0 {
		t.Errorf("the second wrote %v", writes)
	}
	if got := actions(second); got != allKept {
		t.Errorf("the second did %s", got)
	}
	for i, step := range second.Steps() {
		if made := first.Steps()[i]; !step.Done || step.ID != made.ID {
			t.Errorf("%s: done %v, id %s, want %s", step.Kind, step.Done, step.ID, made.ID)
		}
	}
	if got := actions(tn.plan(t)); got != allKept {
		t.Errorf("planned again: %s", got)
	}
}

// TestApplyBesideAnother finds what another has made since the plan, and leaves alone
// what is not as it should be.
func TestApplyBesideAnother(t *testing.T) {
	tests := []struct{ name, made, want string }{
		{"another type", `{"name":"phone","app_type":"spa"}`, "its type is spa, not native"},
		{"other values", `{"name":"phone","app_type":"native","oidc_conformant":true}`, "somebody has just made it otherwise"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			tn := start(t, withAPI)
			plan := tn.plan(t)
			id, _ := tn.post(t, "clients", tt.made)["client_id"].(string)
			secret, err := tn.Apply(t.Context(), plan)
			conflict, ok := errors.AsType[*management.ConflictError](err)
			if !ok || !slices.Equal(conflict.IDs, []string{id}) || !strings.Contains(conflict.Reason, tt.want) {
				t.Errorf("got %v, want that %s of %s", err, tt.want, id)
			}
			if secret == "" || !plan.Machine.Done || plan.Native.Done {
				t.Errorf("secret %v, machine %v, native %v", secret != "", plan.Machine.Done, plan.Native.Done)
			}
			for _, write := range tn.writes() {
				if write.path == "clients" && write.body["name"] != "robot" || write.method == http.MethodPatch {
					t.Errorf("wrote %v", write)
				}
			}
		})
	}
}
