package appsync

import (
	"crypto/rand"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"go.etcd.io/bbolt"
	bbolterrors "go.etcd.io/bbolt/errors"
)

const (
	customersBucket = "customers"
	settingsBucket  = "settings"
	versionSetting  = "version"
	tokenKeySetting = "token key"
	fileVersion     = "1"

	positionDigits = 16 // of the hash, before the id

	lockPatience = 500 * time.Millisecond
	// batchDelay is how long a change waits for others to share a write with. It is
	// less than what the write takes.
	batchDelay = 200 * time.Microsecond
)

// OpenFile opens the file, or makes it with mode 0600 when there is none or an empty
// one. One process at a time can have it open. A file that another program made is
// refused and left alone.
func OpenFile(name string) (*File, error) {
	if err := makeFile(name); err != nil {
		return nil, err
	}
	db, err := bbolt.Open(name, 0o600, &bbolt.Options{Timeout: lockPatience, FreelistType: bbolt.FreelistMapType})
	if errors.Is(err, bbolterrors.ErrTimeout) {
		return nil, fmt.Errorf("open %s: another emulator uses it", name)
	}
	if err != nil {
		return nil, fmt.Errorf("open %s: %w", name, err)
	}
	db.MaxBatchDelay = batchDelay
	f := &File{db: db}
	if err := db.View(f.settings); err != nil {
		return nil, errors.Join(fmt.Errorf("open %s: %w", name, err), db.Close())
	}
	return f, nil
}

// makeFile makes the file, unless there is one, under another name and then gives it
// its own, so that whoever is killed meanwhile leaves no half of one.
func makeFile(name string) error {
	switch found, err := os.Stat(name); {
	case err == nil && found.Size() > 0:
		return nil
	case err == nil: // as mktemp leaves it
		if err := os.Remove(name); err != nil {
			return err
		}
	case !errors.Is(err, fs.ErrNotExist):
		return err
	}
	draft, err := os.CreateTemp(filepath.Dir(name), "."+filepath.Base(name)+".*")
	if err != nil {
		return err
	}
	defer os.Remove(draft.Name()) //nolint:errcheck // a name too many at worst
	if err := draft.Close(); err != nil {
		return err
	}
	db, err := bbolt.Open(draft.Name(), 0o600, nil)
	if err != nil {
		return fmt.Errorf("make %s: %w", name, err)
	}
	if err := errors.Join(db.Update(prepare), db.Close()); err != nil {
		return fmt.Errorf("make %s: %w", name, err)
	}
	// Unlike Rename, Link takes no name that another process just took.
	if err := os.Link(draft.Name(), name); err != nil && !errors.Is(err, fs.ErrExist) {
		return err
	}
	return nil
}

func prepare(tx *bbolt.Tx) error {
	if _, err := tx.CreateBucket([]byte(customersBucket)); err != nil {
		return err
	}
	settings, err := tx.CreateBucket([]byte(settingsBucket))
	if err != nil {
		return err
	}
	key := make([]byte, 32)
	_, _ = rand.Read(key) // never fails, see crypto/rand
	return errors.Join(
		settings.Put([]byte(versionSetting), []byte(fileVersion)),
		settings.Put([]byte(tokenKeySetting), key),
	)
}

// settings reads them, and refuses a file that is not the emulator's.
func (f *File) settings(tx *bbolt.Tx) error {
	settings := tx.Bucket([]byte(settingsBucket))
	if settings == nil || tx.Bucket([]byte(customersBucket)) == nil {
		return errors.New("not a file of this emulator's")
	}
	if version := settings.Get([]byte(versionSetting)); string(version) != fileVersion {
		return fmt.Errorf("its version is %q, this emulator knows %s", version, fileVersion)
	}
	f.tokenKey = append(f.tokenKey, settings.Get([]byte(tokenKeySetting))...)
	return nil
}
