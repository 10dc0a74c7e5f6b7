// What a token says of itself, unchecked. AppSync does the checking; this is to
// show whose token it is, to know its end, and to explain why it was refused.

package auth

import (
	"encoding/base64"
	"encoding/json"
	"strings"
	"time"
)

// A Format says what can be read of a token.
type Format int

// The formats.
const (
	Opaque    Format = iota // no JWT: only its issuer can read it
	JWT                     // signed, for everyone to read (RFC 7519)
	Encrypted               // five parts: only its audience can read it (RFC 7516)
)

// String returns "opaque", "JWT" or "encrypted".
func (f Format) String() string {
	return [...]string{"opaque", "JWT", "encrypted"}[f]
}

// Claims are what a token says of itself. Nobody has checked them: they are for
// display, for expiry and for explaining a refusal, never for granting anything.
// What the token does not say, or says in a shape that cannot be understood, is zero.
type Claims struct {
	Format Format

	// From the header, also of an encrypted token.
	Algorithm string // alg: "RS256"
	KeyID     string // kid
	Type      string // typ: "JWT", or "at+jwt" (RFC 9068)

	// From the payload of a JWT.
	Issuer        string    // iss
	Subject       string    // sub
	Audience      []string  // aud
	ClientID      string    // azp, else client_id
	Scopes        []string  // scope, else scp
	Permissions   []string  // permissions
	IssuedAt      time.Time // iat
	NotBefore     time.Time // nbf
	Expiry        time.Time // exp
	AuthTime      time.Time // auth_time: when the person logged in
	GrantType     string    // gty: "client-credentials"
	Organization  string    // org_id
	Name          string    // name
	Email         string    // email
	Nonce         string    // nonce
	KeyThumbprint string    // cnf.jkt: the key that a DPoP-bound token belongs to (RFC 9449)
}

// A ClaimsError says that a token looks like a JWT and cannot be read as one.
type ClaimsError struct{ Reason string }

func (e *ClaimsError) Error() string { return "the token is no whole JWT: " + e.Reason }

// ParseClaims reads a token without checking it. A token that is no JWT gives
// its Format and no error; a JWT with a broken payload gives its header and a
// *ClaimsError. Neither holds any of the token.
func ParseClaims(token string) (Claims, error) {
	var claims Claims
	parts := strings.Split(token, ".")
	if len(parts) != 3 && len(parts) != 5 {
		return claims, nil
	}
	header, ok := object(parts[0])
	if !ok {
		return claims, nil
	}
	claims.Algorithm = text(header["alg"])
	claims.KeyID = text(header["kid"])
	claims.Type = text(header["typ"])
	if len(parts) == 5 {
		claims.Format = Encrypted
		return claims, nil
	}
	claims.Format = JWT
	payload, ok := object(parts[1])
	if !ok {
		return claims, &ClaimsError{Reason: "its payload is no JSON object"}
	}
	claims.fill(payload)
	return claims, nil
}

func (c *Claims) fill(payload map[string]json.RawMessage) {
	c.Issuer = text(payload["iss"])
	c.Subject = text(payload["sub"])
	c.Audience = list(payload["aud"], whole)
	c.ClientID = text(payload["azp"])
	if c.ClientID == "" {
		c.ClientID = text(payload["client_id"])
	}
	c.Scopes = list(payload["scope"], strings.Fields)
	if c.Scopes == nil {
		c.Scopes = list(payload["scp"], strings.Fields)
	}
	c.Permissions = list(payload["permissions"], whole)
	c.IssuedAt = instant(payload["iat"])
	c.NotBefore = instant(payload["nbf"])
	c.Expiry = instant(payload["exp"])
	c.AuthTime = instant(payload["auth_time"])
	c.GrantType = text(payload["gty"])
	c.Organization = text(payload["org_id"])
	c.Name = text(payload["name"])
	c.Email = text(payload["email"])
	c.Nonce = text(payload["nonce"])
	var confirmation map[string]json.RawMessage
	if json.Unmarshal(payload["cnf"], &confirmation) == nil {
		c.KeyThumbprint = text(confirmation["jkt"])
	}
}

// object reads a part of a JWT: JSON in base64url, which must have no padding, but
// some has.
func object(part string) (map[string]json.RawMessage, bool) {
	decoded, err := base64.RawURLEncoding.DecodeString(strings.TrimRight(part, "="))
	if err != nil {
		return nil, false
	}
	var members map[string]json.RawMessage
	err = json.Unmarshal(decoded, &members)
	return members, err == nil && members != nil
}
