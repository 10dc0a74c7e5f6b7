package appsync_test

import (
	"bytes"
	"crypto/rand"
	"crypto/rsa"
	"encoding/json"
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"
	"github.com/go-jose/go-jose/v4/jwt"

	"github.com/appsyncctl/appsyncctl/internal/emulator/appsync"
	"github.com/appsyncctl/appsyncctl/internal/emulator/appsync/store"
	"github.com/appsyncctl/appsyncctl/internal/schema"
)

// firstKey signs for every issuer of these tests until it is rotated: making a key
// takes longer than all the rest of a start.
var firstKey = sync.OnceValue(func() *rsa.PrivateKey {
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		panic(err)
	}
	return key
})

// issuer is an OpenID provider: a discovery document and a key set.
type issuer struct {
	url  string
	key  atomic.Pointer[jose.JSONWebKey]
	hits atomic.Int32 // of the key set
}

func newIssuer(t *testing.T) *issuer {
	t.Helper()
	is := &issuer{}
	is.use(firstKey(), "first")
	mux := http.NewServeMux()
	server := httptest.NewServer(mux)
	t.Cleanup(server.Close)
	is.url = server.URL + "/"
	mux.HandleFunc("/.well-known/openid-configuration", func(w http.ResponseWriter, _ *http.Request) {
		_ = json.NewEncoder(w).Encode(map[string]string{"issuer": is.url, "jwks_uri": is.url + "keys"})
	})
	mux.HandleFunc("/keys", func(w http.ResponseWriter, _ *http.Request) {
		is.hits.Add(1)
		_ = json.NewEncoder(w).Encode(jose.JSONWebKeySet{Keys: []jose.JSONWebKey{is.key.Load().Public()}})
	})
	return is
}

func (is *issuer) rotate(t *testing.T, id string) {
	t.Helper()
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	is.use(key, id)
}

func (is *issuer) use(key *rsa.PrivateKey, id string) {
	is.key.Store(&jose.JSONWebKey{Key: key, KeyID: id, Algorithm: "RS256", Use: "sig"})
}

// claims are a token's as Auth0 makes them for a machine.
func (is *issuer) claims() map[string]any {
	now := time.Now()
	return map[string]any{
		"iss": is.url, "sub": "machine@clients", "aud": "https://customers.example", "azp": "machine",
		"iat": now.Unix(), "exp": now.Add(time.Hour).Unix(), "gty": "client-credentials",
	}
}

// token signs the claims, changed as told; a nil value removes a claim.
func (is *issuer) token(t *testing.T, changes map[string]any) string {
	t.Helper()
	claims := is.claims()
	maps.Copy(claims, changes)
	maps.DeleteFunc(claims, func(_ string, v any) bool { return v == nil })
	signer, err := jose.NewSigner(jose.SigningKey{Algorithm: jose.RS256, Key: is.key.Load()}, (&jose.SignerOptions{}).WithType("JWT"))
	if err != nil {
		t.Fatal(err)
	}
	token, err := jwt.Signed(signer).Claims(claims).Serialize()
	if err != nil {
		t.Fatal(err)
	}
	return token
}

// service is an API on a socket and the provider that it trusts.
type service struct {
	*issuer
	endpoint string
	auth     string // what call sends as Authorization
}

func serve(t *testing.T, change func(*appsync.Config)) *service {
	t.Helper()
	is := newIssuer(t)
	config := appsync.Config{Schema: schema.Wizard(), Issuer: is.url, KeepAlive: time.Hour} // in no test's way
	if change != nil {
		change(&config)
	}
	api, err := appsync.New(config)
	if err != nil {
		t.Fatal(err)
	}
	server := httptest.NewServer(api)
	t.Cleanup(server.Close)
	return &service{issuer: is, endpoint: server.URL + "/graphql", auth: is.token(t, nil)}
}

func extended(c *appsync.Config) { c.Schema = schema.Extended() }

// reply is an answer, its body read.
type reply struct {
	status int
	header http.Header
	body   string
}

func (s *service) send(t *testing.T, method, url, body string, headers map[string]string) reply {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), method, url, bytes.NewBufferString(body))
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Content-Type", "application/json")
	for name, value := range headers {
		req.Header.Set(name, value)
	}
	resp, err := http.DefaultTransport.RoundTrip(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	data, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return reply{status: resp.StatusCode, header: resp.Header, body: string(data)}
}

// post sends a body with the service's token.
func (s *service) post(t *testing.T, body string) reply {
	t.Helper()
	return s.send(t, http.MethodPost, s.endpoint, body, map[string]string{"Authorization": s.auth})
}

// call sends a document with variables and returns the body.
func (s *service) call(t *testing.T, query string, variables map[string]any) string {
	t.Helper()
	body, err := json.Marshal(map[string]any{"query": query, "variables": variables})
	if err != nil {
		t.Fatal(err)
	}
	got := s.post(t, string(body))
	if got.status != http.StatusOK {
		t.Fatalf("status %d: %s", got.status, got.body)
	}
	return got.body
}

// data sends a document that must succeed and decodes its data.
func data[T any](t *testing.T, s *service, query string, variables map[string]any) T {
	t.Helper()
	var answer struct {
		Data   T
		Errors []any
	}
	body := s.call(t, query, variables)
	if err := json.Unmarshal([]byte(body), &answer); err != nil {
		t.Fatal(err)
	}
	if len(answer.Errors) > 0 {
		t.Fatalf("errors: %s", body)
	}
	return answer.Data
}

func openFile(tb testing.TB, name string) *store.File {
	tb.Helper()
	file, err := store.OpenFile(name)
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() {
		if err := file.Close(); err != nil {
			tb.Error(err)
		}
	})
	return file
}
