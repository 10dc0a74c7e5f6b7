// The token endpoint: who asks, for what, and the grant that serves it.

package auth0

import (
	"fmt"
	"net/http"
	"slices"
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
	config   Config
	registry *registry
	clients  *authenticator
	limits   *limits
	devices  *deviceFlow
	codes    *codeFlow
	refresh  *refreshTokens
	issuer   *issuer
}

// token answers POST /oauth/token.
func (e *tokenEndpoint) token(w http.ResponseWriter, r *http.Request) {
	if err := e.limits.limit(w, r); err != nil {
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
	client, err := e.clients.authenticate(r, p)
	if err != nil {
		return nil, err
	}
	redeem, supported := map[string]func(*Client, parameters, http.Header) (*grant, error){
		GrantClientCredentials: e.redeemClientCredentials,
		GrantDeviceCode:        e.devices.redeem,
		GrantAuthorizationCode: e.codes.redeem,
		GrantRefreshToken:      e.refresh.redeem,
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
	organization, err := e.config.organization(client, p["organization"])
	if err != nil {
		return nil, err
	}
	if err := e.limits.spend(client, organization, header); err != nil {
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
	client, err := e.clients.authenticate(r, p)
	if err != nil {
		return err
	}
	if p["token"] == "" {
		return errMissing("token")
	}
	return e.refresh.revoke(client, p["token"])
}
