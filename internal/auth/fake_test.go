// The provider that the tests talk to, and tokens for it to give.

package auth_test

import (
	"encoding/base64"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"sync"
	"testing"
	"time"

	"github.com/appsyncctl/appsyncctl/internal/auth"
)

// A reply is what the fake provider answers to one request, or how it fails.
type reply struct {
	status int
	header map[string]string
	body   string
	delay  time.Duration // before the answer
	fault  error         // instead of an answer
}

// A call is a request that the fake provider got.
type call struct {
	form     url.Values
	header   http.Header
	begun    time.Duration // since the fake was made
	answered time.Duration
}

// patience ends what hangs. A client that comes without a time limit gets one that is
// too short for a busy machine.
const patience = 10 * time.Minute

// A fake is a provider without a network, so that it works on synctest's clock:
// it gives its replies in order, the last one for ever.
type fake struct {
	replies []reply
	begin   time.Time

	mu     sync.Mutex
	calls  []call
	bodies []*closing
}

func newFake(replies ...reply) *fake { return &fake{replies: replies, begin: time.Now()} }

func (f *fake) RoundTrip(req *http.Request) (*http.Response, error) {
	f.mu.Lock()
	n := len(f.calls)
	next := f.replies[min(n, len(f.replies)-1)]
	_ = req.ParseForm()
	f.calls = append(f.calls, call{form: req.PostForm, header: req.Header, begun: time.Since(f.begin)})
	f.mu.Unlock()

	select {
	case <-time.After(next.delay):
	case <-req.Context().Done():
		return nil, req.Context().Err()
	}

	f.mu.Lock()
	defer f.mu.Unlock()
	f.calls[n].answered = time.Since(f.begin)
	if next.fault != nil {
		return nil, next.fault
	}
	recorder := httptest.NewRecorder()
	for key, value := range next.header {
		recorder.Header().Set(key, value)
	}
	recorder.WriteHeader(max(next.status, 200))
	_, _ = recorder.WriteString(next.body)
	resp := recorder.Result()
	body := &closing{ReadCloser: resp.Body}
	resp.Body = body
	f.bodies = append(f.bodies, body)
	return resp, nil
}

type closing struct {
	io.ReadCloser
	closed bool
}

func (c *closing) Close() error {
	c.closed = true
	return c.ReadCloser.Close()
}

const issuer = "https://tenant.example.com/"

// client returns a public client at a provider whose endpoints all are f.
func (f *fake) client() *auth.Client {
	return &auth.Client{
		HTTP: &http.Client{Transport: f, Timeout: patience},
		Provider: &auth.Provider{
			Issuer:                      issuer,
			TokenEndpoint:               issuer + "oauth/token",
			DeviceAuthorizationEndpoint: issuer + "oauth/device/code",
			AuthorizationEndpoint:       issuer + "authorize",
			RevocationEndpoint:          issuer + "oauth/revoke",
			JWKSURI:                     issuer + "jwks.json",
		},
		ID: "client-1",
	}
}

// serve returns a client at a provider behind a real listener.
func serve(t *testing.T, handler http.HandlerFunc) *auth.Client {
	t.Helper()
	server := httptest.NewServer(handler)
	t.Cleanup(server.Close)
	server.Client().Timeout = patience
	return &auth.Client{
		HTTP: server.Client(),
		Provider: &auth.Provider{
			Issuer:                      server.URL + "/",
			TokenEndpoint:               server.URL + "/oauth/token",
			DeviceAuthorizationEndpoint: server.URL + "/oauth/device/code",
			RevocationEndpoint:          server.URL + "/oauth/revoke",
		},
		ID: "client-1",
	}
}

// jwt returns a token with these claims and no valid signature.
func jwt(t *testing.T, header, claims map[string]any) string {
	t.Helper()
	part := func(members map[string]any) string {
		encoded, err := json.Marshal(members)
		if err != nil {
			t.Fatal(err)
		}
		return base64.RawURLEncoding.EncodeToString(encoded)
	}
	return part(header) + "." + part(claims) + ".c2lnbmF0dXJl"
}
