package tokencache

import (
	"context"
	"errors"
	"path/filepath"
	"sync/atomic"
)

// Mode says which store a person asked for.
type Mode string

// The modes. Auto is the keyring where there is one; without one, the sealed
// file for those who hold a secret to seal it with. Nothing is ever stored in
// the clear.
const (
	Auto        Mode = "auto"
	KeyringMode Mode = "keyring"
	FileMode    Mode = "file"
	MemoryMode  Mode = "memory"
)

// Stores is what there is to choose from.
type Stores struct {
	Mode    Mode
	Keyring Probed
	File    *File
	Memory  Store
	Index   Index
	// Locks is the folder for lock files. The keyring is one for each user of the
	// machine, so this must not follow a setting that may differ between two of the
	// user's processes.
	Locks string
}

// Probed is a store that can be tried out.
type Probed interface {
	Store
	// Probe stores, reads and deletes a value.
	Probe(ctx context.Context) error
}

// A Place is a store as chosen for one credential.
type Place struct {
	Store
	locks string
	name  func() string
	ready func(ctx context.Context) error
	seal  Seal // of the file, if it may come to that
}

// Name returns what people call the store: keyring, file or memory. Where two
// were possible it is the one that took the last value.
func (p *Place) Name() string { return p.name() }

// Ready returns why a value could not be stored, before there is one to lose.
func (p *Place) Ready(ctx context.Context) error { return p.ready(ctx) }

// KeepsSecrets reports whether a client's secret may rest here: in the keyring, or
// in a file that something else than that secret seals.
func (p *Place) KeepsSecrets() bool {
	switch Mode(p.Name()) {
	case KeyringMode:
		return true
	case FileMode:
		return p.seal.ByPassphrase()
	default:
		return false
	}
}

// Lock returns the path of the lock file for the value under key, which is the same
// wherever the value rests.
// It is empty where nothing can be remembered, and so nobody can get into the way.
func (p *Place) Lock(key string) string {
	if p.locks == "" {
		return ""
	}
	return filepath.Join(p.locks, key+".lock")
}

// SetAlone is Set while no other process of this program writes under key.
func (p *Place) SetAlone(ctx context.Context, key string, value []byte, notice func(string)) error {
	return Exclusively(ctx, p.Lock(key), notice, func() error { return p.Set(ctx, key, value) })
}

// Find returns the place where the token of key rests or will rest.
func (s *Stores) Find(key Key) *Place { return s.FindName(key.Token()) }

// FindName is Find for a value by the name under which it is stored.
func (s *Stores) FindName(name string) *Place {
	mode, recorded := s.Mode, ""
	if mode == Auto {
		records, _ := s.Index.Records() // a damaged index knows nothing
		recorded = records[name].Store
	}
	switch {
	case mode == MemoryMode:
		return s.place(MemoryMode, s.Memory)
	case mode == FileMode || recorded == string(FileMode):
		return s.place(FileMode, s.File)
	case mode == Auto && !s.File.Seal.IsZero():
		pair := &fallback{first: s.Keyring, second: s.File, known: recorded == string(KeyringMode)}
		place := s.place(KeyringMode, pair)
		place.name = pair.name
		place.ready = func(ctx context.Context) error {
			if err := s.Keyring.Probe(ctx); !unavailable(err) {
				return err
			}
			return nil // the file takes it
		}
		return place
	case mode == Auto && recorded == "":
		return s.place(KeyringMode, untried{s.Keyring})
	default:
		return s.place(KeyringMode, s.Keyring)
	}
}

// untried is a keyring in which nothing is known to be: where it is unavailable,
// nothing was ever stored.
type untried struct{ Store }

func (u untried) Get(ctx context.Context, key string) ([]byte, error) {
	value, err := u.Store.Get(ctx, key)
	if unavailable(err) {
		return nil, ErrNotFound
	}
	return value, err
}

func (u untried) Delete(ctx context.Context, key string) error {
	err := u.Store.Delete(ctx, key)
	if unavailable(err) {
		return nil
	}
	return err
}

func (s *Stores) place(mode Mode, store Store) *Place {
	place := &Place{
		Store: store,
		locks: s.Locks,
		name:  func() string { return string(mode) },
		seal:  s.File.Seal,
	}
	switch mode {
	case FileMode:
		place.ready = func(context.Context) error { return s.File.Ready() }
	case MemoryMode:
		place.ready = func(context.Context) error { return nil }
	default:
		place.ready = s.Keyring.Probe
	}
	return place
}

// fallback is the keyring, or the sealed file where the keyring is unavailable.
// A keyring that is locked is an error: falling back would hide it.
type fallback struct {
	first, second Store
	known         bool // the index says that the value is in the first
	usedSecond    atomic.Bool
}

func (f *fallback) name() string {
	if f.usedSecond.Load() {
		return string(FileMode)
	}
	return string(KeyringMode)
}

// Get looks in the second store also when the first has nothing: a keyring that
// can be read but not written sent the value there.
func (f *fallback) Get(ctx context.Context, key string) ([]byte, error) {
	value, err := f.first.Get(ctx, key)
	if unavailable(err) || errors.Is(err, ErrNotFound) {
		value, err = f.second.Get(ctx, key)
		f.usedSecond.Store(err == nil)
	}
	return value, err
}

// Set leaves no older value behind in the second store: its refresh token may be
// spent, and a provider takes its use for theft once the first is unavailable.
func (f *fallback) Set(ctx context.Context, key string, value []byte) error {
	err := f.first.Set(ctx, key, value)
	f.usedSecond.Store(unavailable(err))
	if unavailable(err) {
		return f.second.Set(ctx, key, value)
	}
	if err == nil {
		_ = f.second.Delete(ctx, key) // the value is safe where it is
	}
	return err
}

func (f *fallback) Delete(ctx context.Context, key string) error {
	err := f.first.Delete(ctx, key)
	if unavailable(err) && !f.known {
		err = nil // nothing was ever stored there
	}
	return errors.Join(err, f.second.Delete(ctx, key))
}

func unavailable(err error) bool {
	var unavailable *UnavailableError
	return errors.As(err, &unavailable)
}
