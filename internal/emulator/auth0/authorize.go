// The authorization code grant, first half: the browser comes with a request and
// leaves with a code. Nothing is kept between the login page and its form; the request
// travels along in the query and is checked again.

package auth0

import (
	"crypto/rand"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"slices"
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

// authorize answers GET /authorize (OpenID Connect Core section 3.1.2, with PKCE).
func (t *Tenant) authorize(w http.ResponseWriter, r *http.Request) {
	request, ok := t.readAuthorization(w, r)
	if !ok {
		return
	}
	if t.config.AutoApprove {
		t.finish(w, r, request, &t.config.Users[0])
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
		Users:  t.config.Users,
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
func (t *Tenant) authorizeDecide(w http.ResponseWriter, r *http.Request) {
	request, ok := t.readAuthorization(w, r)
	if !ok {
		return
	}
	p, err := readParameters(r)
	if err != nil {
		showMessage(w, http.StatusBadRequest, "That did not work", "The form could not be read. Go back and try again.")
		return
	}
	user := t.user(p["user"])
	switch {
	case p["action"] == "approve" && user != nil:
		t.finish(w, r, request, user)
	case p["action"] == "deny":
		sendBack(w, r, refuse(0, "access_denied", "User did not authorize the request"))
	default:
		showMessage(w, http.StatusBadRequest, "That did not work", "The form was not complete. Go back and try again.")
	}
}

// finish sends the browser back with a code for user.
func (t *Tenant) finish(w http.ResponseWriter, r *http.Request, request *authorization, user *User) {
	if t.config.Fault(FaultDenial, GrantAuthorizationCode) {
		sendBack(w, r, refuse(0, "access_denied", "User did not authorize the request"))
		return
	}
	if o := request.grant.organization; o != nil && !slices.Contains(user.Organizations, o.ID) {
		sendBack(w, r, refuse(0, "access_denied", fmt.Sprintf("user %s is not part of the %s organization", user.ID, o.ID)))
		return
	}
	request.grant.user = user
	code := rand.Text()
	now := t.now()
	request.expires = now.Add(codeLifetime)
	t.mu.Lock()
	forget(t.codes, func(a *authorization) bool { return now.After(a.expires) })
	t.codes[code] = request
	t.mu.Unlock()
	redirect(w, r, url.Values{"code": {code}})
}

// readAuthorization checks an authorization request. When it cannot be served it
// answers and returns false: on a page as long as it is not sure that the redirect
// URI is the client's, by a redirect afterwards.
func (t *Tenant) readAuthorization(w http.ResponseWriter, r *http.Request) (*authorization, bool) {
	query := r.URL.Query()
	client, known := t.registry.client(query.Get("client_id"))
	if !known {
		showMessage(w, http.StatusForbidden, "Unknown client", "The client_id is not that of an application of this tenant.")
		return nil, false
	}
	if !client.redirectsTo(query.Get("redirect_uri"), t.config.AnyLoopbackPort) {
		showMessage(w, http.StatusForbidden, "Callback URL mismatch",
			"The redirect_uri is not in the list of allowed callback URLs of this application.")
		return nil, false
	}
	request, err := t.checkAuthorization(client, query)
	if err != nil {
		sendBack(w, r, err)
		return nil, false
	}
	return request, true
}

func (t *Tenant) checkAuthorization(client *Client, query url.Values) (*authorization, error) {
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
	organization, err := t.organization(client, query.Get("organization"))
	if err != nil {
		return nil, err
	}
	api, scope, err := t.allowed(parameters{"audience": query.Get("audience"), "scope": query.Get("scope")})
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
