package cli

import (
	"context"
	"errors"
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

// open connects and subscribes. A refused token is renewed once: the API refuses
// before it does anything.
func (l *watchLink) open(ctx context.Context) (*appsync.Feed, time.Time, error) {
	if l.access.source == nil {
		feed, err := l.follow(ctx)
		return feed, time.Time{}, err
	}
	token, err := l.access.source.Token(ctx)
	if err != nil {
		return nil, time.Time{}, err
	}
	feed, err := l.follow(ctx)
	answer, refused := errors.AsType[*appsync.ResponseError](err)
	if !refused || !answer.Unauthorized() {
		return feed, l.replaceAt(token), err
	}
	renewed, err := l.access.source.Renew(ctx, token)
	switch {
	case err != nil:
		return nil, time.Time{}, &transport.RenewalError{Refusal: answer.Error(), Err: err}
	case renewed != "":
		token = renewed
		feed, err = l.follow(ctx)
	default:
		err = answer
	}
	if answer, refused = errors.AsType[*appsync.ResponseError](err); refused && answer.Unauthorized() {
		err = &refusedTokenError{answer, refusalCause(ctx, token, answer, l.settings, l.app.Now)}
	}
	return feed, l.replaceAt(token), err
}

// realtime returns a real-time connection, not started.
func (app *App) realtime(endpoint *url.URL, authorizer appsync.Authorizer) *appsync.Realtime {
	return &appsync.Realtime{
		Endpoint:   endpoint,
		HTTP:       httpClient(&transport.UserAgent{Value: app.UserAgent(), Base: app.Transport}),
		Authorizer: authorizer,
	}
}

func (l *watchLink) follow(ctx context.Context) (*appsync.Feed, error) {
	return appsync.Follow(ctx, l.app.realtime(l.endpoint, l.access.authorizer), l.options.operations, l.options.match)
}

// replaceAt returns when the connection of a token must be replaced: when the token
// cache has begun to renew the token, and before it expires. A token that is given
// is never renewed, so that its connection stays.
func (l *watchLink) replaceAt(token string) time.Time {
	claims, err := auth.ParseClaims(token)
	if _, given := l.access.source.(givenToken); given || err != nil || claims.Expiry.IsZero() {
		return time.Time{}
	}
	lead := min(30*time.Second, claims.Expiry.Sub(claims.IssuedAt)/20)
	return claims.Expiry.Add(-lead)
}

// list yields the customers that are watched.
func (l *watchLink) list(ctx context.Context) iter.Seq2[*appsync.Customer, error] {
	return func(yield func(*appsync.Customer, error) bool) {
		for page, err := range appsync.Pages(ctx, l.client, appsync.Paging{Filter: l.options.match.Filter()}) {
			if err != nil {
				yield(nil, err)
				return
			}
			for _, customer := range page.Customers {
				if !yield(customer, nil) {
					return
				}
			}
		}
	}
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
