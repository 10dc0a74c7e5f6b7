// What is known of an access token that was given to a person.

package auth0

import (
	"crypto/rand"
	"time"
)

// session is what /userinfo knows about an access token.
type session struct {
	user         *User
	organization *Organization
	scope        string
	expires      time.Time
}

// remember lets /userinfo answer for the access token of a person who logged in with
// the scope openid.
func (t *Tenant) remember(token string, g *grant, lifetime time.Duration) {
	if g.user == nil || !g.has("openid") {
		return
	}
	now := t.now()
	t.mu.Lock()
	defer t.mu.Unlock()
	forget(t.sessions, func(s session) bool { return now.After(s.expires) })
	t.sessions[token] = session{
		user:         g.user,
		organization: g.organization,
		scope:        g.scope,
		expires:      now.Add(lifetime),
	}
}

func (t *Tenant) session(token string) (session, bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	s, known := t.sessions[token]
	return s, known && !t.now().After(s.expires)
}

// newOpaqueToken makes an access token that only /userinfo can read: Auth0's answer
// when no audience was asked for.
func newOpaqueToken() string { return rand.Text() }
