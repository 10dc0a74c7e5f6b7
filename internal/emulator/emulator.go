// The start: both services are made, joined and served; and which path goes where.

package emulator

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/appsyncctl/appsyncctl/internal/emulator/appsync"
	"github.com/appsyncctl/appsyncctl/internal/emulator/appsync/account"
	"github.com/appsyncctl/appsyncctl/internal/emulator/auth0"
	"github.com/appsyncctl/appsyncctl/internal/redact"
	"github.com/appsyncctl/appsyncctl/internal/shell"
)

// Emulator is both services on one listener.
type Emulator struct {
	url         string
	authority   *authority // nil without TLS
	environment []Variable

	server  *http.Server
	stop    context.CancelFunc // ends the context of every request
	served  chan error
	closing func() error   // shutDown, once
	open    sync.WaitGroup // connections and requests
	tenant  *auth0.Tenant
	storage *storage
	inside  *http.Transport // of the API's requests to the tenant
}

// Start listens and serves until Close. ctx bounds the start only.
func Start(ctx context.Context, config Config) (*Emulator, error) {
	listener, err := listen(ctx, config.Listen, config.AllowRemote)
	if err != nil {
		return nil, err
	}
	e, err := build(ctx, config.complete(), listener.Addr().String())
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
func build(ctx context.Context, config Config, address string) (*Emulator, error) {
	storage, err := openStorage(ctx, config)
	if err != nil {
		return nil, err
	}
	e := &Emulator{storage: storage, served: make(chan error, 1), inside: &http.Transport{}}
	if err := e.assemble(ctx, config, address); err != nil {
		return nil, errors.Join(err, storage.Close())
	}
	return e, nil
}

// assemble makes the two services and joins them.
func (e *Emulator) assemble(ctx context.Context, config Config, address string) error {
	at, err := newPlace(config, address)
	if err != nil {
		return err
	}
	e.url = at.own.String()
	if config.TLS {
		if e.authority, err = newAuthority(at.public.Hostname()); err != nil {
			return fmt.Errorf("make a certificate: %w", err)
		}
		e.inside.TLSClientConfig = &tls.Config{RootCAs: e.authority.pool}
	}
	faults, err := newFaults(config.Faults)
	if err != nil {
		return err
	}
	modes, err := newModes(config.Modes)
	if err != nil {
		return err
	}
	tenant, err := config.tenant(at.origin(), faults)
	if err != nil {
		return err
	}
	requests := newRequestLog(config.Log)
	customers := config.api(tenant.Issuer, faults, modes, e.storage)
	customers.HTTP = &http.Client{Transport: requests.unseen(at.shortcut(e.inside)), Timeout: time.Minute}
	api, err := appsync.New(customers)
	if err != nil {
		return fmt.Errorf("api: %w", err)
	}
	if err := fill(ctx, customers.Table, config.Seed); err != nil {
		return fmt.Errorf("seed: %w", err)
	}
	if e.tenant, err = auth0.New(tenant); err != nil {
		return fmt.Errorf("tenant: %w", err)
	}
	e.environment = slices.Concat(environment(at.origin(), tenant), modes.variables(at.origin()))
	page := &statusPage{
		Environment: e.environment,
		tenant:      e.tenant,
		requests:    requests,
		faults:      faults,
		table:       customers.Table,
	}
	control := &control{
		environment: e.environment, issuer: tenant.Issuer, version: config.Version, started: time.Now(),
		requests: requests, faults: faults, storage: e.storage.over(customers.Table), tenant: e.tenant,
	}
	account := newAccount(customers, modes, at, e.storage, faults)
	e.server = e.newServer(config, at.only(routes(e.tenant, api, account, page, control)))
	return nil
}

func (e *Emulator) newServer(config Config, handler http.Handler) *http.Server {
	server := &http.Server{
		Handler:           e.counted(dated(config.Now, handler)),
		ConnState:         e.connState,
		ReadHeaderTimeout: time.Minute,
		ErrorLog:          slog.NewLogLogger(config.Log.Handler(), slog.LevelDebug),
	}
	if e.authority != nil {
		server.TLSConfig = &tls.Config{Certificates: []tls.Certificate{e.authority.server}}
	}
	return server
}

// URL is where this machine reaches the emulator, without a slash at its end. Clients
// may know it by another, see Config.PublicURL.
func (e *Emulator) URL() string { return e.url }

// CA returns the certificate, as PEM, that a client must trust; nil without TLS.
func (e *Emulator) CA() []byte {
	if e.authority == nil {
		return nil
	}
	return slices.Clone(e.authority.pem)
}

// The settings that lead the client to an emulator.

// Variable is one environment variable that points the client at the emulator.
type Variable struct{ Name, Value string }

// String is the assignment, for people: a secret is left out. Programs take Value.
func (v Variable) String() string {
	for _, end := range []string{"_SECRET", "_KEY", "_TOKEN"} {
		if strings.HasSuffix(v.Name, end) {
			return v.Name + "=" + redact.Redacted
		}
	}
	return v.Name + "=" + v.Value
}

// GoString is String, so that %#v tells no more.
func (v Variable) GoString() string { return v.String() }

// Export is the assignment for a POSIX shell, with its value.
func (v Variable) Export() string {
	return "export " + v.Name + "=" + shell.Quoted(v.Value)
}

// Environment returns the variables in the order in which they are shown. The client
// ids and the audience are the tenant's first ones that fit; those that no client or
// API fits are empty.
func (e *Emulator) Environment() []Variable { return slices.Clone(e.environment) }

func environment(origin string, tenant auth0.Config) []Variable {
	var machine, native, management auth0.Client
	for _, client := range slices.Backward(tenant.Clients) {
		_, manages := client.Audiences[auth0.ManagementAPI]
		switch {
		case manages:
			management = client
		case slices.Contains(client.Grants, auth0.GrantClientCredentials):
			machine = client
		}
		if slices.Contains(client.Grants, auth0.GrantDeviceCode) {
			native = client
		}
	}
	var audience string
	if len(tenant.APIs) > 0 {
		audience = tenant.APIs[0].Identifier
	}
	return []Variable{
		{"APPSYNCCTL_ENDPOINT", origin + "/graphql"},
		{"APPSYNCCTL_ISSUER", tenant.Issuer},
		{"APPSYNCCTL_CLIENT_ID", machine.ID},
		{"APPSYNCCTL_CLIENT_SECRET", string(machine.Secret)},
		{"APPSYNCCTL_AUDIENCE", audience},
		{"APPSYNCCTL_EMULATOR_DEVICE_CLIENT_ID", native.ID},
		{"APPSYNCCTL_EMULATOR_MANAGEMENT_CLIENT_ID", management.ID},
		{"APPSYNCCTL_EMULATOR_MANAGEMENT_CLIENT_SECRET", string(management.Secret)},
	}
}

// The end: open requests finish, connections close, nothing is left running.

// grace is how long Close waits for open requests.
const grace = 2 * time.Second

// Close stops the emulator: requests that are open may end within two seconds, then
// they are cut off. When it returns nothing of the emulator runs any more. Closing
// again does nothing and returns the same error.
func (e *Emulator) Close() error { return e.closing() }

func (e *Emulator) shutDown() error {
	ctx, cancel := context.WithTimeout(context.Background(), grace)
	defer cancel()
	context.AfterFunc(ctx, e.stop)
	err := e.server.Shutdown(ctx)
	if errors.Is(err, context.DeadlineExceeded) {
		err = e.server.Close()
	}
	e.stop()
	e.inside.CloseIdleConnections()
	if served := <-e.served; !errors.Is(served, http.ErrServerClosed) {
		err = errors.Join(err, served)
	}
	e.open.Wait()
	return errors.Join(err, e.tenant.Close(), e.storage.Close())
}

// connState and counted keep e.open: http.Server forgets a connection that was
// taken over, such as a WebSocket, and does not wait for the handlers it cuts off. A
// request is counted while its connection still is, so the count does not pass zero
// before the end.
func (e *Emulator) connState(_ net.Conn, state http.ConnState) {
	switch state {
	case http.StateNew:
		e.open.Add(1)
	case http.StateClosed, http.StateHijacked:
		e.open.Done()
	}
}

func (e *Emulator) counted(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		e.open.Add(1)
		defer e.open.Done()
		next.ServeHTTP(w, r)
	})
}

// routes puts both services, the account, the page and the emulator's own paths on one listener.
// The log is outermost, so that it tells what the client was sent.
func routes(tenant, api http.Handler, around *account.Account, page *statusPage, control *control) http.Handler {
	services := http.NewServeMux()
	services.Handle("/graphql", api)
	services.Handle("/graphql/realtime", api)
	for _, path := range account.ControlPlanePaths() {
		services.Handle(path, around.ControlPlane)
	}
	services.Handle("/", withTable(around.Table, tenant))

	requests, faults := page.requests, page.faults
	own := http.NewServeMux()
	own.HandleFunc("GET /_emulator/live", page.live)
	own.HandleFunc("GET /_emulator/status", control.status)
	own.HandleFunc("GET /_emulator/environment", control.exports)
	own.HandleFunc("POST /_emulator/reset", control.reset)
	own.HandleFunc("GET /_emulator/requests", requests.list)
	own.HandleFunc("GET /_emulator/counts", requests.counts)
	own.HandleFunc("GET /_emulator/faults", faults.list)
	own.HandleFunc("POST /_emulator/faults", faults.add)
	own.HandleFunc("DELETE /_emulator/faults", faults.clear)

	mux := http.NewServeMux()
	mux.HandleFunc("GET /{$}", page.show)
	mux.Handle("/_emulator/", http.NewCrossOriginProtection().Handler(own))
	mux.Handle("/", requests.around(services, faults.around(services)))
	return mux
}

// dated sends the emulator's time in the Date header, from which a client may learn
// that its own clock is wrong.
func dated(now func() time.Time, next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Date", now().UTC().Format(http.TimeFormat))
		next.ServeHTTP(w, r)
	})
}
