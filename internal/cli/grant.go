package cli

import (
	"context"
	"errors"
	"fmt"
	"net/http"

	"golang.org/x/oauth2"

	"github.com/appsyncctl/appsyncctl/internal/auth"
	"github.com/appsyncctl/appsyncctl/internal/config"
	"github.com/appsyncctl/appsyncctl/internal/failure"
	"github.com/appsyncctl/appsyncctl/internal/tokencache"
)

// The names of the grants, as --grant takes them.
const (
	grantClientCredentials = "client-credentials"
	grantDevice            = "device"
	grantBrowser           = "browser"
)

// A grant is a way to get a token, put together from settings.
type grant struct {
	name       string
	issuer     string // canonical URL
	clientID   string
	parameters auth.Parameters
	proof      *clientProof // how the client proves itself, for client credentials
	readable   bool         // the API reads the token, so that it must be a JWT

	http     *http.Client
	provider func(ctx context.Context, client *http.Client, issuer string) (*auth.Provider, error)
	notice   func(string)
}

// loginNeededError says that only a person can get a token.
type loginNeededError struct {
	reason string
	err    error // the provider's refusal; may be nil
}

func (e *loginNeededError) Error() string {
	if e.err != nil {
		return e.reason + ": " + e.err.Error()
	}
	return e.reason
}
func (e *loginNeededError) Unwrap() error { return e.err }

// Kind implements the interface of failure.Of.
func (*loginNeededError) Kind() failure.Kind { return failure.Login }

// opaqueTokenError says that the provider gave a token that AppSync cannot read.
type opaqueTokenError struct{ audience string }

func (e *opaqueTokenError) Error() string {
	if e.audience == "" {
		return "the provider gave an opaque access token, which AppSync cannot read: no audience was asked for"
	}
	return fmt.Sprintf("the provider gave an opaque access token for the audience %q, which AppSync cannot read", e.audience)
}

// Kind implements the interface of failure.Of.
func (*opaqueTokenError) Kind() failure.Kind { return failure.Usage }

// grant puts together what settings say about getting a token.
func (app *App) grant(ctx context.Context, settings config.Resolved, flags *globals) (*grant, error) {
	proof, err := app.clientProof(ctx, settings)
	if err != nil {
		return nil, err
	}
	g := &grant{
		name:  settings.Text(config.Grant),
		proof: proof,
		parameters: auth.Parameters{
			Audience:     settings.Text(config.Audience),
			Organization: settings.Text(config.Organization),
			Scopes:       settings.Scopes(),
		},
		readable: settings.Text(config.Auth) != authLambda,
		http:     app.providerClient(flags),
		provider: app.provider,
		notice:   app.Notice,
	}
	switch {
	case g.name != "":
	case proof.atHand():
		g.name = grantClientCredentials
	default:
		g.name = grantDevice
	}
	issuer, err := settings.Require(config.Issuer)
	if err != nil {
		return nil, err
	}
	if g.issuer, err = auth.ParseIssuer(issuer); err != nil {
		return nil, err
	}
	if g.clientID, err = settings.Require(config.ClientID); err != nil {
		return nil, err
	}
	return g, nil
}

// key names the token that g gets.
func (g *grant) key() tokencache.Key {
	return tokencache.Key{
		Grant:        g.name,
		Issuer:       g.issuer,
		ClientID:     g.clientID,
		Audience:     g.parameters.Audience,
		Organization: g.parameters.Organization,
		Scopes:       g.parameters.Scopes,
	}
}

// client returns the OAuth client of g. A machine proves itself by authentication;
// a person's client is public, and Auth0 refuses a secret from it.
func (g *grant) client(ctx context.Context, authentication auth.Authentication) (*auth.Client, error) {
	provider, err := g.provider(ctx, g.http, g.issuer)
	if err != nil {
		return nil, err
	}
	return &auth.Client{
		HTTP:           g.http,
		Provider:       provider,
		ID:             g.clientID,
		Authentication: authentication,
		Notice:         g.tell,
	}, nil
}

// renew gets a token without a person: by client credentials, or with the
// refresh token of an earlier login. stored looks up the secret that a login kept.
func (g *grant) renew(ctx context.Context, old tokencache.Entry, stored func() (auth.Secret, error)) (*oauth2.Token, error) {
	if g.name == grantClientCredentials {
		return g.asMachine(ctx, stored)
	}
	switch {
	case old.RefreshToken != "":
		return g.refresh(ctx, old.RefreshToken)
	case old.AccessToken != "":
		return nil, &loginNeededError{reason: "the login has expired"}
	default:
		return nil, &loginNeededError{reason: "you are not logged in"}
	}
}

func (g *grant) asMachine(ctx context.Context, stored func() (auth.Secret, error)) (*oauth2.Token, error) {
	return g.proof.prove(stored, func(authentication auth.Authentication) (*oauth2.Token, error) {
		client, err := g.client(ctx, authentication)
		if err != nil {
			return nil, err
		}
		return g.checked(client.ClientCredentials(ctx, g.parameters))
	})
}

func (g *grant) refresh(ctx context.Context, refreshToken string) (*oauth2.Token, error) {
	client, err := g.client(ctx, nil)
	if err != nil {
		return nil, err
	}
	// A refresh that is cut off may have used up the token, and with it the login.
	// It ends by its own time limit, not by Ctrl-C.
	token, err := client.Refresh(context.WithoutCancel(ctx), refreshToken)
	if refused, ok := errors.AsType[*auth.Error](err); ok && !refused.Temporary() {
		return nil, &loginNeededError{reason: "the login could not be renewed", err: err}
	}
	return token, err
}

// checked refuses a new token that AppSync cannot read.
func (g *grant) checked(token *oauth2.Token, err error) (*oauth2.Token, error) {
	if err != nil || !g.readable {
		return token, err
	}
	claims, err := auth.ParseClaims(token.AccessToken)
	switch {
	case err != nil:
		return nil, err
	case claims.Format == auth.Opaque:
		return nil, &opaqueTokenError{g.parameters.Audience}
	case claims.Format == auth.Encrypted:
		g.notice("the access token is encrypted; AppSync reads signed ones only")
	}
	return token, nil
}

// spent reports whether a refresh token is no longer good.
func spent(err error) bool {
	refused, ok := errors.AsType[*auth.Error](err)
	return ok && refused.Code == auth.InvalidGrant
}

func (g *grant) tell(notice auth.Notice) {
	switch notice.Reason {
	case auth.Retrying:
		g.notice(fmt.Sprintf("%v; trying again", notice.Err))
	case auth.TooFast:
		g.notice("the provider asks for slower polling although the interval is kept: this machine's clock may run fast")
	}
}
