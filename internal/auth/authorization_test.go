package auth_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"

	"github.com/appsyncctl/appsyncctl/internal/auth"
	"github.com/appsyncctl/appsyncctl/internal/failure"
)

const redirect = "http://127.0.0.1:8976/callback"

func TestNewAuthorization(t *testing.T) {
	client := newFake(success).client()
	client.Provider.AuthorizationEndpoint += "?tenant=a"
	a, err := auth.NewAuthorization(client, auth.Parameters{
		Audience: "https://api.example.com", Organization: "org_1", Scopes: []string{"openid", "offline_access"},
	}, redirect)
	if err != nil {
		t.Fatal(err)
	}
	u, err := url.Parse(a.URL)
	if err != nil {
		t.Fatal(err)
	}
	challenge := sha256.Sum256([]byte(string(a.Verifier)))
	want := url.Values{
		"tenant": {"a"}, "response_type": {"code"}, "client_id": {"client-1"}, "redirect_uri": {redirect},
		"audience": {"https://api.example.com"}, "organization": {"org_1"}, "scope": {"openid offline_access"},
		"state": {a.State}, "nonce": {a.Nonce},
		"code_challenge":        {base64.RawURLEncoding.EncodeToString(challenge[:])},
		"code_challenge_method": {"S256"},
	}
	if got := u.Query(); u.Path != "/authorize" || !reflect.DeepEqual(got, want) {
		t.Errorf("query %v\nwant  %v", got, want)
	}
	if len(a.Verifier) < 43 || len(a.State) < 20 || len(a.Nonce) < 20 || a.State == a.Nonce {
		t.Errorf("too little chance in state %q, nonce %q or the verifier's %d characters", a.State, a.Nonce, len(a.Verifier))
	}
	if strings.Contains(fmt.Sprintf("%v %+v", a, *a), string(a.Verifier)) {
		t.Error("the verifier is printed")
	}
	again, err := auth.NewAuthorization(client, auth.Parameters{}, redirect)
	if err != nil || again.State == a.State || again.Nonce == a.Nonce || again.Verifier == a.Verifier {
		t.Errorf("a second login repeats the first, or %v", err)
	}
}

func TestAuthorizeUnsupported(t *testing.T) {
	client := newFake(success).client()
	client.Provider = &auth.Provider{Issuer: issuer}
	var unsupported *auth.UnsupportedError
	if _, err := auth.NewAuthorization(client, auth.Parameters{}, redirect); !errors.As(err, &unsupported) {
		t.Errorf("%v; want an *UnsupportedError", err)
	}
	client.Provider.AuthorizationEndpoint = "http://tenant.example.com/authorize"
	var refused *auth.EndpointError
	if _, err := auth.NewAuthorization(client, auth.Parameters{}, redirect); !errors.As(err, &refused) {
		t.Errorf("%v; want an *EndpointError", err)
	}
}

func TestAuthorizationCode(t *testing.T) {
	a, err := auth.NewAuthorization(newFake(success).client(), auth.Parameters{}, redirect)
	if err != nil {
		t.Fatal(err)
	}
	mine := "state=" + a.State
	tests := []struct {
		name, query string
		code        string
		fails       func(error) bool
	}{
		{"a code", mine + "&code=code-1", "code-1", nil},
		{"a code and its issuer", mine + "&code=code-1&iss=" + url.QueryEscape(issuer), "code-1", nil},
		{"no state", "code=code-1", "", func(err error) bool { return errors.Is(err, auth.ErrState) }},
		{"another's state", "code=code-1&state=x", "", func(err error) bool { return errors.Is(err, auth.ErrState) }},
		{"another's refusal", "error=access_denied&state=x", "", func(err error) bool { return errors.Is(err, auth.ErrState) }},
		{"another issuer", mine + "&code=code-1&iss=https://evil.example.com/", "", func(err error) bool {
			var mismatch *auth.IssuerMismatchError
			return errors.As(err, &mismatch) && mismatch.Found == "https://evil.example.com/"
		}},
		{"a refusal", mine + "&error=access_denied&error_description=No%0Away", "", func(err error) bool {
			var refused *auth.Error
			return errors.As(err, &refused) && refused.Code == auth.AccessDenied &&
				err.Error() == "tenant.example.com/authorize answered access_denied: No way"
		}},
		{"a refusal without a code", mine + "&error=Not+today", "", func(err error) bool {
			return err.Error() == "tenant.example.com/authorize answered with an error: Not today"
		}},
		{"neither", mine, "", func(err error) bool {
			var unusable *auth.AnswerError
			return errors.As(err, &unusable)
		}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got, err := a.CodeFromURL(redirect + "?" + tt.query)
			if got != tt.code || (err == nil) != (tt.fails == nil) || tt.fails != nil && !tt.fails(err) {
				t.Errorf("code %q, %v; want %q", got, err, tt.code)
			}
		})
	}
	var unusable *auth.AnswerError
	for _, pasted := range []string{"", "code-1", "http://127.0.0.1:8976/", "http://[bad?code=1"} {
		if _, err := a.CodeFromURL(pasted); !errors.As(err, &unusable) {
			t.Errorf("pasted %q: %v; want an *AnswerError", pasted, err)
		}
	}
}

// publish returns the reply of a provider whose keys are the public halves of
// keys, among others that no signature can be checked with.
func publish(t *testing.T, keys ...any) reply {
	t.Helper()
	set := []json.RawMessage{
		[]byte(`{"kty":"future","kid":"x"}`),
		[]byte(`{"kty":"oct","k":"c2VjcmV0"}`),
	}
	for _, key := range keys {
		set = append(set, must(jose.JSONWebKey{Key: key, Use: "sig"}.MarshalJSON()))
	}
	return reply{body: string(must(json.Marshal(map[string]any{"keys": set})))}
}

func sign(t *testing.T, algorithm jose.SignatureAlgorithm, key any, claims map[string]any) string {
	t.Helper()
	signer, err := jose.NewSigner(jose.SigningKey{Algorithm: algorithm, Key: key}, nil)
	if err != nil {
		t.Fatal(err)
	}
	signed, err := signer.Sign(must(json.Marshal(claims)))
	if err != nil {
		t.Fatal(err)
	}
	return must(signed.CompactSerialize())
}

// unsigned stands for the key of a token with the algorithm none.
type unsigned struct{}

func TestExchangeChecksTheIDToken(t *testing.T) {
	second := must(ecdsa.GenerateKey(elliptic.P256(), rand.Reader))
	other := must(ecdsa.GenerateKey(elliptic.P256(), rand.Reader))
	hash := sha256.Sum256([]byte("access-1"))
	atHash := base64.RawURLEncoding.EncodeToString(hash[:16])
	tests := []struct {
		name      string
		change    map[string]any // of the claims; nil takes one out
		algorithm jose.SignatureAlgorithm
		key       any
		reason    string // of the error; empty if the token is fine
	}{
		{name: "fine"},
		{name: "signed by the provider's second key", algorithm: jose.ES256, key: second},
		{name: "bound to its access token", change: map[string]any{"at_hash": atHash}},
		{name: "several audiences", change: map[string]any{"aud": []string{"client-1", "other"}, "azp": "client-1"}},
		{name: "nonce of another login", change: map[string]any{"nonce": "replayed"}, reason: "nonce"},
		{name: "no nonce", change: map[string]any{"nonce": nil}, reason: "nonce"},
		{name: "another issuer", change: map[string]any{"iss": "https://evil.example.com/"}, reason: "different provider"},
		{name: "issuer without its slash", change: map[string]any{"iss": strings.TrimSuffix(issuer, "/")}, reason: "different provider"},
		{name: "another audience", change: map[string]any{"aud": "client-2"}, reason: "audience"},
		{name: "another party", change: map[string]any{"aud": []string{"client-1", "client-2"}, "azp": "client-2"}, reason: "another client"},
		{name: "another access token", change: map[string]any{"at_hash": atHash[1:] + "x"}, reason: "another access token"},
		{name: "expired", change: map[string]any{"exp": time.Now().Add(-time.Hour).Unix()}, reason: "expired"},
		{name: "another key", algorithm: jose.ES256, key: other, reason: "signature"},
		{name: "not signed", key: unsigned{}, reason: "none"},
		{name: "signed with the public key for a secret", algorithm: jose.HS256, key: x509.MarshalPKCS1PublicKey(&rsaKey().PublicKey), reason: "HS256"},
		{name: "signed with a shared secret", algorithm: jose.HS256, key: []byte("0123456789abcdef0123456789abcdef"), reason: "HS256"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			f := newFake(publish(t, rsaKey().Public(), second.Public()))
			client := f.client()
			client.Provider.IDTokenAlgorithms = []string{"HS256", "none", "RS256", "ES256"}
			a, err := auth.NewAuthorization(client, auth.Parameters{Scopes: []string{"openid"}}, redirect)
			if err != nil {
				t.Fatal(err)
			}
			claims := map[string]any{
				"iss": issuer, "sub": "auth0|1", "aud": "client-1", "nonce": a.Nonce,
				"iat": time.Now().Unix(), "exp": time.Now().Add(time.Hour).Unix(),
			}
			for name, value := range tt.change {
				claims[name] = value
				if value == nil {
					delete(claims, name)
				}
			}
			if tt.key == nil {
				tt.algorithm, tt.key = jose.RS256, rsaKey()
			}
			idToken := jwt(t, map[string]any{"alg": "none"}, claims)
			if tt.key != (unsigned{}) {
				idToken = sign(t, tt.algorithm, tt.key, claims)
			}
			f.replies = append(f.replies, reply{body: fmt.Sprintf(`{"access_token":"access-1","id_token":%q}`, idToken)})

			token, err := a.Exchange(t.Context(), "code-1")
			if tt.reason == "" {
				if err != nil || token.AccessToken != "access-1" {
					t.Fatalf("token %v, %v", token, err)
				}
				want := url.Values{
					"grant_type": {"authorization_code"}, "code": {"code-1"}, "client_id": {"client-1"},
					"code_verifier": {string(a.Verifier)}, "redirect_uri": {redirect},
				}
				if got := f.calls[1].form; !reflect.DeepEqual(got, want) {
					t.Errorf("form %v\nwant %v", got, want)
				}
				return
			}
			if failure.Of(err) != failure.Login || !strings.HasPrefix(err.Error(), "the ID token is not believed: ") ||
				!strings.Contains(err.Error(), tt.reason) || token != nil {
				t.Errorf("token %v, %v; want that the ID token is not believed: %q", token, err, tt.reason)
			}
		})
	}
}

func TestExchange(t *testing.T) {
	openID, plain := []string{"openid"}, []string{"read:customers"}
	refusal := reply{status: 403, body: `{"error":"invalid_grant","error_description":"code-1 was used"}`}
	tests := []struct {
		name    string
		scopes  []string
		replies []reply
		calls   int
		fails   string // in the error; empty if there is none
	}{
		{"no ID token asked for", plain, []reply{success}, 1, ""},
		{"ID token missing", openID, []reply{publish(t, rsaKey().Public()), success}, 2, "there is none"},
		{"keys out of order: the code is not used", openID, []reply{{status: 503}, success}, 1, "503"},
		{"keys that are none", openID, []reply{{body: "<html>"}, success}, 1, "set of keys"},
		{"keys lost", openID, []reply{lost, success}, 1, "no answer from"},
		{"refused, once", plain, []reply{refusal, success}, 1, "[redacted] was used"},
		{"out of order, once", plain, []reply{{status: 500}, success}, 1, "500"},
		{"lost, once", plain, []reply{lost, success}, 1, "no answer from"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			f := newFake(tt.replies...)
			client := f.client()
			a, err := auth.NewAuthorization(client, auth.Parameters{Scopes: tt.scopes}, redirect)
			if err != nil {
				t.Fatal(err)
			}
			_, err = a.Exchange(t.Context(), "code-1")
			if (err == nil) != (tt.fails == "") || err != nil && !strings.Contains(err.Error(), tt.fails) {
				t.Errorf("%v; want %q", err, tt.fails)
			}
			if len(f.calls) != tt.calls {
				t.Errorf("%d requests, want %d", len(f.calls), tt.calls)
			}
		})
	}
}
