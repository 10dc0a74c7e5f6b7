package cli

import (
	"context"
	"net/http"
	"net/url"
	"time"

	"github.com/Khan/genqlient/graphql"

	world "github.com/appsyncctl/appsyncctl/internal/app"
	"github.com/appsyncctl/appsyncctl/internal/appsync"
	"github.com/appsyncctl/appsyncctl/internal/config"
	"github.com/appsyncctl/appsyncctl/internal/transport"
)

// connect goes the whole way from flags to an API: flags, environment and
// profile make settings, settings a grant, the grant a token source, the source
// a chain of RoundTrippers, and the chain a GraphQL client. Nothing is sent yet.
func (app *App) connect(ctx context.Context, flags *globals) (graphql.Client, error) {
	return app.connectThrough(ctx, flags, func(chain http.RoundTripper) http.RoundTripper { return chain })
}

// connectThrough is connect with something put outermost around the chain.
func (app *App) connectThrough(ctx context.Context, flags *globals, around func(http.RoundTripper) http.RoundTripper) (graphql.Client, error) {
	settings, err := app.settings(flags)
	if err != nil {
		return nil, err
	}
	endpoint, err := endpoint(settings)
	if err != nil {
		return nil, err
	}
	access, err := app.authorized(ctx, flags, settings, endpoint)
	if err != nil {
		return nil, err
	}
	return app.explained(access, settings, client(endpoint, around(access.chain))), nil
}

// explained adds to a refused token why it may have been refused.
func (app *App) explained(access access, settings config.Resolved, client graphql.Client) graphql.Client {
	if access.source == nil {
		return client
	}
	return &explaining{Client: client, source: access.source, wanted: settings, now: app.Now}
}

func client(endpoint *url.URL, chain http.RoundTripper) graphql.Client {
	return &appsync.Client{Endpoint: endpoint.String(), HTTP: httpClient(chain)}
}

func endpoint(settings config.Resolved) (*url.URL, error) {
	text, err := settings.Require(config.Endpoint)
	if err != nil {
		return nil, err
	}
	return appsync.ParseEndpoint(text)
}

// chain is what all requests to the API share, outermost first; one is what
// makes each attempt.
func (app *App) chain(flags *globals, one http.RoundTripper) http.RoundTripper {
	notice := app.Notice
	if flags.Output.ForPrograms() {
		notice = func(string) {} // standard error is for one document then
	}
	return &transport.UserAgent{
		Value: app.UserAgent(),
		Base:  &transport.Retry{Attempts: flags.MaxRetries + 1, Budget: time.Minute, Notice: notice, Base: one},
	}
}

// attempt is one request and its answer, traced if a person wants to see it. Of a refusal
// nobody sees the secrets of this run.
func (app *App) attempt(flags *globals) http.RoundTripper {
	base := app.Transport
	if flags.Debug {
		base = &transport.Trace{Writer: world.Harmless(app.Err), Base: base}
	}
	return &transport.Clean{
		Hide: app.Secrets.Known,
		Base: &transport.Attempt{Limit: flags.Timeout, MaxBytes: 8 << 20, Base: base},
	}
}

// providerTime is what the OpenID provider gets at least, whatever --timeout says:
// to give up on a refresh is to lose the login.
const providerTime = 30 * time.Second

// providerClient carries requests to the OpenID provider. It has no Retry: the
// grants know what may be repeated, and for a refresh token that is nothing.
func (app *App) providerClient(flags *globals) *http.Client {
	patient := *flags
	patient.Timeout = max(flags.Timeout, providerTime)
	client := httpClient(&transport.UserAgent{Value: app.UserAgent(), Base: app.attempt(&patient)})
	client.Timeout = patient.Timeout
	return client
}

// httpClient follows no redirect: it would take a token to another host.
func httpClient(chain http.RoundTripper) *http.Client {
	return &http.Client{
		Transport: chain,
		CheckRedirect: func(*http.Request, []*http.Request) error {
			return http.ErrUseLastResponse
		},
	}
}
