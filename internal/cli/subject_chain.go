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

// examinedChain sends what a command would send, once, by one.
func (app *App) examinedChain(once *globals, settings config.Resolved, s *examinee, one http.RoundTripper) http.RoundTripper {
	endpoint, err := endpoint(settings)
	base := app.chain(once, one)
	switch {
	case err != nil:
		return &laterChain{build: func(context.Context) (http.RoundTripper, error) { return nil, err }}
	case s.Mode == authIAM:
		return &explainedChain{app.signedChain(once, settings, endpoint, one)}
	case s.Mode == authAPIKey:
		return &explainedChain{&laterChain{build: func(ctx context.Context) (http.RoundTripper, error) {
			key, _, err := app.apiKey(ctx, settings, once, endpoint.String())
			s.secrets.add(key)
			return &transport.APIKey{Key: key, Endpoint: endpoint, Base: base}, err
		}}}
	default:
		return &transport.Authorization{Source: s.tokens, Endpoint: endpoint, Scheme: authScheme(settings), Base: base}
	}
}

// examinedLink returns what makes a new real-time connection, which works once.
func (app *App) examinedLink(once *globals, settings config.Resolved, s *examinee) func() *appsync.Realtime {
	endpoint, err := endpoint(settings)
	if err != nil {
		return func() *appsync.Realtime { return nil }
	}
	link := &watchLink{app: app, settings: settings, endpoint: endpoint}
	link.access.chain = app.examinedChain(once, settings, s, &rehearsal{app.attempt(once)})
	return func() *appsync.Realtime {
		return &appsync.Realtime{
			Endpoint:  endpoint,
			HTTP:      httpClient(&transport.UserAgent{Value: app.userAgent(), Base: app.Transport}),
			Authorize: link.authorize,
		}
	}
}

// explainedChain tells the checks what only this package's errors know.
type explainedChain struct{ chain http.RoundTripper }

// RoundTrip implements http.RoundTripper.
func (c *explainedChain) RoundTrip(req *http.Request) (*http.Response, error) {
	resp, err := c.chain.RoundTrip(req)
	return resp, tokenError(err)
}

// laterChain is built when the first request is sent, and kept once that worked.
type laterChain struct {
	build func(ctx context.Context) (http.RoundTripper, error)

	mu    sync.Mutex
	chain http.RoundTripper
}

// RoundTrip implements http.RoundTripper.
func (c *laterChain) RoundTrip(req *http.Request) (*http.Response, error) {
	chain, err := c.get(req.Context())
	if err != nil {
		return nil, err
	}
	return chain.RoundTrip(req)
}

func (c *laterChain) get(ctx context.Context) (http.RoundTripper, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.chain != nil {
		return c.chain, nil
	}
	chain, err := c.build(ctx)
	if err == nil {
		c.chain = chain
	}
	return chain, err
}
