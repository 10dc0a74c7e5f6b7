package tokencache

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"sync"
)

// A Store keeps small secrets under names that tell nothing. Its methods are
// safe for use by several goroutines, and by several processes where the store
// outlives one.
type Store interface {
	// Get returns the value under key, or ErrNotFound.
	Get(ctx context.Context, key string) ([]byte, error)
	// Set stores value under key; when it returns nil the value can be read back.
	Set(ctx context.Context, key string, value []byte) error
	// Delete removes the value under key; it is no error when there is none.
	Delete(ctx context.Context, key string) error
}

// ErrNotFound says that a store holds no usable value under a key.
var ErrNotFound = errors.New("not in the token store")

// UnavailableError says that a store cannot be used on this machine at all, such
// as a keyring without a session bus. Another store may be taken instead.
type UnavailableError struct {
	Reason string // what is missing, for a person: "no session bus"
	Err    error  // what the system said; may be nil
}

func (e *UnavailableError) Error() string { return withCause("keyring unavailable: "+e.Reason, e.Err) }
func (e *UnavailableError) Unwrap() error { return e.Err }

// LockedError says that a store is there but gave no access: locked, denied, its
// prompt dismissed or not answered in time. Taking another store without a word
// would hide that, so nobody does.
type LockedError struct {
	Reason string // what happened, for a person: "the unlock prompt was dismissed"
	Err    error  // what the system said; may be nil
}

func (e *LockedError) Error() string { return withCause("keyring not accessible: "+e.Reason, e.Err) }
func (e *LockedError) Unwrap() error { return e.Err }

func withCause(text string, cause error) string {
	if cause == nil {
		return text
	}
	return fmt.Sprintf("%s (%v)", text, cause)
}

// Memory is a Store that ends with the process. The zero value is ready.
type Memory struct {
	mu     sync.Mutex
	values map[string][]byte
}

// Get implements Store.
func (m *Memory) Get(_ context.Context, key string) ([]byte, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	value, ok := m.values[key]
	if !ok {
		return nil, ErrNotFound
	}
	return bytes.Clone(value), nil
}

// Set implements Store.
func (m *Memory) Set(_ context.Context, key string, value []byte) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.values == nil {
		m.values = make(map[string][]byte)
	}
	m.values[key] = bytes.Clone(value)
	return nil
}

// Delete implements Store.
func (m *Memory) Delete(_ context.Context, key string) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	delete(m.values, key)
	return nil
}
