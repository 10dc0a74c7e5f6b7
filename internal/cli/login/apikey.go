// API keys: where an API takes a key and no token, login and logout keep and
// forget the key.

package login

import (
	"context"
	"fmt"

	"github.com/appsyncctl/appsyncctl/internal/config"
	"github.com/appsyncctl/appsyncctl/internal/session"
	"github.com/appsyncctl/appsyncctl/internal/tokencache"
)

// loginAPIKey stores the API key.
func loginAPIKey(ctx context.Context, s *session.Session, settings config.Resolved, options loginOptions) error {
	endpoint, err := s.Endpoint()
	if err != nil {
		return err
	}
	key := settings.Text(config.APIKey)
	if options.apiKeyFromStdin {
		secret, err := session.SecretFromStdin(ctx, s.App, "API key: ")
		if err != nil {
			return err
		}
		key = string(secret)
	}
	if key == "" {
		return &config.MissingError{Setting: config.Describe(config.APIKey)}
	}
	stores, err := s.Stores(tokencache.Seal{})
	if err != nil {
		return err
	}
	name := tokencache.APIKey(endpoint.String())
	store := stores.FindName(name)
	if err := store.SetAlone(ctx, name, []byte(key), s.App.Notice); err != nil {
		return err
	}
	s.Record(ctx, stores, store, name, tokencache.Record{
		Grant: session.ModeAPIKey, Endpoint: endpoint.String(), Saved: s.App.Now().UTC(),
	})
	profile := settings.Text(config.Profile)
	if err := s.SaveProfile(context.WithoutCancel(ctx), profile, settings.Profile()); err != nil {
		return err
	}
	s.App.Notice(fmt.Sprintf("API key stored in the %s, settings in profile %s", session.StoreName(store), profile))
	return nil
}

// logoutAPIKey forgets the API key of a profile.
func logoutAPIKey(ctx context.Context, s *session.Session) error {
	endpoint, err := s.Endpoint()
	if err != nil {
		return err
	}
	stores, err := s.Stores(tokencache.Seal{})
	if err != nil {
		return err
	}
	return forgetAPIKey(ctx, s, stores, endpoint.String())
}

func forgetAPIKey(ctx context.Context, s *session.Session, stores *tokencache.Stores, endpoint string) error {
	name := tokencache.APIKey(endpoint)
	store := stores.FindName(name)
	if err := store.Delete(ctx, name); err != nil {
		return err
	}
	if err := stores.Index.Remove(ctx, name); err != nil {
		return err
	}
	s.App.Notice(fmt.Sprintf("the API key for %s is no longer in the %s; it stays valid until it expires or is deleted in AppSync",
		endpoint, session.StoreName(store)))
	return nil
}
