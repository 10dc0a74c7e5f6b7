// Which token stores settings allow, and the index that remembers what went where.

package cli

import (
	"context"
	"path/filepath"

	"github.com/appsyncctl/appsyncctl/internal/config"
	"github.com/appsyncctl/appsyncctl/internal/tokencache"
)

// stores returns the stores that settings allow. A passphrase seals the file, if
// there is one, and else seal does.
func (app *App) stores(settings config.Resolved, flags *globals, seal tokencache.Seal) (*tokencache.Stores, error) {
	mode := tokencache.Mode(firstOf(settings.Text(config.TokenStore), string(tokencache.Auto)))
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
		Keyring:      app.Keyring(app.Terminal && !flags.noInput, app.notice),
		File:         &tokencache.File{Dir: filepath.Join(state, "tokens"), Seal: seal, Notice: app.notice},
		Memory:       &tokencache.Memory{},
		Index:        tokencache.Index{Path: filepath.Join(state, "index.json")},
		KeyringLocks: filepath.Join(locks, "locks"),
	}, nil
}

// record notes in the index where a value went. A keyring cannot be listed, so
// this is how logout finds it again.
func (app *App) record(ctx context.Context, stores *tokencache.Stores, place *tokencache.Place, name string, record tokencache.Record) {
	record.Store = place.Name()
	if record.Store == string(tokencache.MemoryMode) {
		return
	}
	if err := stores.Index.Put(ctx, name, record); err != nil {
		app.notice("could not note where the token is stored: " + err.Error())
	}
}
