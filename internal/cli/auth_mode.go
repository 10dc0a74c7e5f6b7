package cli

import (
	"cmp"
	"context"
	"net/http"
	"net/url"
	"strings"
	"time"

	v4 "github.com/aws/aws-sdk-go-v2/aws/signer/v4"
	awsconfig "github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/smithy-go/logging"

	"github.com/appsyncctl/appsyncctl/internal/appsync"
	"github.com/appsyncctl/appsyncctl/internal/config"
	"github.com/appsyncctl/appsyncctl/internal/failure"
	"github.com/appsyncctl/appsyncctl/internal/transport"
)

// The authorization modes of AppSync (developer guide, "Configuring authorization
// and authentication"), as --auth takes them.
const (
	authOIDC   = "oidc"
	authLambda = "lambda"
	authAPIKey = "api-key"
	authIAM    = "iam"
)

// An access is how requests get past an API's authorization.
type access struct {
	chain      http.RoundTripper
	authorizer appsync.Authorizer // for real-time connections, as chain does it
	source     tokenSource        // of the token that chain sends; nil if it sends none
}

// authorized returns the access to an API in the authorization mode of settings:
// by a token, an API key or a signature.
func (app *App) authorized(ctx context.Context, flags *globals, settings config.Resolved, endpoint *url.URL) (access, error) {
	return app.authorizedOver(ctx, flags, settings, endpoint, app.attempt(flags))
}

// authorizedOver is authorized with one making each attempt.
func (app *App) authorizedOver(ctx context.Context, flags *globals, settings config.Resolved, endpoint *url.URL, one http.RoundTripper) (access, error) {
	chain := app.chain(flags, one)
	switch settings.Text(config.Auth) {
	default: // oidc, cognito, lambda
		source, err := app.bearer(ctx, settings, flags)
		return app.byToken(flags, settings, endpoint, source, one), err
	case authAPIKey:
		key, _, err := app.apiKey(ctx, settings, flags, endpoint.String())
		byKey := &transport.APIKey{Key: key, Endpoint: endpoint, Base: chain}
		return access{chain: byKey, authorizer: byKey}, err
	case authIAM:
		return app.signed(flags, settings, endpoint, one), nil
	}
}

// byToken is the access with the tokens of source.
func (app *App) byToken(flags *globals, settings config.Resolved, endpoint *url.URL, source tokenSource, one http.RoundTripper) access {
	chain := &transport.Authorization{Source: source, Endpoint: endpoint, Scheme: authScheme(settings), Base: app.chain(flags, one)}
	return access{chain, chain, source}
}

// authScheme returns what stands before the token in the Authorization header.
func authScheme(settings config.Resolved) string {
	if settings.Text(config.AuthScheme) == "bearer" {
		return "Bearer"
	}
	return ""
}

// signed signs with AWS's own signer and the credentials that the AWS CLI
// would use, which are looked up when the first request is sent.
func (app *App) signed(flags *globals, settings config.Resolved, endpoint *url.URL, one http.RoundTripper) access {
	signer := v4.NewSigner()
	sign := func(ctx context.Context, req *http.Request, payload string) error {
		loaded, err := awsconfig.LoadDefaultConfig(ctx, awsconfig.WithLogger(logging.Nop{}))
		if err != nil {
			return &awsError{err}
		}
		region := cmp.Or(settings.Text(config.Region), regionOf(endpoint), loaded.Region)
		if region == "" {
			return &config.MissingError{Setting: config.Describe(config.Region)}
		}
		credentials, err := loaded.Credentials.Retrieve(ctx)
		if err != nil {
			return &awsError{err}
		}
		for _, secret := range []string{credentials.AccessKeyID, credentials.SecretAccessKey, credentials.SessionToken} {
			app.Secrets.Add(secret)
		}
		return signer.SignHTTP(ctx, credentials, req, payload, "appsync", region, app.Now().UTC().Truncate(time.Second))
	}
	signature := &transport.Signature{Sign: sign, Endpoint: endpoint, Base: one}
	return access{chain: app.chain(flags, signature), authorizer: signature}
}

// awsError says that no AWS credentials could be had.
type awsError struct{ err error }

func (e *awsError) Error() string { return "AWS credentials: " + e.err.Error() }
func (e *awsError) Unwrap() error { return e.err }

// Kind implements the interface of failure.Of.
func (*awsError) Kind() failure.Kind { return failure.Usage }

// regionOf reads the region in ID.appsync-api.REGION.amazonaws.com, or .com.cn; ""
// for other hosts.
func regionOf(endpoint *url.URL) string {
	_, rest, found := strings.Cut(endpoint.Hostname(), ".appsync-api.")
	region, domain, _ := strings.Cut(rest, ".")
	if !found || domain != "amazonaws.com" && domain != "amazonaws.com.cn" {
		return ""
	}
	return region
}
