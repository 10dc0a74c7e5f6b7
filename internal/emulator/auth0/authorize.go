// The authorization code grant: the browser comes with a request and leaves with a code,
// which the client exchanges for tokens. Nothing is kept between the login page and its
// form; the request travels along in the query and is checked again.

package auth0

import (
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"sync"
	"time"
)

// authorization is a code that waits for its redemption.
type authorization struct {
	grant       grant
	redirectURI string
	challenge   string // PKCE, S256; empty when none was sent
	expires     time.Time
}

const codeLifetime = 10 * time.Minute

// loginPage is what pages/authorize.html shows.
type loginPage struct {
	Action       string // where the form goes: this request again
	Client       string
	Audience     string
	Scopes       string
	Organization string
	Users        []User
}

// codeFlow holds the codes that wait.
type codeFlow struct {
	config   Config
	registry *registry

	mu    sync.Mutex // guards what follows
	codes map[string]*authorization
}

func newCodeFlow(config Config, registry *registry) *codeFlow {
	return &codeFlow{config: config, registry: registry, codes: map[string]*authorization{}}
}

// authorize answers GET /authorize (OpenID Connect Core section 3.1.2, with PKCE).
func (f *codeFlow) authorize(w http.ResponseWriter, r *http.Request) {
	request, ok := f.readAuthorization(w, r)
	if !ok {
		return
	}
	if f.config.AutoApprove {
		f.finish(w, r, request, &f.config.Users[0])
		return
	}
	if r.URL.Query().Get("prompt") == "none" { // nobody is ever logged in already
		sendBack(w, r, refuse(0, "login_required", "Login required"))
		return
	}
	page := loginPage{
		Action: "/authorize?" + r.URL.Query().Encode(),
		Client: request.grant.client.Name,
		Scopes: request.grant.scope,
		Users:  f.config.Users,
	}
	if request.grant.api != nil {
		page.Audience = request.grant.api.Identifier
	}
	if request.grant.organization != nil {
		page.Organization = request.grant.organization.Name
	}
	showPage(w, http.StatusOK, "authorize.html", page)
}

// authorizeDecide answers the form of the login page: action (approve or deny) and
// optionally user, with the authorization request in the query again.
func (f *codeFlow) authorizeDecide(w http.ResponseWriter, r *http.Request) {
	request, ok := f.readAuthorization(w, r)
	if !ok {
		return
	}
	p, err := readParameters(r)
	if err != nil {
		showMessage(w, http.StatusBadRequest, "That did not work", "The form could not be read. Go back and try again.")
		return
	}
	user := f.config.user(p["user"])
	switch {
	case p["action"] == "approve" && user != nil:
		f.finish(w, r, request, user)
	case p["action"] == "deny":
		sendBack(w, r, refuse(0, "access_denied", "User did not authorize the request"))
	default:
		showMessage(w, http.StatusBadRequest, "That did not work", "The form was not complete. Go back and try again.")
	}
}

// finish sends the browser back with a code for user.
func (f *codeFlow) finish(w http.ResponseWriter, r *http.Request, request *authorization, user *User) {
	if f.config.Fault(FaultDenial, GrantAuthorizationCode) {
		sendBack(w, r, refuse(0, "access_denied", "User did not authorize the request"))
		return
	}
	if o := request.grant.organization; o != nil && !slices.Contains(user.Organizations, o.ID) {
		sendBack(w, r, refuse(0, "access_denied", fmt.Sprintf("user %s is not part of the %s organization", user.ID, o.ID)))
		return
	}
	request.grant.user = user
	code := rand.Text()
	now := f.config.Now()
	request.expires = now.Add(codeLifetime)
	f.mu.Lock()
	forget(f.codes, func(a *authorization) bool { return now.After(a.expires) })
	f.codes[code] = request
	f.mu.Unlock()
	redirect(w, r, url.Values{"code": {code}})
}

// readAuthorization checks an authorization request. When it cannot be served it
// answers and returns false: on a page as long as it is not sure that the redirect
// URI is the client's, by a redirect afterwards.
func (f *codeFlow) readAuthorization(w http.ResponseWriter, r *http.Request) (*authorization, bool) {
	query := r.URL.Query()
	client, known := f.registry.client(query.Get("client_id"))
	if !known {
		showMessage(w, http.StatusForbidden, "Unknown client", "The client_id is not that of an application of this tenant.")
		return nil, false
	}
	if !client.redirectsTo(query.Get("redirect_uri"), f.config.AnyLoopbackPort) {
		showMessage(w, http.StatusForbidden, "Callback URL mismatch",
			"The redirect_uri is not in the list of allowed callback URLs of this application.")
		return nil, false
	}
	request, err := f.checkAuthorization(client, query)
	if err != nil {
		sendBack(w, r, err)
		return nil, false
	}
	return request, true
}

func (f *codeFlow) checkAuthorization(client *Client, query url.Values) (*authorization, error) {
	challenge, method := query.Get("code_challenge"), query.Get("code_challenge_method")
	switch {
	case query.Get("response_type") == "":
		return nil, errMissing("response_type")
	case query.Get("response_type") != "code":
		return nil, refuse(0, "unsupported_response_type", "Unsupported response type: "+query.Get("response_type"))
	case !slices.Contains(client.Grants, GrantAuthorizationCode):
		return nil, errGrantType(GrantAuthorizationCode)
	case challenge == "" && client.Method == None:
		return nil, errMissing("code_challenge")
	case challenge != "" && method != "S256":
		return nil, refuse(0, "invalid_request", "code_challenge_method must be S256")
	}
	organization, err := f.config.organization(client, query.Get("organization"))
	if err != nil {
		return nil, err
	}
	api, scope, err := f.registry.allowed(parameters{"audience": query.Get("audience"), "scope": query.Get("scope")})
	if err != nil {
		return nil, err
	}
	return &authorization{
		grant: grant{
			kind:         GrantAuthorizationCode,
			client:       client,
			api:          api,
			organization: organization,
			scope:        scope,
			nonce:        query.Get("nonce"),
		},
		redirectURI: query.Get("redirect_uri"),
		challenge:   challenge,
	}, nil
}

// sendBack redirects to the client with an error (RFC 6749 section 4.1.2.1).
func sendBack(w http.ResponseWriter, r *http.Request, err error) {
	answer := url.Values{"error": {"server_error"}}
	if refused := (*refusal)(nil); errors.As(err, &refused) {
		answer = url.Values{"error": {refused.Code}, "error_description": {refused.Description}}
	}
	redirect(w, r, answer)
}

// redirect sends the browser to the request's redirect URI, which was checked, with
// answer and the request's state.
func redirect(w http.ResponseWriter, r *http.Request, answer url.Values) {
	query := r.URL.Query()
	if state := query.Get("state"); state != "" {
		answer.Set("state", state)
	}
	target, err := url.Parse(query.Get("redirect_uri"))
	if err != nil {
		http.Error(w, http.StatusText(http.StatusBadRequest), http.StatusBadRequest)
		return
	}
	own := target.Query()
	maps.Copy(own, answer)
	target.RawQuery = own.Encode()
	noStore(w)
	http.Redirect(w, r, target.String(), http.StatusFound) //nolint:gosec // readAuthorization checked that it is the client's
}

// redeem is RFC 6749 section 4.1.3 with PKCE (RFC 7636 section
// 4.6). A code is good for one try, also for one that fails.
func (f *codeFlow) redeem(client *Client, p parameters, _ http.Header) (*grant, error) {
	if p["code"] == "" {
		return nil, errMissing("code")
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	a := f.codes[p["code"]]
	if a == nil || a.grant.client.ID != client.ID {
		return nil, refuse(http.StatusForbidden, "invalid_grant", "Invalid authorization code")
	}
	delete(f.codes, p["code"])
	switch {
	case f.config.Now().After(a.expires):
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

// The end of a browser session, of which the tenant has none.

// logout answers GET /v2/logout. The tenant keeps no browser session, so there is
// nothing to end; it sends the browser to returnTo when the client allows that.
func (f *codeFlow) logout(w http.ResponseWriter, r *http.Request) {
	query := r.URL.Query()
	f.leave(w, r, query.Get("client_id"), query.Get("returnTo"))
}

// oidcLogout answers GET /oidc/logout (OpenID Connect RP-Initiated Logout 1.0).
func (f *codeFlow) oidcLogout(w http.ResponseWriter, r *http.Request) {
	query := r.URL.Query()
	f.leave(w, r, query.Get("client_id"), query.Get("post_logout_redirect_uri"))
}

func (f *codeFlow) leave(w http.ResponseWriter, r *http.Request, clientID, target string) {
	client, _ := f.registry.client(clientID)
	switch {
	case target == "":
		w.Header().Set("Content-Type", "text/plain; charset=utf-8")
		_, _ = w.Write([]byte("OK")) // the browser may have gone
	case client != nil && slices.Contains(client.LogoutURIs, target):
		http.Redirect(w, r, target, http.StatusFound) //nolint:gosec // one that the client is registered with
	default:
		showMessage(w, http.StatusBadRequest, "Logout URL mismatch",
			"The returnTo is not in the list of allowed logout URLs of this application.")
	}
}
