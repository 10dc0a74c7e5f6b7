package appsync

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"iter"

	"go.etcd.io/bbolt"
)

// File is a Store that outlives its process, however it ends: a change that was
// answered is on the disk. bbolt was taken because it is one file without a
// server, and copies pages instead of overwriting them, so that there is nothing
// to repair after a kill.
//
// An item lies under its Position, as JSON of its attributes.
type File struct {
	db       *bbolt.DB
	tokenKey []byte
}

// How many items a scan reads in one transaction, at first and at most: an open one
// keeps the file from growing, and thereby writers waiting.
const (
	firstBatch = 32
	lastBatch  = 512
)

// TokenKey is a key for Config.TokenKey that lasts as long as the file, so that a
// nextToken does, too.
func (f *File) TokenKey() []byte { return bytes.Clone(f.tokenKey) }

// Close lets another process have the file.
func (f *File) Close() error { return f.db.Close() }

// Get implements Store.
func (f *File) Get(_ context.Context, id string) (item Item, found bool, err error) {
	err = f.db.View(func(tx *bbolt.Tx) error {
		item, found, err = readIn(customersIn(tx), id)
		return err
	})
	return item, found, err
}

// Create implements Store.
func (f *File) Create(_ context.Context, item Item) error {
	return f.change(item.ID, func(there Item, taken bool) (*Item, error) {
		if taken && !there.same(item) {
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

// Update implements Store.
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

// Delete implements Store.
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

// Scan implements Store. What changes meanwhile may or may not be seen.
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

// Count implements Store.
func (f *File) Count(context.Context) (n int, err error) {
	err = f.db.View(func(tx *bbolt.Tx) error {
		n = customersIn(tx).Stats().KeyN
		return nil
	})
	return n, err
}

// Clear implements Store, at once.
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
