// The tenant itself: what it holds, and which path goes where.

package auth0

import (
	"net/http"
	"sync"
	"time"

	"github.com/appsyncctl/appsyncctl/internal/emulator/auth0/management"
)

// Tenant answers on all of an Auth0 tenant's paths. It is safe for use by several
// goroutines.
type Tenant struct {
	*state
	handler http.Handler
}

// state is what a tenant holds. Its parts, which each answer on some of the paths, share
// it.
type state struct {
	config   Config
	registry *registry
	signer   *signer

	mu            sync.Mutex // guards what follows
	devices       map[string]*device
	codes         map[string]*authorization
	refreshTokens map[string]*refreshToken
	sessions      map[string]session   // by access token
	assertions    map[string]time.Time // when those that were seen expire
	quotas        map[string]*usage
	window        bucket // of Config.RateLimit
}

// New returns the tenant that config describes. Without a SigningKey it makes one in
// the background, and the first signature waits for it.
func New(config Config) (*Tenant, error) {
	config, err := config.complete()
	if err != nil {
		return nil, err
	}
	t := &Tenant{state: &state{
		config:        config,
		registry:      newRegistry(config),
		signer:        newSigner(config.SigningKey),
		devices:       map[string]*device{},
		codes:         map[string]*authorization{},
		refreshTokens: map[string]*refreshToken{},
		sessions:      map[string]session{},
		assertions:    map[string]time.Time{},
		quotas:        map[string]*usage{},
	}}
	t.handler = t.routes()
	return t, nil
}

// ServeHTTP implements http.Handler.
func (t *Tenant) ServeHTTP(w http.ResponseWriter, r *http.Request) { t.handler.ServeHTTP(w, r) }

// Close waits until nothing of the tenant runs in the background any more.
func (t *Tenant) Close() error {
	<-t.signer.ready
	return nil
}

func (t *Tenant) routes() http.Handler {
	issuer := &issuer{t.state}
	endpoint := &tokenEndpoint{t.state, issuer}
	login := &loginPages{t.state}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /.well-known/openid-configuration", issuer.discovery)
	mux.HandleFunc("GET /.well-known/jwks.json", issuer.jwks)
	mux.HandleFunc("POST /oauth/token", endpoint.token)
	mux.HandleFunc("POST /oauth/device/code", login.deviceCode)
	mux.HandleFunc("POST /oauth/revoke", endpoint.revoke)
	mux.HandleFunc("GET /userinfo", issuer.userinfo)
	mux.HandleFunc("POST /userinfo", issuer.userinfo)
	mux.HandleFunc("GET /v2/logout", login.logout)
	mux.HandleFunc("GET /oidc/logout", login.oidcLogout)
	mux.HandleFunc("GET /activate", login.activate)
	mux.HandleFunc("GET /authorize", login.authorize)
	mux.Handle(ManagementAPI, management.New(
		management.Config{Identifier: t.config.managementAPI(), Verify: t.signer.verify, Now: t.config.Now},
		documents{t.registry},
	))
	// A page on another origin must not approve a device or log in for the person
	// who has it open. Only browsers send what is checked here, so scripts can post.
	guard := http.NewCrossOriginProtection()
	mux.Handle("POST /activate", guard.Handler(http.HandlerFunc(login.activateDecide)))
	mux.Handle("POST /authorize", guard.Handler(http.HandlerFunc(login.authorizeDecide)))
	return mux
}

// Reset undoes what was made and changed through the Management API. Keys, logins and
// tokens stay good.
func (t *Tenant) Reset() { t.registry.reset(t.config) }

// Clients returns the tenant's applications as they are now.
func (t *Tenant) Clients() []Client { return t.registry.clientList() }

func (s *state) now() time.Time { return s.config.Now() }

// forget drops what has expired from m, so that a long run does not grow without
// bound. The caller holds the lock of m.
func forget[V any](m map[string]V, expired func(V) bool) {
	const enough = 1000
	if len(m) < enough {
		return
	}
	for k, v := range m {
		if expired(v) {
			delete(m, k)
		}
	}
}

// organization returns the organization that a request names by id or by name, nil
// when none is named and none is needed. The words are Auth0's for /authorize;
// those for client credentials are unconfirmed.
func (s *state) organization(client *Client, named string) (*Organization, error) {
	switch {
	case named == "" && client.Organization == OrganizationRequire:
		return nil, refuse(http.StatusBadRequest, "invalid_request", "parameter organization is required for this client")
	case named == "":
		return nil, nil
	case client.Organization == OrganizationDeny:
		return nil, refuse(http.StatusBadRequest, "invalid_request", "parameter organization is not allowed for this client")
	}
	for i := range s.config.Organizations {
		if o := &s.config.Organizations[i]; o.ID == named || o.Name == named {
			return o, nil
		}
	}
	return nil, refuse(http.StatusBadRequest, "invalid_request", "parameter organization is invalid")
}
