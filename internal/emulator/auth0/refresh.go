// The refresh token grant: rotation, leeway, and the reuse that gives a thief away.

package auth0

import (
	"crypto/rand"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"
)

// family is all the refresh tokens that follow from one login. Each is exchanged once,
// and the one before the newest also again within the leeway. The exchange of any
// other revokes the whole family, since then two hold what one was given.
type family struct {
	grant      grant
	generation int       // of the newest token
	expires    time.Time // rotation does not extend it
	revoked    bool
}

// refreshToken is one token of a family.
type refreshToken struct {
	family     *family
	generation int       // how many exchanges lead to it
	exchanged  time.Time // zero: not yet
}

const (
	familyLifetime = 30 * 24 * time.Hour
	familyLimit    = 200 // active ones for a user and client; the oldest goes first
)

// refreshTokens holds those that were given.
type refreshTokens struct {
	config Config

	mu     sync.Mutex // guards what follows, and the tokens and families in it
	byText map[string]*refreshToken
}

func newRefreshTokens(config Config) *refreshTokens {
	return &refreshTokens{config: config, byText: map[string]*refreshToken{}}
}

// redeem is RFC 6749 section 6 with Auth0's rotation.
func (t *refreshTokens) redeem(client *Client, p parameters, _ http.Header) (*grant, error) {
	if p["refresh_token"] == "" {
		return nil, errMissing("refresh_token")
	}
	now := t.config.Now()
	t.mu.Lock()
	defer t.mu.Unlock()
	token := t.byText[p["refresh_token"]]
	if token == nil || token.family.grant.client.ID != client.ID || token.family.revoked || now.After(token.family.expires) {
		return nil, errRefreshToken
	}
	g := token.family.grant
	g.kind = GrantRefreshToken
	if !client.NonRotating {
		if !token.exchange(now, max(t.config.RefreshLeeway, client.leeway)) {
			token.family.revoked = true
			return nil, errRefreshToken
		}
		g.refresh = t.newRefreshToken(token.family)
	}
	if asked := p.scopes(); len(asked) > 0 {
		granted := strings.Fields(g.scope)
		g.scope = strings.Join(slices.DeleteFunc(asked, func(s string) bool { return !slices.Contains(granted, s) }), " ")
	}
	return &g, nil
}

// newFamily starts a family with g and returns its first refresh token.
func (t *refreshTokens) newFamily(g *grant) string {
	now := t.config.Now()
	f := &family{grant: *g, expires: now.Add(familyLifetime)}
	f.grant.nonce = ""
	f.grant.family = f
	t.mu.Lock()
	defer t.mu.Unlock()
	forget(t.byText, func(r *refreshToken) bool { return now.After(r.family.expires) })
	t.revokeOldest(g.client, g.user)
	return t.newRefreshToken(f)
}

// newRefreshToken adds a token of the newest generation to a family. The caller holds
// t.mu.
func (t *refreshTokens) newRefreshToken(f *family) string {
	token := "v1." + rand.Text() + rand.Text()
	t.byText[token] = &refreshToken{family: f, generation: f.generation}
	return token
}

// revokeOldest makes room for one more family of a user and client. The caller
// holds t.mu.
func (t *refreshTokens) revokeOldest(client *Client, user *User) {
	active := map[*family]bool{}
	var oldest *family
	for _, token := range t.byText {
		f := token.family
		if f.revoked || f.grant.client.ID != client.ID || f.grant.user != user {
			continue
		}
		active[f] = true
		if oldest == nil || f.expires.Before(oldest.expires) {
			oldest = f
		}
	}
	if len(active) >= familyLimit {
		oldest.revoked = true
	}
}

// revoke revokes the family of a token that a client gives back. A token that is not
// known is no error.
func (t *refreshTokens) revoke(client *Client, text string) error {
	t.mu.Lock()
	defer t.mu.Unlock()
	token := t.byText[text]
	switch {
	case token == nil:
		return nil
	case token.family.grant.client.ID != client.ID: // RFC 7009 section 2.1; the code is unconfirmed
		return refuse(http.StatusBadRequest, "invalid_request", "The token was not issued to this client.")
	}
	token.family.revoked = true
	if t.config.RevocationDeletesGrant {
		t.revokeGrant(token.family.grant)
	}
	return nil
}

// revokeGrant revokes every family of g's user, client and API. The caller holds t.mu.
func (t *refreshTokens) revokeGrant(g grant) {
	for _, token := range t.byText {
		if of := token.family.grant; of.user == g.user && of.client.ID == g.client.ID && of.audience() == g.audience() {
			token.family.revoked = true
		}
	}
}

// exchange uses a token and returns whether that was allowed.
func (r *refreshToken) exchange(now time.Time, leeway time.Duration) bool {
	if r.exchanged.IsZero() {
		r.exchanged = now
		r.family.generation = max(r.family.generation, r.generation+1)
		return true
	}
	return r.generation == r.family.generation-1 && now.Sub(r.exchanged) < leeway
}
