// The token endpoint: who asks, for what, and the grant that serves it.

package auth0

import (
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"
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

// tokenEndpoint takes grants and gives tokens (RFC 6749, section 3.2), and takes tokens back
// (RFC 7009).
type tokenEndpoint struct {
	*state
	issuer *issuer
}

// token answers POST /oauth/token.
func (e *tokenEndpoint) token(w http.ResponseWriter, r *http.Request) {
	if err := e.limit(w, r); err != nil {
		writeError(w, err)
		return
	}
	answer, err := e.exchange(w, r)
	if err != nil {
		writeError(w, err)
		return
	}
	noStore(w)
	writeJSON(w, http.StatusOK, answer)
}

// exchange turns what the request brings into tokens. It writes headers only.
func (e *tokenEndpoint) exchange(w http.ResponseWriter, r *http.Request) (*tokenAnswer, error) {
	p, err := readParameters(r)
	if err != nil {
		return nil, err
	}
	kind := p["grant_type"]
	if kind == "" {
		return nil, errMissing("grant_type")
	}
	client, err := e.authenticate(r, p)
	if err != nil {
		return nil, err
	}
	redeem, supported := map[string]func(*Client, parameters, http.Header) (*grant, error){
		GrantClientCredentials: e.redeemClientCredentials,
		GrantDeviceCode:        e.redeemDeviceCode,
		GrantAuthorizationCode: e.redeemAuthorizationCode,
		GrantRefreshToken:      e.redeemRefreshToken,
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
	return e.issuer.issue(g)
}

// redeemDeviceCode is one poll (RFC 8628 section 3.5, with Auth0's statuses).
func (e *tokenEndpoint) redeemDeviceCode(client *Client, p parameters, _ http.Header) (*grant, error) {
	if p["device_code"] == "" {
		return nil, errMissing("device_code")
	}
	now := e.now()
	e.mu.Lock()
	defer e.mu.Unlock()
	d := e.devices[p["device_code"]]
	if d == nil || d.client.ID != client.ID || d.state == deviceExpired {
		return nil, errDeviceCode
	}
	if now.After(d.expires) { // said once, in unconfirmed words; afterwards the code is unknown
		d.state = deviceExpired
		return nil, refuse(http.StatusForbidden, "expired_token", "The device code has expired.")
	}
	tooFast := !d.answered.IsZero() && now.Sub(d.answered) < e.config.DeviceInterval
	d.answered = now
	if tooFast || e.config.Fault(FaultSlowDown, GrantDeviceCode) {
		return nil, refuse(http.StatusTooManyRequests, "slow_down", "You are polling faster than the specified interval of "+
			strconv.Itoa(int(e.config.DeviceInterval.Seconds()))+" seconds.")
	}
	if d.state == devicePending && e.config.AutoApprove {
		d.state, d.user = deviceApproved, &e.config.Users[0]
	}
	if e.config.Fault(FaultDenial, GrantDeviceCode) {
		d.state = deviceDenied
	}
	switch d.state {
	case deviceApproved:
		delete(e.devices, d.code)
		return &grant{kind: GrantDeviceCode, client: client, user: d.user, api: d.api, scope: d.scope}, nil
	case deviceDenied:
		delete(e.devices, d.code)
		return nil, refuse(http.StatusForbidden, "access_denied", "User cancelled the confirmation prompt.")
	default:
		return nil, refuse(http.StatusForbidden, "authorization_pending",
			"User has yet to authorize device code.")
	}
}

// redeemRefreshToken is RFC 6749 section 6 with Auth0's rotation.
func (e *tokenEndpoint) redeemRefreshToken(client *Client, p parameters, _ http.Header) (*grant, error) {
	if p["refresh_token"] == "" {
		return nil, errMissing("refresh_token")
	}
	now := e.now()
	e.mu.Lock()
	defer e.mu.Unlock()
	token := e.refreshTokens[p["refresh_token"]]
	if token == nil || token.family.grant.client.ID != client.ID || token.family.revoked || now.After(token.family.expires) {
		return nil, errRefreshToken
	}
	g := token.family.grant
	g.kind = GrantRefreshToken
	if !client.NonRotating {
		if !token.exchange(now, max(e.config.RefreshLeeway, client.leeway)) {
			token.family.revoked = true
			return nil, errRefreshToken
		}
		g.refresh = e.issuer.newRefreshToken(token.family)
	}
	if asked := p.scopes(); len(asked) > 0 {
		granted := strings.Fields(g.scope)
		g.scope = strings.Join(slices.DeleteFunc(asked, func(s string) bool { return !slices.Contains(granted, s) }), " ")
	}
	return &g, nil
}

// The authorization code grant, second half: the code for tokens.

// redeemAuthorizationCode is RFC 6749 section 4.1.3 with PKCE (RFC 7636 section
// 4.6). A code is good for one try, also for one that fails.
func (e *tokenEndpoint) redeemAuthorizationCode(client *Client, p parameters, _ http.Header) (*grant, error) {
	if p["code"] == "" {
		return nil, errMissing("code")
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	a := e.codes[p["code"]]
	if a == nil || a.grant.client.ID != client.ID {
		return nil, refuse(http.StatusForbidden, "invalid_grant", "Invalid authorization code")
	}
	delete(e.codes, p["code"])
	switch {
	case e.now().After(a.expires):
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

// The client credentials grant: a token for a machine.

// redeemClientCredentials is RFC 6749 section 4.4. Auth0 asks for an audience, which
// must be an API that the client has a client grant for.
func (e *tokenEndpoint) redeemClientCredentials(client *Client, p parameters, header http.Header) (*grant, error) {
	audience := p["audience"]
	if audience == "" {
		return nil, refuse(http.StatusForbidden, "access_denied",
			"No audience parameter was provided, and no default audience has been configured")
	}
	api, known := e.registry.api(audience)
	if !known {
		return nil, errService(audience)
	}
	granted := api.Scopes
	if client.Audiences != nil || api.System {
		scopes, authorized := client.Audiences[audience]
		if !authorized {
			return nil, refuse(http.StatusForbidden, "access_denied", fmt.Sprintf(
				"Client is not authorized to access %q. You need to create a \"client-grant\" associated to this API."+
					" See: https://auth0.com/docs/api/v2#!/Client_Grants/post_client_grants", audience))
		}
		granted = scopes
	}
	if asked := p.scopes(); len(asked) > 0 {
		for _, scope := range asked {
			if !slices.Contains(granted, scope) {
				return nil, refuse(http.StatusForbidden, "access_denied", "Client has not been granted scopes: "+scope)
			}
		}
		granted = asked
	}
	organization, err := e.organization(client, p["organization"])
	if err != nil {
		return nil, err
	}
	if err := e.spend(client, organization, header); err != nil {
		return nil, err
	}
	return &grant{
		kind:         GrantClientCredentials,
		client:       client,
		api:          api,
		organization: organization,
		scope:        strings.Join(granted, " "),
	}, nil
}

func errService(audience string) error {
	return refuse(http.StatusForbidden, "access_denied", "Service not found: "+audience)
}

// The revocation of refresh tokens.

// revoke answers POST /oauth/revoke (RFC 7009) for refresh tokens; access tokens of
// Auth0 cannot be revoked. A token that is not known is no error.
func (e *tokenEndpoint) revoke(w http.ResponseWriter, r *http.Request) {
	if err := e.revokeToken(r); err != nil {
		writeError(w, err)
		return
	}
	w.WriteHeader(http.StatusOK)
}

func (e *tokenEndpoint) revokeToken(r *http.Request) error {
	p, err := readParameters(r)
	if err != nil {
		return err
	}
	client, err := e.authenticate(r, p)
	if err != nil {
		return err
	}
	if p["token"] == "" {
		return errMissing("token")
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	token := e.refreshTokens[p["token"]]
	switch {
	case token == nil:
		return nil
	case token.family.grant.client.ID != client.ID: // RFC 7009 section 2.1; the code is unconfirmed
		return refuse(http.StatusBadRequest, "invalid_request", "The token was not issued to this client.")
	}
	token.family.revoked = true
	if e.config.RevocationDeletesGrant {
		e.issuer.revokeGrant(token.family.grant)
	}
	return nil
}
