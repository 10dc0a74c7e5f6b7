// Package store holds the tables of the emulated API: Memory, which ends with its
// process; File, on the disk; and DynamoDB, a table of the real service. Each is a
// Table, with DynamoDB's semantics as far as AppSync's resolvers see them: conditions on
// a put and on an update, NULL beside a missing attribute, a scan in an order of its own.
//
// It knows no GraphQL and nobody who calls: what an item means is the API's.
package store

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"iter"
	"maps"
)

// ErrCondition says that an item was there when it should not have been, or not
// there when it should.
var ErrCondition = errors.New("condition failed")

// Key is the name of the key of every table, which is a text.
const Key = "id"

// An Item is a row of the table. An attribute that is a nil string is DynamoDB's
// NULL: present, unlike one that is missing.
type Item struct {
	ID         string             `json:"id"`
	Attributes map[string]*string `json:"attributes"`
}

// Size is the item's size in bytes as DynamoDB counts it for a page: names and
// values, a NULL being one byte.
func (i Item) Size() int {
	size := len(Key) + len(i.ID)
	for name, value := range i.Attributes {
		size += len(name) + 1
		if value != nil {
			size += len(*value) - 1
		}
	}
	return size
}

// equal reports whether two items have the same id, the same attributes and in each the
// same: a NULL is neither an empty text nor a missing attribute.
func (i Item) equal(other Item) bool {
	return i.ID == other.ID && maps.EqualFunc(i.Attributes, other.Attributes, Equal)
}

// Equal reports whether two attributes hold the same: both NULL, or both the same text.
func Equal(a, b *string) bool {
	if a == nil || b == nil {
		return a == b
	}
	return *a == *b
}

// A Table keeps items by id. Its methods are safe for concurrent use, each is
// atomic, and the items that it returns are the caller's to read only.
type Table interface {
	// Get returns the item, or false.
	Get(ctx context.Context, id string) (Item, bool, error)
	// Create keeps a new item; ErrCondition when its id is taken by another. The item
	// that is there already, just as it is, counts as kept: AppSync's data source reads
	// what made the condition of a put fail, and compares ("Condition expressions" in
	// its developer guide).
	Create(ctx context.Context, item Item) error
	// Update replaces the item by what change makes of it; ErrCondition when there
	// is none. change must not modify its argument.
	Update(ctx context.Context, id string, change func(Item) Item) (Item, error)
	// Delete removes the item and returns it, or false.
	Delete(ctx context.Context, id string) (Item, bool, error)
	// Scan yields the items after the given id in an order that the table keeps,
	// which is that of Position but for a table of DynamoDB's; an empty id starts at
	// the first. The id need not exist any more.
	Scan(ctx context.Context, after string) iter.Seq2[Item, error]

	// Count returns how many items there are.
	Count(ctx context.Context) (int, error)
	// Clear deletes every item, and need not be atomic.
	Clear(ctx context.Context) error
}

// Position orders a scan: arbitrary but stable, as a hash-partitioned table is, so
// that nobody comes to depend on the order of insertion.
func Position(id string) string {
	sum := sha256.Sum256([]byte(id))
	return hex.EncodeToString(sum[:8]) + id
}
