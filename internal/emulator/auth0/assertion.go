// Client authentication by private key JWT. An assertion is good once, so the ids of
// those that were seen are kept until they expire.

package auth0

import (
	"net/http"
	"time"

	"github.com/go-jose/go-jose/v4"
	"github.com/go-jose/go-jose/v4/jwt"
)

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
func (t *Tenant) checkAssertion(client *Client, p parameters) error {
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
	now := t.now()
	switch {
	case claims.Issuer != client.ID || claims.Subject != client.ID:
		return errAssertion("The client assertion's iss and sub must be the client id")
	case !claims.Audience.Contains(t.config.Issuer):
		return errAssertion("The client assertion's aud must be " + t.config.Issuer)
	case claims.Expiry == nil || !now.Before(claims.Expiry.Time()):
		return errAssertion("The client assertion has expired")
	case claims.Expiry.Time().Sub(now) > assertionLifetime:
		return errAssertion("The client assertion's exp is too far in the future")
	case claims.NotBefore != nil && now.Before(claims.NotBefore.Time()):
		return errAssertion("The client assertion is not valid yet")
	case claims.ID == "" || len(claims.ID) > assertionIDLimit:
		return errAssertion("The client assertion's jti is missing or too long")
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	forget(t.assertions, func(expiry time.Time) bool { return now.After(expiry) })
	key := client.ID + " " + claims.ID
	if _, replayed := t.assertions[key]; replayed {
		return errAssertion("The client assertion's jti was used before")
	}
	t.assertions[key] = claims.Expiry.Time()
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
