package emulator_test

import (
	"encoding/json"
	"net/http"
	"net/url"
	"path/filepath"
	"strings"
	"testing"

	"github.com/appsyncctl/appsyncctl/internal/emulator"
	"github.com/appsyncctl/appsyncctl/internal/emulator/appsync"
	"github.com/appsyncctl/appsyncctl/internal/emulator/appsync/store"
)

func (r running) status(t *testing.T) emulator.Status {
	t.Helper()
	resp, body := r.must(t, http.MethodGet, "/_emulator/status", "", "")
	var got emulator.Status
	if err := json.Unmarshal([]byte(body), &got); err != nil || resp.StatusCode != http.StatusOK {
		t.Fatalf("status: %d %s %v", resp.StatusCode, body, err)
	}
	return got
}

const create = `mutation { createCustomer(input: {name: "customer1"}) { id } }`

func TestStatusAndReset(t *testing.T) {
	for _, config := range []emulator.Config{
		{Version: "1.2.3"},
		{Version: "1.2.3", DataFile: filepath.Join(t.TempDir(), "customers.db")},
	} {
		t.Run("data="+filepath.Base(config.DataFile), func(t *testing.T) {
			config.Faults = []emulator.Fault{{Name: "slow", Path: "/nowhere", Count: 2}}
			r := start(t, config)
			r.query(t, create)
			r.query(t, create)
			got := r.status(t)
			wantKind := map[bool]string{true: "file", false: "memory"}[config.DataFile != ""]
			if got.Version != "1.2.3" || got.Issuer != r.env["APPSYNCCTL_ISSUER"] || got.Storage != wantKind || got.Name != config.DataFile ||
				got.Customers != 2 || got.Requests["POST /graphql"] != 2 || got.Uptime <= 0 || got.Started.IsZero() ||
				len(got.Faults) != 1 || got.Faults[0].Count != 2 {
				t.Errorf("got %+v", got)
			}
			if resp, body := r.must(t, http.MethodPost, "/_emulator/reset", "", ""); resp.StatusCode != http.StatusNoContent {
				t.Fatalf("reset: %d %s", resp.StatusCode, body)
			}
			if got := r.status(t); got.Customers != 0 || len(got.Requests) != 0 || len(got.Faults) != 0 {
				t.Errorf("after the reset: %+v", got)
			}
			if _, body := r.query(t, create); !strings.Contains(body, `"id"`) {
				t.Errorf("create after the reset: %s", body)
			}
		})
	}
}

func TestResetIsNoForm(t *testing.T) {
	r := start(t, emulator.Config{})
	r.query(t, create)
	resp, _ := r.must(t, http.MethodPost, "/_emulator/reset", "", "", "Sec-Fetch-Site", "cross-site")
	if resp.StatusCode != http.StatusForbidden {
		t.Errorf("a page of another site resets it: %d", resp.StatusCode)
	}
	if got := r.status(t); got.Customers != 1 {
		t.Errorf("%d customers", got.Customers)
	}
}

func TestResetFails(t *testing.T) {
	r := start(t, emulator.Config{API: func(c *appsync.Config) { c.Table = brokenTable{store.NewMemory()} }})
	for method, path := range map[string]string{http.MethodGet: "/_emulator/status", http.MethodPost: "/_emulator/reset"} {
		if resp, body := r.must(t, method, path, "", ""); resp.StatusCode != http.StatusInternalServerError || strings.Contains(body, "secret") {
			t.Errorf("%s: %d %s", path, resp.StatusCode, body)
		}
	}
}

func TestEnvironmentOverHTTP(t *testing.T) {
	r := start(t, emulator.Config{})
	_, body := r.must(t, http.MethodGet, "/_emulator/environment", "", "")
	got := map[string]string{}
	for line := range strings.Lines(body) {
		name, value, _ := strings.Cut(strings.TrimSuffix(line, "\n"), "=")
		got[name] = value
	}
	for name, want := range r.env {
		if got[name] != want {
			t.Errorf("%s is %q, want %q", name, got[name], want)
		}
	}
}

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
