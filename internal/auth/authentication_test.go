package auth_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/json"
	"encoding/pem"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/go-jose/go-jose/v4"

	"github.com/appsyncctl/appsyncctl/internal/auth"
)

// rsaKey is made once, since that takes long.
var rsaKey = sync.OnceValue(func() *rsa.PrivateKey { return must(rsa.GenerateKey(rand.Reader, 2048)) })

func must[T any](value T, err error) T {
	if err != nil {
		panic(err)
	}
	return value
}

func encodePEM(kind string, der []byte) []byte {
	return pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: der})
}

func TestPrivateKeyJWT(t *testing.T) {
	pkcs1 := encodePEM("RSA PRIVATE KEY", x509.MarshalPKCS1PrivateKey(rsaKey()))
	pkcs8 := encodePEM("PRIVATE KEY", must(x509.MarshalPKCS8PrivateKey(rsaKey())))
	tests := []struct {
		name          string
		pem           []byte
		keyID         string
		algorithm     string
		wantAlgorithm jose.SignatureAlgorithm
	}{
		{name: "PKCS #1", pem: pkcs1, wantAlgorithm: jose.RS256},
		{name: "PKCS #8, key id", pem: pkcs8, keyID: "key-1", algorithm: "RS256", wantAlgorithm: jose.RS256},
		{name: "RS384", pem: pkcs8, algorithm: "RS384", wantAlgorithm: jose.RS384},
		{name: "PS256", pem: pkcs8, keyID: "key-1", algorithm: "PS256", wantAlgorithm: jose.PS256},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			authentication, err := auth.NewPrivateKeyJWT(tt.pem, tt.keyID, tt.algorithm)
			if err != nil {
				t.Fatal(err)
			}
			f := newFake(success)
			client := f.client()
			client.Authentication = authentication
			before := time.Now().Unix()
			if _, err := client.ClientCredentials(t.Context(), auth.Parameters{}); err != nil {
				t.Fatal(err)
			}
			after := time.Now().Unix()
			form := f.calls[0].form
			if form.Get("client_assertion_type") != "urn:ietf:params:oauth:client-assertion-type:jwt-bearer" || form.Has("client_secret") {
				t.Errorf("form %v", form)
			}
			assertion := form.Get("client_assertion")
			if len(assertion) > 2048 {
				t.Errorf("the assertion has %d bytes, more than 2048", len(assertion))
			}
			signed, err := jose.ParseSignedCompact(assertion, []jose.SignatureAlgorithm{tt.wantAlgorithm})
			if err != nil {
				t.Fatal(err)
			}
			payload, err := signed.Verify(rsaKey().Public())
			if err != nil {
				t.Fatal(err)
			}
			if got := signed.Signatures[0].Header.KeyID; got != tt.keyID {
				t.Errorf("key id %q, want %q", got, tt.keyID)
			}
			var claims struct {
				Iss, Sub, Aud, Jti string
				Iat, Exp           int64
			}
			if err := json.Unmarshal(payload, &claims); err != nil {
				t.Fatal(err)
			}
			if claims.Iss != "client-1" || claims.Sub != "client-1" || claims.Aud != issuer {
				t.Errorf("claims %+v; want the client and the issuer with its slash", claims)
			}
			if claims.Exp-claims.Iat != 60 || claims.Jti == "" || len(claims.Jti) > 64 {
				t.Errorf("claims %+v; want 60 s and a jti of 1 to 64 characters", claims)
			}
			if claims.Iat < before || claims.Iat > after {
				t.Errorf("issued at %d, want %d to %d", claims.Iat, before, after)
			}
		})
	}
}

func TestAssertionsAreFreshEachTime(t *testing.T) {
	key, err := auth.NewPrivateKeyJWT(encodePEM("RSA PRIVATE KEY", x509.MarshalPKCS1PrivateKey(rsaKey())), "", "")
	if err != nil {
		t.Fatal(err)
	}
	synctest.Test(t, func(t *testing.T) {
		f := newFake(reply{status: 503}, reply{status: 503}, success)
		client := f.client()
		client.Authentication = key
		if _, err := client.ClientCredentials(t.Context(), auth.Parameters{}); err != nil {
			t.Fatal(err)
		}
		seen := map[string]bool{}
		for _, c := range f.calls {
			seen[c.form.Get("client_assertion")] = true
		}
		if len(seen) != 3 {
			t.Errorf("%d assertions in 3 requests: the provider takes each once", len(seen))
		}
	})
}

func TestAssertionThatIsTooLongIsNotSent(t *testing.T) {
	key, err := auth.NewPrivateKeyJWT(encodePEM("RSA PRIVATE KEY", x509.MarshalPKCS1PrivateKey(rsaKey())), "", "")
	if err != nil {
		t.Fatal(err)
	}
	f := newFake(success)
	client := f.client()
	client.Authentication = key
	client.ID = strings.Repeat("c", 1000)
	_, err = client.ClientCredentials(t.Context(), auth.Parameters{})
	var refused *auth.KeyError
	if !errors.As(err, &refused) || len(f.calls) != 0 {
		t.Errorf("%v after %d requests; want a *KeyError before the first", err, len(f.calls))
	}
}

func TestNewPrivateKeyJWTRefuses(t *testing.T) {
	good := encodePEM("RSA PRIVATE KEY", x509.MarshalPKCS1PrivateKey(rsaKey()))
	elliptical := must(ecdsa.GenerateKey(elliptic.P256(), rand.Reader))
	encrypted := pem.EncodeToMemory(&pem.Block{
		Type: "RSA PRIVATE KEY", Headers: map[string]string{"Proc-Type": "4,ENCRYPTED", "DEK-Info": "AES-256-CBC,00"}, Bytes: []byte("x"),
	})
	short := must(rsa.GenerateKey(rand.Reader, 1024))
	tests := []struct {
		name      string
		pem       []byte
		algorithm string
		reason    string
	}{
		{"nothing", nil, "", "not in PEM"},
		{"text", []byte("s3cret-key"), "", "not in PEM"},
		{"public key", encodePEM("PUBLIC KEY", must(x509.MarshalPKIXPublicKey(rsaKey().Public()))), "", "PUBLIC KEY"},
		{"elliptic curve", encodePEM("PRIVATE KEY", must(x509.MarshalPKCS8PrivateKey(elliptical))), "", "not an RSA key"},
		{"elliptic curve, SEC 1", encodePEM("EC PRIVATE KEY", must(x509.MarshalECPrivateKey(elliptical))), "", "EC PRIVATE KEY"},
		{"encrypted, old form", encrypted, "", "encrypted"},
		{"encrypted, PKCS #8", encodePEM("ENCRYPTED PRIVATE KEY", []byte("x")), "", "encrypted"},
		{"damaged", encodePEM("RSA PRIVATE KEY", []byte("s3cret-key")), "", "damaged"},
		{"too short", encodePEM("RSA PRIVATE KEY", x509.MarshalPKCS1PrivateKey(short)), "", "1024 bits"},
		{"HS256", good, "HS256", "algorithm"},
		{"none", good, "none", "algorithm"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			_, err := auth.NewPrivateKeyJWT(tt.pem, "", tt.algorithm)
			var refused *auth.KeyError
			if !errors.As(err, &refused) || !strings.Contains(err.Error(), tt.reason) || strings.Contains(err.Error(), "s3cret-key") {
				t.Errorf("%v; want a *KeyError about %q", err, tt.reason)
			}
		})
	}
}

func TestPrivateKeyIsNeverPrinted(t *testing.T) {
	key, err := auth.NewPrivateKeyJWT(encodePEM("RSA PRIVATE KEY", x509.MarshalPKCS1PrivateKey(rsaKey())), "", "")
	if err != nil {
		t.Fatal(err)
	}
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%d"} {
		if got := fmt.Sprintf(verb, key); got != "[redacted]" {
			t.Errorf("%s prints %s", verb, got)
		}
	}
}
