// The refresh token grant: rotation, leeway, and the reuse that gives a thief away.

package auth0

import (
	"crypto/rand"
	"net/http"
	"slices"
	"strings"
	"time"
)

// family is all the refresh tokens that follow from one login. Only the newest may
// be used, and the one before it within the leeway; the use of any other revokes the
// whole family, since then two hold what one was given.
type family struct {
	grant    grant
	current  string
	previous string
	rotated  time.Time
	expires  time.Time // rotation does not extend it
	revoked  bool
}

const (
	familyLifetime = 30 * 24 * time.Hour
	familyLimit    = 200 // active ones for a user and client; the oldest goes first
)

// newFamily starts a family with g and returns its first refresh token.
func (t *Tenant) newFamily(g *grant) string {
	now := t.now()
	f := &family{grant: *g, current: newRefreshToken(), expires: now.Add(familyLifetime)}
	f.grant.nonce = ""
	f.grant.family = f
	t.mu.Lock()
	defer t.mu.Unlock()
	forget(t.families, func(f *family) bool { return now.After(f.expires) })
	t.revokeOldest(g.client, g.user)
	t.families[f.current] = f
	return f.current
}

// revokeOldest makes room for one more family of a user and client. The caller
// holds t.mu.
func (t *Tenant) revokeOldest(client *Client, user *User) {
	var active []*family
	for token, f := range t.families {
		if token == f.current && !f.revoked && f.grant.client == client && f.grant.user == user {
			active = append(active, f)
		}
	}
	if len(active) < familyLimit {
		return
	}
	slices.MinFunc(active, func(a, b *family) int { return a.expires.Compare(b.expires) }).revoked = true
}

// redeemRefreshToken is RFC 6749 section 6 with Auth0's rotation.
func (t *Tenant) redeemRefreshToken(client *Client, p parameters, _ http.Header) (*grant, error) {
	token := p["refresh_token"]
	if token == "" {
		return nil, errMissing("refresh_token")
	}
	now := t.now()
	t.mu.Lock()
	defer t.mu.Unlock()
	f := t.families[token]
	if f == nil || f.grant.client != client || f.revoked || now.After(f.expires) {
		return nil, errRefreshToken
	}
	g := f.grant
	g.kind = GrantRefreshToken
	if asked := p.scopes(); len(asked) > 0 {
		granted := strings.Fields(g.scope)
		g.scope = strings.Join(slices.DeleteFunc(asked, func(s string) bool { return !slices.Contains(granted, s) }), " ")
	}
	switch {
	case client.NonRotating:
	case token == f.current:
		f.previous, f.current, f.rotated = f.current, newRefreshToken(), now
		t.families[f.current] = f
		g.refresh = f.current
	case token == f.previous && now.Sub(f.rotated) < t.config.RefreshLeeway:
		g.refresh = f.current
	default:
		f.revoked = true
		return nil, errRefreshToken
	}
	return &g, nil
}

func newRefreshToken() string { return "v1." + rand.Text() + rand.Text() }
