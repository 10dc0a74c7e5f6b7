// API keys: where an API takes a key and no token, login and logout keep and
// forget the key.

package cli

import (
	"context"
	"errors"
	"fmt"

	"github.com/appsyncctl/appsyncctl/internal/config"
	"github.com/appsyncctl/appsyncctl/internal/tokencache"
)

// noTokenError says that an authorization mode has no tokens to deal with.
type noTokenError struct{ mode string }

func (e *noTokenError) Error() string {
	return fmt.Sprintf("the authorization mode %s uses no token", e.mode)
}

// loginAPIKey stores the API key.
func (app *App) loginAPIKey(ctx context.Context, flags *globals, file *config.ProfileFile, settings config.Resolved, options loginOptions) error {
	endpoint, err := endpoint(settings)
	if err != nil {
		return err
	}
	key := settings.Text(config.APIKey)
	if options.apiKeyFromStdin {
		secret, err := app.secretFromStdin(ctx, "API key: ")
		if err != nil {
			return err
		}
		key = string(secret)
	}
	if key == "" {
		return &config.MissingError{Setting: config.Describe(config.APIKey)}
	}
	stores, err := app.stores(settings, flags, tokencache.Seal{})
	if err != nil {
		return err
	}
	name := tokencache.APIKey(endpoint.String())
	place := stores.FindName(name)
	if err := place.SetAlone(ctx, name, []byte(key), app.Notice); err != nil {
		return err
	}
	app.record(ctx, stores, place, name, tokencache.Record{
		Grant: authAPIKey, Endpoint: endpoint.String(), Saved: app.Now().UTC(),
	})
	profile := settings.Text(config.Profile)
	if err := app.saveProfile(context.WithoutCancel(ctx), file, profile, settings.Profile()); err != nil {
		return err
	}
	app.Notice(fmt.Sprintf("API key stored in the %s, settings in profile %s", storeName(place), profile))
	return nil
}

// logoutAPIKey forgets the API key of a profile.
func (app *App) logoutAPIKey(ctx context.Context, flags *globals, settings config.Resolved) error {
	endpoint, err := endpoint(settings)
	if err != nil {
		return err
	}
	stores, err := app.stores(settings, flags, tokencache.Seal{})
	if err != nil {
		return err
	}
	return app.forgetAPIKey(ctx, stores, endpoint.String())
}

func (app *App) forgetAPIKey(ctx context.Context, stores *tokencache.Stores, endpoint string) error {
	name := tokencache.APIKey(endpoint)
	place := stores.FindName(name)
	if err := place.Delete(ctx, name); err != nil {
		return err
	}
	if err := stores.Index.Remove(ctx, name); err != nil {
		return err
	}
	app.Notice(fmt.Sprintf("the API key for %s is no longer in the %s; it stays valid until it expires or is deleted in AppSync",
		endpoint, storeName(place)))
	return nil
}

// apiKey returns the key for an API and where it came from: the environment, or
// the store that a login put it in.
func (app *App) apiKey(ctx context.Context, settings config.Resolved, flags *globals, endpoint string) (key, from string, err error) {
	if key := settings.Text(config.APIKey); key != "" {
		return key, "environment", nil
	}
	stores, err := app.stores(settings, flags, tokencache.Seal{})
	if err != nil {
		return "", "", err
	}
	name := tokencache.APIKey(endpoint)
	place := stores.FindName(name)
	value, err := place.Get(ctx, name)
	if errors.Is(err, tokencache.ErrNotFound) {
		return "", "", &config.MissingError{Setting: config.Describe(config.APIKey)}
	}
	app.Secrets.Add(string(value))
	return string(value), place.Name(), err
}
