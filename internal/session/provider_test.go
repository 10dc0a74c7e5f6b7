package session_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"sync/atomic"
	"testing"
	"time"

	"github.com/appsyncctl/appsyncctl/internal/app"
	"github.com/appsyncctl/appsyncctl/internal/failure"
	"github.com/appsyncctl/appsyncctl/internal/session"
)

// tenant is an OpenID provider that has nothing but metadata, and counts who asks.
type tenant struct {
	*httptest.Server
	asked atomic.Int32
}

func newTenant(t *testing.T) *tenant {
	t.Helper()
	tenant := &tenant{}
	tenant.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		tenant.asked.Add(1)
		w.Header().Set("Content-Type", "application/json")
		_, _ = fmt.Fprintf(w, `{"issuer":%q,"token_endpoint":%q}`, tenant.URL+"/", tenant.URL+"/oauth/token")
	}))
	t.Cleanup(tenant.Close)
	return tenant
}

// wantProvider looks the provider up at a time, and checks what it is told and
// how often the tenant has been asked since the beginning.
func (tenant *tenant) wantProvider(t *testing.T, state string, now time.Time, asked int32) {
	t.Helper()
	app := &app.App{
		LookupEnv: lookup(map[string]string{"XDG_STATE_HOME": state, "LOCALAPPDATA": state}),
		Now:       func() time.Time { return now },
	}
	got, err := session.Provider(t.Context(), app, tenant.Client(), tenant.URL+"/")
	if err != nil {
		t.Fatal(err)
	}
	if want := tenant.URL + "/oauth/token"; got.TokenEndpoint != want {
		t.Errorf("the token endpoint is %q, want %q", got.TokenEndpoint, want)
	}
	if got := tenant.asked.Load(); got != asked {
		t.Errorf("at %v: asked %d times, want %d", now, got, asked)
	}
}

// keptFile returns the one file that metadata was kept in.
func keptFile(t *testing.T, state string) string {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(state, "appsyncctl", "providers", "*.json"))
	if err != nil || len(files) != 1 {
		t.Fatalf("got %q, %v; want one file", files, err)
	}
	return files[0]
}

func TestProviderIsKeptForADay(t *testing.T) {
	tenant, state := newTenant(t), t.TempDir()
	start := clock
	for _, step := range []struct {
		after time.Duration
		asked int32
	}{
		{0, 1},
		{time.Second, 1},
		{24*time.Hour - time.Second, 1},
		{24 * time.Hour, 2}, // kept anew
		{48*time.Hour - time.Second, 2},
		{48 * time.Hour, 3},
		{47 * time.Hour, 4}, // the clock was set back: what is kept comes from the future
		{47*time.Hour + time.Second, 4},
	} {
		tenant.wantProvider(t, state, start.Add(step.after), step.asked)
	}
	keptFile(t, state)
}

func TestProviderIsKeptForEachIssuer(t *testing.T) {
	one, two, state := newTenant(t), newTenant(t), t.TempDir()
	for n := range 2 {
		now := clock.Add(time.Duration(n) * time.Minute)
		one.wantProvider(t, state, now, 1)
		two.wantProvider(t, state, now, 1)
	}
}

func TestProviderDamaged(t *testing.T) {
	fetched, err := json.Marshal(clock)
	if err != nil {
		t.Fatal(err)
	}
	for _, kept := range []string{
		"", "{", "[]", "null", "{}",
		`{"fetched":` + string(fetched) + `}`,
		`{"fetched":` + string(fetched) + `,"provider":null}`,
		`{"fetched":` + string(fetched) + `,"provider":"https://id.example.com/"}`,
		`{"fetched":"yesterday","provider":{"token_endpoint":"https://id.example.com/token"}}`,
	} {
		tenant, state := newTenant(t), t.TempDir()
		tenant.wantProvider(t, state, clock, 1)
		if err := os.WriteFile(keptFile(t, state), []byte(kept), 0o600); err != nil {
			t.Fatal(err)
		}
		tenant.wantProvider(t, state, clock.Add(time.Minute), 2)
		tenant.wantProvider(t, state, clock.Add(2*time.Minute), 2) // mended
	}
}

// A cache that cannot be written costs a request, and nothing else.
func TestProviderCannotBeKept(t *testing.T) {
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	for name, state := range map[string]string{"a file for a folder": file, "no home": ""} {
		t.Run(name, func(t *testing.T) {
			tenant := newTenant(t)
			for n := range 3 {
				tenant.wantProvider(t, state, clock.Add(time.Duration(n)*time.Minute), int32(n)+1)
			}
		})
	}
}

// What is too old does not stand in for a provider that does not answer.
func TestProviderIsNotReplacedByOldMetadata(t *testing.T) {
	tenant, state := newTenant(t), t.TempDir()
	tenant.wantProvider(t, state, clock, 1)
	kept, err := os.ReadFile(keptFile(t, state))
	if err != nil {
		t.Fatal(err)
	}
	tenant.Close()
	tenant.wantProvider(t, state, clock.Add(time.Hour), 1)

	app := &app.App{
		LookupEnv: lookup(map[string]string{"XDG_STATE_HOME": state, "LOCALAPPDATA": state}),
		Now:       func() time.Time { return clock.Add(25 * time.Hour) },
	}
	got, err := session.Provider(t.Context(), app, tenant.Client(), tenant.URL+"/")
	if lost := failure.Of(err) == failure.Network; !lost || got != nil {
		t.Errorf("got %v, %v; want that there is no answer", got, err)
	}
	if now, err := os.ReadFile(keptFile(t, state)); err != nil || string(now) != string(kept) {
		t.Errorf("got %s, %v; want what was kept before", now, err)
	}
}
