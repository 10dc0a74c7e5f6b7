package session

import (
	"net/http"
	"net/url"
	"time"

	"github.com/Khan/genqlient/graphql"

	"github.com/appsyncctl/appsyncctl/internal/app"
	"github.com/appsyncctl/appsyncctl/internal/appsync"
	"github.com/appsyncctl/appsyncctl/internal/transport"
)

// network makes what requests go through, of the world's transport and by the flags.
type network struct {
	world *app.App
	flags *app.Flags
}

// chain is what all requests to the API share, outermost first; one is what makes each
// attempt.
func (n network) chain(options Options, one http.RoundTripper) http.RoundTripper {
	notice := n.world.Notice
	if n.flags.Output.ForPrograms() {
		notice = func(string) {} // standard error is for one document then
	}
	attempts := n.flags.MaxRetries + 1
	if options.NoRetries {
		attempts = 1
	}
	return &transport.UserAgent{
		Value: n.world.UserAgent(),
		Base:  &transport.Retry{Attempts: attempts, Budget: time.Minute, Notice: notice, Base: one},
	}
}

// attempt is one request and its answer, traced if a person wants to see it. Of a refusal
// nobody sees the secrets of this run.
func (n network) attempt(options Options, limit time.Duration) http.RoundTripper {
	base := n.world.Transport
	if options.Transport != nil {
		base = options.Transport(base)
	}
	if n.flags.Debug {
		base = &transport.Trace{Writer: app.Harmless(n.world.Err), Base: base}
	}
	var one http.RoundTripper = &transport.Clean{
		Hide: n.world.Secrets.Known,
		Base: &transport.Attempt{Limit: limit, MaxBytes: 8 << 20, Base: base},
	}
	if options.Attempt != nil {
		one = options.Attempt(one)
	}
	return one
}

// providerTime is what the OpenID provider gets at least, whatever --timeout says:
// to give up on a refresh is to lose the login.
const providerTime = 30 * time.Second

// providerClient carries requests to the OpenID provider. It has no Retry: the
// grants know what may be repeated, and for a refresh token that is nothing.
func (n network) providerClient() *http.Client {
	limit := max(n.flags.Timeout, providerTime)
	client := httpClient(&transport.UserAgent{Value: n.world.UserAgent(), Base: n.attempt(Options{}, limit)})
	client.Timeout = limit
	return client
}

// plainClient sends each request once and without any credentials.
func (n network) plainClient() *http.Client {
	return httpClient(n.chain(Options{NoRetries: true}, n.attempt(Options{}, n.flags.Timeout)))
}

// connector makes real-time connections.
func (n network) connector(endpoint *url.URL, authorizer appsync.Authorizer) *appsync.Connector {
	return &appsync.Connector{
		Endpoint:   endpoint,
		HTTP:       httpClient(&transport.UserAgent{Value: n.world.UserAgent(), Base: n.world.Transport}),
		Authorizer: authorizer,
	}
}

func client(endpoint *url.URL, chain http.RoundTripper) graphql.Client {
	return &appsync.Client{Endpoint: endpoint.String(), HTTP: httpClient(chain)}
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
