package cli_test

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/appsyncctl/appsyncctl/internal/app"
	"github.com/appsyncctl/appsyncctl/internal/cli"
	"github.com/appsyncctl/appsyncctl/internal/emulator"
	"github.com/appsyncctl/appsyncctl/internal/tokencache"
)

// managed is an emulator with a token for its Management API.
type managed struct {
	*emulator.Emulator
	client *http.Client
	env    map[string]string
	token  string
}

func startManaged(t *testing.T) managed {
	t.Helper()
	e, err := emulator.Start(t.Context(), emulator.Config{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = e.Close() })
	m := managed{Emulator: e, client: &http.Client{}, env: map[string]string{}}
	for _, variable := range e.Environment() {
		m.env[variable.Name] = variable.Value
	}
	resp, err := m.client.PostForm(m.env["APPSYNCCTL_ISSUER"]+"oauth/token", url.Values{
		"grant_type": {"client_credentials"}, "audience": {m.env["APPSYNCCTL_ISSUER"] + "api/v2/"},
		"client_id":     {m.env["APPSYNCCTL_EMULATOR_MANAGEMENT_CLIENT_ID"]},
		"client_secret": {m.env["APPSYNCCTL_EMULATOR_MANAGEMENT_CLIENT_SECRET"]},
	})
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	var answer struct {
		Token string `json:"access_token"`
	}
	if err := json.NewDecoder(resp.Body).Decode(&answer); err != nil || answer.Token == "" {
		t.Fatalf("no token: %d %v", resp.StatusCode, err)
	}
	m.token = answer.Token
	return m
}

// setup runs setup auth0 as a person at a terminal does, who answers with answer.
func (m managed) setup(t *testing.T, home, issuer, answer string, args ...string) (code int, out, told string) {
	t.Helper()
	var stdout, stderr bytes.Buffer
	app := &app.App{
		In: strings.NewReader(answer), Out: &stdout, Err: &stderr,
		Terminal: true, InTerminal: true,
		ReadPassword: func(context.Context) (string, error) { return m.token, nil },
		LookupEnv: lookup(map[string]string{
			"HOME": home, "XDG_CONFIG_HOME": home, "XDG_STATE_HOME": home, "LOCALAPPDATA": home, "APPDATA": home,
			"APPSYNCCTL_ISSUER": issuer, "APPSYNCCTL_AUDIENCE": "https://customers.example",
		}),
		Now:       time.Now,
		Transport: &http.Transport{},
		Keyring:   func(bool, func(string)) tokencache.Probed { return nowhere{} },
	}
	code = cli.Run(t.Context(), app, append([]string{"setup", "auth0"}, args...))
	if strings.Contains(stdout.String()+stderr.String(), m.token) {
		t.Error("the token is shown")
	}
	return code, stdout.String(), stderr.String()
}

func wantIn(t *testing.T, text string, parts ...string) {
	t.Helper()
	for _, part := range parts {
		if !strings.Contains(text, part) {
			t.Errorf("%q is not in\n%s", part, text)
		}
	}
}

// Without a keyring everything is made but nothing secret kept. A change is made only
// when a person agrees.
func TestSetupAuth0AtATerminal(t *testing.T) {
	m, home := startManaged(t), t.TempDir()
	issuer := m.env["APPSYNCCTL_ISSUER"]
	code, out, told := m.setup(t, home, issuer, "")
	if code != 0 {
		t.Fatalf("exited with %d: %s", code, told)
	}
	wantIn(t, out, "created  profile  default-machine")
	wantIn(t, told, "Token of the Management API: ", "appsyncctl machine is not stored: no token store here can keep it",
		"set APPSYNCCTL_CLIENT_SECRET, or run appsyncctl login --profile default-machine --client-secret-stdin")

	code, out, told = m.setup(t, home, issuer, "n\n", "--audience", "urn:other")
	if code != 1 || out != "" {
		t.Errorf("a no: exited with %d: %s", code, out)
	}
	wantIn(t, told, "change profile default: audience: https://customers.example → urn:other", "change this? [y/N]", "nothing was done")
	code, out, told = m.setup(t, home, issuer, "y\n", "--audience", "urn:other")
	if code != 0 {
		t.Errorf("a yes: exited with %d: %s", code, told)
	}
	wantIn(t, out, "created  api      urn:other", "changed  profile  default")

	code, _, told = m.setup(t, home, issuer, "", "--no-input")
	if code != 2 {
		t.Errorf("--no-input: exited with %d: %s", code, told)
	}
}

// Behind a custom domain the token goes to the tenant's own domain, when both are the
// same tenant.
func TestSetupAuth0BehindACustomDomain(t *testing.T) {
	m, other := startManaged(t), startManaged(t)
	custom := func(of managed) string {
		var server *httptest.Server
		server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if strings.HasPrefix(r.URL.Path, "/api/") || r.Header.Get("Authorization") != "" {
				t.Errorf("%s %s reached the custom domain", r.Method, r.URL.Path)
			}
			resp, err := of.client.Get(of.URL() + r.URL.Path)
			if err != nil {
				t.Error(err)
				return
			}
			defer resp.Body.Close()
			body, err := io.ReadAll(resp.Body)
			if err != nil {
				t.Error(err)
			}
			w.Header().Set("Content-Type", "application/json")
			_, _ = w.Write(bytes.ReplaceAll(body, []byte(of.URL()), []byte(server.URL)))
		}))
		t.Cleanup(server.Close)
		return server.URL + "/"
	}
	code, out, told := m.setup(t, t.TempDir(), custom(m), "", "--dry-run")
	if code != 0 {
		t.Errorf("exited with %d", code)
	}
	wantIn(t, out, "create  api      https://customers.example")
	wantIn(t, told, "the Management API is at "+m.URL()+"/api/v2/, the tenant's own domain")

	code, out, told = m.setup(t, t.TempDir(), custom(other), "", "--dry-run")
	if code != 2 || out != "" {
		t.Errorf("another tenant: exited with %d: %s", code, out)
	}
	wantIn(t, told, "not a token for the Management API: it is for "+m.URL()+"/api/v2/ and not signed by ")
}
