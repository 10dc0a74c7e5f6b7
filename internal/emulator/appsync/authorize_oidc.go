package appsync

import (
	"context"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/go-jose/go-jose/v4"
	"github.com/go-jose/go-jose/v4/jwt"
)

// oidcMode is OPENID_CONNECT, and AMAZON_COGNITO_USER_POOLS, which differs only in
// who the issuer is (AppSync developer guide, "Authorization and authentication").
type oidcMode struct {
	issuer          string
	clientID        *regexp.Regexp // nil is all
	iatTTL, authTTL time.Duration
	checkIssuer     bool
	keys            *keySet
	now             func() time.Time
	fault           func(name, operation string) bool
}

// claims are those that AppSync looks at.
type claims struct {
	jwt.Claims
	AuthorizedParty string           `json:"azp"`
	AuthTime        *jwt.NumericDate `json:"auth_time"`
}

// algorithms are AppSync's without the symmetric ones: a published key set has no
// shared secret in it.
func algorithms() []jose.SignatureAlgorithm {
	return []jose.SignatureAlgorithm{
		jose.RS256, jose.RS384, jose.RS512, jose.PS256, jose.PS384, jose.PS512, jose.ES256, jose.ES384, jose.ES512,
	}
}

func (m *oidcMode) authorize(ctx context.Context, token string) *refusal {
	parsed, err := jwt.ParseSigned(token, algorithms())
	if err != nil {
		return unauthorized("Unable to parse JWT token.")
	}
	// A token that parses and proves nothing is, to AppSync, no authorization at all.
	invalid := unauthorized("Valid authorization header not provided.")
	key, err := m.keys.find(ctx, parsed.Headers[0].KeyID)
	if err != nil {
		return invalid
	}
	var c claims
	if m.fault(FaultUnverified, "") {
		err = parsed.UnsafeClaimsWithoutVerification(&c)
	} else {
		err = parsed.Claims(key, &c)
	}
	if err != nil {
		return invalid
	}
	if m.checkIssuer && !sameIssuer(c.Issuer, m.issuer) {
		return invalid
	}
	now := m.now()
	switch {
	case (c.Expiry == nil || !now.Before(c.Expiry.Time())) && !m.fault(FaultTimeless, ""):
		return unauthorized("Token has expired.")
	case c.NotBefore != nil && now.Before(c.NotBefore.Time()):
		return invalid
	case c.IssuedAt == nil:
		return unauthorized("Unauthorized")
	case m.iatTTL > 0 && !now.Before(c.IssuedAt.Time().Add(m.iatTTL)):
		return unauthorized("Token has expired.") // unconfirmed words
	case m.authTTL > 0 && c.AuthTime == nil: // Auth0's access tokens have none
		return unauthorized("Unauthorized")
	case m.authTTL > 0 && !now.Before(c.AuthTime.Time().Add(m.authTTL)):
		return unauthorized("Token has expired.") // unconfirmed words
	case !m.matchesClient(c):
		return unauthorized("Unauthorized")
	}
	return nil
}

func (m *oidcMode) matchesClient(c claims) bool {
	return m.clientID == nil || m.clientID.MatchString(c.AuthorizedParty) || slices.ContainsFunc(c.Audience, m.clientID.MatchString)
}

// sameIssuer allows for one trailing slash, as AppSync does (amplify-cli#6463).
func sameIssuer(a, b string) bool {
	return strings.TrimSuffix(a, "/") == strings.TrimSuffix(b, "/")
}

// unverifiedIssuer says which mode a token is meant for, and nothing more.
func unverifiedIssuer(token string) string {
	parsed, err := jwt.ParseSigned(token, algorithms())
	if err != nil {
		return ""
	}
	var c jwt.Claims
	if err := parsed.UnsafeClaimsWithoutVerification(&c); err != nil {
		return ""
	}
	return c.Issuer
}
