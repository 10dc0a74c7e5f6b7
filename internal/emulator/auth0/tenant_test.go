package auth0_test

import (
	"crypto/rand"
	"crypto/rsa"
	"encoding/base64"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/appsyncctl/appsyncctl/internal/emulator/auth0"
)

const (
	audience = "https://api.example/"
	secret   = "s3cret+with/odd=chars"
	device   = auth0.GrantDeviceCode
)

// clock is a clock that a test moves.
type clock struct {
	mu  sync.Mutex
	now time.Time
}

func (c *clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

func (c *clock) advance(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = c.now.Add(d)
}

// tenant is a served tenant, its issuer and its clock.
type tenant struct {
	issuer string
	clock  *clock
}

// signingKey signs for every tenant of these tests: making a key takes longer than
// all the rest of a start.
var signingKey = sync.OnceValue(func() *rsa.PrivateKey {
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		panic(err)
	}
	return key
})

func start(t *testing.T, change func(*auth0.Config)) tenant {
	t.Helper()
	server := httptest.NewUnstartedServer(nil)
	// The clock starts at the real time, so that independent verifiers accept the tokens.
	c := &clock{now: time.Now()}
	config := auth0.Config{
		Issuer:     "http://" + server.Listener.Addr().String() + "/",
		Now:        c.Now,
		SigningKey: signingKey(),
		APIs: []auth0.API{
			{Identifier: audience, Scopes: []string{"read:customers", "write:customers"}, OfflineAccess: true},
			{Identifier: "https://other.example/"},
		},
		Clients: []auth0.Client{
			{
				ID: "machine", Secret: secret, Grants: []string{auth0.GrantClientCredentials},
				Audiences:    map[string][]string{audience: {"read:customers"}},
				Organization: auth0.OrganizationAllow,
			},
			{ID: "post", Secret: secret, Method: auth0.SecretPost, Grants: []string{auth0.GrantClientCredentials}},
			{ID: "basic", Secret: secret, Method: auth0.SecretBasic, Grants: []string{auth0.GrantClientCredentials}},
			{
				ID: "native", Grants: []string{device, auth0.GrantAuthorizationCode, auth0.GrantRefreshToken},
				RedirectURIs: []string{callback, "https://app.example/callback"},
				LogoutURIs:   []string{"https://app.example/bye"},
				Organization: auth0.OrganizationAllow,
			},
			{ID: "keeper", NonRotating: true, Grants: []string{device, auth0.GrantRefreshToken}},
			{ID: "members", Organization: auth0.OrganizationRequire, Grants: []string{device, auth0.GrantAuthorizationCode}},
		},
		Users: []auth0.User{
			{ID: "auth0|ann", Name: "Ann", Email: "ann@example.com", Organizations: []string{"org_1"}},
			{ID: "auth0|bob", Name: "Bob <b>", Email: "bob@example.com"},
		},
		Organizations: []auth0.Organization{{ID: "org_1", Name: "acme"}},
	}
	if change != nil {
		change(&config)
	}
	handler, err := auth0.New(config)
	if err != nil {
		t.Fatal(err)
	}
	server.Config.Handler = handler
	server.Start()
	t.Cleanup(func() {
		server.Close()
		if err := handler.Close(); err != nil {
			t.Error(err)
		}
	})
	return tenant{issuer: config.Issuer, clock: c}
}

// answer is a response that was read, with the members of its JSON object if it is one.
type answer struct {
	status int
	header http.Header
	body   string
	json   map[string]any
}

func (a answer) text(name string) string {
	s, _ := a.json[name].(string)
	return s
}

func do(t *testing.T, r *http.Request) answer {
	t.Helper()
	client := &http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	resp, err := client.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	a := answer{status: resp.StatusCode, header: resp.Header, body: string(body)}
	if strings.HasPrefix(resp.Header.Get("Content-Type"), "application/json") {
		if err := json.Unmarshal(body, &a.json); err != nil {
			t.Fatalf("%s: %v", body, err)
		}
	}
	return a
}

func (tn tenant) get(t *testing.T, path string) answer {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, tn.issuer+strings.TrimPrefix(path, "/"), nil)
	if err != nil {
		t.Fatal(err)
	}
	return do(t, r)
}

// form builds url.Values from pairs.
func form(pairs ...string) url.Values {
	v := url.Values{}
	for i := 0; i < len(pairs); i += 2 {
		v.Add(pairs[i], pairs[i+1])
	}
	return v
}

func (tn tenant) request(t *testing.T, path string, pairs ...string) *http.Request {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, tn.issuer+strings.TrimPrefix(path, "/"),
		strings.NewReader(form(pairs...).Encode()))
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	return r
}

func (tn tenant) post(t *testing.T, path string, pairs ...string) answer {
	t.Helper()
	return do(t, tn.request(t, path, pairs...))
}

// claims decodes a JWT's claims without verifying it; other tests verify.
func claims(t *testing.T, token string) map[string]any {
	t.Helper()
	return jwtPart(t, token, 1)
}

func jwtPart(t *testing.T, token string, i int) map[string]any {
	t.Helper()
	parts := strings.Split(token, ".")
	if len(parts) != 3 {
		t.Fatalf("not a JWT: %d parts", len(parts))
	}
	raw, err := base64.RawURLEncoding.DecodeString(parts[i])
	if err != nil {
		t.Fatal(err)
	}
	var got map[string]any
	if err := json.Unmarshal(raw, &got); err != nil {
		t.Fatal(err)
	}
	return got
}

func (a answer) refused(t *testing.T, status int, code, description string) {
	t.Helper()
	if a.status != status || a.text("error") != code || a.text("error_description") != description {
		t.Errorf("got %d %s\nwant %d %s %q", a.status, a.body, status, code, description)
	}
}

func (a answer) ok(t *testing.T) answer {
	t.Helper()
	if a.status != http.StatusOK {
		t.Fatalf("got %d %s, want 200", a.status, a.body)
	}
	return a
}
