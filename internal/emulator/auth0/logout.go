// The end of a browser session, of which the tenant has none.

package auth0

import (
	"net/http"
	"slices"
)

// logout answers GET /v2/logout. The tenant keeps no browser session, so there is
// nothing to end; it sends the browser to returnTo when the client allows that.
func (t *Tenant) logout(w http.ResponseWriter, r *http.Request) {
	query := r.URL.Query()
	t.leave(w, r, query.Get("client_id"), query.Get("returnTo"))
}

// oidcLogout answers GET /oidc/logout (OpenID Connect RP-Initiated Logout 1.0).
func (t *Tenant) oidcLogout(w http.ResponseWriter, r *http.Request) {
	query := r.URL.Query()
	t.leave(w, r, query.Get("client_id"), query.Get("post_logout_redirect_uri"))
}

func (t *Tenant) leave(w http.ResponseWriter, r *http.Request, clientID, target string) {
	client, _ := t.registry.client(clientID)
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
