package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"strings"

	"golang.org/x/oauth2"

	"github.com/appsyncctl/appsyncctl/internal/auth"
	"github.com/appsyncctl/appsyncctl/internal/config"
	"github.com/appsyncctl/appsyncctl/internal/tokencache"
)

// The names of the grants, as --grant takes them.
const (
	clientCredentials = "client-credentials"
	deviceCode        = "device"
)

// A grant is a way to get a token, put together from settings.
type grant struct {
	name       string
	issuer     string // canonical URL
	clientID   string
	parameters auth.Parameters
	// secret is the client's own, if the settings hold one; a stored one is looked
	// up when it is needed.
	secret auth.Secret

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

// opaqueTokenError says that the provider gave a token that AppSync cannot read.
type opaqueTokenError struct{ audience string }

func (e *opaqueTokenError) Error() string {
	if e.audience == "" {
		return "the provider gave an opaque access token, which AppSync cannot read: no audience was asked for"
	}
	return fmt.Sprintf("the provider gave an opaque access token for the audience %q, which AppSync cannot read", e.audience)
}

// grantError says that a setting names no grant.
type grantError struct{ name string }

func (e *grantError) Error() string {
	return fmt.Sprintf("there is no grant %q: it is %s or %s", e.name, deviceCode, clientCredentials)
}

// grant puts together what settings say about getting a token.
func (app *App) grant(settings config.Resolved, flags *globals) (*grant, error) {
	secret, err := clientSecret(settings)
	if err != nil {
		return nil, err
	}
	g := &grant{
		name:   settings.Text(config.Grant),
		secret: secret,
		parameters: auth.Parameters{
			Audience: settings.Text(config.Audience),
			Scopes:   settings.Scopes(),
		},
		http:     app.providerClient(flags),
		provider: app.provider,
		notice:   app.notice,
	}
	switch g.name {
	case deviceCode, clientCredentials:
	case "":
		g.name = deviceCode
		if secret != "" {
			g.name = clientCredentials
		}
	default:
		return nil, &grantError{g.name}
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

// clientSecret reads the secret from the environment or from its file.
func clientSecret(settings config.Resolved) (auth.Secret, error) {
	if secret := settings.Text(config.ClientSecret); secret != "" {
		return auth.Secret(secret), nil
	}
	path := settings.Text(config.ClientSecretFile)
	if path == "" {
		return "", nil
	}
	file, err := os.Open(path)
	if err != nil {
		return "", &secretFileError{err}
	}
	defer file.Close() //nolint:errcheck // opened for reading
	return readSecret(file)
}

// secretFileError says that a file with a client secret cannot be used.
type secretFileError struct{ err error }

func (e *secretFileError) Error() string { return "client secret file: " + e.err.Error() }
func (e *secretFileError) Unwrap() error { return e.err }

// readSecret reads a secret that stands alone on a line.
func readSecret(r io.Reader) (auth.Secret, error) {
	const most = 64 << 10
	data, err := io.ReadAll(io.LimitReader(r, most))
	if err != nil {
		return "", &secretFileError{err}
	}
	secret := strings.TrimSpace(string(data))
	if secret == "" || len(data) == most || strings.ContainsAny(secret, "\r\n\x00") {
		return "", &secretFileError{errors.New("it must hold one line, the secret")}
	}
	return auth.Secret(secret), nil
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

// client returns the OAuth client of g. A machine proves itself with secret; a
// device login has none, and Auth0 refuses it if one is sent.
func (g *grant) client(ctx context.Context, secret auth.Secret) (*auth.Client, error) {
	provider, err := g.provider(ctx, g.http, g.issuer)
	if err != nil {
		return nil, err
	}
	client := &auth.Client{HTTP: g.http, Provider: provider, ID: g.clientID, Notice: g.tell}
	if g.name == clientCredentials {
		client.Authentication = auth.SecretPost{Secret: secret}
	}
	return client, nil
}

// renew gets a token without a person: by client credentials, or with the
// refresh token of an earlier login.
func (g *grant) renew(ctx context.Context, old tokencache.Entry, stored func() (auth.Secret, error)) (*oauth2.Token, error) {
	if g.name == clientCredentials {
		secret := g.secret
		if secret == "" {
			var err error
			if secret, err = stored(); err != nil {
				return nil, err
			}
		}
		client, err := g.client(ctx, secret)
		if err != nil {
			return nil, err
		}
		return g.readable(client.ClientCredentials(ctx, g.parameters))
	}
	switch {
	case old.RefreshToken != "":
	case old.AccessToken != "":
		return nil, &loginNeededError{reason: "the login has expired"}
	default:
		return nil, &loginNeededError{reason: "you are not logged in"}
	}
	client, err := g.client(ctx, "")
	if err != nil {
		return nil, err
	}
	// A refresh that is cut off may have used up the token, and with it the login.
	// It ends by its own time limit, not by Ctrl-C.
	token, err := client.Refresh(context.WithoutCancel(ctx), old.RefreshToken)
	if refused, ok := errors.AsType[*auth.Error](err); ok && !refused.Temporary() {
		return nil, &loginNeededError{reason: "the login could not be renewed", err: err}
	}
	return token, err
}

// readable refuses a token that AppSync cannot read.
func (g *grant) readable(token *oauth2.Token, err error) (*oauth2.Token, error) {
	if err != nil {
		return nil, err
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
