package cli

import (
	"context"
	"errors"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/appsyncctl/appsyncctl/internal/config"
	"github.com/appsyncctl/appsyncctl/internal/tokencache"
)

func (app *App) logoutCommand(flags *globals) *cobra.Command {
	return &cobra.Command{
		Use:   "logout",
		Short: "Forget the token of this profile",
		Long: `Remove the token of this profile, and the client secret that login kept, from
where they are stored. The profile stays.

An access token that was copied elsewhere stays valid until it expires.`,
		Example: "  appsyncctl logout --profile work",
		Args:    noArguments,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return app.logout(cmd.Context(), flags)
		},
	}
}

func (app *App) logout(ctx context.Context, flags *globals) error {
	settings, err := app.settings(flags)
	if err != nil {
		return err
	}
	held, err := app.credential(settings, flags)
	if err != nil {
		return err
	}
	_, err = held.place.Get(ctx, held.key.Token())
	absent := errors.Is(err, tokencache.ErrNotFound)
	if err != nil && !absent && !is[tokencache.NoSealError](err) { // deleting needs no seal
		return err
	}
	err = errors.Join(
		held.place.Delete(ctx, held.key.Token()),
		held.place.Delete(ctx, held.key.Secret()),
	)
	if err != nil {
		return err
	}
	if err := held.stores.Index.Remove(ctx, held.key.Token()); err != nil {
		return err
	}
	if absent {
		app.notice("there was no token for profile " + settings.Text(config.Profile))
		return nil
	}
	app.notice(fmt.Sprintf("logged out of %s: the token is no longer in the %s", held.grant.issuer, held.place.Name()))
	return nil
}
