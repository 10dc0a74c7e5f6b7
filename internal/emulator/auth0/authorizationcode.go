// The authorization code grant, second half: the code for tokens.

package auth0

import (
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"fmt"
	"net/http"
)

// redeemAuthorizationCode is RFC 6749 section 4.1.3 with PKCE (RFC 7636 section
// 4.6). A code is good for one try, also for one that fails.
func (t *Tenant) redeemAuthorizationCode(client *Client, p parameters, _ http.Header) (*grant, error) {
	if p["code"] == "" {
		return nil, errMissing("code")
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	a := t.codes[p["code"]]
	if a == nil || a.grant.client.ID != client.ID {
		return nil, refuse(http.StatusForbidden, "invalid_grant", "Invalid authorization code")
	}
	delete(t.codes, p["code"])
	switch {
	case t.now().After(a.expires):
		return nil, refuse(http.StatusForbidden, "invalid_grant", "Invalid authorization code")
	case p["redirect_uri"] != a.redirectURI: // unconfirmed
		return nil, refuse(http.StatusForbidden, "unauthorized_client",
			fmt.Sprintf("The redirect URI is wrong. You sent %s, and we expected %s", p["redirect_uri"], a.redirectURI))
	case a.challenge != "" && !verifies(p["code_verifier"], a.challenge):
		return nil, refuse(http.StatusForbidden, "invalid_grant", "Failed to verify code verifier")
	}
	return &a.grant, nil
}

// verifies tells whether a challenge was made from a verifier by S256.
func verifies(verifier, challenge string) bool {
	sum := sha256.Sum256([]byte(verifier))
	made := base64.RawURLEncoding.EncodeToString(sum[:])
	return subtle.ConstantTimeCompare([]byte(made), []byte(challenge)) == 1
}
