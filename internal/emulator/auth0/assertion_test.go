package auth0_test

import (
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/pem"
	"strings"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"
	"github.com/go-jose/go-jose/v4/jwt"

	"github.com/appsyncctl/appsyncctl/internal/emulator/auth0"
)

func publicPEM(t *testing.T, key any) string {
	t.Helper()
	der, err := x509.MarshalPKIXPublicKey(key)
	if err != nil {
		t.Fatal(err)
	}
	return string(pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: der}))
}

func TestPrivateKeyJWT(t *testing.T) {
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	foreign, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	tn := start(t, func(c *auth0.Config) {
		c.Clients = append(c.Clients, auth0.Client{
			ID: "signer", Method: auth0.PrivateKeyJWT, PublicKey: publicPEM(t, key.Public()),
			Grants: []string{auth0.GrantClientCredentials},
		})
	})
	now := tn.clock.Now()
	good := func() jwt.Claims {
		return jwt.Claims{
			Issuer: "signer", Subject: "signer", Audience: jwt.Audience{tn.issuer}, ID: rand.Text(),
			IssuedAt: jwt.NewNumericDate(now), Expiry: jwt.NewNumericDate(now.Add(time.Minute)),
		}
	}
	tests := []struct {
		name   string
		alg    jose.SignatureAlgorithm
		key    any
		change func(*jwt.Claims)
		text   string // empty: accepted
	}{
		{"RS256", jose.RS256, key, nil, ""},
		{"RS384", jose.RS384, key, nil, ""},
		{"PS256", jose.PS256, key, nil, ""},
		{"RS512", jose.RS512, key, nil, "The client assertion could not be parsed"},
		{"HS256", jose.HS256, []byte(strings.Repeat("k", 32)), nil, "The client assertion could not be parsed"},
		{"foreign key", jose.RS256, foreign, nil, "The client assertion signature is invalid"},
		{"issuer", jose.RS256, key, func(c *jwt.Claims) { c.Issuer = "x" }, "The client assertion's iss and sub must be the client id"},
		{"subject", jose.RS256, key, func(c *jwt.Claims) { c.Subject = "x" }, "The client assertion's iss and sub must be the client id"},
		{"audience without slash", jose.RS256, key, func(c *jwt.Claims) {
			c.Audience = jwt.Audience{strings.TrimSuffix(tn.issuer, "/")}
		}, "The client assertion's aud must be " + tn.issuer},
		{"no expiry", jose.RS256, key, func(c *jwt.Claims) { c.Expiry = nil }, "The client assertion has expired"},
		{"expired", jose.RS256, key, func(c *jwt.Claims) { c.Expiry = jwt.NewNumericDate(now) }, "The client assertion has expired"},
		{"too long", jose.RS256, key, func(c *jwt.Claims) {
			c.Expiry = jwt.NewNumericDate(now.Add(6 * time.Minute))
		}, "The client assertion's exp is too far in the future"},
		{"not yet", jose.RS256, key, func(c *jwt.Claims) {
			c.NotBefore = jwt.NewNumericDate(now.Add(time.Minute))
		}, "The client assertion is not valid yet"},
		{"no id", jose.RS256, key, func(c *jwt.Claims) { c.ID = "" }, "The client assertion's jti is missing or too long"},
		{"long id", jose.RS256, key, func(c *jwt.Claims) { c.ID = strings.Repeat("x", 65) }, "The client assertion's jti is missing or too long"},
		{"large", jose.RS256, key, func(c *jwt.Claims) { c.ID = strings.Repeat("x", 2000) }, "The client assertion is too long"},
	}
	send := func(t *testing.T, assertion string) answer {
		t.Helper()
		return tn.post(t, "/oauth/token", "grant_type", "client_credentials", "client_id", "signer", "audience", audience,
			"client_assertion_type", "urn:ietf:params:oauth:client-assertion-type:jwt-bearer", "client_assertion", assertion)
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			claims := good()
			if tt.change != nil {
				tt.change(&claims)
			}
			signer, err := jose.NewSigner(jose.SigningKey{Algorithm: tt.alg, Key: tt.key}, nil)
			if err != nil {
				t.Fatal(err)
			}
			assertion, err := jwt.Signed(signer).Claims(claims).Serialize()
			if err != nil {
				t.Fatal(err)
			}
			got := send(t, assertion)
			if tt.text != "" {
				got.refused(t, 401, "invalid_client", tt.text)
				return
			}
			got.ok(t)
			// Without client_id the assertion's subject says who it is.
			tn.post(t, "/oauth/token", "grant_type", "client_credentials", "audience", audience, "client_assertion", assertion,
				"client_assertion_type", "urn:ietf:params:oauth:client-assertion-type:jwt-bearer").
				refused(t, 401, "invalid_client", "The client assertion's jti was used before")
			send(t, assertion).refused(t, 401, "invalid_client", "The client assertion's jti was used before")
		})
	}
	t.Run("a secret instead", func(t *testing.T) {
		tn.post(t, "/oauth/token", "grant_type", "client_credentials", "client_id", "signer", "client_secret", "x",
			"audience", audience).refused(t, 401, "access_denied", "Unauthorized")
	})
}
