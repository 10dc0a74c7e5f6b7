package tokencache

import (
	"context"
	"errors"
	"path/filepath"
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
	Keyring Store
	File    *File
	Memory  Store
	Index   Index
	// KeyringLocks is the folder for locks on tokens in the keyring. The keyring
	// is one for each user of the machine, so this must not follow a setting that
	// may differ between two of the user's processes.
	KeyringLocks string
}

// NoSealError says that the sealed file is to be used and there is nothing to
// seal it with, or to open it.
type NoSealError struct{}

func (NoSealError) Error() string {
	return "the token file needs a secret to be sealed with, and there is none"
}

// A Place is a store as chosen for one credential.
type Place struct {
	Store
	locks string
	name  func() string
}

// Name returns what people call the store: keyring, file or memory. Where two
// were possible it is the one that took the last value.
func (p *Place) Name() string { return p.name() }

// Lock returns the path of the lock file for the value under key. Its scope is
// the store's: per user for the keyring, per folder for files.
func (p *Place) Lock(key string) string { return filepath.Join(p.locks, key+".lock") }

// Find returns the place where the token of key rests or will rest.
func (s *Stores) Find(key Key) (*Place, error) {
	mode := s.Mode
	if mode == Auto {
		records, err := s.Index.Records()
		if err == nil && records[key.Token()].Store == string(FileMode) {
			mode = FileMode
		}
	}
	switch {
	case mode == MemoryMode:
		return s.place(MemoryMode, s.Memory), nil
	case mode == FileMode && s.File.Seal.IsZero():
		return nil, NoSealError{}
	case mode == FileMode:
		return s.place(FileMode, s.File), nil
	case mode == Auto && !s.File.Seal.IsZero():
		pair := &fallback{first: s.Keyring, second: s.File}
		place := s.place(KeyringMode, pair)
		place.name = pair.name
		return place, nil
	default:
		return s.place(KeyringMode, s.Keyring), nil
	}
}

func (s *Stores) place(mode Mode, store Store) *Place {
	locks := s.KeyringLocks
	if mode == FileMode {
		locks = filepath.Join(s.File.Dir, "locks")
	}
	return &Place{Store: store, locks: locks, name: func() string { return string(mode) }}
}

// fallback is the keyring, or the sealed file where the keyring is unavailable.
// A keyring that is locked is an error: falling back would hide it.
type fallback struct {
	first, second Store
	usedSecond    bool
}

func (f *fallback) name() string {
	if f.usedSecond {
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
		f.usedSecond = err == nil
	}
	return value, err
}

func (f *fallback) Set(ctx context.Context, key string, value []byte) error {
	err := f.first.Set(ctx, key, value)
	f.usedSecond = unavailable(err)
	if f.usedSecond {
		return f.second.Set(ctx, key, value)
	}
	return err
}

func (f *fallback) Delete(ctx context.Context, key string) error {
	err := f.first.Delete(ctx, key)
	if unavailable(err) {
		err = nil
	}
	return errors.Join(err, f.second.Delete(ctx, key))
}

func unavailable(err error) bool {
	var unavailable *UnavailableError
	return errors.As(err, &unavailable)
}
