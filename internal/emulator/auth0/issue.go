// Tokens out of a grant, as Auth0 makes them.

package auth0

import (
	"crypto/rand"
	"slices"
	"strings"
	"time"

	"github.com/go-jose/go-jose/v4"
)

// grant is what a client was allowed, from which tokens are made.
type grant struct {
	kind         string
	client       *Client
	user         *User         // nil for a machine
	api          *API          // nil: no audience was asked for
	organization *Organization // nil: none
	scope        string
	nonce        string // of an authorization request
	family       *family
	refresh      string // the refresh token to answer, when one was already made
}

// audience returns the identifier of g's API, or "".
func (g *grant) audience() string {
	if g.api == nil {
		return ""
	}
	return g.api.Identifier
}

func (g *grant) has(scope string) bool { return slices.Contains(strings.Fields(g.scope), scope) }

func (g *grant) subject() string {
	if g.user == nil {
		return g.client.ID + "@clients"
	}
	return g.user.ID
}

// accessClaims are those of an access token in Auth0's own profile (azp, gty) and in
// that of RFC 9068 (client_id, jti).
type accessClaims struct {
	Issuer       string   `json:"iss"`
	Subject      string   `json:"sub"`
	Audience     any      `json:"aud"` // a string, or several in an array
	IssuedAt     int64    `json:"iat"`
	Expiry       int64    `json:"exp"`
	Scope        string   `json:"scope,omitempty"`
	Organization string   `json:"org_id,omitempty"`
	GrantType    string   `json:"gty,omitempty"`
	Party        string   `json:"azp,omitempty"`
	ClientID     string   `json:"client_id,omitempty"`
	ID           string   `json:"jti,omitempty"`
	Permissions  []string `json:"permissions,omitempty"`
}

// issue makes the tokens of a grant: an access token always, an ID token with the
// scope openid, a refresh token with offline_access.
func (t *Tenant) issue(g *grant) (*tokenAnswer, error) {
	t.applyKeyFaults(g)
	access, lifetime, err := t.accessToken(g)
	if err != nil {
		return nil, err
	}
	t.remember(access, g, lifetime)
	answer := &tokenAnswer{
		AccessToken:  access,
		RefreshToken: g.refresh,
		Scope:        g.scope,
		ExpiresIn:    int(lifetime.Seconds()),
		TokenType:    "Bearer",
	}
	if g.user == nil {
		return answer, nil
	}
	if g.has("openid") {
		if answer.IDToken, err = t.idToken(g); err != nil {
			return nil, err
		}
	}
	if g.family == nil && g.has("offline_access") && slices.Contains(g.client.Grants, GrantRefreshToken) {
		answer.RefreshToken = t.newFamily(g)
	}
	return answer, nil
}

func (t *Tenant) accessToken(g *grant) (string, time.Duration, error) {
	now := t.now()
	if g.api == nil || t.config.Fault(FaultOpaqueToken, g.kind) {
		return newOpaqueToken(), defaultLifetime, nil
	}
	lifetime := g.api.Lifetime
	claims := accessClaims{
		Issuer:   t.config.Issuer,
		Subject:  g.subject(),
		Audience: g.api.Identifier,
		IssuedAt: now.Unix(),
		Expiry:   now.Add(lifetime).Unix(),
		Scope:    g.scope,
	}
	if t.config.Fault(FaultWrongAudience, g.kind) {
		claims.Audience = "https://wrong-audience.example/"
	}
	if g.has("openid") {
		claims.Audience = []any{claims.Audience, t.config.Issuer + "userinfo"}
	}
	if t.config.Fault(FaultExpiredToken, g.kind) {
		claims.IssuedAt = now.Add(-lifetime - time.Hour).Unix()
		claims.Expiry = now.Add(-time.Hour).Unix()
	}
	if g.organization != nil {
		claims.Organization = g.organization.ID
	}
	typ := jose.ContentType("JWT")
	switch g.api.Dialect {
	case DialectRFC9068, DialectRFC9068Authz:
		typ = "at+jwt"
		claims.ClientID, claims.ID = g.client.ID, rand.Text()
	default:
		claims.Party = g.client.ID
		if g.user == nil {
			claims.GrantType = "client-credentials"
		}
	}
	if g.api.Dialect == DialectAccessTokenAuthz || g.api.Dialect == DialectRFC9068Authz {
		claims.Permissions = strings.Fields(g.scope)
		if g.user != nil {
			claims.Permissions = g.user.Permissions
		}
	}
	token, err := t.signer.signFor(g.api, typ, claims)
	if err == nil {
		token, err = t.faulty(token, g)
	}
	return token, lifetime, err
}
