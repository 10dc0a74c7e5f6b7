// Reading the token out of an answer, and when it ends. A token that ends at an
// unknown time has a zero expiry, and it is for the caller not to keep it.

package auth

import (
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
