package auth_test

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"encoding/json"
	"errors"
	"net/http"
	"strings"
	"syscall"
	"testing"

	"github.com/go-jose/go-jose/v4"

	"github.com/appsyncctl/appsyncctl/internal/auth"
)

// fetched returns the keys that a provider publishes in document.
func fetched(t *testing.T, document string) *auth.KeySet {
	t.Helper()
	client := newFake(reply{body: document}).client()
	set, err := auth.FetchKeys(t.Context(), client.HTTP, client.Provider)
	if err != nil {
		t.Fatal(err)
	}
	return set
}

// published returns the document in which keys are published.
func published(t *testing.T, keys ...jose.JSONWebKey) string {
	t.Helper()
	document, err := json.Marshal(jose.JSONWebKeySet{Keys: keys})
	if err != nil {
		t.Fatal(err)
	}
	return string(document)
}

func TestFetchKeys(t *testing.T) {
	private, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	one, _ := strings.CutPrefix(published(t, jose.JSONWebKey{Key: private.Public(), KeyID: "1", Algorithm: "ES256", Use: "sig"}), `{"keys":[`)
	one = strings.TrimSuffix(one, "]}")
	tests := []struct {
		name     string
		document string
		want     []auth.Key
	}{
		{"one", `{"keys":[` + one + `]}`, []auth.Key{{ID: "1", Algorithm: "ES256", Type: "EC"}}},
		{"in the provider's order", `{"keys":[{"kty":"RSA","kid":"b"},{"kty":"RSA","kid":"a"}]}`, []auth.Key{{ID: "b", Type: "RSA"}, {ID: "a", Type: "RSA"}}},
		{"of a kind that came later", `{"keys":[{"kty":"AKP","alg":"ML-DSA-44","kid":"1","pub":"AQAB"},` + one + `]}`, []auth.Key{{ID: "1", Algorithm: "ML-DSA-44", Type: "AKP"}, {ID: "1", Algorithm: "ES256", Type: "EC"}}},
		{"for encryption", `{"keys":[{"kty":"RSA","use":"enc","kid":"1"}]}`, nil},
		{"members of another type", `{"keys":[{"kty":"RSA","kid":7,"alg":["RS256"],"use":null}]}`, []auth.Key{{Type: "RSA"}}},
		{"no keys", `{"keys":[null,1,"key",[],{},{"kid":"1"}]}`, nil},
		{"none", `{"keys":[]}`, nil},
		{"no list", `{}`, nil},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got := fetched(t, tt.document).Keys
			if len(got) != len(tt.want) {
				t.Fatalf("got %+v, want %+v", got, tt.want)
			}
			for i, want := range tt.want {
				if key := got[i]; key.ID != want.ID || key.Algorithm != want.Algorithm || key.Type != want.Type {
					t.Errorf("key %d is %+v, want %+v", i, key, want)
				}
			}
		})
	}
}

func TestFetchKeysRefuses(t *testing.T) {
	as := func(check func(error) bool) func(error) bool { return check }
	tests := []struct {
		name    string
		address string
		reply   reply
		want    func(error) bool
	}{
		{"no address", "", reply{}, as(is[*auth.UnsupportedError])},
		{"without TLS", "http://tenant.example.com/keys", reply{}, as(is[*auth.EndpointError])},
		{"no URL", "https://tenant example.com/\x7f", reply{}, as(is[*auth.EndpointError])},
		{"no answer", issuer + "keys", reply{fault: syscall.ECONNRESET}, as(is[*auth.TransportError])},
		{"not there", issuer + "keys", reply{status: 404}, func(err error) bool {
			refusal, ok := errors.AsType[*auth.Error](err)
			return ok && refusal.Status == 404 && !refusal.Transient()
		}},
		{"throttled", issuer + "keys", reply{status: 429, body: `{"error":"too_many_requests"}`}, func(err error) bool {
			refusal, ok := errors.AsType[*auth.Error](err)
			return ok && refusal.Transient()
		}},
		{"moved", issuer + "keys", reply{status: 302, header: map[string]string{"Location": "https://elsewhere.example.com/"}}, func(err error) bool {
			refusal, ok := errors.AsType[*auth.Error](err)
			return ok && refusal.Status == 302
		}},
		{"a page", issuer + "keys", reply{body: "<html>"}, as(is[*auth.AnswerError])},
		{"a list", issuer + "keys", reply{body: "[]"}, as(is[*auth.AnswerError])},
		{"without an end", issuer + "keys", reply{body: `{"keys":[` + strings.Repeat(" ", 2<<20)}, as(is[*auth.AnswerError])},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			fake := newFake(tt.reply)
			client := fake.client()
			client.Provider.JWKSURI = tt.address
			set, err := auth.FetchKeys(t.Context(), client.HTTP, client.Provider)
			if set != nil || !tt.want(err) {
				t.Errorf("FetchKeys = %+v, %v", set, err)
			}
			if len(fake.calls) > 1 {
				t.Errorf("%d requests, want one at most", len(fake.calls))
			}
		})
	}
}

func is[T error](err error) bool {
	_, ok := errors.AsType[T](err)
	return ok
}

func TestFindKey(t *testing.T) {
	set := fetched(t, `{"keys":[{"kty":"RSA","kid":"a","alg":"RS256"},{"kty":"EC","kid":"b"},{"kty":"EC","kid":"a"}]}`)
	tests := []struct {
		id, algorithm, kind string
		found               bool
	}{
		{"a", "RS256", "RSA", true}, // the first of the name
		{"b", "", "EC", true},
		{"A", "", "", false},
		{"", "", "", false},
	}
	for _, tt := range tests {
		key, found := set.Find(tt.id)
		if found != tt.found || key.ID != "" && key.ID != tt.id || key.Algorithm != tt.algorithm || key.Type != tt.kind {
			t.Errorf("Find(%q) = %+v, %t", tt.id, key, found)
		}
	}
}

// signed returns a token that key signed, with kid in its header unless it is empty.
func signed(t *testing.T, algorithm jose.SignatureAlgorithm, key any, kid string) string {
	t.Helper()
	signer, err := jose.NewSigner(jose.SigningKey{Algorithm: algorithm, Key: jose.JSONWebKey{Key: key, KeyID: kid}}, nil)
	if err != nil {
		t.Fatal(err)
	}
	object, err := signer.Sign([]byte(`{"sub":"me"}`))
	if err != nil {
		t.Fatal(err)
	}
	token, err := object.CompactSerialize()
	if err != nil {
		t.Fatal(err)
	}
	return token
}

func TestVerify(t *testing.T) {
	rsaKey := rsaKey()
	curve := func(of elliptic.Curve) *ecdsa.PrivateKey {
		key, err := ecdsa.GenerateKey(of, rand.Reader)
		if err != nil {
			t.Fatal(err)
		}
		return key
	}
	p256, p384, p521 := curve(elliptic.P256()), curve(elliptic.P384()), curve(elliptic.P521())
	_, edKey, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	public := func(key crypto.Signer, id string) jose.JSONWebKey {
		return jose.JSONWebKey{Key: key.Public(), KeyID: id}
	}
	set := fetched(t, published(t, public(p256, "p256"), public(rsaKey, "rsa"), public(p384, "p384"), public(p521, "p521"), public(edKey, "ed")))

	rs256 := signed(t, jose.RS256, rsaKey, "rsa")
	parts := strings.Split(rs256, ".")
	other := strings.Split(signed(t, jose.RS256, rsaKey, ""), ".")
	secret := []byte("a secret of thirty-two bytes.....")
	tests := []struct {
		name  string
		token string
		want  bool
	}{
		{"RS256", rs256, true},
		{"RS512", signed(t, jose.RS512, rsaKey, "rsa"), true},
		{"PS384", signed(t, jose.PS384, rsaKey, "rsa"), true},
		{"ES256", signed(t, jose.ES256, p256, "p256"), true},
		{"ES384", signed(t, jose.ES384, p384, "p384"), true},
		{"ES512", signed(t, jose.ES512, p521, "p521"), true},
		{"EdDSA", signed(t, jose.EdDSA, edKey, "ed"), true},
		{"no key ID: any may have signed", signed(t, jose.ES384, p384, ""), true},
		{"the ID of another key", signed(t, jose.RS256, rsaKey, "p256"), false},
		{"the ID of no key", signed(t, jose.RS256, rsaKey, "gone"), false},
		{"another key under the same ID", signed(t, jose.ES256, curve(elliptic.P256()), "p256"), false},
		{"a secret", signed(t, jose.HS256, secret, "rsa"), false},
		{"other claims", parts[0] + ".eyJzdWIiOiJ5b3UifQ." + parts[2], false},
		{"another header", other[0] + "." + parts[1] + "." + parts[2], false},
		{"no signature", parts[0] + "." + parts[1] + ".", false},
		{"none", "eyJhbGciOiJub25lIn0." + parts[1] + ".", false},
		{"no JWT", "opaque", false},
		{"nothing", "", false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if got := set.Verify(tt.token); got != tt.want {
				t.Errorf("Verify = %t, want %t", got, tt.want)
			}
		})
	}
	if fetched(t, `{"keys":[{"kty":"RSA","kid":"rsa"}]}`).Verify(rs256) {
		t.Error("a key that cannot be read has verified a token")
	}
}

// A set with a secret in it, or with private keys, verifies nothing by them: HS256
// with a public key as the secret is an old trick.
func TestVerifyBySecret(t *testing.T) {
	secret := []byte("a secret of thirty-two bytes.....")
	set := fetched(t, published(t, jose.JSONWebKey{Key: secret, KeyID: "1", Algorithm: "HS256"}))
	if set.Verify(signed(t, jose.HS256, secret, "1")) {
		t.Error("a secret has verified a token")
	}
	private, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	set = fetched(t, published(t, jose.JSONWebKey{Key: private, KeyID: "1"}))
	if set.Verify(signed(t, jose.ES256, private, "1")) {
		t.Error("a private key in public has verified a token")
	}
}

// The keys go through the same limits as everything else from a provider.
func TestFetchKeysFollowsNoRedirect(t *testing.T) {
	followed := false
	client := serve(t, func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path != "/keys" {
			followed = true
		}
		http.Redirect(w, r, "/elsewhere", http.StatusTemporaryRedirect)
	})
	client.Provider.JWKSURI = client.Provider.Issuer + "keys"
	if _, err := auth.FetchKeys(t.Context(), client.HTTP, client.Provider); !is[*auth.Error](err) {
		t.Errorf("got %v, want an *Error", err)
	}
	if followed {
		t.Error("a redirect was followed")
	}
}

func FuzzVerify(f *testing.F) {
	f.Add(`{"keys":[{"kty":"RSA","kid":"1","n":"AQAB","e":"AQAB"}]}`, "eyJhbGciOiJSUzI1NiJ9.e30.AAAA")
	f.Add(`{"keys":[{"kty":"EC","crv":"P-256","x":"AA","y":"AA"}]}`, "eyJhbGciOiJFUzI1NiJ9.e30.AAAA")
	f.Fuzz(func(t *testing.T, document, token string) {
		client := newFake(reply{body: document}).client()
		set, err := auth.FetchKeys(t.Context(), client.HTTP, client.Provider)
		if err == nil && set.Verify(token) && !strings.Contains(document, "kty") {
			t.Error("no key has verified a token")
		}
	})
}
