package login

import (
	"context"
	"fmt"
	"io"
	"time"

	"github.com/spf13/cobra"

	"github.com/appsyncctl/appsyncctl/internal/app"
	"github.com/appsyncctl/appsyncctl/internal/auth"
	"github.com/appsyncctl/appsyncctl/internal/cli/command"
	"github.com/appsyncctl/appsyncctl/internal/config"
	"github.com/appsyncctl/appsyncctl/internal/output"
	"github.com/appsyncctl/appsyncctl/internal/session"
	"github.com/appsyncctl/appsyncctl/internal/tokencache"
)

type tokenOptions struct {
	minTTL time.Duration
	header bool
	force  bool
	format app.Format
}

// NewTokenCommand returns the command token.
func NewTokenCommand(s *session.Session) *cobra.Command {
	var options tokenOptions
	cmd := &cobra.Command{
		Use:   "token",
		Short: "Print a valid access token",
		Long: `Print a valid access token alone on standard output, renewed first if need be,
for programs such as curl. AppSync takes it bare in the Authorization header;
--header prints that whole header, according to --auth-scheme.

With -o json the result is an object with token, token_type and expires_at.`,
		Example: `  appsyncctl token --header | curl -H @- -d '{"query":"{ __typename }"}' "$APPSYNCCTL_ENDPOINT"
  appsyncctl token --min-ttl 10m -o json`,
		Args: command.NoArguments,
	}
	cmd.Flags().DurationVar(&options.minTTL, "min-ttl", 0, "renew a token that expires sooner than this")
	cmd.Flags().BoolVar(&options.header, "header", false, "print the whole Authorization header")
	cmd.Flags().BoolVar(&options.force, "force", false, "renew the token even if it is valid")
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		options.format = s.Flags.Output
		return runToken(cmd.Context(), s, options)
	}
	return cmd
}

func runToken(ctx context.Context, s *session.Session, options tokenOptions) error {
	settings, err := s.Settings()
	if err != nil {
		return err
	}
	if mode := settings.Text(config.Auth); mode == session.ModeAPIKey || mode == session.ModeIAM {
		return session.NoToken(mode)
	}
	scheme := session.Scheme(settings)
	token, expiry, err := tokenFor(ctx, s, settings, options)
	if err != nil {
		return err
	}
	view := struct {
		Token     string     `json:"token"`
		Type      string     `json:"token_type"`
		ExpiresAt *time.Time `json:"expires_at"` // null when unknown
	}{Token: token, Type: "Bearer"}
	if !expiry.IsZero() {
		view.ExpiresAt = &expiry
	}
	return options.format.Write(s.App.Out, view, func(w io.Writer) error {
		switch {
		case options.header && scheme != "":
			token = "Authorization: " + scheme + " " + token
		case options.header:
			token = "Authorization: " + token
		}
		_, err := fmt.Fprintln(w, token)
		return err
	})
}

// tokenFor returns a token that lasts, and when it expires.
func tokenFor(ctx context.Context, s *session.Session, settings config.Resolved, options tokenOptions) (string, time.Time, error) {
	if token := settings.Text(config.Token); token != "" {
		claims, _ := auth.ParseClaims(token) // what cannot be read has no known expiry
		return token, claims.Expiry, nil
	}
	cached, err := s.CachedGrant(ctx)
	if err != nil {
		return "", time.Time{}, err
	}
	entry, err := requestedEntry(ctx, cached.Source, options)
	if left := entry.Expiry.Sub(s.App.Now()); err == nil && left < options.minTTL {
		s.App.Notice(fmt.Sprintf("the token lasts %s, less than --min-ttl: the provider gives no longer ones", output.Span(left)))
	}
	return entry.AccessToken, entry.Expiry, err
}

// requestedEntry gets a token from the store or the provider. It asks the provider for
// one at most.
func requestedEntry(ctx context.Context, source *tokencache.Source, options tokenOptions) (tokencache.Entry, error) {
	if !options.force {
		return source.Entry(ctx, options.minTTL)
	}
	stored, err := source.Stored(ctx)
	if err != nil {
		return tokencache.Entry{}, err
	}
	return source.RenewEntry(ctx, stored.AccessToken)
}
