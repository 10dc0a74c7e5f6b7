package session

import (
	"cmp"
	"context"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/Khan/genqlient/graphql"
	v4 "github.com/aws/aws-sdk-go-v2/aws/signer/v4"
	awsconfig "github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/smithy-go/logging"

	"github.com/appsyncctl/appsyncctl/internal/address"
	"github.com/appsyncctl/appsyncctl/internal/app"
	"github.com/appsyncctl/appsyncctl/internal/appsync"
	"github.com/appsyncctl/appsyncctl/internal/auth"
	"github.com/appsyncctl/appsyncctl/internal/config"
	"github.com/appsyncctl/appsyncctl/internal/failure"
	"github.com/appsyncctl/appsyncctl/internal/transport"
)

// The authorization modes of AppSync (developer guide, "Configuring authorization
// and authentication"), as --auth takes them.
const (
	ModeOIDC   = "oidc"
	ModeLambda = "lambda"
	ModeAPIKey = "api-key"
	ModeIAM    = "iam"
)

// UsesToken reports whether an API in this mode takes a token.
func UsesToken(mode string) bool { return mode != ModeAPIKey && mode != ModeIAM }

// NoToken is the error of a command about tokens in a mode that has none.
func NoToken(mode string) error {
	return failure.Errorf(failure.Usage, "the authorization mode %s uses no token", mode)
}

// Options vary how a session reaches the API.
type Options struct {
	NoRetries bool // every request is sent once

	// What is put around a transport: around what makes connections, around one attempt
	// with its time limit, and around everything. Nil is nothing.
	Transport, Attempt, Chain func(http.RoundTripper) http.RoundTripper

	source TokenSource // in the place of the session's
}

// An API is the API of the settings, with the way past its authorization.
type API struct {
	graphql.Client // over HTTP; it explains why a token was refused

	Endpoint *url.URL
	Source   TokenSource // of the token that requests carry; nil if they carry none

	authorizer appsync.Authorizer // for real-time connections, as Client does it
	session    *Session
	settings   config.Resolved
	options    Options
}

// Explain adds to the refusal of a token why it may have been refused.
func (a *API) Explain(ctx context.Context, err error) error {
	return explain(ctx, err, a.Source, a.settings, a.session.App.Now)
}

// Connector makes real-time connections. The one of a token that is given is never
// replaced, since there is no other token.
func (a *API) Connector() *appsync.Connector {
	connector := a.session.network().connector(a.Endpoint, a.authorizer)
	if _, given := a.Source.(GivenToken); !given {
		connector.Lifetime = lifetime
	}
	return connector
}

// lifetime reads from a token when it was issued and when it expires.
func lifetime(token string) (issued, expires time.Time) {
	claims, err := auth.ParseClaims(token)
	if err != nil {
		return time.Time{}, time.Time{}
	}
	return claims.IssuedAt, claims.Expiry
}

// Presenting is a client that shows a token as it is, and never another.
func (a *API) Presenting(token string) graphql.Client {
	one := a.session.network().attempt(Options{}, a.session.Flags.Timeout)
	return client(a.Endpoint, &presenting{strings.TrimSpace(Scheme(a.settings) + " " + token), a.session.network().chain(a.options, one)})
}

type presenting struct {
	header string
	base   http.RoundTripper
}

// RoundTrip implements http.RoundTripper.
func (p *presenting) RoundTrip(req *http.Request) (*http.Response, error) {
	req = req.Clone(req.Context())
	req.Header.Set("Authorization", p.header)
	return p.base.RoundTrip(req)
}

// An access is how requests get past an API's authorization.
type access struct {
	chain      http.RoundTripper
	authorizer appsync.Authorizer // for real-time connections, as chain does it
	source     TokenSource        // of the token that chain sends; nil if it sends none
}

// newAccess returns the access to the API in the authorization mode of the settings: by a
// token, an API key or a signature.
func newAccess(ctx context.Context, s *Session, options Options) (access, error) {
	settings, err := s.Settings()
	if err != nil {
		return access{}, err
	}
	endpoint, err := s.Endpoint()
	if err != nil {
		return access{}, err
	}
	one := s.network().attempt(options, s.Flags.Timeout)
	switch settings.Text(config.Auth) {
	default: // oidc, cognito, lambda
		source := options.source
		if source == nil {
			if source, err = s.TokenSource(ctx); err != nil {
				return access{}, err
			}
		}
		byToken := &transport.Authorization{Source: source, Endpoint: endpoint, Scheme: Scheme(settings), Base: s.network().chain(options, one)}
		return access{byToken, byToken, source}, nil
	case ModeAPIKey:
		key, _, err := s.APIKey(ctx)
		if err != nil {
			return access{}, err
		}
		byKey := &transport.APIKey{Key: key, Endpoint: endpoint, Base: s.network().chain(options, one)}
		return access{chain: byKey, authorizer: byKey}, nil
	case ModeIAM:
		signature := &transport.Signature{Sign: sign(s.App, settings, endpoint), Endpoint: endpoint, Base: one}
		return access{chain: s.network().chain(options, signature), authorizer: signature}, nil
	}
}

// Scheme returns what stands before the token in the Authorization header.
func Scheme(settings config.Resolved) string {
	if settings.Text(config.AuthScheme) == "bearer" {
		return "Bearer"
	}
	return ""
}

// sign signs with AWS's own signer and the credentials that the AWS CLI would use, which
// are looked up when the first request is sent.
func sign(world *app.App, settings config.Resolved, endpoint *url.URL) func(context.Context, *http.Request, string) error {
	signer := v4.NewSigner()
	return func(ctx context.Context, req *http.Request, payload string) error {
		loaded, err := awsconfig.LoadDefaultConfig(ctx, awsconfig.WithLogger(logging.Nop{}))
		if err != nil {
			return failure.Errorf(failure.Usage, "AWS credentials: %w", err)
		}
		region := cmp.Or(settings.Text(config.Region), address.AppSyncRegion(endpoint.Hostname()), loaded.Region)
		if region == "" {
			return &config.MissingError{Setting: config.Describe(config.Region)}
		}
		credentials, err := loaded.Credentials.Retrieve(ctx)
		if err != nil {
			return failure.Errorf(failure.Usage, "AWS credentials: %w", err)
		}
		for _, secret := range []string{credentials.AccessKeyID, credentials.SecretAccessKey, credentials.SessionToken} {
			world.Secrets.Add(secret)
		}
		return signer.SignHTTP(ctx, credentials, req, payload, "appsync", region, world.Now().UTC().Truncate(time.Second))
	}
}
