// The grant and the token store of a set-up that is examined.

package cli

import (
	"cmp"
	"context"
	"sync/atomic"

	"golang.org/x/oauth2"

	"github.com/appsyncctl/appsyncctl/internal/config"
	"github.com/appsyncctl/appsyncctl/internal/doctor"
	"github.com/appsyncctl/appsyncctl/internal/redact"
	"github.com/appsyncctl/appsyncctl/internal/tokencache"
)

// addGrant adds the token that settings lead to, and the store in which it rests.
func (s *examinee) addGrant(ctx context.Context, app *App, flags *globals, settings config.Resolved) {
	s.Grant, s.Token = cmp.Or(settings.Text(config.Grant), grantDevice), s.tokens.Token
	cached, err := app.cachedGrant(ctx, settings, flags)
	if err != nil {
		s.tokens.err = err
		s.TokenFrom = func() string { return "" }
		s.Store = app.storeOf(flags, settings, "") // of no token in particular
		return
	}
	s.Grant = cached.name
	s.secrets.Add(string(cached.proof.secret))
	cached.provider = app.knownProvider
	cached.place.Store = &overheard{cached.place.Store, s.secrets}
	var fetched atomic.Bool
	grant := cached.source.Grant
	cached.source.Grant = func(ctx context.Context, old tokencache.Entry) (*oauth2.Token, error) {
		if old.RefreshToken != "" && cached.name != grantClientCredentials {
			if err := s.tokens.spend(ctx); err != nil {
				return nil, err
			}
		}
		token, err := grant(ctx, old)
		fetched.Store(fetched.Load() || err == nil)
		return token, err
	}
	s.cached, s.tokens.source = cached, cached.source
	s.TokenFrom = func() string {
		if fetched.Load() {
			return "the provider"
		}
		return "the " + storeName(cached.place)
	}
	s.Store = examinedStore(cached.stores, cached.place)
}

// overheard is a store whose values are kept out of reports.
type overheard struct {
	tokencache.Store
	secrets *redact.Secrets
}

// Get implements tokencache.Store.
func (o *overheard) Get(ctx context.Context, key string) ([]byte, error) {
	value, err := o.Store.Get(ctx, key)
	if entry, notOne := tokencache.DecodeEntry(value); notOne == nil {
		o.secrets.Add(entry.AccessToken)
		o.secrets.Add(entry.RefreshToken)
	} else {
		o.secrets.Add(string(value))
	}
	return value, err
}

// examinedStore is the store at place. A keyring that is not there is no trouble where
// the file takes what it should have taken.
func examinedStore(stores *tokencache.Stores, place *tokencache.Place) *doctor.Store {
	store := &doctor.Store{Name: place.Name(), Probe: place.Ready}
	if store.Name != string(tokencache.KeyringMode) {
		return store
	}
	var absent atomic.Bool
	store.Probe = func(ctx context.Context) error {
		err := stores.Keyring.Probe(ctx)
		if !is[*tokencache.UnavailableError](err) || place.Ready(ctx) != nil {
			return err
		}
		absent.Store(true)
		return stores.File.Ready()
	}
	store.Instead = func() string {
		if absent.Load() {
			return string(tokencache.FileMode)
		}
		return ""
	}
	return store
}

// storeOf is the store that a value called name rests in, or will.
func (app *App) storeOf(flags *globals, settings config.Resolved, name string) *doctor.Store {
	stores, err := app.stores(settings, flags, tokencache.Seal{})
	if err != nil {
		return nil
	}
	return examinedStore(stores, stores.FindName(name))
}

// apiKeyStore is the store of an API key that is not in the environment; nil for the
// other modes without a token.
func (app *App) apiKeyStore(flags *globals, settings config.Resolved, mode string) *doctor.Store {
	endpoint, err := endpoint(settings)
	if err != nil || mode != authAPIKey || settings.Text(config.APIKey) != "" {
		return nil
	}
	return app.storeOf(flags, settings, tokencache.APIKey(endpoint.String()))
}
