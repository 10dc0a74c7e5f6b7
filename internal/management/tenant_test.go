package management_test

import (
	"bytes"
	"crypto/rand"
	"crypto/rsa"
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
	"github.com/appsyncctl/appsyncctl/internal/management"
)

const audience = "https://customers.example/"

func want() management.Want {
	return management.Want{
		Audience: audience, APIName: "customers", Machine: "robot", Native: "phone",
		Callbacks: []string{"http://127.0.0.1:8976/callback", "http://127.0.0.1:8977/callback"},
	}
}

// sent is a request that a tenant got.
type sent struct {
	method, path string
	body         map[string]any
}

// tenant is an emulated tenant that remembers what it was sent.
type tenant struct {
	*management.Client
	issuer string
	// before may answer a request in the tenant's place.
	before func(w http.ResponseWriter, r *http.Request) (answered bool)

	mu   sync.Mutex
	sent []sent
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

func start(t *testing.T, change func(*auth0.Config)) *tenant {
	t.Helper()
	tn := &tenant{}
	server := httptest.NewUnstartedServer(nil)
	tn.issuer = "http://" + server.Listener.Addr().String() + "/"
	config := auth0.Config{Issuer: tn.issuer, SigningKey: signingKey(), Clients: []auth0.Client{{
		ID: "manager", Secret: "hush", Grants: []string{auth0.GrantClientCredentials},
		Audiences: map[string][]string{auth0.ManagementAPI: management.Scopes()},
	}}}
	if change != nil {
		change(&config)
	}
	handler, err := auth0.New(config)
	if err != nil {
		t.Fatal(err)
	}
	server.Config.Handler = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		if err != nil {
			t.Error(err)
		}
		r.Body = io.NopCloser(bytes.NewReader(body))
		if path, managed := strings.CutPrefix(r.URL.Path, "/api/v2/"); managed {
			tn.mu.Lock()
			s := sent{method: r.Method, path: path}
			_ = json.Unmarshal(body, &s.body) // a GET has none
			tn.sent = append(tn.sent, s)
			tn.mu.Unlock()
		}
		if tn.before == nil || !tn.before(w, r) {
			handler.ServeHTTP(w, r)
		}
	})
	server.Start()
	t.Cleanup(func() {
		server.Close()
		if err := handler.Close(); err != nil {
			t.Error(err)
		}
	})
	tn.Client = &management.Client{
		Base:   tn.issuer + "api/v2/",
		HTTP:   server.Client(),
		Now:    time.Now,
		Notice: func(text string) { t.Log(text) },
	}
	answer := tn.token(t, "manager", "hush", tn.Base)
	tn.Token = management.Secret(answer)
	return tn
}

// token gets a token by client credentials.
func (tn *tenant) token(t *testing.T, id, secret, audience string) string {
	t.Helper()
	resp, err := tn.HTTP.PostForm(tn.issuer+"oauth/token", url.Values{
		"grant_type": {"client_credentials"}, "client_id": {id}, "client_secret": {secret}, "audience": {audience},
	})
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	var answer struct {
		Token string `json:"access_token"`
		Error string `json:"error_description"`
	}
	if err := json.NewDecoder(resp.Body).Decode(&answer); err != nil || answer.Token == "" {
		t.Fatalf("no token for %s: %d %s %v", id, resp.StatusCode, answer.Error, err)
	}
	return answer.Token
}

// writes returns what was sent since the last call that was no GET.
func (tn *tenant) writes() []sent {
	tn.mu.Lock()
	defer tn.mu.Unlock()
	var writes []sent
	for _, s := range tn.sent {
		if s.method != http.MethodGet {
			writes = append(writes, s)
		}
	}
	tn.sent = nil
	return writes
}

// post makes something behind the client's back.
func (tn *tenant) post(t *testing.T, path, body string) map[string]any {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, tn.Base+path, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Authorization", "Bearer "+string(tn.Token))
	resp, err := tn.HTTP.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	var answer map[string]any
	if err := json.NewDecoder(resp.Body).Decode(&answer); err != nil || resp.StatusCode != http.StatusCreated {
		t.Fatalf("POST %s: %d %v %v", path, resp.StatusCode, answer, err)
	}
	tn.writes()
	return answer
}
