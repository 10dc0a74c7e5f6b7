// Tokens out of a grant, as Auth0 makes them.

package auth0

import (
	"crypto/rand"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/go-jose/go-jose/v4"
)

// grant is what a client was allowed, from which tokens are made.
type grant struct {
	kind         string
	client       *Client
	user         *User         // nil for a machine
	api          *API          // nil: no audience was asked for
	organization *Organization // nil: none
	scope        string
	nonce        string // of an authorization request
	family       *family
	refresh      string // the refresh token to answer, when one was already made
}

// audience returns the identifier of g's API, or "".
func (g *grant) audience() string {
	if g.api == nil {
		return ""
	}
	return g.api.Identifier
}

func (g *grant) has(scope string) bool { return slices.Contains(strings.Fields(g.scope), scope) }

func (g *grant) subject() string {
	if g.user == nil {
		return g.client.ID + "@clients"
	}
	return g.user.ID
}

// accessClaims are those of an access token in Auth0's own profile (azp, gty) and in
// that of RFC 9068 (client_id, jti).
type accessClaims struct {
	Issuer       string   `json:"iss"`
	Subject      string   `json:"sub"`
	Audience     any      `json:"aud"` // a string, or several in an array
	IssuedAt     int64    `json:"iat"`
	Expiry       int64    `json:"exp"`
	Scope        string   `json:"scope,omitempty"`
	Organization string   `json:"org_id,omitempty"`
	GrantType    string   `json:"gty,omitempty"`
	Party        string   `json:"azp,omitempty"`
	ClientID     string   `json:"client_id,omitempty"`
	ID           string   `json:"jti,omitempty"`
	Permissions  []string `json:"permissions,omitempty"`
}

// issuer makes tokens, and knows those that it has made.
type issuer struct {
	config  Config
	signer  *signer
	refresh *refreshTokens

	mu       sync.Mutex         // guards what follows
	sessions map[string]session // by access token
}

func newIssuer(config Config, signer *signer, refresh *refreshTokens) *issuer {
	return &issuer{config: config, signer: signer, refresh: refresh, sessions: map[string]session{}}
}

// issue makes the tokens of a grant: an access token always, an ID token with the
// scope openid, a refresh token with offline_access.
func (i *issuer) issue(g *grant) (*tokenAnswer, error) {
	i.applyKeyFaults(g)
	access, lifetime, err := i.accessToken(g)
	if err != nil {
		return nil, err
	}
	i.remember(access, g, lifetime)
	answer := &tokenAnswer{
		AccessToken:  access,
		RefreshToken: g.refresh,
		Scope:        g.scope,
		ExpiresIn:    int(lifetime.Seconds()),
		TokenType:    "Bearer",
	}
	if g.user == nil {
		return answer, nil
	}
	if g.has("openid") {
		if answer.IDToken, err = i.idToken(g); err != nil {
			return nil, err
		}
	}
	if g.family == nil && g.has("offline_access") && slices.Contains(g.client.Grants, GrantRefreshToken) {
		answer.RefreshToken = i.refresh.newFamily(g)
	}
	return answer, nil
}

func (i *issuer) accessToken(g *grant) (string, time.Duration, error) {
	now := i.config.Now()
	if g.api == nil || i.config.Fault(FaultOpaqueToken, g.kind) {
		return newOpaqueToken(), defaultLifetime, nil
	}
	lifetime := g.api.Lifetime
	claims := accessClaims{
		Issuer:   i.config.Issuer,
		Subject:  g.subject(),
		Audience: g.api.Identifier,
		IssuedAt: now.Unix(),
		Expiry:   now.Add(lifetime).Unix(),
		Scope:    g.scope,
	}
	if i.config.Fault(FaultWrongAudience, g.kind) {
		claims.Audience = "https://wrong-audience.example/"
	}
	if g.has("openid") {
		claims.Audience = []any{claims.Audience, i.config.Issuer + "userinfo"}
	}
	if i.config.Fault(FaultExpiredToken, g.kind) {
		claims.IssuedAt = now.Add(-lifetime - time.Hour).Unix()
		claims.Expiry = now.Add(-time.Hour).Unix()
	}
	if g.organization != nil {
		claims.Organization = g.organization.ID
	}
	typ := jose.ContentType("JWT")
	switch g.api.Dialect {
	case DialectRFC9068, DialectRFC9068Authz:
		typ = "at+jwt"
		claims.ClientID, claims.ID = g.client.ID, rand.Text()
	default:
		claims.Party = g.client.ID
		if g.user == nil {
			claims.GrantType = "client-credentials"
		}
	}
	if g.api.Dialect == DialectAccessTokenAuthz || g.api.Dialect == DialectRFC9068Authz {
		claims.Permissions = strings.Fields(g.scope)
		if g.user != nil {
			claims.Permissions = g.user.Permissions
		}
	}
	token, err := i.signer.signFor(g.api, typ, claims)
	if err == nil {
		token, err = i.faulty(token, g)
	}
	return token, lifetime, err
}

// ID tokens: who logged in, for the client to read.

// idClaims are those of an ID token (OpenID Connect Core section 2).
type idClaims struct {
	Issuer       string `json:"iss"`
	Subject      string `json:"sub"`
	Audience     string `json:"aud"`
	IssuedAt     int64  `json:"iat"`
	Expiry       int64  `json:"exp"`
	Nonce        string `json:"nonce,omitempty"`
	Organization string `json:"org_id,omitempty"`
	profile
}

const idTokenLifetime = 10 * time.Hour // Auth0's default

func (i *issuer) idToken(g *grant) (string, error) {
	now := i.config.Now()
	claims := idClaims{
		Issuer:   i.config.Issuer,
		Subject:  g.user.ID,
		Audience: g.client.ID,
		IssuedAt: now.Unix(),
		Expiry:   now.Add(idTokenLifetime).Unix(),
		Nonce:    g.nonce,
		profile:  g.user.profile(g.scope),
	}
	if g.organization != nil {
		claims.Organization = g.organization.ID
	}
	return i.signer.sign("JWT", claims)
}

// profile holds the claims that the scopes profile and email release (OpenID
// Connect Core section 5.4).
type profile struct {
	Name          string `json:"name,omitempty"`
	Nickname      string `json:"nickname,omitempty"`
	Email         string `json:"email,omitempty"`
	EmailVerified *bool  `json:"email_verified,omitempty"`
}

func (u *User) profile(scope string) profile {
	var p profile
	scopes := strings.Fields(scope)
	if slices.Contains(scopes, "profile") {
		p.Name = u.Name
		p.Nickname, _, _ = strings.Cut(u.Email, "@")
	}
	if slices.Contains(scopes, "email") && u.Email != "" {
		verified := true
		p.Email, p.EmailVerified = u.Email, &verified
	}
	return p
}

// What is known of an access token that was given to a person.

// session is what /userinfo knows about an access token.
type session struct {
	user         *User
	organization *Organization
	scope        string
	expires      time.Time
}

// remember lets /userinfo answer for the access token of a person who logged in with
// the scope openid.
func (i *issuer) remember(token string, g *grant, lifetime time.Duration) {
	if g.user == nil || !g.has("openid") {
		return
	}
	now := i.config.Now()
	i.mu.Lock()
	defer i.mu.Unlock()
	forget(i.sessions, func(s session) bool { return now.After(s.expires) })
	i.sessions[token] = session{
		user:         g.user,
		organization: g.organization,
		scope:        g.scope,
		expires:      now.Add(lifetime),
	}
}

func (i *issuer) session(token string) (session, bool) {
	i.mu.Lock()
	defer i.mu.Unlock()
	s, known := i.sessions[token]
	return s, known && !i.config.Now().After(s.expires)
}

// newOpaqueToken makes an access token that only /userinfo can read: Auth0's answer
// when no audience was asked for.
func newOpaqueToken() string { return rand.Text() }

// The claims of a person, for an access token.

// userInfo is the answer of OpenID Connect Core section 5.3.2.
type userInfo struct {
	Subject      string `json:"sub"`
	Organization string `json:"org_id,omitempty"`
	profile
}

// userinfo answers GET and POST /userinfo for the access token of a person, opaque
// or not, that was given with the scope openid.
func (i *issuer) userinfo(w http.ResponseWriter, r *http.Request) {
	scheme, token, _ := strings.Cut(r.Header.Get("Authorization"), " ")
	s, known := i.session(token)
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

// What everybody may know of a tenant: its metadata and its public keys.

// metadata is the part of OpenID Connect Discovery 1.0 section 3 (and RFC 8628
// section 4) that Auth0 answers and clients read.
type metadata struct {
	Issuer           string   `json:"issuer"`
	Authorization    string   `json:"authorization_endpoint"`
	Token            string   `json:"token_endpoint"`
	Device           string   `json:"device_authorization_endpoint"`
	UserInfo         string   `json:"userinfo_endpoint"`
	JWKS             string   `json:"jwks_uri"`
	Revocation       string   `json:"revocation_endpoint"`
	EndSession       string   `json:"end_session_endpoint"`
	Scopes           []string `json:"scopes_supported"`
	ResponseTypes    []string `json:"response_types_supported"`
	ResponseModes    []string `json:"response_modes_supported"`
	GrantTypes       []string `json:"grant_types_supported"`
	Challenges       []string `json:"code_challenge_methods_supported"`
	SubjectTypes     []string `json:"subject_types_supported"`
	TokenAuth        []string `json:"token_endpoint_auth_methods_supported"`
	TokenAuthSigning []string `json:"token_endpoint_auth_signing_alg_values_supported"`
	Claims           []string `json:"claims_supported"`
	IDTokenSigning   []string `json:"id_token_signing_alg_values_supported"`
	RequestParameter bool     `json:"request_parameter_supported"`
	RequestURI       bool     `json:"request_uri_parameter_supported"`
}

func (i *issuer) discovery(w http.ResponseWriter, _ *http.Request) {
	issuer := i.config.Issuer
	w.Header().Set("Cache-Control", "public, max-age=15, stale-while-revalidate=15, stale-if-error=86400")
	writeJSON(w, http.StatusOK, metadata{
		Issuer:           issuer,
		Authorization:    issuer + "authorize",
		Token:            issuer + "oauth/token",
		Device:           issuer + "oauth/device/code",
		UserInfo:         issuer + "userinfo",
		JWKS:             issuer + ".well-known/jwks.json",
		Revocation:       issuer + "oauth/revoke",
		EndSession:       issuer + "oidc/logout",
		Scopes:           []string{"openid", "profile", "offline_access", "name", "email"},
		ResponseTypes:    []string{"code"},
		ResponseModes:    []string{"query"},
		GrantTypes:       []string{GrantClientCredentials, GrantAuthorizationCode, GrantRefreshToken, GrantDeviceCode},
		Challenges:       []string{"S256"},
		SubjectTypes:     []string{"public"},
		TokenAuth:        []string{string(SecretBasic), string(SecretPost), string(PrivateKeyJWT), string(None)},
		TokenAuthSigning: []string{"RS256", "RS384", "PS256"},
		Claims:           []string{"aud", "auth_time", "email", "email_verified", "exp", "iat", "iss", "name", "nickname", "sub"},
		IDTokenSigning:   []string{"RS256"},
	})
}

func (i *issuer) jwks(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Cache-Control", "public, max-age=15, stale-while-revalidate=15, stale-if-error=86400")
	writeJSON(w, http.StatusOK, i.signer.public())
}
