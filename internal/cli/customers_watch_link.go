package cli

import (
	"context"
	"iter"
	"net/url"
	"time"

	"github.com/Khan/genqlient/graphql"

	"github.com/appsyncctl/appsyncctl/internal/appsync"
	"github.com/appsyncctl/appsyncctl/internal/auth"
	"github.com/appsyncctl/appsyncctl/internal/config"
	"github.com/appsyncctl/appsyncctl/internal/transport"
)

// A watchLink is how a watch reaches the API: by WebSocket for what happens, by
// HTTP for what is there. Both show the same token.
type watchLink struct {
	app      *App
	settings config.Resolved
	endpoint *url.URL
	access   access
	client   graphql.Client // over HTTP
	options  customersWatchOptions
}

func (app *App) watchLink(ctx context.Context, flags *globals, options customersWatchOptions) (*watchLink, error) {
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
	return app.linkTo(settings, endpoint, access, options), nil
}

// linkTo is the link over an access.
func (app *App) linkTo(settings config.Resolved, endpoint *url.URL, access access, options customersWatchOptions) *watchLink {
	return &watchLink{
		app: app, settings: settings, endpoint: endpoint, access: access, options: options,
		client: app.explained(access, settings, client(endpoint, access.chain)),
	}
}

// open connects and subscribes.
func (l *watchLink) open(ctx context.Context) (*appsync.Stream, error) {
	connector := l.app.connector(l.endpoint, l.access.authorizer)
	if _, given := l.access.source.(givenToken); !given {
		connector.Lifetime = lifetime
	}
	return connector.Follow(ctx, l.options.operations, l.options.match)
}

// connector makes real-time connections.
func (app *App) connector(endpoint *url.URL, authorizer appsync.Authorizer) *appsync.Connector {
	return &appsync.Connector{
		Endpoint:   endpoint,
		HTTP:       httpClient(&transport.UserAgent{Value: app.UserAgent(), Base: app.Transport}),
		Authorizer: authorizer,
	}
}

// lifetime reads from a token when it was issued and when it expires.
func lifetime(token string) (issued, expires time.Time) {
	claims, err := auth.ParseClaims(token)
	if err != nil {
		return time.Time{}, time.Time{}
	}
	return claims.IssuedAt, claims.Expiry
}

// explain adds to the refusal of a token why it may have been refused.
func (l *watchLink) explain(ctx context.Context, err error) error {
	return explainRefusal(ctx, err, l.access.source, l.settings, l.app.Now)
}

// list yields the customers that are watched.
func (l *watchLink) list(ctx context.Context) iter.Seq2[*appsync.Customer, error] {
	return appsync.Customers(ctx, l.client, appsync.Paging{Filter: l.options.match.Filter()})
}

// get returns a customer that is watched.
func (l *watchLink) get(ctx context.Context, id string) (*appsync.Customer, error) {
	resp, err := appsync.GetCustomer(ctx, l.client, id)
	if err != nil {
		return nil, err
	}
	if customer := resp.GetCustomer; customer != nil && l.options.match.Passes(customer) {
		return customer, nil
	}
	return nil, nil
}
