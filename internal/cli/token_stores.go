// Which token stores settings allow, and the index that remembers what went where.

package cli

import (
	"cmp"
	"context"
	"os"
	"path/filepath"

	"github.com/appsyncctl/appsyncctl/internal/config"
	"github.com/appsyncctl/appsyncctl/internal/tokencache"
)

// stores returns the stores that settings allow. A passphrase seals the file, if
// there is one, and else seal does.
func (app *App) stores(settings config.Resolved, flags *globals, seal tokencache.Seal) (*tokencache.Stores, error) {
	mode := tokencache.Mode(cmp.Or(settings.Text(config.TokenStore), string(tokencache.Auto)))
	state, err := config.StateDir(app.LookupEnv)
	if is[*config.NoHomeError](err) && mode == tokencache.Auto {
		mode, err = tokencache.MemoryMode, nil // nowhere to remember anything
	}
	if err != nil {
		return nil, err
	}
	notice := onceEach(app.Notice) // a token is read twice on its way to be renewed
	if passphrase := settings.Text(config.Passphrase); passphrase != "" {
		seal = tokencache.PassphraseSeal(passphrase)
	}
	return &tokencache.Stores{
		Mode:    mode,
		Keyring: app.Keyring(app.Terminal && !flags.NoInput, app.Notice),
		File:    &tokencache.File{Dir: filepath.Join(state, "tokens"), Seal: seal, Notice: notice},
		Memory:  &tokencache.Memory{},
		Index:   tokencache.Index{Path: filepath.Join(state, "index.json")},
		Locks:   app.locks(state),
	}, nil
}

// locks returns the folder for lock files: in the user's home whatever the
// settings say, or in state where the home cannot be written to; without any there is
// none.
func (app *App) locks(state string) string {
	home, err := config.HomeStateDir(app.LookupEnv)
	if err != nil && state == "" {
		return ""
	}
	if err != nil {
		return filepath.Join(state, "locks")
	}
	if locks := filepath.Join(home, "locks"); os.MkdirAll(locks, 0o700) == nil {
		return locks
	}
	return filepath.Join(state, "locks")
}

// onceEach passes each text on once.
func onceEach(notice func(string)) func(string) {
	said := make(map[string]bool)
	return func(text string) {
		if !said[text] {
			said[text] = true
			notice(text)
		}
	}
}

// record notes in the index where a value went. A keyring cannot be listed, so
// this is how logout finds it again.
func (app *App) record(ctx context.Context, stores *tokencache.Stores, place *tokencache.Place, name string, record tokencache.Record) {
	record.Store = place.Name()
	if record.Store == string(tokencache.MemoryMode) {
		return
	}
	if err := stores.Index.Put(ctx, name, record); err != nil {
		app.Notice("could not note where the token is stored: " + err.Error())
	}
}
