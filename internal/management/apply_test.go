package management_test

import (
	"errors"
	"net/http"
	"strings"
	"testing"

	"github.com/appsyncctl/appsyncctl/internal/emulator/auth0"
	"github.com/appsyncctl/appsyncctl/internal/management"
)

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
			if !ok || conflict.ID != id || !strings.Contains(conflict.Reason, tt.want) {
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
