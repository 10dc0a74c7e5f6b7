package tokencache

import (
	"context"
	"errors"
	"fmt"
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
