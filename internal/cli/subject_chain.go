// How the requests of an examination get to the API: as those of a command do, but
// once, and with a token that is not renewed.

package cli

import (
	"context"
	"net/http"
	"sync"

	"github.com/appsyncctl/appsyncctl/internal/appsync"
	"github.com/appsyncctl/appsyncctl/internal/config"
	"github.com/appsyncctl/appsyncctl/internal/transport"
)

// examinedAccess sends what a command would send, once.
func (app *App) examinedAccess(once *globals, settings config.Resolved, s *examinee) access {
	endpoint, err := endpoint(settings)
	one := app.attempt(once)
	switch {
	case err != nil:
		return newLaterAccess(func(context.Context) (access, error) { return access{}, err })
	case s.Mode == authIAM:
		return explainedAccess(app.signed(once, settings, endpoint, one))
	case s.Mode == authAPIKey:
		return explainedAccess(newLaterAccess(func(ctx context.Context) (access, error) {
			key, _, err := app.apiKey(ctx, settings, once, endpoint.String())
			s.secrets.Add(key)
			byKey := &transport.APIKey{Key: key, Endpoint: endpoint, Base: app.chain(once, one)}
			return access{chain: byKey, authorizer: byKey}, err
		}))
	default:
		return app.byToken(once, settings, endpoint, s.tokens, one)
	}
}

// examinedLink returns what makes a new real-time connection, which works once.
func (app *App) examinedLink(settings config.Resolved, authorizer appsync.Authorizer) func() *appsync.Realtime {
	endpoint, err := endpoint(settings)
	if err != nil {
		return func() *appsync.Realtime { return nil }
	}
	return app.connector(endpoint, authorizer).Connection
}

// explained tells the checks what only this package's errors know.
type explained struct{ of access }

func explainedAccess(of access) access {
	e := &explained{of}
	return access{chain: e, authorizer: e}
}

// RoundTrip implements http.RoundTripper.
func (e *explained) RoundTrip(req *http.Request) (*http.Response, error) {
	resp, err := e.of.chain.RoundTrip(req)
	return resp, tokenError(err)
}

// Authorize implements appsync.Authorizer.
func (e *explained) Authorize(ctx context.Context, req *http.Request) (http.Header, error) {
	header, err := e.of.authorizer.Authorize(ctx, req)
	return header, tokenError(err)
}

// laterAccess is built when the first request is sent, and kept once that worked.
type laterAccess struct {
	build func(ctx context.Context) (access, error)

	mu    sync.Mutex
	built *access
}

func newLaterAccess(build func(ctx context.Context) (access, error)) access {
	later := &laterAccess{build: build}
	return access{chain: later, authorizer: later}
}

// RoundTrip implements http.RoundTripper.
func (l *laterAccess) RoundTrip(req *http.Request) (*http.Response, error) {
	access, err := l.get(req.Context())
	if err != nil {
		return nil, err
	}
	return access.chain.RoundTrip(req)
}

// Authorize implements appsync.Authorizer.
func (l *laterAccess) Authorize(ctx context.Context, req *http.Request) (http.Header, error) {
	access, err := l.get(ctx)
	if err != nil {
		return nil, err
	}
	return access.authorizer.Authorize(ctx, req)
}

func (l *laterAccess) get(ctx context.Context) (*access, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.built != nil {
		return l.built, nil
	}
	built, err := l.build(ctx)
	if err != nil {
		return nil, err
	}
	l.built = &built
	return l.built, nil
}
