// Reading the token out of an answer, and when it ends; and what a token says of itself,
// unchecked. AppSync does the checking: this is to show whose token it is, to know its
// end, and to explain why it was refused. A token that ends at an unknown time has a zero
// expiry, and it is for the caller not to keep it.

package auth

import (
	"encoding/base64"
	"encoding/json"
	"net/http"
	"strings"
	"time"

	"golang.org/x/oauth2"
)

// decodeToken reads a token endpoint's success (RFC 6749, section 5.1). Some
// providers send errors with status 200.
func decodeToken(a *answer) (*oauth2.Token, error) {
	unusable := func(problem string) (*oauth2.Token, error) {
		return nil, &AnswerError{Endpoint: place(a.endpoint), Problem: problem}
	}
	var body map[string]json.RawMessage
	if err := json.Unmarshal(a.body, &body); err != nil {
		return unusable("it is not a JSON object of at most 1 MiB")
	}
	if text(body["error"]) != "" {
		return nil, newError(a)
	}
	access := text(body["access_token"])
	if access == "" {
		return unusable("it has no access token")
	}
	if strings.ContainsFunc(access, func(r rune) bool { return r <= ' ' || r > '~' }) {
		return unusable("its access token has characters that no header can carry")
	}
	lifetime := seconds(body["expires_in"])
	token := &oauth2.Token{
		AccessToken:  access,
		TokenType:    text(body["token_type"]),
		RefreshToken: text(body["refresh_token"]),
		Expiry:       expiry(a, access, lifetime),
		ExpiresIn:    int64(lifetime / time.Second),
	}
	return token.WithExtra(map[string]any{
		"scope":    text(body["scope"]),
		"id_token": text(body["id_token"]),
	}), nil
}

// expiry returns when the token ends: after lifetime, or when the token itself
// says so if that is sooner or there is no lifetime. It is zero if neither is
// known. The token's exp is read on the provider's clock, by the answer's Date, so
// that a wrong clock here makes no token look expired, or valid for too long.
func expiry(a *answer, access string, lifetime time.Duration) time.Time {
	known := lifetime > 0
	if claims, err := ParseClaims(access); err == nil && !claims.Expiry.IsZero() {
		now := a.received
		if date, err := http.ParseTime(a.header.Get("Date")); err == nil {
			now = date
		}
		rest := claims.Expiry.Sub(now)
		if !known || rest < lifetime {
			known, lifetime = true, rest
		}
	}
	if !known {
		return time.Time{}
	}
	return a.started.Add(lifetime).Round(0).UTC() // the wall clock: it is stored
}

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
