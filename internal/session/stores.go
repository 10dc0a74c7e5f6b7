// Which token stores settings allow, and the index that remembers what went where.

package session

import (
	"cmp"
	"context"
	"errors"
	"os"
	"path/filepath"

	"github.com/appsyncctl/appsyncctl/internal/config"
	"github.com/appsyncctl/appsyncctl/internal/failure"
	"github.com/appsyncctl/appsyncctl/internal/tokencache"
)

// Stores returns the stores that settings allow. A passphrase seals the file, if
// there is one, and else seal does.
func (s *Session) Stores(seal tokencache.Seal) (*tokencache.Stores, error) {
	settings, err := s.Settings()
	if err != nil {
		return nil, err
	}
	mode := tokencache.Mode(cmp.Or(settings.Text(config.TokenStore), string(tokencache.Auto)))
	state, err := config.StateDir(s.App.LookupEnv)
	if failure.Is[*config.NoHomeError](err) && mode == tokencache.Auto {
		mode, err = tokencache.MemoryMode, nil // nowhere to remember anything
	}
	if err != nil {
		return nil, err
	}
	notice := onceEach(s.App.Notice) // a token is read twice on its way to be renewed
	if passphrase := settings.Text(config.Passphrase); passphrase != "" {
		seal = tokencache.PassphraseSeal(passphrase)
	}
	return &tokencache.Stores{
		Mode:    mode,
		Keyring: s.App.Keyring(s.App.Terminal && !s.Flags.NoInput, s.App.Notice),
		File:    &tokencache.File{Dir: filepath.Join(state, "tokens"), Seal: seal, Notice: notice},
		Memory:  &s.memory,
		Index:   tokencache.Index{Path: filepath.Join(state, "index.json")},
		Locks:   s.locks(state),
	}, nil
}

// locks returns the folder for lock files: in the user's home whatever the
// settings say, or in state where the home cannot be written to; without any there is
// none.
func (s *Session) locks(state string) string {
	home, err := config.HomeStateDir(s.App.LookupEnv)
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

// Record notes in the index where a value went. A keyring cannot be listed, so
// this is how logout finds it again.
func (s *Session) Record(ctx context.Context, stores *tokencache.Stores, place *tokencache.Place, name string, record tokencache.Record) {
	record.Store = place.Name()
	if record.Store == string(tokencache.MemoryMode) {
		return
	}
	if err := stores.Index.Put(ctx, name, record); err != nil {
		s.App.Notice("could not note where the token is stored: " + err.Error())
	}
}

// LockFile returns the path of a lock file in the user's home, or "" where there is no
// place for one.
func (s *Session) LockFile(name string) string {
	state, err := config.StateDir(s.App.LookupEnv)
	if err != nil {
		state = ""
	}
	locks := s.locks(state)
	if locks == "" {
		return ""
	}
	return filepath.Join(locks, name)
}

// StoreName is a store as a sentence names it.
func StoreName(store *tokencache.Place) string {
	if store.Name() == string(tokencache.FileMode) {
		return "sealed file"
	}
	return store.Name()
}

// APIKey returns the key for the API and where it came from: the environment, or the
// store that a login put it in.
func (s *Session) APIKey(ctx context.Context) (key, from string, err error) {
	settings, err := s.Settings()
	if err != nil {
		return "", "", err
	}
	if key := settings.Text(config.APIKey); key != "" {
		return key, "environment", nil
	}
	endpoint, err := s.Endpoint()
	if err != nil {
		return "", "", err
	}
	stores, err := s.Stores(tokencache.Seal{})
	if err != nil {
		return "", "", err
	}
	name := tokencache.APIKey(endpoint.String())
	store := stores.FindName(name)
	value, err := store.Get(ctx, name)
	if errors.Is(err, tokencache.ErrNotFound) {
		return "", "", &config.MissingError{Setting: config.Describe(config.APIKey)}
	}
	s.App.Secrets.Add(string(value))
	return string(value), store.Name(), err
}
