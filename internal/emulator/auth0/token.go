// The token endpoint: who asks, for what, and the grant that serves it.

package auth0

import (
	"net/http"
	"slices"
)

// tokenAnswer is the body of a successful answer (RFC 6749 section 5.1, OpenID
// Connect Core section 3.1.3.3).
type tokenAnswer struct {
	AccessToken  string `json:"access_token"`
	RefreshToken string `json:"refresh_token,omitempty"`
	IDToken      string `json:"id_token,omitempty"`
	Scope        string `json:"scope,omitempty"`
	ExpiresIn    int    `json:"expires_in"` // seconds
	TokenType    string `json:"token_type"`
}

// token answers POST /oauth/token.
func (t *Tenant) token(w http.ResponseWriter, r *http.Request) {
	if err := t.limit(w, r); err != nil {
		writeError(w, err)
		return
	}
	answer, err := t.exchange(w, r)
	if err != nil {
		writeError(w, err)
		return
	}
	noStore(w)
	writeJSON(w, http.StatusOK, answer)
}

// exchange turns what the request brings into tokens. It writes headers only.
func (t *Tenant) exchange(w http.ResponseWriter, r *http.Request) (*tokenAnswer, error) {
	p, err := readParameters(r)
	if err != nil {
		return nil, err
	}
	kind := p["grant_type"]
	if kind == "" {
		return nil, errMissing("grant_type")
	}
	client, err := t.authenticate(r, p)
	if err != nil {
		return nil, err
	}
	redeem, supported := map[string]func(*Client, parameters, http.Header) (*grant, error){
		GrantClientCredentials: t.redeemClientCredentials,
		GrantDeviceCode:        t.redeemDeviceCode,
		GrantAuthorizationCode: t.redeemAuthorizationCode,
		GrantRefreshToken:      t.redeemRefreshToken,
	}[kind]
	if !supported {
		return nil, refuse(http.StatusForbidden, "unsupported_grant_type", "Unsupported grant type: "+kind)
	}
	if !slices.Contains(client.Grants, kind) {
		return nil, errGrantType(kind)
	}
	g, err := redeem(client, p, w.Header())
	if err != nil {
		return nil, err
	}
	return t.issue(g)
}
