package cli_test

import (
	"bytes"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/appsyncctl/appsyncctl/internal/cli"
)

// TestHintsShowNoSecrets takes a secret for the name of a profile, which error and hint
// quote.
func TestHintsShowNoSecrets(t *testing.T) {
	const secret = "planted-client-secret"
	want := []string{"[redacted]", "run appsyncctl login --profile [redacted] to create it"} // in the error, the hint
	tests := []struct {
		name string
		args []string
		read func(t *testing.T, errs string) []string
	}{
		{"for people", nil, func(_ *testing.T, errs string) []string {
			lines := strings.SplitN(errs, "\n", 2)
			return []string{strings.TrimPrefix(lines[0], "error: "), strings.TrimPrefix(strings.TrimSpace(lines[1]), "hint: ")}
		}},
		{"for programs", []string{"-o", "json"}, func(t *testing.T, errs string) []string {
			t.Helper()
			var got struct {
				Error struct{ Message, Hint string } `json:"error"`
			}
			if err := json.Unmarshal([]byte(errs), &got); err != nil {
				t.Fatalf("%v in %s", err, errs)
			}
			return []string{got.Error.Message, got.Error.Hint}
		}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			var out, errs bytes.Buffer
			app := unpluggedApp(&out, &errs, map[string]string{"HOME": t.TempDir(), "APPDATA": t.TempDir(), "APPSYNCCTL_CLIENT_SECRET": secret})
			if code := cli.Run(t.Context(), app, append([]string{"customers", "list", "--profile", secret}, tt.args...)); code != 2 {
				t.Errorf("exit code %d", code)
			}
			if strings.Contains(errs.String(), "planted") {
				t.Errorf("the secret is in %s", errs.String())
			}
			got := tt.read(t, errs.String())
			if !strings.Contains(got[0], want[0]) || got[1] != want[1] {
				t.Errorf("got %q, want %q", got, want)
			}
		})
	}
}

// TestErrorNames shows what an API names its errors, and makes names of what is none.
func TestErrorNames(t *testing.T) {
	jwt := token(t, good(claims{"iat": time.Now().Unix(), "exp": time.Now().Add(time.Hour).Unix()}))
	const secret = "planted-client-secret"
	tests := []struct{ name, sent, want string }{
		{"a name", "DynamoDB:ConditionalCheckFailedException", "DynamoDB:ConditionalCheckFailedException"},
		{"a sentence", "not a name\x1b[31m\n::error::x", "not_a_name_[31m_::error::x"},
		{"a secret", secret, "[redacted]"},
		{"a token", "x " + jwt, "x_[redacted]"},
		{"a long one", strings.Repeat("A", 100), strings.Repeat("A", 80)},
		{"no letters", "\u2028 \u2029", "graphql"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
				_ = json.NewEncoder(w).Encode(map[string]any{"errors": []any{
					map[string]any{"errorType": tt.sent, "message": "m", "path": []any{"a", 1, tt.sent, []string{tt.sent}}},
				}})
			}))
			t.Cleanup(server.Close)
			var out, errs bytes.Buffer
			app := unpluggedApp(&out, &errs, map[string]string{
				"APPSYNCCTL_ENDPOINT": server.URL + "/graphql", "APPSYNCCTL_TOKEN": jwt, "APPSYNCCTL_CLIENT_SECRET": secret,
			})
			app.Transport = &http.Transport{DisableKeepAlives: true}
			if code := cli.Run(t.Context(), app, []string{"customers", "get", "1", "-o", "json"}); code != 3 {
				t.Errorf("exit code %d", code)
			}
			var got struct {
				Error struct {
					Type string `json:"type"`
					Path []any  `json:"path"`
				} `json:"error"`
			}
			if err := json.Unmarshal(errs.Bytes(), &got); err != nil {
				t.Fatalf("%v in %s", err, errs.String())
			}
			if got.Error.Type != tt.want {
				t.Errorf("got the type %q, want %q", got.Error.Type, tt.want)
			}
			path := got.Error.Path
			if len(path) != 4 || path[0] != "a" || path[1] != 1.0 || path[3] != nil {
				t.Errorf("got the path %v", path)
			}
			if tt.want != "graphql" && path[2] != tt.want {
				t.Errorf("got the path %v, want %q in it", path, tt.want)
			}
		})
	}
}
