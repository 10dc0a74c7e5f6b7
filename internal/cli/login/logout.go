package login

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"github.com/appsyncctl/appsyncctl/internal/cli/command"
	"github.com/appsyncctl/appsyncctl/internal/config"
	"github.com/appsyncctl/appsyncctl/internal/output"
	"github.com/appsyncctl/appsyncctl/internal/session"
	"github.com/appsyncctl/appsyncctl/internal/tokencache"
)

// NewLogoutCommand returns the command logout.
func NewLogoutCommand(s *session.Session) *cobra.Command {
	var all bool
	cmd := &cobra.Command{
		Use:   "logout",
		Short: "Revoke and forget the token of this profile",
		Long: `Revoke the refresh token at the provider, then remove the token, and the client
secret that login kept, from where they are stored. The profile stays.

An access token cannot be revoked: whoever has a copy can use it until it expires.
When the provider cannot be reached, the token is removed all the same.`,
		Example: `  appsyncctl logout --profile work
  appsyncctl logout --all`,
		Args: command.NoArguments,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if all {
				return runLogoutAll(cmd.Context(), s)
			}
			return runLogout(cmd.Context(), s)
		},
	}
	cmd.Flags().BoolVar(&all, "all", false, "every token that this program has stored, of all profiles")
	return cmd
}

func runLogout(ctx context.Context, s *session.Session) error {
	settings, err := s.Settings()
	if err != nil {
		return err
	}
	switch mode := settings.Text(config.Auth); mode {
	case session.ModeAPIKey:
		return logoutAPIKey(ctx, s)
	case session.ModeIAM:
		return session.NoToken(mode)
	}
	cached, err := s.CachedGrant(ctx)
	if err != nil {
		return err
	}
	if settings.Text(config.Token) != "" {
		s.App.Notice(config.Describe(config.Token).Variable + " is set, and stays in use")
	}
	found, err := forget(ctx, s, cached)
	if err == nil && !found {
		s.App.Notice("not logged in with profile " + settings.Text(config.Profile))
	}
	return err
}

// runLogoutAll goes through the index: a keyring cannot be listed.
func runLogoutAll(ctx context.Context, s *session.Session) error {
	if _, err := s.NewSettings(); err != nil {
		return err
	}
	stores, err := s.Stores(tokencache.Seal{})
	if err != nil {
		return err
	}
	records, err := stores.Index.Records()
	if err != nil {
		return err
	}
	if len(records) == 0 {
		s.App.Notice("not logged in anywhere")
	}
	var failures []error
	for _, record := range records {
		where := *stores
		where.Mode = tokencache.Mode(record.Store)
		if record.Grant == session.ModeAPIKey {
			err = forgetAPIKey(ctx, s, &where, record.Endpoint)
		} else {
			_, err = forget(ctx, s, s.Cache(s.RecordedGrant(record), &where))
		}
		if err != nil {
			failures = append(failures, fmt.Errorf("%s: %w", cmp.Or(record.Issuer, record.Endpoint), err))
		}
	}
	return errors.Join(failures...)
}

// forget revokes what can be revoked, deletes the token, and the client's secret
// with the last token of that client, and says what was done. It reports whether
// there was a token.
func forget(ctx context.Context, s *session.Session, cached *session.CachedGrant) (found bool, err error) {
	name := cached.Key.Token()
	records, _ := cached.Stores.Index.Records() // a damaged index knows nothing
	_, found = records[name]
	var entry tokencache.Entry
	err = cached.Source.Remove(ctx, func(stored tokencache.Entry) {
		entry = stored
		found = found || stored != (tokencache.Entry{})
		if stored.RefreshToken != "" {
			revoke(ctx, s, cached.Grant, stored.RefreshToken)
		}
	})
	where := session.StoreName(cached.Store)
	if err == nil && found && !othersUseSecret(records, cached.Key) {
		err = cached.Store.Delete(ctx, cached.Key.Secret())
	}
	if err == nil {
		err = cached.Stores.Index.Remove(ctx, name)
	}
	if err != nil || !found {
		return found, err
	}
	s.App.Notice(fmt.Sprintf("logged out of %s: the token is no longer in the %s", cached.Issuer, where))
	if entry == (tokencache.Entry{}) {
		s.App.Notice("it could not be read, so nothing was revoked at the provider")
	}
	if left := entry.Expiry.Sub(s.App.Now()); left > 0 {
		s.App.Notice(fmt.Sprintf("a copy of the access token would stay valid until %s (for %s)", entry.Expiry.UTC().Format(time.RFC3339), output.Span(left)))
	}
	return true, nil
}

// othersUseSecret reports whether another stored token is renewed with the same
// client secret.
func othersUseSecret(records map[string]tokencache.Record, key tokencache.Key) bool {
	for name, record := range records {
		if name != key.Token() && record.Key().Secret() == key.Secret() {
			return true
		}
	}
	return false
}

// revoke tells the provider that a refresh token is no longer wanted. A provider
// that cannot be reached is no reason to keep the token here.
func revoke(ctx context.Context, s *session.Session, grant *session.Grant, refreshToken string) {
	client, err := grant.Client(ctx, nil)
	if err == nil {
		err = client.Revoke(ctx, refreshToken)
	}
	if err != nil {
		s.App.Notice(fmt.Sprintf("the refresh token could not be revoked: %v", err))
		return
	}
	s.App.Notice("the refresh token was revoked at " + grant.Issuer)
}
