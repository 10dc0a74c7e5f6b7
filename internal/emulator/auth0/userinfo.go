// The claims of a person, for an access token.

package auth0

import (
	"net/http"
	"strings"
)

// userInfo is the answer of OpenID Connect Core section 5.3.2.
type userInfo struct {
	Subject      string `json:"sub"`
	Organization string `json:"org_id,omitempty"`
	profile
}

// userinfo answers GET and POST /userinfo for the access token of a person, opaque
// or not, that was given with the scope openid.
func (t *Tenant) userinfo(w http.ResponseWriter, r *http.Request) {
	scheme, token, _ := strings.Cut(r.Header.Get("Authorization"), " ")
	s, known := t.session(token)
	if !strings.EqualFold(scheme, "Bearer") || !known {
		w.Header().Set("WWW-Authenticate", `Bearer error="invalid_token"`)
		http.Error(w, "Unauthorized", http.StatusUnauthorized)
		return
	}
	info := userInfo{Subject: s.user.ID, profile: s.user.profile(s.scope)}
	if s.organization != nil {
		info.Organization = s.organization.ID
	}
	noStore(w)
	writeJSON(w, http.StatusOK, info)
}
