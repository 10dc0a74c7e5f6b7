// A token that was good and has expired, for the step of smoke that shows it to the API.

package cli

import (
	"cmp"
	"context"

	"github.com/appsyncctl/appsyncctl/internal/auth"
	"github.com/appsyncctl/appsyncctl/internal/config"
)

// expiredToken returns the token of --expired-token-file, or one that the token store
// still holds from an earlier run; with an emulator, one that it has made. It is empty
// if there is none.
func (app *App) expiredToken(ctx context.Context, flags *globals, settings config.Resolved, options smokeOptions) (auth.Secret, error) {
	switch {
	case options.expiredToken != "":
		token, _, err := app.savedToken(ctx, "--expired-token-file", options.expiredToken)
		return token, err
	case options.emulator:
		return app.firstToken(ctx, flags, settings)
	default:
		return app.outlivedToken(ctx, flags, settings), nil
	}
}

// firstToken asks the emulator for a token: the first one that it gives has expired.
func (app *App) firstToken(ctx context.Context, flags *globals, settings config.Resolved) (auth.Secret, error) {
	cached, err := app.cachedGrant(ctx, settings, flags)
	if err != nil {
		return "", err
	}
	token, err := cached.source.Token(ctx)
	return auth.Secret(token), err
}

// outlivedToken is the token that rests in the store, if its time is over: the next
// command will renew it.
func (app *App) outlivedToken(ctx context.Context, flags *globals, settings config.Resolved) auth.Secret {
	if mode := cmp.Or(settings.Text(config.Auth), authOIDC); !usesToken(mode) || settings.Text(config.Token) != "" {
		return ""
	}
	cached, err := app.cachedGrant(ctx, settings, flags)
	if err != nil {
		return "" // the checks will say so
	}
	entry, err := cached.source.Stored(ctx)
	if err != nil {
		return ""
	}
	claims, err := auth.ParseClaims(entry.AccessToken)
	if err != nil || claims.Expiry.IsZero() || !claims.Expiry.Before(app.Now()) {
		return ""
	}
	return auth.Secret(entry.AccessToken)
}
