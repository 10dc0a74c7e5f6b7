package cli

import (
	"context"
	"fmt"
	"io"
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
settings that are no secret in the profile.

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
		Args: noArguments,
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
	if mode := settings.Text(config.Auth); mode == authAPIKey || mode == authIAM {
		return app.loginWithout(ctx, flags, file.Path, settings, options)
	}
	if options.secretFromStdin {
		if settings, err = app.withSecretFrom(app.In, settings); err != nil {
			return err
		}
	}
	if err := checkEndpoint(settings); err != nil {
		return err
	}
	held, err := app.credential(ctx, settings, flags)
	if err != nil {
		return err
	}
	if err := app.checkPlace(ctx, held); err != nil {
		return err
	}
	token, err := app.obtain(ctx, held.grant, flags, options)
	if err != nil {
		return err
	}
	if err := app.keep(ctx, held, token); err != nil {
		return err
	}
	profile := settings.Text(config.Profile)
	kept := settings.Profile()
	kept.Issuer, kept.Grant = held.grant.issuer, held.grant.name
	kept.ClientSecretFile, kept.ClientKeyFile = absolute(kept.ClientSecretFile), absolute(kept.ClientKeyFile)
	if err := config.SaveProfile(file.Path, profile, kept); err != nil {
		return err
	}
	app.tellLogin(held, token, profile)
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

// withSecretFrom reads the client secret before anything else: a pipe may be
// slow, and nothing may be sent without it.
func (app *App) withSecretFrom(in io.Reader, settings config.Resolved) (config.Resolved, error) {
	secret, err := readSecret("standard input", in)
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

// checkPlace makes sure that the token can be stored before a person logs in: a
// finished login must not be lost.
func (app *App) checkPlace(ctx context.Context, held *credential) error {
	switch tokencache.Mode(held.place.Name()) {
	case tokencache.MemoryMode:
		return nil
	case tokencache.FileMode:
		return held.stores.File.Ready()
	}
	err := held.keyring.Probe(ctx)
	if err == nil || held.place.FallsBack() && is[*tokencache.UnavailableError](err) {
		return nil
	}
	return err
}

// obtain gets a token: from the provider alone, or with a person.
func (app *App) obtain(ctx context.Context, grant *grant, flags *globals, options loginOptions) (*oauth2.Token, error) {
	if grant.name == clientCredentials {
		return grant.renew(ctx, tokencache.Entry{}, func() (auth.Secret, error) {
			return "", &config.MissingError{Setting: config.Describe(config.ClientSecret)}
		})
	}
	browser := !options.noBrowser && !flags.noInput
	if grant.name == browserLogin {
		return grant.checked(app.browserLogin(ctx, grant, browser))
	}
	return grant.checked(app.deviceLogin(ctx, grant, browser))
}

// keep stores the token, and the client's secret beside it.
func (app *App) keep(ctx context.Context, held *credential, token *oauth2.Token) error {
	if _, err := held.source.Replace(ctx, token); err != nil {
		return fmt.Errorf("the login worked, but its token could not be stored: %w", err)
	}
	secret := held.grant.proof.secret
	if secret == "" || held.grant.name != clientCredentials {
		return nil // a command or a key stays where it is
	}
	if !held.keepsSecret() {
		app.notice("the client secret is not stored: there is no keyring; later commands need it in the environment")
		return nil
	}
	if err := held.place.SetAlone(ctx, held.key.Secret(), []byte(secret), app.notice); err != nil {
		return fmt.Errorf("the client secret could not be stored: %w", err)
	}
	return nil
}

// keepsSecret reports whether the client secret may rest beside the token: in
// the keyring, or in a file that something else than the secret itself seals.
func (c *credential) keepsSecret() bool {
	switch tokencache.Mode(c.place.Name()) {
	case tokencache.KeyringMode:
		return true
	case tokencache.FileMode:
		return c.stores.File.Seal.ByPassphrase()
	default:
		return false
	}
}

func (app *App) tellLogin(held *credential, token *oauth2.Token, profile string) {
	claims, _ := auth.ParseClaims(token.AccessToken)
	who := claims.Subject
	if claims.Email != "" {
		who = claims.Email
	}
	app.notice(fmt.Sprintf("logged in to %s as %s", held.grant.issuer, who))
	if held.place.Name() == string(tokencache.MemoryMode) {
		app.notice("the token is not kept (token store memory): the next command needs a new one")
	} else {
		app.notice(fmt.Sprintf("token stored in the %s, settings in profile %s", held.place.Name(), profile))
	}
}
