// ID tokens: who logged in, for the client to read.

package auth0

import (
	"slices"
	"strings"
	"time"
)

// idClaims are those of an ID token (OpenID Connect Core section 2).
type idClaims struct {
	Issuer       string `json:"iss"`
	Subject      string `json:"sub"`
	Audience     string `json:"aud"`
	IssuedAt     int64  `json:"iat"`
	Expiry       int64  `json:"exp"`
	Nonce        string `json:"nonce,omitempty"`
	Organization string `json:"org_id,omitempty"`
	profile
}

const idTokenLifetime = 10 * time.Hour // Auth0's default

func (t *Tenant) idToken(g *grant) (string, error) {
	now := t.now()
	claims := idClaims{
		Issuer:   t.config.Issuer,
		Subject:  g.user.ID,
		Audience: g.client.ID,
		IssuedAt: now.Unix(),
		Expiry:   now.Add(idTokenLifetime).Unix(),
		Nonce:    g.nonce,
		profile:  g.user.profile(g.scope),
	}
	if g.organization != nil {
		claims.Organization = g.organization.ID
	}
	return t.signer.sign("JWT", claims)
}

// profile holds the claims that the scopes profile and email release (OpenID
// Connect Core section 5.4).
type profile struct {
	Name          string `json:"name,omitempty"`
	Nickname      string `json:"nickname,omitempty"`
	Email         string `json:"email,omitempty"`
	EmailVerified *bool  `json:"email_verified,omitempty"`
}

func (u *User) profile(scope string) profile {
	var p profile
	scopes := strings.Fields(scope)
	if slices.Contains(scopes, "profile") {
		p.Name = u.Name
		p.Nickname, _, _ = strings.Cut(u.Email, "@")
	}
	if slices.Contains(scopes, "email") && u.Email != "" {
		verified := true
		p.Email, p.EmailVerified = u.Email, &verified
	}
	return p
}
