package store

import (
	"cmp"
	"context"
	"iter"
	"slices"
	"strconv"
	"sync"
)

// Memory is a Table that lasts as long as the process. Items lie in buckets by the
// first digits of their position, so that a million of them can be inserted
// without moving each other about.
type Memory struct {
	mu      sync.RWMutex
	byID    map[string]Item
	buckets [4096][]entry
}

type entry struct{ position, id string }

// NewMemory returns an empty store.
func NewMemory() *Memory { return &Memory{byID: map[string]Item{}} }

// Get implements Table.
func (m *Memory) Get(_ context.Context, id string) (Item, bool, error) {
	m.mu.RLock()
	defer m.mu.RUnlock()
	item, ok := m.byID[id]
	return item, ok, nil
}

// Create implements Table.
func (m *Memory) Create(_ context.Context, item Item) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if there, taken := m.byID[item.ID]; taken {
		if there.equal(item) {
			return nil
		}
		return ErrCondition
	}
	m.byID[item.ID] = item
	position := Position(item.ID)
	bucket := m.bucket(position)
	at, _ := find(*bucket, position)
	*bucket = slices.Insert(*bucket, at, entry{position: position, id: item.ID})
	return nil
}

// Update implements Table.
func (m *Memory) Update(_ context.Context, id string, change func(Item) Item) (Item, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	item, ok := m.byID[id]
	if !ok {
		return Item{}, ErrCondition
	}
	item = change(item)
	m.byID[id] = item
	return item, nil
}

// Delete implements Table.
func (m *Memory) Delete(_ context.Context, id string) (Item, bool, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	item, ok := m.byID[id]
	if !ok {
		return Item{}, false, nil
	}
	delete(m.byID, id)
	position := Position(id)
	bucket := m.bucket(position)
	if at, found := find(*bucket, position); found {
		*bucket = slices.Delete(*bucket, at, at+1)
	}
	return item, true, nil
}

// Scan implements Table. It takes a bucket at a time, so that a slow reader holds
// nobody up; what changes meanwhile may or may not be seen, as in DynamoDB.
func (m *Memory) Scan(_ context.Context, after string) iter.Seq2[Item, error] {
	return func(yield func(Item, error) bool) {
		first, start := 0, ""
		if after != "" {
			start = Position(after)
			first = bucketNumber(start)
		}
		for number := first; number < len(m.buckets); number++ {
			for _, item := range m.copyBucket(number, start) {
				if !yield(item, nil) {
					return
				}
			}
		}
	}
}

func (m *Memory) copyBucket(number int, after string) []Item {
	m.mu.RLock()
	defer m.mu.RUnlock()
	bucket := m.buckets[number]
	at, found := find(bucket, after)
	if found {
		at++
	}
	items := make([]Item, 0, len(bucket)-at)
	for _, e := range bucket[at:] {
		items = append(items, m.byID[e.id])
	}
	return items
}

// Count implements Table.
func (m *Memory) Count(context.Context) (int, error) {
	m.mu.RLock()
	defer m.mu.RUnlock()
	return len(m.byID), nil
}

// Clear implements Table.
func (m *Memory) Clear(context.Context) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	clear(m.byID)
	clear(m.buckets[:])
	return nil
}

func (m *Memory) bucket(position string) *[]entry { return &m.buckets[bucketNumber(position)] }

func bucketNumber(position string) int {
	number, _ := strconv.ParseUint(position[:3], 16, 12) // hexadecimal by construction
	return int(number)
}

func find(bucket []entry, position string) (int, bool) {
	return slices.BinarySearchFunc(bucket, position, func(e entry, p string) int { return cmp.Compare(e.position, p) })
}
