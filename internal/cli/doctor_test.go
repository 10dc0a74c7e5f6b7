package cli_test

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"io"
	"maps"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/appsyncctl/appsyncctl/internal/app"
	"github.com/appsyncctl/appsyncctl/internal/cli"
	"github.com/appsyncctl/appsyncctl/internal/doctor"
	"github.com/appsyncctl/appsyncctl/internal/smoke"
	"github.com/appsyncctl/appsyncctl/internal/tokencache"
)

// doctorDocument is the document of doctor and smoke as its readers know it.
type doctorDocument struct {
	Verdict string         `json:"verdict"`
	Cause   *string        `json:"cause"`
	Counts  map[string]int `json:"counts"`
	Checks  []struct {
		ID       string  `json:"id"`
		Category string  `json:"category"`
		Title    string  `json:"title"`
		Result   string  `json:"result"`
		Message  string  `json:"message"`
		Fix      *string `json:"fix"`
		Because  *string `json:"because"`
		Evidence []struct {
			Name     string `json:"name"`
			Expected string `json:"expected"`
			Found    string `json:"found"`
			From     string `json:"from"`
		} `json:"evidence"`
		Elapsed    *float64 `json:"elapsed_ms"`
		Suppressed *bool    `json:"suppressed"`
		Notes      []string `json:"notes"`
	} `json:"checks"`
	Version string   `json:"version"`
	Elapsed *float64 `json:"elapsed_ms"`
}

// unplugged makes no attempt.
type unplugged struct{}

func (unplugged) RoundTrip(*http.Request) (*http.Response, error) {
	return nil, errors.New("unplugged")
}

// unpluggedApp is a world without a network, a keyring and a home.
func unpluggedApp(out, errs io.Writer, env map[string]string) *app.App {
	return &app.App{
		In: strings.NewReader(""), Out: out, Err: errs,
		LookupEnv: func(name string) (string, bool) {
			value, ok := env[name]
			return value, ok
		},
		Environ:    func() []string { return nil },
		Now:        time.Now,
		Transport:  unplugged{},
		LookupHost: func(context.Context, string) ([]string, error) { return nil, errors.New("unplugged") },
		Proxy:      func(*http.Request) (*url.URL, error) { return nil, nil },
		Keyring:    func(bool, func(string)) tokencache.Probed { return nowhere{} },
		Build:      app.Build{Version: "1.2.3"},
	}
}

// TestDoctorDocument holds the document to its form, whatever happens: all keys, all
// checks in their order, counts that add up, and nothing after it.
func TestDoctorDocument(t *testing.T) {
	broken := filepath.Join(t.TempDir(), "broken.yaml")
	if err := os.WriteFile(broken, []byte("profiles: ["), 0o600); err != nil {
		t.Fatal(err)
	}
	panicking := func(app *app.App) {
		app.Keyring = func(bool, func(string)) tokencache.Probed { panic("secret words") }
	}
	tests := []struct {
		name    string
		args    []string
		env     map[string]string
		change  func(*app.App)
		verdict string
		cause   string
		code    int
	}{
		{"nothing is set", nil, nil, nil, "failure", "SET-001", 1},
		{"a broken profile", nil, map[string]string{"APPSYNCCTL_CONFIG": broken}, nil, "failure", "SET-001", 1},
		{"an unknown value", []string{"--auth", "magic", "--token-store", "cloud"}, nil, nil, "failure", "SET-001", 1},
		{"no network", []string{"--endpoint", "https://api.example.com/graphql", "--issuer", "https://id.example.com", "--client-id", "me", "--token-store", "memory"}, map[string]string{"APPSYNCCTL_CLIENT_SECRET": "secret words", "HOME": t.TempDir()}, nil, "unknown", "", 1},
		{"suppressed", []string{"--suppress", "set-001,AUTH-001"}, nil, nil, "ok", "", 0},
		{"a crash", nil, map[string]string{"HOME": t.TempDir()}, panicking, "unknown", "", 1},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			var out, errs bytes.Buffer
			app := unpluggedApp(&out, &errs, tt.env)
			if tt.change != nil {
				tt.change(app)
			}
			if code := cli.Run(t.Context(), app, append([]string{"doctor", "-o", "json"}, tt.args...)); code != tt.code {
				t.Errorf("exit code %d, want %d; %s", code, tt.code, errs.String())
			}
			got := readDocument(t, out.Bytes(), doctor.Catalogue())
			if got.Verdict != tt.verdict {
				t.Errorf("verdict %q, want %q", got.Verdict, tt.verdict)
			}
			if cause := text(got.Cause); cause != tt.cause {
				t.Errorf("cause %q, want %q", cause, tt.cause)
			}
			if strings.Contains(out.String()+errs.String(), "secret words") {
				t.Errorf("a panic is told: %s", errs.String())
			}
		})
	}
}

func text(s *string) string {
	if s == nil {
		return ""
	}
	return *s
}

// readDocument reads the only document of a command that looked at all of plan, and
// checks what is always true of it.
func readDocument(t *testing.T, written []byte, plan []doctor.Check) doctorDocument {
	t.Helper()
	decoder := json.NewDecoder(bytes.NewReader(written))
	decoder.DisallowUnknownFields()
	var got doctorDocument
	if err := decoder.Decode(&got); err != nil {
		t.Fatalf("%v in %s", err, written)
	}
	if rest, _ := io.ReadAll(decoder.Buffered()); len(bytes.TrimSpace(rest)) > 0 {
		t.Errorf("there is more after the document: %s", rest)
	}
	if got.Version != "1.2.3" || got.Elapsed == nil {
		t.Errorf("version %q, elapsed %v", got.Version, got.Elapsed)
	}
	if len(got.Checks) != len(plan) {
		t.Fatalf("%d checks, want %d", len(got.Checks), len(plan))
	}
	results := make(map[string]int)
	for i, check := range got.Checks {
		if check.ID != string(plan[i].ID) || check.Title != plan[i].Title || check.Category != string(plan[i].Category) {
			t.Errorf("check %d is %s (%s), want %s", i, check.ID, check.Title, plan[i].ID)
		}
		if check.Elapsed == nil || check.Suppressed == nil || check.Evidence == nil || check.Notes == nil {
			t.Errorf("%s lacks a key", check.ID)
			continue
		}
		if check.Message == "" {
			t.Errorf("%s says nothing", check.ID)
		}
		if *check.Suppressed {
			results["suppressed"]++
		} else {
			results[check.Result]++
		}
	}
	for _, name := range []string{"ok", "warning", "failure", "unknown", "skipped", "suppressed"} {
		results[name] += 0
	}
	if !maps.Equal(results, got.Counts) {
		t.Errorf("the counts are %v, and the checks %v", got.Counts, results)
	}
	return got
}

// TestCheckHelp prints a page for each check, which a terminal can show.
func TestCheckHelp(t *testing.T) {
	for _, check := range smoke.Plan() {
		var out bytes.Buffer
		app := &app.App{Out: &out, Err: &out}
		if code := cli.Run(t.Context(), app, []string{"help", strings.ToLower(string(check.ID))}); code != 0 {
			t.Fatalf("%s: exit code %d: %s", check.ID, code, out.String())
		}
		page := out.String()
		if words := strings.Join(strings.Fields(page), " "); !strings.Contains(words, strings.Join(strings.Fields(check.Meaning), " ")) {
			t.Errorf("%s: the page lacks its meaning:\n%s", check.ID, page)
		}
		if !strings.HasPrefix(page, string(check.ID)+": "+check.Title+"\n") {
			t.Errorf("%s: the page begins otherwise:\n%s", check.ID, page)
		}
		long := func(line string) bool { return len([]rune(line)) > 100 }
		if i := slices.IndexFunc(strings.Split(page, "\n"), long); i >= 0 {
			t.Errorf("%s: line %d is too long:\n%s", check.ID, i+1, page)
		}
	}
}

// nowhere is a keyring on a machine that has none.
type nowhere struct{}

var errNoKeyring = &tokencache.UnavailableError{Reason: "no session bus"}

func (nowhere) Get(context.Context, string) ([]byte, error) { return nil, errNoKeyring }
func (nowhere) Set(context.Context, string, []byte) error   { return errNoKeyring }
func (nowhere) Delete(context.Context, string) error        { return errNoKeyring }
func (nowhere) Probe(context.Context) error                 { return errNoKeyring }

type claims map[string]any

// token returns a JWT with these claims and no signature.
func token(t *testing.T, payload claims) string {
	t.Helper()
	data, err := json.Marshal(payload)
	if err != nil {
		t.Fatal(err)
	}
	encode := base64.RawURLEncoding.EncodeToString
	return encode([]byte(`{"alg":"RS256","typ":"JWT"}`)) + "." + encode(data) + ".c2lnbmVk"
}

// good are the claims of a token that has nothing wrong, changed by others; nil
// takes a claim away.
func good(others claims) claims {
	all := claims{
		"iss": "https://id.example.com/",
		"aud": []string{"https://api.example.com", "https://id.example.com/userinfo"},
		"azp": "client-1",
		"iat": time.Now().Add(-time.Minute).Unix(),
		"exp": time.Now().Add(time.Hour).Unix(),
	}
	maps.Copy(all, others)
	maps.DeleteFunc(all, func(_ string, value any) bool { return value == nil })
	return all
}

func lookup(env map[string]string) func(string) (string, bool) {
	return func(name string) (string, bool) {
		value, ok := env[name]
		return value, ok
	}
}
