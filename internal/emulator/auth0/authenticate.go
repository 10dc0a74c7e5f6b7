// Client authentication: which client sent a request, and is it really that one.

package auth0

import (
	"crypto/subtle"
	"net/http"
	"net/url"
	"sync"
	"time"

	"github.com/go-jose/go-jose/v4"
	"github.com/go-jose/go-jose/v4/jwt"
)

// authenticator knows clients by what they send.
type authenticator struct {
	config   Config
	registry *registry

	mu         sync.Mutex           // guards what follows
	assertions map[string]time.Time // when those that were seen expire
}

func newAuthenticator(config Config, registry *registry) *authenticator {
	return &authenticator{config: config, registry: registry, assertions: map[string]time.Time{}}
}

// authenticate finds the client that sent a request and checks that it is the one
// it says, by the method the client is registered with (RFC 6749 section 2.3).
func (a *authenticator) authenticate(r *http.Request, p parameters) (*Client, error) {
	id, secret, basic := r.BasicAuth()
	if !basic {
		id, secret = p["client_id"], p["client_secret"]
	}
	if id == "" && p["client_assertion"] != "" {
		id = assertionSubject(p["client_assertion"])
	}
	if id == "" {
		return nil, errMissing("client_id")
	}
	client, known := a.registry.client(id)
	if !known && basic {
		id = unescaped(id)
		client, known = a.registry.client(id)
	}
	if !known {
		return nil, errUnauthorized
	}
	switch client.Method {
	case None:
		return client, nil
	case PrivateKeyJWT:
		return client, a.checkAssertion(client, p)
	case SecretBasic:
		if !basic {
			return nil, errUnauthorized
		}
	case SecretPost:
		if basic {
			return nil, errUnauthorized
		}
	}
	// Auth0 documents the header without the URL encoding that RFC 6749 section
	// 2.3.1 asks for; clients of both kinds exist.
	if !equal(client.Secret, secret) && (!basic || !equal(client.Secret, unescaped(secret))) {
		return nil, errUnauthorized
	}
	return client, nil
}

func equal(secret Secret, given string) bool {
	return subtle.ConstantTimeCompare([]byte(secret), []byte(given)) == 1
}

func unescaped(text string) string {
	if plain, err := url.QueryUnescape(text); err == nil {
		return plain
	}
	return text
}

// Client authentication by private key JWT. An assertion is good once, so the ids of
// those that were seen are kept until they expire.

const (
	assertionType     = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
	assertionLimit    = 2048 // bytes
	assertionLifetime = 5 * time.Minute
	assertionIDLimit  = 64 // characters
)

func assertionAlgorithms() []jose.SignatureAlgorithm {
	return []jose.SignatureAlgorithm{jose.RS256, jose.RS384, jose.PS256}
}

// checkAssertion checks a private key JWT (RFC 7523 section 3, with Auth0's limits):
// signed by the client's key, issued by and about the client, for the issuer with
// its slash, valid for five minutes at most, and never seen before.
func (a *authenticator) checkAssertion(client *Client, p parameters) error {
	assertion := p["client_assertion"]
	if assertion == "" || p["client_assertion_type"] != assertionType {
		return errUnauthorized
	}
	if len(assertion) > assertionLimit {
		return errAssertion("The client assertion is too long")
	}
	token, err := jwt.ParseSigned(assertion, assertionAlgorithms())
	if err != nil {
		return errAssertion("The client assertion could not be parsed")
	}
	var claims jwt.Claims
	if err := token.Claims(client.key, &claims); err != nil {
		return errAssertion("The client assertion signature is invalid")
	}
	now := a.config.Now()
	switch {
	case claims.Issuer != client.ID || claims.Subject != client.ID:
		return errAssertion("The client assertion's iss and sub must be the client id")
	case !claims.Audience.Contains(a.config.Issuer):
		return errAssertion("The client assertion's aud must be " + a.config.Issuer)
	case claims.Expiry == nil || !now.Before(claims.Expiry.Time()):
		return errAssertion("The client assertion has expired")
	case claims.Expiry.Time().Sub(now) > assertionLifetime:
		return errAssertion("The client assertion's exp is too far in the future")
	case claims.NotBefore != nil && now.Before(claims.NotBefore.Time()):
		return errAssertion("The client assertion is not valid yet")
	case claims.ID == "" || len(claims.ID) > assertionIDLimit:
		return errAssertion("The client assertion's jti is missing or too long")
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	forget(a.assertions, func(expiry time.Time) bool { return now.After(expiry) })
	key := client.ID + " " + claims.ID
	if _, replayed := a.assertions[key]; replayed {
		return errAssertion("The client assertion's jti was used before")
	}
	a.assertions[key] = claims.Expiry.Time()
	return nil
}

// errAssertion refuses an assertion; the descriptions are unconfirmed.
func errAssertion(description string) error {
	return refuse(http.StatusUnauthorized, "invalid_client", description)
}

// assertionSubject returns whom an assertion is about, unverified, or "".
func assertionSubject(assertion string) string {
	token, err := jwt.ParseSigned(assertion, assertionAlgorithms())
	if err != nil {
		return ""
	}
	var claims jwt.Claims
	if err := token.UnsafeClaimsWithoutVerification(&claims); err != nil {
		return ""
	}
	return claims.Subject
}
