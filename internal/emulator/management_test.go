package emulator_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/appsyncctl/appsyncctl/internal/emulator"
)

// TestResetUndoesTheTenant makes a client through the Management API, as the demo's
// management client, and starts over.
func TestResetUndoesTheTenant(t *testing.T) {
	r := start(t, emulator.Config{})
	_, answer := r.must(t, http.MethodPost, "/oauth/token", formType, url.Values{
		"grant_type": {"client_credentials"}, "audience": {r.env["APPSYNCCTL_ISSUER"] + "api/v2/"},
		"client_id":     {r.env["APPSYNCCTL_EMULATOR_MANAGEMENT_CLIENT_ID"]},
		"client_secret": {r.env["APPSYNCCTL_EMULATOR_MANAGEMENT_CLIENT_SECRET"]},
	}.Encode())
	token := member(t, answer, "access_token")
	clients := func(method, body string) string {
		t.Helper()
		_, got := r.must(t, method, "/api/v2/clients", "application/json", body, "Authorization", "Bearer "+token)
		return got
	}
	clients(http.MethodPost, `{"name":"passing"}`)
	if got := clients(http.MethodGet, ""); !strings.Contains(got, `"passing"`) {
		t.Errorf("not made: %s", got)
	}
	if _, page := r.must(t, http.MethodGet, "/", "", ""); !strings.Contains(page, "passing") {
		t.Error("the page does not show the new client")
	}
	r.must(t, http.MethodPost, "/_emulator/reset", "", "")
	if got := clients(http.MethodGet, ""); strings.Contains(got, `"passing"`) || !strings.Contains(got, emulator.MachineClientID) {
		t.Errorf("not undone: %s", got)
	}
}
