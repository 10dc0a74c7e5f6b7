package cli_test

import (
	"bytes"
	"fmt"
	"maps"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/appsyncctl/appsyncctl/internal/cli"
)

// counting is a server that counts what it is asked.
func counting(t *testing.T, answer http.HandlerFunc) (address string, asked *atomic.Int32) {
	t.Helper()
	asked = new(atomic.Int32)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		asked.Add(1)
		answer(w, r)
	}))
	t.Cleanup(server.Close)
	return server.URL, asked
}

// A redirect would take a token, a key or a secret to another host.
func TestRedirectsAreNotFollowed(t *testing.T) {
	for name, value := range map[string]string{
		"AWS_ACCESS_KEY_ID": "AKIAEXAMPLE", "AWS_SECRET_ACCESS_KEY": "example", "AWS_SESSION_TOKEN": "", "AWS_PROFILE": "",
		"AWS_CONFIG_FILE": os.DevNull, "AWS_SHARED_CREDENTIALS_FILE": os.DevNull, "AWS_EC2_METADATA_DISABLED": "true",
	} {
		t.Setenv(name, value)
	}
	now := time.Now()
	jwt := token(t, good(claims{"iat": now.Add(-time.Minute).Unix(), "exp": now.Add(time.Hour).Unix()}))
	withToken := map[string]string{"APPSYNCCTL_TOKEN": jwt}
	tests := []struct {
		name   string
		args   string
		env    map[string]string
		answer string // the path that does not redirect: metadata
	}{
		{"a query", "customers list", withToken, ""},
		{"a mutation", "customers create --name customer1", withToken, ""},
		{"an import", "customers import -", withToken, ""},
		{"a real-time connection", "customers watch", withToken, ""},
		{"an API key", "customers list --auth api-key", map[string]string{"APPSYNCCTL_API_KEY": plantedKey}, ""},
		{"a signature", "customers list --auth iam --region eu-west-1", nil, ""},
		{"the metadata of a provider", "customers list", map[string]string{"APPSYNCCTL_CLIENT_SECRET": plantedSecret}, ""},
		{"a token request", "customers list", map[string]string{"APPSYNCCTL_CLIENT_SECRET": plantedSecret}, "/.well-known/openid-configuration"},
		{"a login", "login --grant device", nil, "/.well-known/openid-configuration"},
		{"the Management API", "setup auth0 --yes", nil, ""},
	}
	for _, tt := range tests {
		for _, status := range []int{http.StatusFound, http.StatusTemporaryRedirect, http.StatusPermanentRedirect} {
			t.Run(fmt.Sprintf("%s, %d", tt.name, status), func(t *testing.T) {
				second, led := counting(t, func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusOK) })
				var redirected atomic.Int32
				first, _ := counting(t, func(w http.ResponseWriter, r *http.Request) {
					if r.URL.Path != tt.answer {
						redirected.Add(1)
						http.Redirect(w, r, second+r.URL.Path, status)
						return
					}
					issuer := "http://" + r.Host + "/"
					_, _ = fmt.Fprintf(w, `{"issuer":%q,"token_endpoint":%q,"device_authorization_endpoint":%q}`, issuer, issuer+"token", issuer+"device")
				})
				dir := t.TempDir()
				env := map[string]string{
					"HOME": dir, "LOCALAPPDATA": dir, "APPDATA": dir, "APPSYNCCTL_TOKEN_STORE": "memory",
					"APPSYNCCTL_ENDPOINT": first + "/graphql", "APPSYNCCTL_ISSUER": first + "/", "APPSYNCCTL_CLIENT_ID": "me", "APPSYNCCTL_AUDIENCE": "https://api.example.com",
				}
				maps.Copy(env, tt.env)
				var out, errs bytes.Buffer
				app := unpluggedApp(&out, &errs, env)
				app.In = strings.NewReader("name\ncustomer1\n")
				if strings.HasPrefix(tt.args, "setup") {
					app.In = strings.NewReader(token(t, claims{
						"aud": []string{first + "/api/v2/"}, "exp": now.Add(time.Hour).Unix(),
						"scope": "read:resource_servers create:resource_servers read:clients create:clients read:client_grants create:client_grants",
					}))
				}
				app.Transport = &http.Transport{DisableKeepAlives: true}
				code := cli.Run(t.Context(), app, append(strings.Fields(tt.args), "--no-input", "--max-retries", "0"))
				if got := led.Load(); got != 0 {
					t.Errorf("the other server got %d requests", got)
				}
				if code == 0 || redirected.Load() == 0 {
					t.Errorf("exit code %d after %d redirects: %s", code, redirected.Load(), errs.String())
				}
			})
		}
	}
}
