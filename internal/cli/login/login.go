// Package login has the commands about tokens: login, logout, status and token.
package login

import (
	"cmp"
	"context"
	"fmt"
	"path/filepath"

	"github.com/spf13/cobra"
	"golang.org/x/oauth2"

	"github.com/appsyncctl/appsyncctl/internal/auth"
	"github.com/appsyncctl/appsyncctl/internal/cli/command"
	"github.com/appsyncctl/appsyncctl/internal/config"
	"github.com/appsyncctl/appsyncctl/internal/session"
	"github.com/appsyncctl/appsyncctl/internal/tokencache"
)

type loginOptions struct {
	secretFromStdin bool
	apiKeyFromStdin bool
	noBrowser       bool
}

// NewCommand returns the command login.
func NewCommand(s *session.Session) *cobra.Command {
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
		Annotations: map[string]string{command.ShowsSettings: ""},
		Args:        command.NoArguments,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return runLogin(cmd.Context(), s, options)
		},
	}
	cmd.Flags().BoolVar(&options.secretFromStdin, "client-secret-stdin", false, "read the client secret from standard input")
	cmd.Flags().BoolVar(&options.apiKeyFromStdin, "api-key-stdin", false, "read the API key from standard input, with --auth api-key")
	cmd.Flags().BoolVar(&options.noBrowser, "no-browser", false, "do not open a browser, only show the address")
	return cmd
}

func runLogin(ctx context.Context, s *session.Session, options loginOptions) error {
	settings, err := s.NewSettings()
	if err != nil {
		return err
	}
	switch mode := settings.Text(config.Auth); mode {
	case session.ModeAPIKey:
		return loginAPIKey(ctx, s, settings, options)
	case session.ModeIAM:
		return session.NoToken(mode)
	}
	if options.secretFromStdin {
		if err := readClientSecret(ctx, s); err != nil {
			return err
		}
	}
	if err := s.CheckEndpoint(); err != nil { // before anybody logs in for nothing
		return err
	}
	cached, err := s.CachedGrant(ctx)
	if err != nil {
		return err
	}
	// Before a person logs in: a finished login must not be lost.
	if err := cached.Store.Ready(ctx); err != nil {
		return err
	}
	token, err := requestToken(ctx, s, cached.Grant, options)
	if err != nil {
		return err
	}
	if err := storeLogin(ctx, s, cached, token); err != nil {
		return err
	}
	profile := settings.Text(config.Profile)
	kept := settings.Profile()
	kept.Issuer, kept.Grant = cached.Issuer, cached.Name
	kept.ClientSecretFile, kept.ClientKeyFile = absolute(kept.ClientSecretFile), absolute(kept.ClientKeyFile)
	if err := s.SaveProfile(context.WithoutCancel(ctx), profile, kept); err != nil {
		return err
	}
	tellLogin(s, cached, token, profile)
	if settings.Text(config.Token) != "" {
		s.App.Notice(config.Describe(config.Token).Variable + " is set, and is used instead of this login")
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

// readClientSecret reads the client secret before anything else: a pipe may be
// slow, and nothing may be sent without it.
func readClientSecret(ctx context.Context, s *session.Session) error {
	secret, err := session.SecretFromStdin(ctx, s.App, "Client secret: ")
	if err != nil {
		return err
	}
	s.Override(config.ClientSecret, config.Value{
		Text: string(secret), Source: config.FromFlag, Origin: "--client-secret-stdin",
	})
	return nil
}

// requestToken gets a token: from the provider alone, or with a person.
func requestToken(ctx context.Context, s *session.Session, grant *session.Grant, options loginOptions) (*oauth2.Token, error) {
	browser := !options.noBrowser && !s.Flags.NoInput
	switch grant.Name {
	case session.ClientCredentials:
		return grant.Renew(ctx, tokencache.Entry{}, session.NoStoredSecret)
	case session.Browser:
		return grant.Checked(browserLogin(ctx, s, grant, browser, s.Flags.NoInput))
	default:
		return grant.Checked(deviceLogin(ctx, s, grant, browser))
	}
}

// storeLogin stores the token, and the client's secret beside it.
func storeLogin(ctx context.Context, s *session.Session, cached *session.CachedGrant, token *oauth2.Token) error {
	if _, err := cached.Source.Replace(ctx, token); err != nil {
		return fmt.Errorf("the login worked, but its token could not be stored: %w", err)
	}
	secret := cached.ClientSecret()
	if secret == "" || cached.Name != session.ClientCredentials {
		return nil // a command or a key stays where it is
	}
	if !cached.Store.KeepsSecrets() {
		s.App.Notice("the client secret is not stored: there is no keyring; later commands need it in the environment")
		return nil
	}
	if err := cached.Store.SetAlone(ctx, cached.Key.Secret(), []byte(secret), s.App.Notice); err != nil {
		return fmt.Errorf("the client secret could not be stored: %w", err)
	}
	return nil
}

func tellLogin(s *session.Session, cached *session.CachedGrant, token *oauth2.Token, profile string) {
	claims, _ := auth.ParseClaims(token.AccessToken) // what cannot be read stays empty
	who := cmp.Or(claims.Email, claims.Subject, "somebody that the token does not name")
	s.App.Notice(fmt.Sprintf("logged in to %s as %s", cached.Issuer, who))
	if !token.Expiry.IsZero() && token.Expiry.Before(s.App.Now()) {
		s.App.Notice("the token has expired already by this machine's clock: is that right?")
	}
	if cached.Store.Name() == string(tokencache.MemoryMode) {
		s.App.Notice("the token is not kept (token store memory): the next command needs a new one")
	} else {
		s.App.Notice(fmt.Sprintf("token stored in the %s, settings in profile %s", session.StoreName(cached.Store), profile))
	}
}
