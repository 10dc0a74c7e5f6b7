package appsync_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"
	"github.com/go-jose/go-jose/v4/jwt"

	"github.com/appsyncctl/appsyncctl/internal/emulator/appsync"
	"github.com/appsyncctl/appsyncctl/internal/redact"
)

const (
	noHeader   = "Valid authorization header not provided."
	expired    = "Token has expired."
	unreadable = "Unable to parse JWT token."
	refused    = "Unauthorized"
	notAllowed = "You are not authorized to make this call."
)

// The refusals of the OPENID_CONNECT mode, body by body.
func TestOpenID(t *testing.T) {
	hour := time.Hour
	ago := func(d time.Duration) int64 { return time.Now().Add(-d).Unix() }
	foreign := newIssuer(t)
	foreign.rotate(t, "foreign")
	tests := []struct {
		name   string
		config func(*appsync.Config)
		header func(*service) string
		want   string // message; empty is 200
	}{
		{name: "raw", header: func(s *service) string { return s.auth }},
		{name: "Bearer", header: func(s *service) string { return "Bearer " + s.auth }},
		{name: "bearer in lower case", header: func(s *service) string { return "bearer " + s.auth }},
		{name: "Bearer, strictly raw", config: func(c *appsync.Config) { c.StrictRaw = true }, header: func(s *service) string { return "Bearer " + s.auth }, want: unreadable},
		{name: "raw, strictly raw", config: func(c *appsync.Config) { c.StrictRaw = true }, header: func(s *service) string { return s.auth }},
		{name: "no header", header: func(*service) string { return "" }, want: noHeader},
		{name: "opaque", header: func(*service) string { return "hN3vT0pAqu3" }, want: unreadable},
		{name: "opaque Bearer", header: func(*service) string { return "Bearer hN3vT0pAqu3" }, want: unreadable},
		{name: "garbled", header: func(*service) string { return "eyJ.eyJ.x" }, want: unreadable},
		{name: "without signature", header: func(*service) string { return "eyJhbGciOiJub25lIn0.e30." }, want: unreadable},
		{name: "Basic", header: func(*service) string { return "Basic dTpw" }, want: unreadable},
		{name: "expired", header: func(s *service) string { return s.token(t, map[string]any{"exp": ago(time.Second)}) }, want: expired},
		{name: "no exp", header: func(s *service) string { return s.token(t, map[string]any{"exp": nil}) }, want: expired},
		{name: "not yet", header: func(s *service) string { return s.token(t, map[string]any{"nbf": ago(-hour)}) }, want: noHeader},
		{name: "no iat", header: func(s *service) string { return s.token(t, map[string]any{"iat": nil}) }, want: refused},
		{name: "bad signature", header: func(s *service) string {
			return s.auth[:len(s.auth)-8] + "AAAAAAAA"
		}, want: noHeader},
		{name: "foreign issuer", header: func(*service) string { return foreign.token(t, nil) }, want: noHeader},
		{name: "other iss, single mode", header: func(s *service) string { return s.token(t, map[string]any{"iss": "https://other.example/"}) }},
		{name: "other iss, checked", config: func(c *appsync.Config) { c.CheckIssuer = true }, header: func(s *service) string { return s.token(t, map[string]any{"iss": "https://other.example/"}) }, want: noHeader},
		{name: "other iss, several modes", config: func(c *appsync.Config) { c.APIKeys = []redact.Secret{"da2-x"} }, header: func(s *service) string { return s.token(t, map[string]any{"iss": "https://other.example/"}) }, want: noHeader},
		{name: "iss without its slash, checked", config: func(c *appsync.Config) { c.CheckIssuer = true }, header: func(s *service) string { return s.token(t, map[string]any{"iss": s.url[:len(s.url)-1]}) }},
		{name: "iss with a slash more, checked", config: func(c *appsync.Config) { c.CheckIssuer = true }, header: func(s *service) string { return s.token(t, map[string]any{"iss": s.url + "/"}) }, want: noHeader},
		{name: "client id by azp", config: func(c *appsync.Config) { c.ClientID = "other|machine" }, header: func(s *service) string { return s.auth }},
		{name: "client id by aud", config: func(c *appsync.Config) { c.ClientID = "https://customers.*" }, header: func(s *service) string { return s.auth }},
		{name: "client id in part", config: func(c *appsync.Config) { c.ClientID = "mach" }, header: func(s *service) string { return s.auth }, want: refused},
		{name: "client id of another", config: func(c *appsync.Config) { c.ClientID = "other" }, header: func(s *service) string { return s.auth }, want: refused},
		{name: "any client id", config: func(c *appsync.Config) { c.ClientID = "*" }, header: func(s *service) string { return s.auth }},
		{name: "iatTTL", config: func(c *appsync.Config) { c.IatTTL = hour }, header: func(s *service) string { return s.token(t, map[string]any{"iat": ago(2 * hour)}) }, want: expired},
		{name: "within iatTTL", config: func(c *appsync.Config) { c.IatTTL = hour }, header: func(s *service) string { return s.auth }},
		{name: "authTTL without auth_time", config: func(c *appsync.Config) { c.AuthTTL = hour }, header: func(s *service) string { return s.auth }, want: refused},
		{name: "authTTL", config: func(c *appsync.Config) { c.AuthTTL = hour }, header: func(s *service) string { return s.token(t, map[string]any{"auth_time": ago(2 * hour)}) }, want: expired},
		{name: "within authTTL", config: func(c *appsync.Config) { c.AuthTTL = hour }, header: func(s *service) string { return s.token(t, map[string]any{"auth_time": ago(0)}) }},
		{name: "the API's clock", config: func(c *appsync.Config) { c.Now = func() time.Time { return time.Now().Add(2 * hour) } }, header: func(s *service) string { return s.auth }, want: expired},
		{name: "no mode at all", config: func(c *appsync.Config) { c.Issuer = "" }, header: func(s *service) string { return s.auth }, want: notAllowed},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			s := serve(t, tt.config)
			headers := map[string]string{}
			if header := tt.header(s); header != "" {
				headers["Authorization"] = header
			}
			checkRefusal(t, s.send(t, http.MethodPost, s.endpoint, `{"query":"{__typename}"}`, headers), tt.want)
		})
	}
}

// checkRefusal compares with the 401 of that message, to the byte; an empty message
// wants success.
func checkRefusal(t *testing.T, got reply, message string) {
	t.Helper()
	if message == "" {
		if got.status != http.StatusOK {
			t.Errorf("got %d %s, want 200", got.status, got.body)
		}
		return
	}
	want := "{\n  \"errors\" : [ {\n    \"errorType\" : \"UnauthorizedException\",\n    \"message\" : \"" + message + "\"\n  } ]\n}"
	if got.status != http.StatusUnauthorized || got.body != want {
		t.Errorf("got %d %s\nwant 401 %s", got.status, got.body, want)
	}
	if kind := got.header.Get("x-amzn-ErrorType"); kind != "UnauthorizedException" {
		t.Errorf("x-amzn-ErrorType: got %q", kind)
	}
}

// The asymmetric algorithms of AppSync's list, and none other.
func TestAlgorithms(t *testing.T) {
	p256, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	tests := []struct {
		algorithm jose.SignatureAlgorithm
		key       any // nil is the provider's RSA key
		want      string
	}{
		{algorithm: jose.RS512}, {algorithm: jose.PS256}, {algorithm: jose.ES256, key: p256},
		{algorithm: jose.HS256, key: []byte(strings.Repeat("k", 32)), want: unreadable},
	}
	for _, tt := range tests {
		t.Run(string(tt.algorithm), func(t *testing.T) {
			s := serve(t, nil)
			key := &jose.JSONWebKey{Key: s.key.Load().Key, KeyID: "this"}
			if tt.key != nil {
				key.Key = tt.key
			}
			if public := key.Public(); public.Valid() { // a shared secret has no public half
				s.key.Store(key)
			}
			signer, err := jose.NewSigner(jose.SigningKey{Algorithm: tt.algorithm, Key: key}, nil)
			if err != nil {
				t.Fatal(err)
			}
			token, err := jwt.Signed(signer).Claims(s.claims()).Serialize()
			if err != nil {
				t.Fatal(err)
			}
			checkRefusal(t, s.send(t, http.MethodPost, s.endpoint, `{"query":"{__typename}"}`, map[string]string{"Authorization": token}), tt.want)
		})
	}
}

// A provider that cannot be asked lets nobody in.
func TestProviderIsDown(t *testing.T) {
	s := serve(t, func(c *appsync.Config) {
		c.HTTP = &http.Client{Transport: http.NewFileTransport(http.Dir(t.TempDir()))}
	})
	checkRefusal(t, s.post(t, `{"query":"{__typename}"}`), noHeader)
}

func TestKeyRotation(t *testing.T) {
	now := time.Now().Add(time.Minute) // later than what tokens are issued at
	s := serve(t, func(c *appsync.Config) { c.Now = func() time.Time { return now } })
	if got := s.post(t, `{"query":"{__typename}"}`); got.status != http.StatusOK {
		t.Fatalf("first key: %d %s", got.status, got.body)
	}
	s.rotate(t, "second")
	for range 3 { // seen at once, and then kept
		if got := s.send(t, http.MethodPost, s.endpoint, `{"query":"{__typename}"}`, map[string]string{"Authorization": s.token(t, nil)}); got.status != http.StatusOK {
			t.Fatalf("second key: %d %s", got.status, got.body)
		}
	}
	if got := s.hits.Load(); got != 2 {
		t.Errorf("key set fetched %d times, want 2", got)
	}
	foreign := newIssuer(t)
	foreign.rotate(t, "made up")
	for _, want := range []int32{5, 10} {
		for range 20 {
			checkRefusal(t, s.send(t, http.MethodPost, s.endpoint, "", map[string]string{"Authorization": foreign.token(t, nil)}), noHeader)
		}
		if got := s.hits.Load(); got != want {
			t.Errorf("key set fetched %d times for a key that is made up, want %d", got, want)
		}
		now = now.Add(10 * time.Second)
	}
}
