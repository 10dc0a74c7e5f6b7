// The start: both services are made, joined and served.

package emulator

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
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
	Log             *slog.Logger     // one line a request; default none

	// Tenant and API change what the demo starts with, for what the fields above have
	// no name for; they may be nil.
	Tenant func(*auth0.Config)
	API    func(*appsync.Config)
}

// Emulator is both services on one listener.
type Emulator struct {
	origin      string // http://127.0.0.1:PORT
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
	e, err := build(config, "http://"+listener.Addr().String())
	if err != nil {
		return nil, errors.Join(err, listener.Close())
	}
	running, stop := context.WithCancel(context.WithoutCancel(ctx))
	e.stop = stop
	e.closing = sync.OnceValue(e.shutDown)
	e.server.BaseContext = func(net.Listener) context.Context { return running }
	go func() { e.served <- e.server.Serve(listener) }()
	return e, nil
}

func build(config Config, origin string) (*Emulator, error) {
	if config.Schema == "" {
		config.Schema = schema.Wizard()
	}
	if config.Now == nil {
		config.Now = time.Now
	}
	if config.Log == nil {
		config.Log = slog.New(slog.DiscardHandler)
	}
	faults, err := newFaults(config.Faults)
	if err != nil {
		return nil, err
	}
	e := &Emulator{
		origin: origin,
		served: make(chan error, 1),
		inside: &http.Transport{},
	}
	tenant := demoTenant(e.issuer())
	tenant.AutoApprove, tenant.Now, tenant.Fault = config.AutoApprove, config.Now, faults.at("/oauth/token")
	if err := tenant.ReadYAML(bytes.NewReader(config.TenantYAML)); err != nil {
		return nil, err
	}
	if config.Tenant != nil {
		config.Tenant(&tenant)
	}
	e.environment = environment(origin, tenant)
	if e.tenant, err = auth0.New(tenant); err != nil {
		return nil, fmt.Errorf("tenant: %w", err)
	}
	requests := newRequestLog(config.Log)
	customers := appsync.Config{
		Schema:   config.Schema,
		Issuer:   e.issuer(),
		HTTP:     &http.Client{Transport: requests.unseen(e.inside), Timeout: 5 * time.Second},
		ClientID: config.ClientIDPattern,
		Now:      config.Now,
		Fault:    faults.at("/graphql"),
	}
	if config.API != nil {
		config.API(&customers)
	}
	api, err := appsync.New(customers)
	if err != nil {
		return nil, errors.Join(fmt.Errorf("api: %w", err), e.tenant.Close())
	}
	e.server = &http.Server{
		Handler:           e.counted(routes(e.tenant, api, requests, faults)),
		ConnState:         e.connState,
		ReadHeaderTimeout: 10 * time.Second,
		ErrorLog:          slog.NewLogLogger(config.Log.Handler(), slog.LevelDebug),
	}
	return e, nil
}

func (e *Emulator) issuer() string { return e.origin + "/" }

// routes puts both services and the emulator's own paths on one listener. The log is
// outermost, so that it tells what the client was sent.
func routes(tenant, api http.Handler, requests *requestLog, faults *faults) http.Handler {
	services := http.NewServeMux()
	services.Handle("/graphql", api)
	services.Handle("/graphql/realtime", api)
	services.Handle("/", tenant)

	own := http.NewServeMux()
	own.HandleFunc("GET /_emulator/requests", requests.list)
	own.HandleFunc("GET /_emulator/counts", requests.counts)
	own.HandleFunc("GET /_emulator/faults", faults.list)
	own.HandleFunc("POST /_emulator/faults", faults.add)
	own.HandleFunc("DELETE /_emulator/faults", faults.clear)

	mux := http.NewServeMux()
	mux.Handle("/_emulator/", http.NewCrossOriginProtection().Handler(own))
	mux.Handle("/", requests.around(services, faults.around(services)))
	return loopbackHost(mux)
}
