package store

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"iter"
	"os"
	"path/filepath"
	"time"

	"go.etcd.io/bbolt"
	bbolterrors "go.etcd.io/bbolt/errors"
)

// File is a Table that outlives its process, however it ends: a change that was
// answered is on the disk. bbolt was taken because it is one file without a
// server, and copies pages instead of overwriting them, so that there is nothing
// to repair after a kill.
//
// An item lies under its Position, as JSON of its attributes.
type File struct {
	db       *bbolt.DB
	tokenKey []byte
}

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

// How many items a scan reads in one transaction, at first and at most: an open one
// keeps the file from growing, and thereby writers waiting.
const (
	firstBatch = 32
	lastBatch  = 512
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

// TokenKey is a key for Config.TokenKey that lasts as long as the file, so that a
// nextToken does, too.
func (f *File) TokenKey() []byte { return bytes.Clone(f.tokenKey) }

// Close lets another process have the file.
func (f *File) Close() error { return f.db.Close() }

// Get implements Table.
func (f *File) Get(_ context.Context, id string) (item Item, found bool, err error) {
	err = f.db.View(func(tx *bbolt.Tx) error {
		item, found, err = readIn(customersIn(tx), id)
		return err
	})
	return item, found, err
}

// Create implements Table.
func (f *File) Create(_ context.Context, item Item) error {
	return f.change(item.ID, func(there Item, taken bool) (*Item, error) {
		if taken && !there.equal(item) {
			return nil, ErrCondition
		}
		return &item, nil
	})
}

// CreateMissing keeps those of the items whose id is not taken, all of them at once or,
// on an error, none.
func (f *File) CreateMissing(items []Item) error {
	return f.db.Update(func(tx *bbolt.Tx) error {
		customers := customersIn(tx)
		for _, item := range items {
			if customers.Get([]byte(Position(item.ID))) != nil {
				continue
			}
			if err := replaceIn(customers, item.ID, &item); err != nil {
				return err
			}
		}
		return nil
	})
}

// Update implements Table.
func (f *File) Update(_ context.Context, id string, change func(Item) Item) (Item, error) {
	var updated Item
	err := f.change(id, func(old Item, found bool) (*Item, error) {
		if !found {
			return nil, ErrCondition
		}
		updated = change(old)
		return &updated, nil
	})
	return updated, err
}

// Delete implements Table.
func (f *File) Delete(_ context.Context, id string) (Item, bool, error) {
	var deleted Item
	var found bool
	err := f.change(id, func(old Item, there bool) (*Item, error) {
		deleted, found = old, there
		return nil, nil
	})
	return deleted, found, err
}

// change puts what decide returns in the place of an item, deletes the item when
// that is nil, and leaves it alone on an error of decide's. Changes that arrive
// together go to the disk together. decide may be called twice.
func (f *File) change(id string, decide func(old Item, found bool) (*Item, error)) error {
	var refused error // not the transaction's: others' changes are in it
	err := f.db.Batch(func(tx *bbolt.Tx) error {
		customers := customersIn(tx)
		old, found, err := readIn(customers, id)
		if err != nil {
			return err
		}
		var item *Item
		if item, refused = decide(old, found); refused == nil {
			return replaceIn(customers, id, item)
		}
		return nil
	})
	if err != nil {
		return err
	}
	return refused
}

// Scan implements Table. What changes meanwhile may or may not be seen.
func (f *File) Scan(_ context.Context, after string) iter.Seq2[Item, error] {
	return func(yield func(Item, error) bool) {
		last := ""
		if after != "" {
			last = Position(after)
		}
		for limit := firstBatch; ; limit = min(2*limit, lastBatch) {
			items, err := f.next(last, limit)
			if err != nil {
				yield(Item{}, err)
				return
			}
			for _, item := range items {
				if !yield(item, nil) {
					return
				}
				last = Position(item.ID)
			}
			if len(items) < limit {
				return
			}
		}
	}
}

// next returns the first items behind a position, limit at most.
func (f *File) next(last string, limit int) ([]Item, error) {
	var items []Item
	err := f.db.View(func(tx *bbolt.Tx) error {
		cursor := customersIn(tx).Cursor()
		key, text := cursor.Seek([]byte(last))
		if key != nil && string(key) == last {
			key, text = cursor.Next()
		}
		for ; key != nil && len(items) < limit; key, text = cursor.Next() {
			item, err := decodeItem(idAt(key), text)
			if err != nil {
				return err
			}
			items = append(items, item)
		}
		return nil
	})
	return items, err
}

// Count implements Table.
func (f *File) Count(context.Context) (n int, err error) {
	err = f.db.View(func(tx *bbolt.Tx) error {
		n = customersIn(tx).Stats().KeyN
		return nil
	})
	return n, err
}

// Clear implements Table, at once.
func (f *File) Clear(context.Context) error {
	return f.db.Update(func(tx *bbolt.Tx) error {
		if err := tx.DeleteBucket([]byte(customersBucket)); err != nil {
			return err
		}
		_, err := tx.CreateBucket([]byte(customersBucket))
		return err
	})
}

func customersIn(tx *bbolt.Tx) *bbolt.Bucket { return tx.Bucket([]byte(customersBucket)) }

func readIn(customers *bbolt.Bucket, id string) (Item, bool, error) {
	text := customers.Get([]byte(Position(id)))
	if text == nil {
		return Item{}, false, nil
	}
	item, err := decodeItem(id, text)
	return item, err == nil, err
}

// replaceIn puts the item in its place, or deletes what is there when it is nil.
func replaceIn(customers *bbolt.Bucket, id string, item *Item) error {
	if item == nil {
		return customers.Delete([]byte(Position(id)))
	}
	text, err := json.Marshal(item.Attributes)
	if err != nil {
		return err
	}
	return customers.Put([]byte(Position(id)), text)
}

// idAt undoes Position.
func idAt(key []byte) string { return string(key[positionDigits:]) }

func decodeItem(id string, text []byte) (Item, error) {
	item := Item{ID: id}
	if err := json.Unmarshal(text, &item.Attributes); err != nil {
		return Item{}, fmt.Errorf("customer %q: %w", id, err)
	}
	if item.Attributes == nil {
		item.Attributes = map[string]*string{}
	}
	return item, nil
}
