package cli_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io/fs"
	"maps"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/appsyncctl/appsyncctl/internal/cli"
)

// What the tests plant. Each begins with four bytes that stand nowhere else, so that a
// part of one is found, too.
const (
	plantedSecret     = "Zq7%planted/client+secret-0123456789abcdefghijkl"
	plantedPassphrase = "Yq7-planted-passphrase-0123456789"
	plantedKey        = "Xq7-planted-api-key-0123456789"
	plantedQuery      = "Wq7QUERYSECRET88"
	plantedSession    = "Vq7SESSIONTOKEN/0123456789abcdef0123456789"
	plantedAccess     = "Uq7AKIAIOSFODNN7EXA"
	plantedSecretKey  = "Tq7wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLE"
)

var planted = []string{plantedSecret, plantedPassphrase, plantedKey, plantedQuery, plantedSession, plantedAccess, plantedSecretKey}

// awsSecrets are AWS's variables.
var awsSecrets = map[string]string{
	"AWS_ACCESS_KEY_ID": plantedAccess, "AWS_SECRET_ACCESS_KEY": plantedSecretKey, "AWS_SESSION_TOKEN": plantedSession,
}

// An echo is a provider and an API in one. It repeats what it was sent, and secrets, after
// some bytes of nothing.
type echo struct {
	token   string // empty: there is none for anybody
	secrets string
	padding int
}

// ServeHTTP implements http.Handler.
func (e *echo) ServeHTTP(w http.ResponseWriter, req *http.Request) {
	answer := func(status int, body any) {
		w.Header().Set("Content-Type", "application/json")
		w.Header().Set("X-Amzn-Requestid", plantedSecret)
		w.Header().Set("X-Amzn-Errortype", plantedSecret)
		w.WriteHeader(status)
		_ = json.NewEncoder(w).Encode(body)
	}
	issuer := "http://" + req.Host + "/"
	said := strings.Repeat("x", e.padding) + e.secrets + " client_secret=Sq7OTHER&x=1 https://example.com/?k=" + plantedQuery +
		" Authorization: " + req.Header.Get("Authorization") + " " + req.Header.Get("X-Api-Key") + " " + req.URL.String()
	switch {
	case req.URL.Path == "/.well-known/openid-configuration":
		answer(http.StatusOK, map[string]any{
			"issuer": issuer, "token_endpoint": issuer + "oauth/token", "jwks_uri": issuer + "jwks", "device_authorization_endpoint": issuer + "device",
		})
	case req.URL.Path == "/jwks":
		answer(http.StatusOK, map[string]any{"keys": []any{}})
	case req.URL.Path == "/oauth/token" && e.token != "":
		answer(http.StatusOK, map[string]any{"access_token": e.token, "token_type": "Bearer", "expires_in": 3600})
	case req.URL.Path == "/oauth/token":
		answer(http.StatusForbidden, map[string]any{"error": "access_denied", "error_description": said})
	case strings.HasPrefix(req.URL.Path, "/api/v2/"):
		answer(http.StatusBadRequest, map[string]any{"statusCode": 400, "error": "Bad Request", "message": said, "errorCode": "invalid_body"})
	case req.Header.Get("Upgrade") != "":
		answer(http.StatusBadRequest, map[string]any{"errors": []any{map[string]any{"errorType": plantedSecret, "message": said}}})
	default:
		answer(http.StatusOK, map[string]any{"data": nil, "errors": []any{map[string]any{
			"errorType": "T" + plantedSecret, "message": said, "path": []any{plantedSecret, 1, map[string]any{"a": plantedSecret}},
		}}})
	}
}

// TestNoSecretIsShown runs commands against servers that repeat all secrets, and looks
// for parts of them in everything that is written.
func TestNoSecretIsShown(t *testing.T) {
	// The SDK reads its variables by itself.
	var asked atomic.Int32
	aws := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		asked.Add(1)
		w.Header().Set("Content-Type", "application/x-amz-json-1.0")
		w.WriteHeader(http.StatusBadRequest)
		_ = json.NewEncoder(w).Encode(map[string]string{
			"__type":  "com.amazon.coral.service#AccessDeniedException",
			"message": strings.Repeat("y", 130) + r.Header.Get("X-Amz-Security-Token") + " " + r.Header.Get("Authorization") + " " + plantedSecretKey,
		})
	}))
	t.Cleanup(aws.Close)
	credentials := filepath.Join(t.TempDir(), "credentials")
	keys := "[default]\naws_access_key_id=" + plantedAccess + "\naws_secret_access_key=" + plantedSecretKey + "\naws_session_token=" + plantedSession + "\n"
	if err := os.WriteFile(credentials, []byte(keys), 0o600); err != nil {
		t.Fatal(err)
	}
	for name, value := range map[string]string{
		"AWS_ENDPOINT_URL": aws.URL, "AWS_MAX_ATTEMPTS": "1", "AWS_REGION": "eu-west-1", "AWS_PROFILE": "", "AWS_CONFIG_FILE": os.DevNull,
		"AWS_SHARED_CREDENTIALS_FILE": credentials, "AWS_ACCESS_KEY_ID": "", "AWS_SECRET_ACCESS_KEY": "", "AWS_SESSION_TOKEN": "",
	} {
		t.Setenv(name, value)
	}
	now := time.Now()
	jwt := token(t, good(claims{"iat": now.Add(-time.Minute).Unix(), "exp": now.Add(time.Hour).Unix()}))
	tests := []struct {
		name     string
		args     string
		refusing bool // the provider gives no token
	}{
		{"doctor", "doctor", false},
		{"doctor as JSON", "doctor -o json", false},
		{"doctor without a token", "doctor", true},
		{"doctor with an API key", "doctor --auth api-key", false},
		{"doctor with AWS credentials", "doctor --auth iam", false},
		{"smoke", "smoke --junit DIR/junit.xml --table customers --subscribe", false},
		{"smoke as JSON", "smoke -o json --table customers", false},
		{"smoke without a token", "smoke --junit DIR/junit.xml", true},
		{"a list", "customers list", false},
		{"a list as JSON", "customers list -o json", false},
		{"a list with an API key", "customers list -o json --auth api-key", false},
		{"a list with AWS credentials", "customers list -o json --auth iam --region eu-west-1", false},
		{"a list without a token", "customers list -o json", true},
		{"a watch", "customers watch", false},
		{"a login", "login", true},
		{"a setup", "setup auth0 --yes", false},
		{"a setup as JSON", "setup auth0 --yes -o json", false},
		{"a plan", "setup auth0 --dry-run", false},
	}
	for _, tt := range tests {
		for _, padding := range []int{0, 150, 365, 970} {
			t.Run(fmt.Sprintf("%s after %d bytes", tt.name, padding), func(t *testing.T) {
				dir := t.TempDir()
				world := &echo{secrets: strings.Join(planted, " "), padding: padding}
				if !tt.refusing {
					world.token = jwt
				}
				server := httptest.NewServer(world)
				t.Cleanup(server.Close)
				managing := token(t, claims{"aud": []string{server.URL + "/api/v2/"}, "scope": "read:clients create:clients", "exp": now.Add(time.Hour).Unix()})
				env := map[string]string{
					"HOME": dir, "LOCALAPPDATA": dir, "APPDATA": dir, "GITHUB_ACTIONS": "true", "GITHUB_STEP_SUMMARY": filepath.Join(dir, "summary.md"),
					"APPSYNCCTL_ENDPOINT": server.URL + "/graphql?api_key=" + plantedQuery,
					"APPSYNCCTL_ISSUER":   server.URL + "/", "APPSYNCCTL_AUDIENCE": "https://api.example.com", "APPSYNCCTL_CLIENT_ID": "client-1",
					"APPSYNCCTL_CLIENT_SECRET": plantedSecret, "APPSYNCCTL_PASSPHRASE": plantedPassphrase, "APPSYNCCTL_API_KEY": plantedKey,
					"APPSYNCCTL_TOKEN_STORE": "memory",
				}
				if padding == 365 { // these come from the file, which only the SDK reads
					world.secrets = strings.Join(planted[:4], " ")
				} else {
					maps.Copy(env, awsSecrets)
				}
				var out, errs bytes.Buffer
				app := unpluggedApp(&out, &errs, env)
				app.In = strings.NewReader(managing)
				app.Transport = &http.Transport{DisableKeepAlives: true}
				args := strings.Fields(strings.ReplaceAll(tt.args, "DIR", dir))
				if code := cli.Run(t.Context(), app, append(args, "--no-input", "--max-retries", "0")); code == 0 {
					t.Errorf("it worked: %s", out.String())
				}
				// The token that was fetched is told to GitHub's runner, and to nobody else.
				told := strings.ReplaceAll(errs.String(), "::add-mask::"+jwt+"\n", "")
				wantNone(t, "standard output", out.String(), jwt, managing)
				wantNone(t, "standard error", told, jwt, managing)
				all := out.String() + errs.String()
				for name, text := range written(t, dir) {
					wantNone(t, name, text, jwt, managing)
					all += text
				}
				if padding == 0 && !strings.Contains(all, "[redacted]") {
					t.Errorf("nothing was to be taken out: %s", all)
				}
			})
		}
	}
	if asked.Load() == 0 {
		t.Error("AWS was never asked")
	}
}

// wantNone fails the test if a text has a part of a secret.
func wantNone(t *testing.T, where, text string, tokens ...string) {
	t.Helper()
	for _, secret := range append([]string{"Sq7OTHER"}, planted...) {
		if at := strings.Index(text, secret[:4]); at >= 0 {
			t.Errorf("%s has %q: …%s", where, secret[:4], text[max(0, at-100):min(len(text), at+60)])
		}
	}
	for _, token := range tokens {
		_, body, _ := strings.Cut(token, ".")
		if strings.Contains(text, body[:20]) {
			t.Errorf("%s has the token", where)
		}
	}
}

// written are the files below a folder.
func written(t *testing.T, dir string) map[string]string {
	t.Helper()
	files := make(map[string]string)
	err := filepath.WalkDir(dir, func(path string, entry fs.DirEntry, err error) error {
		if err != nil || !entry.Type().IsRegular() {
			return err
		}
		data, err := os.ReadFile(path)
		files[path] = string(data)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return files
}
