// The revocation of refresh tokens.

package auth0

import "net/http"

// revoke answers POST /oauth/revoke (RFC 7009) for refresh tokens; access tokens of
// Auth0 cannot be revoked. A token that is not known is no error.
func (t *Tenant) revoke(w http.ResponseWriter, r *http.Request) {
	if err := t.revokeToken(r); err != nil {
		writeError(w, err)
		return
	}
	w.WriteHeader(http.StatusOK)
}

func (t *Tenant) revokeToken(r *http.Request) error {
	p, err := readParameters(r)
	if err != nil {
		return err
	}
	client, err := t.authenticate(r, p)
	if err != nil {
		return err
	}
	if p["token"] == "" {
		return errMissing("token")
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	token := t.refreshTokens[p["token"]]
	switch {
	case token == nil:
		return nil
	case token.family.grant.client.ID != client.ID: // RFC 7009 section 2.1; the code is unconfirmed
		return refuse(http.StatusBadRequest, "invalid_request", "The token was not issued to this client.")
	}
	token.family.revoked = true
	if t.config.RevocationDeletesGrant {
		t.revokeGrant(token.family.grant)
	}
	return nil
}

// revokeGrant revokes every family of g's user, client and API. The caller holds t.mu.
func (t *Tenant) revokeGrant(g grant) {
	for _, token := range t.refreshTokens {
		if of := token.family.grant; of.user == g.user && of.client.ID == g.client.ID && of.audience() == g.audience() {
			token.family.revoked = true
		}
	}
}
