package cli

import (
	"cmp"
	"context"
	"fmt"
	"path/filepath"

	"github.com/spf13/cobra"
	"golang.org/x/oauth2"

	"github.com/appsyncctl/appsyncctl/internal/auth"
	"github.com/appsyncctl/appsyncctl/internal/config"
	"github.com/appsyncctl/appsyncctl/internal/tokencache"
)

type loginOptions struct {
	secretFromStdin bool
	apiKeyFromStdin bool
	noBrowser       bool
}

func (app *App) loginCommand(flags *globals) *cobra.Command {
	var options loginOptions
	cmd := &cobra.Command{
		Use:   "login",
		Short: "Log in and keep the token",
		Long: `Log in to the OpenID provider, keep the token in the keyring and save the
non-secret settings in the profile.

With a client secret the program logs in as itself (client credentials). The
secret comes from standard input, a file or the environment, never from a flag,
and is kept beside the token, so that later commands renew it by themselves.
Without a secret a person logs in: the program shows an address and a code, and
waits until they have been confirmed on any device (device flow, RFC 8628). Where
the provider has no device flow, --grant browser takes the browser of this machine;
it comes back to http://127.0.0.1:8976/callback (or 8977, or 8978), which must be
registered.

With --auth api-key there is no login: the API key is kept in the keyring.`,
		Example: `  appsyncctl login --issuer https://TENANT.auth0.com/ --client-id ID --audience API --endpoint URL
  pass show auth0/machine | appsyncctl login --client-secret-stdin`,
		Annotations: map[string]string{showsSettings: ""},
		Args:        noArguments,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return app.login(cmd.Context(), flags, options)
		},
	}
	cmd.Flags().BoolVar(&options.secretFromStdin, "client-secret-stdin", false, "read the client secret from standard input")
	cmd.Flags().BoolVar(&options.apiKeyFromStdin, "api-key-stdin", false, "read the API key from standard input, with --auth api-key")
	cmd.Flags().BoolVar(&options.noBrowser, "no-browser", false, "do not open a browser, only show the address")
	return cmd
}

func (app *App) login(ctx context.Context, flags *globals, options loginOptions) error {
	file, settings, err := app.readSettings(flags)
	if err != nil {
		return err
	}
	switch mode := settings.Text(config.Auth); mode {
	case authAPIKey:
		return app.loginAPIKey(ctx, flags, file, settings, options)
	case authIAM:
		return &noTokenError{mode}
	}
	if options.secretFromStdin {
		if settings, err = app.withSecretFromStdin(ctx, settings); err != nil {
			return err
		}
	}
	if err := checkEndpoint(settings); err != nil {
		return err
	}
	cached, err := app.cachedGrant(ctx, settings, flags)
	if err != nil {
		return err
	}
	// Before a person logs in: a finished login must not be lost.
	if err := cached.place.Ready(ctx); err != nil {
		return err
	}
	token, err := app.requestToken(ctx, cached.grant, flags, options)
	if err != nil {
		return err
	}
	if err := app.storeLogin(ctx, cached, token); err != nil {
		return err
	}
	profile := settings.Text(config.Profile)
	kept := settings.Profile()
	kept.Issuer, kept.Grant = cached.issuer, cached.name
	kept.ClientSecretFile, kept.ClientKeyFile = absolute(kept.ClientSecretFile), absolute(kept.ClientKeyFile)
	if err := app.saveProfile(context.WithoutCancel(ctx), file, profile, kept); err != nil {
		return err
	}
	app.tellLogin(cached, token, profile)
	if settings.Text(config.Token) != "" {
		app.Notice(config.Describe(config.Token).Variable + " is set, and is used instead of this login")
	}
	return nil
}

// absolute makes a path mean the same in every folder.
func absolute(path string) string {
	if path == "" {
		return ""
	}
	if full, err := filepath.Abs(path); err == nil {
		return full
	}
	return path
}

// withSecretFromStdin reads the client secret before anything else: a pipe may be
// slow, and nothing may be sent without it.
func (app *App) withSecretFromStdin(ctx context.Context, settings config.Resolved) (config.Resolved, error) {
	secret, err := app.secretFromStdin(ctx, "Client secret: ")
	if err != nil {
		return settings, err
	}
	return settings.With(config.ClientSecret, config.Value{
		Text: string(secret), Source: config.FromFlag, Origin: "--client-secret-stdin",
	}), nil
}

// checkEndpoint checks the endpoint before anybody logs in for nothing. A login
// does not need one.
func checkEndpoint(settings config.Resolved) error {
	if settings.Text(config.Endpoint) == "" {
		return nil
	}
	_, err := endpoint(settings)
	return err
}

// requestToken gets a token: from the provider alone, or with a person.
func (app *App) requestToken(ctx context.Context, grant *grant, flags *globals, options loginOptions) (*oauth2.Token, error) {
	browser := !options.noBrowser && !flags.NoInput
	switch grant.name {
	case grantClientCredentials:
		return grant.renew(ctx, tokencache.Entry{}, noStoredSecret)
	case grantBrowser:
		return grant.checked(app.browserLogin(ctx, grant, browser, flags.NoInput))
	default:
		return grant.checked(app.deviceLogin(ctx, grant, browser))
	}
}

// storeLogin stores the token, and the client's secret beside it.
func (app *App) storeLogin(ctx context.Context, cached *cachedGrant, token *oauth2.Token) error {
	if _, err := cached.source.Replace(ctx, token); err != nil {
		return fmt.Errorf("the login worked, but its token could not be stored: %w", err)
	}
	secret := cached.proof.secret
	if secret == "" || cached.name != grantClientCredentials {
		return nil // a command or a key stays where it is
	}
	if !cached.place.KeepsSecrets() {
		app.Notice("the client secret is not stored: there is no keyring; later commands need it in the environment")
		return nil
	}
	if err := cached.place.SetAlone(ctx, cached.key.Secret(), []byte(secret), app.Notice); err != nil {
		return fmt.Errorf("the client secret could not be stored: %w", err)
	}
	return nil
}

func (app *App) tellLogin(cached *cachedGrant, token *oauth2.Token, profile string) {
	claims, _ := auth.ParseClaims(token.AccessToken) // what cannot be read stays empty
	who := cmp.Or(claims.Email, claims.Subject, "somebody that the token does not name")
	app.Notice(fmt.Sprintf("logged in to %s as %s", cached.issuer, who))
	if !token.Expiry.IsZero() && token.Expiry.Before(app.Now()) {
		app.Notice("the token has expired already by this machine's clock: is that right?")
	}
	if cached.place.Name() == string(tokencache.MemoryMode) {
		app.Notice("the token is not kept (token store memory): the next command needs a new one")
	} else {
		app.Notice(fmt.Sprintf("token stored in the %s, settings in profile %s", storeName(cached.place), profile))
	}
}

// storeName is a store as a sentence names it.
func storeName(place *tokencache.Place) string {
	if place.Name() == string(tokencache.FileMode) {
		return "sealed file"
	}
	return place.Name()
}
