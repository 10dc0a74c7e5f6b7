// Client authentication: which client sent a request, and is it really that one.

package auth0

import (
	"crypto/subtle"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/go-jose/go-jose/v4"
	"github.com/go-jose/go-jose/v4/jwt"
)

// authenticate finds the client that sent a request and checks that it is the one
// it says, by the method the client is registered with (RFC 6749 section 2.3).
func (e *tokenEndpoint) authenticate(r *http.Request, p parameters) (*Client, error) {
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
	client, known := e.registry.client(id)
	if !known && basic {
		id = unescaped(id)
		client, known = e.registry.client(id)
	}
	if !known {
		return nil, errUnauthorized
	}
	switch client.Method {
	case None:
		return client, nil
	case PrivateKeyJWT:
		return client, e.checkAssertion(client, p)
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
func (e *tokenEndpoint) checkAssertion(client *Client, p parameters) error {
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
	now := e.now()
	switch {
	case claims.Issuer != client.ID || claims.Subject != client.ID:
		return errAssertion("The client assertion's iss and sub must be the client id")
	case !claims.Audience.Contains(e.config.Issuer):
		return errAssertion("The client assertion's aud must be " + e.config.Issuer)
	case claims.Expiry == nil || !now.Before(claims.Expiry.Time()):
		return errAssertion("The client assertion has expired")
	case claims.Expiry.Time().Sub(now) > assertionLifetime:
		return errAssertion("The client assertion's exp is too far in the future")
	case claims.NotBefore != nil && now.Before(claims.NotBefore.Time()):
		return errAssertion("The client assertion is not valid yet")
	case claims.ID == "" || len(claims.ID) > assertionIDLimit:
		return errAssertion("The client assertion's jti is missing or too long")
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	forget(e.assertions, func(expiry time.Time) bool { return now.After(expiry) })
	key := client.ID + " " + claims.ID
	if _, replayed := e.assertions[key]; replayed {
		return errAssertion("The client assertion's jti was used before")
	}
	e.assertions[key] = claims.Expiry.Time()
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

// Limits: tokens for machines by hour and by day, and requests by minute, with the
// headers in which Auth0 tells what is left.

// Quota limits how many client credentials tokens are made; 0 is no limit.
type Quota struct {
	PerHour int `yaml:"per_hour"`
	PerDay  int `yaml:"per_day"`
}

// usage counts what a client or an organization has used of its quota.
type usage struct{ hour, day bucket }

// bucket counts from start on, for as long as its user says.
type bucket struct {
	start time.Time
	used  int
}

// spend takes one token from the quotas of a client and an organization, and writes
// what is left into the headers, on success and on refusal alike (Auth0,
// "Fine-grained M2M token quotas").
func (e *tokenEndpoint) spend(client *Client, organization *Organization, header http.Header) error {
	e.mu.Lock()
	defer e.mu.Unlock()
	now := e.now()
	wait, left := e.used("client "+client.ID).left(client.Quota, now)
	if left != "" {
		header.Set("Auth0-Client-Quota-Limit", left)
	}
	if wait > 0 {
		return errQuota("Client quota exceeded", wait)
	}
	if organization != nil {
		wait, left := e.used("organization "+organization.ID).left(organization.Quota, now)
		if left != "" {
			header.Set("Auth0-Organization-Quota-Limit", left)
		}
		if wait > 0 {
			return errQuota("Organization quota exceeded", wait)
		}
	}
	return nil
}

func (e *tokenEndpoint) used(whose string) *usage {
	u, ok := e.quotas[whose]
	if !ok {
		u = &usage{}
		e.quotas[whose] = u
	}
	return u
}

func errQuota(description string, wait time.Duration) error {
	return &refusal{
		status:      http.StatusTooManyRequests,
		retryAfter:  wait,
		Code:        "too_many_requests",
		Description: description,
	}
}

// left takes one from each bucket that q limits, unless one is empty. It returns how
// long until that one fills again, else 0, and the header that tells what remains.
func (u *usage) left(q Quota, now time.Time) (wait time.Duration, header string) {
	windows := []struct {
		name   string
		bucket *bucket
		quota  int
		length time.Duration
	}{
		{"per_hour", &u.hour, q.PerHour, time.Hour},
		{"per_day", &u.day, q.PerDay, 24 * time.Hour},
	}
	for _, w := range windows {
		if now.Sub(w.bucket.start) >= w.length {
			*w.bucket = bucket{start: now.Truncate(w.length)}
		}
		if w.quota > 0 && w.bucket.used >= w.quota {
			wait = max(wait, w.bucket.start.Add(w.length).Sub(now))
		}
	}
	var parts []string
	for _, w := range windows {
		if w.quota == 0 {
			continue
		}
		if wait == 0 {
			w.bucket.used++
		}
		parts = append(parts, fmt.Sprintf("b=%s;q=%d;r=%d;t=%d", w.name, w.quota, w.quota-w.bucket.used,
			int(w.bucket.start.Add(w.length).Sub(now).Seconds())))
	}
	return wait, strings.Join(parts, ",")
}

// limit holds requests to Config.RateLimit and writes Auth0's three headers, of
// which reset is in Unix seconds.
func (e *tokenEndpoint) limit(w http.ResponseWriter, _ *http.Request) error {
	if e.config.RateLimit == 0 {
		return nil
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	now := e.now()
	if now.Sub(e.window.start) >= time.Minute {
		e.window = bucket{start: now}
	}
	e.window.used++
	reset := e.window.start.Add(time.Minute)
	header := w.Header()
	header.Set("X-RateLimit-Limit", strconv.Itoa(e.config.RateLimit))
	header.Set("X-RateLimit-Remaining", strconv.Itoa(max(0, e.config.RateLimit-e.window.used)))
	header.Set("X-RateLimit-Reset", strconv.FormatInt(reset.Unix(), 10))
	if e.window.used <= e.config.RateLimit {
		return nil
	}
	return &refusal{
		status:      http.StatusTooManyRequests,
		retryAfter:  max(time.Second, reset.Sub(now)),
		Code:        "too_many_requests",
		Description: "Global limit has been reached",
	}
}
