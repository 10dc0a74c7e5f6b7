package cli

import (
	"cmp"
	"context"
	"errors"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/appsyncctl/appsyncctl/internal/auth"
	"github.com/appsyncctl/appsyncctl/internal/config"
	"github.com/appsyncctl/appsyncctl/internal/tokencache"
)

func (app *App) logoutCommand(flags *globals) *cobra.Command {
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
		Args: noArguments,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if all {
				return app.logoutAll(cmd.Context(), flags)
			}
			return app.logout(cmd.Context(), flags)
		},
	}
	cmd.Flags().BoolVar(&all, "all", false, "every token that this program has stored, of all profiles")
	return cmd
}

func (app *App) logout(ctx context.Context, flags *globals) error {
	settings, err := app.settings(flags)
	if err != nil {
		return err
	}
	switch mode := settings.Text(config.Auth); mode {
	case authAPIKey:
		return app.logoutAPIKey(ctx, flags, settings)
	case authIAM:
		return &noTokenError{mode}
	}
	cached, err := app.cachedGrant(ctx, settings, flags)
	if err != nil {
		return err
	}
	if settings.Text(config.Token) != "" {
		app.Notice(config.Describe(config.Token).Variable + " is set, and stays in use")
	}
	found, err := app.forget(ctx, cached)
	if err == nil && !found {
		app.Notice("not logged in with profile " + settings.Text(config.Profile))
	}
	return err
}

// logoutAll goes through the index: a keyring cannot be listed.
func (app *App) logoutAll(ctx context.Context, flags *globals) error {
	_, settings, err := app.readSettings(flags)
	if err != nil {
		return err
	}
	stores, err := app.stores(settings, flags, tokencache.Seal{})
	if err != nil {
		return err
	}
	records, err := stores.Index.Records()
	if err != nil {
		return err
	}
	if len(records) == 0 {
		app.Notice("not logged in anywhere")
	}
	var failures []error
	for _, record := range records {
		where := *stores
		where.Mode = tokencache.Mode(record.Store)
		if record.Grant == authAPIKey {
			err = app.forgetAPIKey(ctx, &where, record.Endpoint)
		} else {
			_, err = app.forget(ctx, app.cache(app.recordedGrant(record, flags), &where))
		}
		if err != nil {
			failures = append(failures, fmt.Errorf("%s: %w", cmp.Or(record.Issuer, record.Endpoint), err))
		}
	}
	return errors.Join(failures...)
}

// recordedGrant is the grant of a token in the index, as far as logging out
// needs it.
func (app *App) recordedGrant(record tokencache.Record, flags *globals) *grant {
	return &grant{
		name:     record.Grant,
		issuer:   record.Issuer,
		clientID: record.ClientID,
		parameters: auth.Parameters{
			Audience: record.Audience, Organization: record.Organization, Scopes: record.Scopes,
		},
		http:     app.providerClient(flags),
		provider: app.provider,
		notice:   app.Notice,
	}
}

// forget revokes what can be revoked, deletes the token, and the client's secret
// with the last token of that client, and says what was done. It reports whether
// there was a token.
func (app *App) forget(ctx context.Context, cached *cachedGrant) (found bool, err error) {
	name := cached.key.Token()
	records, _ := cached.stores.Index.Records() // a damaged index knows nothing
	_, found = records[name]
	var entry tokencache.Entry
	err = cached.source.Remove(ctx, func(stored tokencache.Entry) {
		entry = stored
		found = found || stored != (tokencache.Entry{})
		if stored.RefreshToken != "" {
			app.revoke(ctx, cached.grant, stored.RefreshToken)
		}
	})
	where := storeName(cached.place)
	if err == nil && found && !othersUseSecret(records, cached.key) {
		err = cached.place.Delete(ctx, cached.key.Secret())
	}
	if err == nil {
		err = cached.stores.Index.Remove(ctx, name)
	}
	if err != nil || !found {
		return found, err
	}
	app.Notice(fmt.Sprintf("logged out of %s: the token is no longer in the %s", cached.issuer, where))
	if entry == (tokencache.Entry{}) {
		app.Notice("it could not be read, so nothing was revoked at the provider")
	}
	if left := entry.Expiry.Sub(app.Now()); left > 0 {
		app.Notice(fmt.Sprintf("a copy of the access token would stay valid until %s (for %s)", stamp(entry.Expiry), span(left)))
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
func (app *App) revoke(ctx context.Context, grant *grant, refreshToken string) {
	client, err := grant.client(ctx, nil)
	if err == nil {
		err = client.Revoke(ctx, refreshToken)
	}
	if err != nil {
		app.Notice(fmt.Sprintf("the refresh token could not be revoked: %v", err))
		return
	}
	app.Notice("the refresh token was revoked at " + grant.issuer)
}
