// The authorization code grant, first half: the browser comes with a request and
// leaves with a code. Nothing is kept between the login page and its form; the request
// travels along in the query and is checked again.

package auth0

import (
	"bytes"
	"crypto/rand"
	"embed"
	"errors"
	"fmt"
	"html/template"
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

// loginPages are what a person sees, and the requests that lead there.
type loginPages struct{ *state }

// authorize answers GET /authorize (OpenID Connect Core section 3.1.2, with PKCE).
func (l *loginPages) authorize(w http.ResponseWriter, r *http.Request) {
	request, ok := l.readAuthorization(w, r)
	if !ok {
		return
	}
	if l.config.AutoApprove {
		l.finish(w, r, request, &l.config.Users[0])
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
		Users:  l.config.Users,
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
func (l *loginPages) authorizeDecide(w http.ResponseWriter, r *http.Request) {
	request, ok := l.readAuthorization(w, r)
	if !ok {
		return
	}
	p, err := readParameters(r)
	if err != nil {
		showMessage(w, http.StatusBadRequest, "That did not work", "The form could not be read. Go back and try again.")
		return
	}
	user := l.user(p["user"])
	switch {
	case p["action"] == "approve" && user != nil:
		l.finish(w, r, request, user)
	case p["action"] == "deny":
		sendBack(w, r, refuse(0, "access_denied", "User did not authorize the request"))
	default:
		showMessage(w, http.StatusBadRequest, "That did not work", "The form was not complete. Go back and try again.")
	}
}

// finish sends the browser back with a code for user.
func (l *loginPages) finish(w http.ResponseWriter, r *http.Request, request *authorization, user *User) {
	if l.config.Fault(FaultDenial, GrantAuthorizationCode) {
		sendBack(w, r, refuse(0, "access_denied", "User did not authorize the request"))
		return
	}
	if o := request.grant.organization; o != nil && !slices.Contains(user.Organizations, o.ID) {
		sendBack(w, r, refuse(0, "access_denied", fmt.Sprintf("user %s is not part of the %s organization", user.ID, o.ID)))
		return
	}
	request.grant.user = user
	code := rand.Text()
	now := l.now()
	request.expires = now.Add(codeLifetime)
	l.mu.Lock()
	forget(l.codes, func(a *authorization) bool { return now.After(a.expires) })
	l.codes[code] = request
	l.mu.Unlock()
	redirect(w, r, url.Values{"code": {code}})
}

// readAuthorization checks an authorization request. When it cannot be served it
// answers and returns false: on a page as long as it is not sure that the redirect
// URI is the client's, by a redirect afterwards.
func (l *loginPages) readAuthorization(w http.ResponseWriter, r *http.Request) (*authorization, bool) {
	query := r.URL.Query()
	client, known := l.registry.client(query.Get("client_id"))
	if !known {
		showMessage(w, http.StatusForbidden, "Unknown client", "The client_id is not that of an application of this tenant.")
		return nil, false
	}
	if !client.redirectsTo(query.Get("redirect_uri"), l.config.AnyLoopbackPort) {
		showMessage(w, http.StatusForbidden, "Callback URL mismatch",
			"The redirect_uri is not in the list of allowed callback URLs of this application.")
		return nil, false
	}
	request, err := l.checkAuthorization(client, query)
	if err != nil {
		sendBack(w, r, err)
		return nil, false
	}
	return request, true
}

func (l *loginPages) checkAuthorization(client *Client, query url.Values) (*authorization, error) {
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
	organization, err := l.organization(client, query.Get("organization"))
	if err != nil {
		return nil, err
	}
	api, scope, err := l.allowed(parameters{"audience": query.Get("audience"), "scope": query.Get("scope")})
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

// The page where a person enters the code of a device and approves or denies it. The
// code alone identifies the device, so the page shows what is asked for before it asks.

// activatePage is what pages/activate.html shows: the form for a code when there is
// no device, else the question about it.
type activatePage struct {
	UserCode string // as typed, or as the device shows it
	Problem  string // why the code was not taken
	Client   string
	Audience string
	Scopes   string
	Users    []User
}

// activate answers GET /activate, with or without ?user_code=.
func (l *loginPages) activate(w http.ResponseWriter, r *http.Request) {
	typed := r.URL.Query().Get("user_code")
	if typed == "" {
		showPage(w, http.StatusOK, "activate.html", activatePage{})
		return
	}
	page := activatePage{UserCode: typed, Users: l.config.Users}
	if !l.describeDevice(&page) {
		showUnknownCode(w, typed)
		return
	}
	showPage(w, http.StatusOK, "activate.html", page)
}

// describeDevice fills in what device the page's code is for, if any.
func (l *loginPages) describeDevice(page *activatePage) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	d := l.deviceByUserCode(normalizeUserCode(page.UserCode))
	if d == nil {
		return false
	}
	page.UserCode, page.Client, page.Scopes = d.userCode, d.client.Name, d.scope
	if d.api != nil {
		page.Audience = d.api.Identifier
	}
	return true
}

// activateDecide answers POST /activate: user_code, action (approve or deny) and
// optionally user, the id of the one who approves.
func (l *loginPages) activateDecide(w http.ResponseWriter, r *http.Request) {
	p, err := readParameters(r)
	if err != nil {
		showMessage(w, http.StatusBadRequest, "That did not work", "The form could not be read. Go back and try again.")
		return
	}
	user := l.user(p["user"])
	switch {
	case p["action"] == "approve" && user != nil:
		if !l.decideDevice(p["user_code"], deviceApproved, user) {
			showUnknownCode(w, p["user_code"])
			return
		}
		showMessage(w, http.StatusOK, "Congratulations, you're all set!", "Your device is now connected. You can close this page.")
	case p["action"] == "deny":
		if !l.decideDevice(p["user_code"], deviceDenied, nil) {
			showUnknownCode(w, p["user_code"])
			return
		}
		showMessage(w, http.StatusOK, "Connection refused", "Your device was not connected. You can close this page.")
	default:
		showMessage(w, http.StatusBadRequest, "That did not work", "The form was not complete. Go back and try again.")
	}
}

// decideDevice settles the device that waits for the code typed, if there is one.
func (l *loginPages) decideDevice(typed string, state deviceState, user *User) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	d := l.deviceByUserCode(normalizeUserCode(typed))
	if d == nil {
		return false
	}
	d.state, d.user = state, user
	return true
}

func showUnknownCode(w http.ResponseWriter, typed string) {
	showPage(w, http.StatusNotFound, "activate.html", activatePage{
		UserCode: typed,
		Problem:  "This code is not known, or it has expired or was used already.",
	})
}

// user returns the user with an id, the first one for an empty id, else nil.
func (l *loginPages) user(id string) *User {
	for i := range l.config.Users {
		if id == "" || l.config.Users[i].ID == id {
			return &l.config.Users[i]
		}
	}
	return nil
}

// The end of a browser session, of which the tenant has none.

// logout answers GET /v2/logout. The tenant keeps no browser session, so there is
// nothing to end; it sends the browser to returnTo when the client allows that.
func (l *loginPages) logout(w http.ResponseWriter, r *http.Request) {
	query := r.URL.Query()
	l.leave(w, r, query.Get("client_id"), query.Get("returnTo"))
}

// oidcLogout answers GET /oidc/logout (OpenID Connect RP-Initiated Logout 1.0).
func (l *loginPages) oidcLogout(w http.ResponseWriter, r *http.Request) {
	query := r.URL.Query()
	l.leave(w, r, query.Get("client_id"), query.Get("post_logout_redirect_uri"))
}

func (l *loginPages) leave(w http.ResponseWriter, r *http.Request, clientID, target string) {
	client, _ := l.registry.client(clientID)
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

// The pages for people: plain HTML that needs no script and loads nothing, so that it
// works in any browser and under a policy that forbids everything.

var (
	//go:embed pages
	pageFiles embed.FS

	pages = template.Must(template.ParseFS(pageFiles, "pages/*.html"))
)

// messagePage is what pages/message.html shows.
type messagePage struct{ Title, Text string }

func showMessage(w http.ResponseWriter, status int, title, text string) {
	showPage(w, status, "message.html", messagePage{Title: title, Text: text})
}

// showPage renders a page; html/template escapes all that is put into it. No form-action
// is set, since browsers apply it to the redirect to the client too.
func showPage(w http.ResponseWriter, status int, name string, data any) {
	var page bytes.Buffer
	if err := pages.ExecuteTemplate(&page, name, data); err != nil {
		http.Error(w, http.StatusText(http.StatusInternalServerError), http.StatusInternalServerError)
		return
	}
	header := w.Header()
	header.Set("Content-Type", "text/html; charset=utf-8")
	header.Set("Content-Security-Policy", "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; frame-ancestors 'none'")
	// Not no-referrer, with which a browser sends "Origin: null" with the page's own form.
	header.Set("Referrer-Policy", "same-origin")
	header.Set("X-Content-Type-Options", "nosniff")
	header.Set("Cache-Control", "no-store")
	w.WriteHeader(status)
	_, _ = w.Write(page.Bytes()) // the browser may have gone
}
