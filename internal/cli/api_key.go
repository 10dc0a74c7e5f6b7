package cli

import (
	"context"
	"errors"
	"net/url"

	"github.com/appsyncctl/appsyncctl/internal/config"
	"github.com/appsyncctl/appsyncctl/internal/tokencache"
)

// apiKey returns the key for an API: from the environment, else the one that a
// login kept in the keyring.
func (app *App) apiKey(ctx context.Context, settings config.Resolved, flags *globals, endpoint *url.URL) (string, error) {
	if key := settings.Text(config.APIKey); key != "" {
		return key, nil
	}
	store, err := app.apiKeyStore(settings, flags)
	if err != nil {
		return "", err
	}
	key, err := store.Get(ctx, tokencache.APIKey(endpoint.String()))
	if errors.Is(err, tokencache.ErrNotFound) {
		return "", &config.MissingError{Setting: config.Describe(config.APIKey)}
	}
	return string(key), err
}

func (app *App) apiKeyStore(settings config.Resolved, flags *globals) (tokencache.Store, error) {
	stores, err := app.stores(settings, "", app.Keyring(app.Terminal && !flags.noInput, app.notice))
	if err != nil {
		return nil, err
	}
	return stores.Find(tokencache.Key{}), nil
}
