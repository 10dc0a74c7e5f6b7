// The tenant itself: what it holds, and which path goes where.

package auth0

import (
	"net/http"

	"github.com/appsyncctl/appsyncctl/internal/emulator/auth0/management"
)

// Tenant answers on all of an Auth0 tenant's paths. It is safe for use by several
// goroutines.
type Tenant struct {
	config   Config
	registry *registry
	signer   *signer
	handler  http.Handler
}

// New returns the tenant that config describes. Without a SigningKey it makes one in
// the background, and the first signature waits for it.
func New(config Config) (*Tenant, error) {
	config, err := config.complete()
	if err != nil {
		return nil, err
	}
	t := &Tenant{config: config, registry: newRegistry(config), signer: newSigner(config.SigningKey)}
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
	refresh := newRefreshTokens(t.config)
	issuer := newIssuer(t.config, t.signer, refresh)
	devices, codes := newDeviceFlow(t.config, t.registry), newCodeFlow(t.config, t.registry)
	endpoint := &tokenEndpoint{
		config:   t.config,
		registry: t.registry,
		clients:  newAuthenticator(t.config, t.registry),
		limits:   newLimits(t.config),
		devices:  devices,
		codes:    codes,
		refresh:  refresh,
		issuer:   issuer,
	}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /.well-known/openid-configuration", issuer.discovery)
	mux.HandleFunc("GET /.well-known/jwks.json", issuer.jwks)
	mux.HandleFunc("POST /oauth/token", endpoint.token)
	mux.HandleFunc("POST /oauth/device/code", devices.deviceCode)
	mux.HandleFunc("POST /oauth/revoke", endpoint.revoke)
	mux.HandleFunc("GET /userinfo", issuer.userinfo)
	mux.HandleFunc("POST /userinfo", issuer.userinfo)
	mux.HandleFunc("GET /v2/logout", codes.logout)
	mux.HandleFunc("GET /oidc/logout", codes.oidcLogout)
	mux.HandleFunc("GET /activate", devices.activate)
	mux.HandleFunc("GET /authorize", codes.authorize)
	mux.Handle(ManagementAPI, management.New(
		management.Config{Identifier: t.config.managementAPI(), Verify: t.signer.verify, Now: t.config.Now},
		documents{t.registry},
	))
	// A page on another origin must not approve a device or log in for the person
	// who has it open. Only browsers send what is checked here, so scripts can post.
	guard := http.NewCrossOriginProtection()
	mux.Handle("POST /activate", guard.Handler(http.HandlerFunc(devices.activateDecide)))
	mux.Handle("POST /authorize", guard.Handler(http.HandlerFunc(codes.authorizeDecide)))
	return mux
}

// Reset undoes what was made and changed through the Management API. Keys, logins and
// tokens stay good.
func (t *Tenant) Reset() { t.registry.reset(t.config) }

// Clients returns the tenant's applications as they are now.
func (t *Tenant) Clients() []Client { return t.registry.clientList() }

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
