// A token that was good and has expired, for the step of smoke that shows it to the API.

package cli

import (
	"context"

	"github.com/appsyncctl/appsyncctl/internal/auth"
	"github.com/appsyncctl/appsyncctl/internal/config"
	"github.com/appsyncctl/appsyncctl/internal/tokencache"
)

// expiredToken returns the token of --expired-token-file, or one that the token store
// still holds from an earlier run; with an emulator, one that it has made. It is empty
// if there is none.
func (app *App) expiredToken(ctx context.Context, flags *globals, settings config.Resolved, examinee *examinee, options smokeOptions) (auth.Secret, error) {
	switch {
	case options.expiredToken != "":
		token, _, err := app.savedToken(ctx, "--expired-token-file", options.expiredToken)
		return token, err
	case options.emulator:
		return app.firstToken(ctx, flags, settings)
	case examinee.cached != nil:
		return app.outlivedToken(ctx, examinee.cached), nil
	default:
		return "", nil
	}
}

// firstToken asks the emulator for a token: the first one that it gives has expired. It
// goes past the token cache, which must not hand it out as a good one.
func (app *App) firstToken(ctx context.Context, flags *globals, settings config.Resolved) (auth.Secret, error) {
	grant, err := app.grant(ctx, settings, flags)
	if err != nil {
		return "", err
	}
	token, err := grant.renew(ctx, tokencache.Entry{}, noStoredSecret)
	if err != nil {
		return "", err
	}
	app.Secrets.AddToken(token.AccessToken)
	return auth.Secret(token.AccessToken), nil
}

// outlivedToken is the token that rests in the store, if its time is over: the next
// command will renew it.
func (app *App) outlivedToken(ctx context.Context, cached *cachedGrant) auth.Secret {
	entry, err := cached.source.Stored(ctx)
	if err != nil {
		return "" // the checks will say so
	}
	claims, err := auth.ParseClaims(entry.AccessToken)
	if err != nil || claims.Expiry.IsZero() || !claims.Expiry.Before(app.Now()) {
		return ""
	}
	return auth.Secret(entry.AccessToken)
}
