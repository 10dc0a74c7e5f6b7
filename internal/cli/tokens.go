package cli

import (
	"context"
	"errors"
	"path/filepath"
	"time"

	"golang.org/x/oauth2"

	"github.com/appsyncctl/appsyncctl/internal/auth"
	"github.com/appsyncctl/appsyncctl/internal/config"
	"github.com/appsyncctl/appsyncctl/internal/tokencache"
)

// tokenSource is what a command needs of a token.
type tokenSource interface {
	Token(ctx context.Context) (string, error)
	Renew(ctx context.Context, rejected string) (string, error)
}

// bearer returns the source of the tokens that settings describe.
func (app *App) bearer(ctx context.Context, settings config.Resolved, flags *globals) (tokenSource, error) {
	if token := settings.Text(config.Token); token != "" {
		return givenToken(token), nil
	}
	held, err := app.credential(ctx, settings, flags)
	if err != nil {
		return nil, err
	}
	return held.source, nil
}

// givenToken is a token from the environment: used as it is, never renewed.
type givenToken string

// Token returns the token.
func (t givenToken) Token(context.Context) (string, error) { return string(t), nil }

// Renew returns nothing: there is no other token.
func (t givenToken) Renew(context.Context, string) (string, error) { return "", nil }

// A credential is a grant with the place where its token rests.
type credential struct {
	grant  *grant
	key    tokencache.Key
	stores *tokencache.Stores
	place  *tokencache.Place
	source *tokencache.Source

	keyring Keyring // to try it out before a login
}

// credential decorates the grant of settings with the token cache.
func (app *App) credential(ctx context.Context, settings config.Resolved, flags *globals) (*credential, error) {
	grant, err := app.grant(ctx, settings, flags)
	if err != nil {
		return nil, err
	}
	return app.cached(grant, settings, flags)
}

func (app *App) cached(grant *grant, settings config.Resolved, flags *globals) (*credential, error) {
	keyring := app.Keyring(app.Terminal && !flags.noInput, app.notice)
	stores, err := app.stores(settings, grant.proof.seal(), keyring)
	if err != nil {
		return nil, err
	}
	return app.hold(grant, stores, keyring), nil
}

func (app *App) hold(grant *grant, stores *tokencache.Stores, keyring Keyring) *credential {
	key := grant.key()
	held := &credential{grant: grant, key: key, stores: stores, place: stores.Find(key), keyring: keyring}
	id := key.Token()
	held.source = &tokencache.Source{
		Key:   id,
		Store: held.place,
		Lock:  held.place.Lock(id),
		Grant: func(ctx context.Context, old tokencache.Entry) (*oauth2.Token, error) {
			return grant.renew(ctx, old, func() (auth.Secret, error) { return held.storedSecret(ctx) })
		},
		Spent:  spent,
		Saved:  func(ctx context.Context, entry tokencache.Entry) { app.remember(ctx, held, entry) },
		Now:    app.Now,
		Notice: app.notice,
	}
	return held
}

// stores returns the stores that settings allow. A passphrase seals the file, if
// there is one, and else seal does.
func (app *App) stores(settings config.Resolved, seal tokencache.Seal, keyring Keyring) (*tokencache.Stores, error) {
	mode, err := storeMode(settings)
	if err != nil {
		return nil, err
	}
	state, err := config.StateDir(app.LookupEnv)
	if err != nil {
		return nil, err
	}
	locks, err := config.HomeStateDir(app.LookupEnv)
	if err != nil {
		locks = state // no home: XDG_STATE_HOME is all there is
	}
	if passphrase := settings.Text(config.Passphrase); passphrase != "" {
		seal = tokencache.PassphraseSeal(passphrase)
	}
	return &tokencache.Stores{
		Mode:         mode,
		Keyring:      keyring,
		File:         &tokencache.File{Dir: filepath.Join(state, "tokens"), Seal: seal, Notice: app.notice},
		Memory:       &tokencache.Memory{},
		Index:        tokencache.Index{Path: filepath.Join(state, "index.json")},
		KeyringLocks: filepath.Join(locks, "locks"),
	}, nil
}

// storeModeError says that a setting names no token store.
type storeModeError struct{ name string }

func (e *storeModeError) Error() string {
	return "there is no token store \"" + e.name + "\": it is auto, keyring, file or memory"
}

func storeMode(settings config.Resolved) (tokencache.Mode, error) {
	switch mode := tokencache.Mode(settings.Text(config.TokenStore)); mode {
	case "":
		return tokencache.Auto, nil
	case tokencache.Auto, tokencache.KeyringMode, tokencache.FileMode, tokencache.MemoryMode:
		return mode, nil
	default:
		return "", &storeModeError{string(mode)}
	}
}

// remember writes into the index where a token went. A keyring cannot be listed,
// so this is how status and logout find it again.
func (app *App) remember(ctx context.Context, held *credential, entry tokencache.Entry) {
	if held.place.Name() == string(tokencache.MemoryMode) {
		return
	}
	id := held.key.Token()
	records, _ := held.stores.Index.Records() // a damaged index is made anew
	err := held.stores.Index.Put(ctx, id, tokencache.Record{
		Store:        held.place.Name(),
		Grant:        held.key.Grant,
		Issuer:       held.key.Issuer,
		ClientID:     held.key.ClientID,
		Audience:     held.key.Audience,
		Organization: held.key.Organization,
		Scopes:       held.key.Scopes,
		Renewable:    entry.RefreshToken != "",
		Secret:       records[id].Secret,
		Saved:        entry.Obtained,
		Expiry:       entry.Expiry.UTC().Truncate(time.Second),
	})
	if err != nil {
		app.notice("could not note where the token is stored: " + err.Error())
	}
}

// storedSecret returns the client secret that an earlier login kept.
func (c *credential) storedSecret(ctx context.Context) (auth.Secret, error) {
	value, err := c.place.Get(ctx, c.key.Secret())
	if errors.Is(err, tokencache.ErrNotFound) {
		return "", &config.MissingError{Setting: config.Describe(config.ClientSecret)}
	}
	return auth.Secret(value), err
}
