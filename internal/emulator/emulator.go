// The start: both services are made, joined and served.

package emulator

import (
	"bytes"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"slices"
	"sync"
	"time"

	"github.com/appsyncctl/appsyncctl/internal/emulator/appsync"
	"github.com/appsyncctl/appsyncctl/internal/emulator/auth0"
	"github.com/appsyncctl/appsyncctl/internal/schema"
)

// Config describes an emulator. Its zero value is the demo on a free port.
type Config struct {
	Listen          string           // host:port; the host must be loopback; default 127.0.0.1:0
	Schema          string           // SDL of the API; default schema.Wizard()
	ClientIDPattern string           // regular expression for the API's clientId setting; default none
	AutoApprove     bool             // devices and logins are approved without a person
	Now             func() time.Time // the clock of both services; default time.Now
	Faults          []Fault          // to begin with; POST /_emulator/faults adds more
	TenantYAML      []byte           // lists that take the place of the demo's; see auth0.Config.ReadYAML
	TLS             bool             // HTTPS, with the authority that CA returns
	Log             *slog.Logger     // one line a request; default none

	// Tenant and API change what the demo starts with, for what the fields above have
	// no name for; they may be nil.
	Tenant func(*auth0.Config)
	API    func(*appsync.Config)
}

// Emulator is both services on one listener.
type Emulator struct {
	origin      string     // http://127.0.0.1:PORT
	authority   *authority // nil without TLS
	environment []Variable

	server  *http.Server
	stop    context.CancelFunc // ends the context of every request
	served  chan error
	closing func() error   // shutDown, once
	open    sync.WaitGroup // connections and requests
	tenant  *auth0.Tenant
	inside  *http.Transport // of the API's requests to the tenant
}

// Start listens and serves until Close. ctx bounds the start only.
func Start(ctx context.Context, config Config) (*Emulator, error) {
	listener, err := listen(ctx, config.Listen)
	if err != nil {
		return nil, err
	}
	e, err := build(config, listener.Addr().String())
	if err != nil {
		return nil, errors.Join(err, listener.Close())
	}
	running, stop := context.WithCancel(context.WithoutCancel(ctx))
	e.stop = stop
	e.closing = sync.OnceValue(e.shutDown)
	e.server.BaseContext = func(net.Listener) context.Context { return running }
	go func() {
		if e.authority != nil {
			e.served <- e.server.ServeTLS(listener, "", "")
		} else {
			e.served <- e.server.Serve(listener)
		}
	}()
	return e, nil
}

// build makes all of an emulator for an address but does not serve it.
func build(config Config, address string) (*Emulator, error) {
	config = config.complete()
	faults, err := newFaults(config.Faults)
	if err != nil {
		return nil, err
	}
	e := &Emulator{origin: "http://" + address, served: make(chan error, 1), inside: &http.Transport{}}
	if config.TLS {
		if e.authority, err = newAuthority(); err != nil {
			return nil, fmt.Errorf("make a certificate: %w", err)
		}
		e.origin = "https://" + address
		e.inside.TLSClientConfig = &tls.Config{RootCAs: e.authority.pool}
	}
	tenant, err := config.tenant(e.origin, faults)
	if err != nil {
		return nil, err
	}
	requests := newRequestLog(config.Log)
	customers := config.api(tenant.Issuer, faults)
	customers.HTTP = &http.Client{Transport: requests.unseen(e.inside), Timeout: 5 * time.Second}
	api, err := appsync.New(customers)
	if err != nil {
		return nil, fmt.Errorf("api: %w", err)
	}
	if e.tenant, err = auth0.New(tenant); err != nil {
		return nil, fmt.Errorf("tenant: %w", err)
	}
	e.environment = environment(e.origin, tenant)
	e.server = e.newServer(config, routes(e.tenant, api, &statusPage{
		Environment: e.environment,
		Clients:     tenant.Clients,
		requests:    requests,
		faults:      faults,
		store:       customers.Store,
	}))
	return e, nil
}

func (c Config) complete() Config {
	if c.Schema == "" {
		c.Schema = schema.Wizard()
	}
	if c.Now == nil {
		c.Now = time.Now
	}
	if c.Log == nil {
		c.Log = slog.New(slog.DiscardHandler)
	}
	return c
}

// tenant is the demo's with all that c changes in it.
func (c Config) tenant(origin string, faults *faults) (auth0.Config, error) {
	tenant := demoTenant(origin + "/")
	tenant.AutoApprove, tenant.Now, tenant.Fault = c.AutoApprove, c.Now, faults.at("/oauth/token")
	if err := tenant.ReadYAML(bytes.NewReader(c.TenantYAML)); err != nil {
		return auth0.Config{}, err
	}
	if c.Tenant != nil {
		c.Tenant(&tenant)
	}
	return tenant, nil
}

// api is an API that takes the issuer's tokens, with all that c changes in it.
func (c Config) api(issuer string, faults *faults) appsync.Config {
	api := appsync.Config{
		Schema:   c.Schema,
		Issuer:   issuer,
		ClientID: c.ClientIDPattern,
		Now:      c.Now,
		Fault:    faults.at("/graphql"),
	}
	if c.API != nil {
		c.API(&api)
	}
	if api.Store == nil {
		api.Store = appsync.NewMemory()
	}
	return api
}

func (e *Emulator) newServer(config Config, handler http.Handler) *http.Server {
	server := &http.Server{
		Handler:           e.counted(dated(config.Now, handler)),
		ConnState:         e.connState,
		ReadHeaderTimeout: 10 * time.Second,
		ErrorLog:          slog.NewLogLogger(config.Log.Handler(), slog.LevelDebug),
	}
	if e.authority != nil {
		server.TLSConfig = &tls.Config{Certificates: []tls.Certificate{e.authority.server}}
	}
	return server
}

// CA returns the certificate, as PEM, that a client must trust; nil without TLS.
func (e *Emulator) CA() []byte {
	if e.authority == nil {
		return nil
	}
	return slices.Clone(e.authority.pem)
}
