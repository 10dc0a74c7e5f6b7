package session

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
	ClientCredentials = "client-credentials"
	Device            = "device"
	Browser           = "browser"
)

// CallbackPorts are the ports of this machine that a browser login may come back to, in the
// order in which they are tried. Auth0 compares a callback URL with its port, so these three
// must be registered: http://127.0.0.1:8976/callback and so on.
func CallbackPorts() []int { return []int{8976, 8977, 8978} }

// A Grant is a way to get a token, put together from settings.
type Grant struct {
	Name       string
	Issuer     string // canonical URL
	ClientID   string
	Parameters auth.Parameters
	proof      *credentials // for client credentials
	readable   bool         // the API reads the token, so that it must be a JWT

	http     *http.Client
	provider func(ctx context.Context, client *http.Client, issuer string) (*auth.Provider, error)
	notice   func(string)
}

// LoginNeededError says that only a person can get a token.
type LoginNeededError struct {
	Reason string
	Err    error // the provider's refusal; may be nil
}

func (e *LoginNeededError) Error() string {
	if e.Err != nil {
		return e.Reason + ": " + e.Err.Error()
	}
	return e.Reason
}
func (e *LoginNeededError) Unwrap() error { return e.Err }

// Kind implements the interface of failure.Of.
func (*LoginNeededError) Kind() failure.Kind { return failure.Login }

// OpaqueTokenError says that the provider gave a token that AppSync cannot read.
type OpaqueTokenError struct{ Audience string }

func (e *OpaqueTokenError) Error() string {
	if e.Audience == "" {
		return "the provider gave an opaque access token, which AppSync cannot read: no audience was asked for"
	}
	return fmt.Sprintf("the provider gave an opaque access token for the audience %q, which AppSync cannot read", e.Audience)
}

// Kind implements the interface of failure.Of.
func (*OpaqueTokenError) Kind() failure.Kind { return failure.Usage }

// Key names the token that g gets.
func (g *Grant) Key() tokencache.Key {
	return tokencache.Key{
		Grant:        g.Name,
		Issuer:       g.Issuer,
		ClientID:     g.ClientID,
		Audience:     g.Parameters.Audience,
		Organization: g.Parameters.Organization,
		Scopes:       g.Parameters.Scopes,
	}
}

// Client returns the OAuth client of g. A machine proves itself by authentication;
// a person's client is public, and Auth0 refuses a secret from it.
func (g *Grant) Client(ctx context.Context, authentication auth.Authentication) (*auth.Client, error) {
	provider, err := g.provider(ctx, g.http, g.Issuer)
	if err != nil {
		return nil, err
	}
	return &auth.Client{
		HTTP:           g.http,
		Provider:       provider,
		ID:             g.ClientID,
		Authentication: authentication,
		Notice:         g.tell,
	}, nil
}

// Renew gets a token without a person: by client credentials, or with the
// refresh token of an earlier login. stored looks up the secret that a login kept.
func (g *Grant) Renew(ctx context.Context, old tokencache.Entry, stored func() (auth.Secret, error)) (*oauth2.Token, error) {
	if g.Name == ClientCredentials {
		return g.asMachine(ctx, stored)
	}
	switch {
	case old.RefreshToken != "":
		return g.refresh(ctx, old.RefreshToken)
	case old.AccessToken != "":
		return nil, &LoginNeededError{Reason: "the login has expired"}
	default:
		return nil, &LoginNeededError{Reason: "you are not logged in"}
	}
}

func (g *Grant) asMachine(ctx context.Context, stored func() (auth.Secret, error)) (*oauth2.Token, error) {
	return g.proof.prove(stored, func(authentication auth.Authentication) (*oauth2.Token, error) {
		client, err := g.Client(ctx, authentication)
		if err != nil {
			return nil, err
		}
		return g.Checked(client.ClientCredentials(ctx, g.Parameters))
	})
}

func (g *Grant) refresh(ctx context.Context, refreshToken string) (*oauth2.Token, error) {
	client, err := g.Client(ctx, nil)
	if err != nil {
		return nil, err
	}
	// A refresh that is cut off may have used up the token, and with it the login.
	// It ends by its own time limit, not by Ctrl-C.
	token, err := client.Refresh(context.WithoutCancel(ctx), refreshToken)
	if refused, ok := errors.AsType[*auth.Error](err); ok && !refused.Transient() {
		return nil, &LoginNeededError{Reason: "the login could not be renewed", Err: err}
	}
	return token, err
}

// Checked refuses a new token that AppSync cannot read.
func (g *Grant) Checked(token *oauth2.Token, err error) (*oauth2.Token, error) {
	if err != nil || !g.readable {
		return token, err
	}
	claims, err := auth.ParseClaims(token.AccessToken)
	switch {
	case err != nil:
		return nil, err
	case claims.Format == auth.Opaque:
		return nil, &OpaqueTokenError{g.Parameters.Audience}
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

func (g *Grant) tell(notice auth.Notice) {
	switch notice.Reason {
	case auth.Retrying:
		g.notice(fmt.Sprintf("%v; trying again", notice.Err))
	case auth.TooFast:
		g.notice("the provider asks for slower polling although the interval is kept: this machine's clock may run fast")
	}
}

// A CachedGrant is a grant with the store that keeps its token.
type CachedGrant struct {
	*Grant
	Key    tokencache.Key
	Stores *tokencache.Stores
	Store  *tokencache.Place
	Source *tokencache.Source

	session *Session
}

// ClientSecret returns the client's secret, if it comes from the environment or a file.
func (c *CachedGrant) ClientSecret() auth.Secret {
	if c.proof == nil {
		return ""
	}
	return c.proof.secret
}

// Uncached asks the provider for a token by client credentials, past the cache.
func (c *CachedGrant) Uncached(ctx context.Context) (*oauth2.Token, error) {
	fresh := *c.Grant
	fresh.provider = c.session.Provider
	return fresh.Renew(ctx, tokencache.Entry{}, NoStoredSecret)
}

// NoStoredSecret looks for a secret where there is no store.
func NoStoredSecret() (auth.Secret, error) {
	return "", &config.MissingError{Setting: config.Describe(config.ClientSecret)}
}

// storedSecret returns the client secret that an earlier login kept.
func (c *CachedGrant) storedSecret(ctx context.Context) (auth.Secret, error) {
	value, err := c.Store.Get(ctx, c.Key.Secret())
	if errors.Is(err, tokencache.ErrNotFound) {
		return NoStoredSecret()
	}
	return auth.Secret(value), err
}

// TokenRecord is what the index says of a token.
func TokenRecord(key tokencache.Key, entry tokencache.Entry) tokencache.Record {
	return tokencache.Record{
		Grant:        key.Grant,
		Issuer:       key.Issuer,
		ClientID:     key.ClientID,
		Audience:     key.Audience,
		Organization: key.Organization,
		Scopes:       key.Scopes,
		Saved:        entry.Obtained,
		Expiry:       entry.Expiry,
	}
}

// TokenSource is what a command needs of a token.
type TokenSource interface {
	Token(ctx context.Context) (string, error)
	Renew(ctx context.Context, rejected string) (string, error)
}

// GivenToken is a token from the environment: used as it is, never renewed.
type GivenToken string

// Token returns the token.
func (t GivenToken) Token(context.Context) (string, error) { return string(t), nil }

// Renew returns nothing: there is no other token.
func (t GivenToken) Renew(context.Context, string) (string, error) { return "", nil }

// newGrant puts together what the settings say about getting a token.
func newGrant(ctx context.Context, s *Session) (*Grant, error) {
	settings, err := s.Settings()
	if err != nil {
		return nil, err
	}
	proof, err := s.client.get(func() (*credentials, error) { return newCredentials(ctx, s.App, &s.commands, settings) })
	if err != nil {
		return nil, err
	}
	g := &Grant{
		Name:  settings.Text(config.Grant),
		proof: proof,
		Parameters: auth.Parameters{
			Audience:     settings.Text(config.Audience),
			Organization: settings.Text(config.Organization),
			Scopes:       settings.Scopes(),
		},
		readable: settings.Text(config.Auth) != ModeLambda,
		http:     s.ProviderClient(),
		provider: s.Provider,
		notice:   s.App.Notice,
	}
	switch {
	case g.Name != "":
	case proof.atHand():
		g.Name = ClientCredentials
	default:
		g.Name = Device
	}
	issuer, err := settings.Require(config.Issuer)
	if err != nil {
		return nil, err
	}
	if g.Issuer, err = auth.ParseIssuer(issuer); err != nil {
		return nil, err
	}
	if g.ClientID, err = settings.Require(config.ClientID); err != nil {
		return nil, err
	}
	return g, nil
}
