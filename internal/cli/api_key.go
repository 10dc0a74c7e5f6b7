package cli

import (
	"context"
	"errors"
	"fmt"
	"net/url"

	"github.com/appsyncctl/appsyncctl/internal/config"
	"github.com/appsyncctl/appsyncctl/internal/tokencache"
)

// noLoginError says that an authorization mode has nothing to log in with.
type noLoginError struct{ mode string }

func (e *noLoginError) Error() string {
	return fmt.Sprintf("the authorization mode %s needs no login: it takes the credentials that the AWS CLI would", e.mode)
}

// loginWithout is login for an API that takes no token: it keeps the API key.
func (app *App) loginWithout(ctx context.Context, flags *globals, path string, settings config.Resolved, options loginOptions) error {
	if settings.Text(config.Auth) == authIAM {
		return &noLoginError{authIAM}
	}
	endpoint, err := endpoint(settings)
	if err != nil {
		return err
	}
	key := settings.Text(config.APIKey)
	if options.apiKeyFromStdin {
		secret, err := readSecret("standard input", app.In)
		if err != nil {
			return err
		}
		key = string(secret)
	}
	if key == "" {
		return &config.MissingError{Setting: config.Describe(config.APIKey)}
	}
	place, err := app.apiKeyPlace(settings, flags)
	if err != nil {
		return err
	}
	if err := place.SetAlone(ctx, tokencache.APIKey(endpoint.String()), []byte(key), app.notice); err != nil {
		return err
	}
	profile := settings.Text(config.Profile)
	if err := config.SaveProfile(path, profile, settings.Profile()); err != nil {
		return err
	}
	app.notice(fmt.Sprintf("API key stored in the %s, settings in profile %s", place.Name(), profile))
	return nil
}

// apiKey returns the key for an API: from the environment, else the one that a
// login kept.
func (app *App) apiKey(ctx context.Context, settings config.Resolved, flags *globals, endpoint *url.URL) (string, error) {
	if key := settings.Text(config.APIKey); key != "" {
		return key, nil
	}
	place, err := app.apiKeyPlace(settings, flags)
	if err != nil {
		return "", err
	}
	key, err := place.Get(ctx, tokencache.APIKey(endpoint.String()))
	if errors.Is(err, tokencache.ErrNotFound) {
		return "", &config.MissingError{Setting: config.Describe(config.APIKey)}
	}
	return string(key), err
}

// forgetAPIKey is logout for an API that takes a key.
func (app *App) forgetAPIKey(ctx context.Context, settings config.Resolved, flags *globals) error {
	endpoint, err := endpoint(settings)
	if err != nil {
		return err
	}
	place, err := app.apiKeyPlace(settings, flags)
	if err != nil {
		return err
	}
	if err := place.Delete(ctx, tokencache.APIKey(endpoint.String())); err != nil {
		return err
	}
	app.notice(fmt.Sprintf("the API key is no longer in the %s; it stays valid until it expires or is deleted in AppSync", place.Name()))
	return nil
}

// apiKeyPlace is where API keys rest: the keyring, or a file that a passphrase
// seals.
func (app *App) apiKeyPlace(settings config.Resolved, flags *globals) (*tokencache.Place, error) {
	stores, err := app.stores(settings, tokencache.Seal{}, app.Keyring(app.Terminal && !flags.noInput, app.notice))
	if err != nil {
		return nil, err
	}
	return stores.Find(tokencache.Key{}), nil
}
