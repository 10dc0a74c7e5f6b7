// The operating system's keyring as a Store. A value is cut to the size of items
// by Chunked; an item is written and read back here; each call of the keyring goes
// through call, which alone has to do with time, and its error through classify.

package tokencache

import (
	"context"
	"crypto/rand"
	"errors"
	"time"
)

const defaultService = "appsyncctl"

// Keyring is a Store in the operating system's keyring: Secret Service on Linux
// and BSD, Keychain on macOS, Credential Manager on Windows. The zero value is
// ready. Have one per process: it makes one call at a time, since the connection
// to the session bus is shared and an answer to a prompt cannot be told from the
// answer to another.
//
// Errors are ErrNotFound, *UnavailableError, *LockedError, the context's cause, or
// in rare cases what the system said.
//
// A call that is given up, by the time limit or by the context, cannot be
// stopped. Its answer is thrown away, but the keyring may still do what was asked
// later, up to the end of the process (macOS: also after it). The chunks that it
// may still write have a name that is never used again.
type Keyring struct {
	Service     string                      // whose items these are; "appsyncctl" when empty
	Interactive bool                        // somebody is there to answer a prompt
	Notice      func(string)                // told once that the keyring lets us wait; may be nil
	LookupEnv   func(string) (string, bool) // os.LookupEnv of the process; nil: nothing is set
	Timeout     time.Duration               // of one call; when zero 60 s if interactive, else 3 s
	NoticeAfter time.Duration               // 2 s when zero
	Backend     Backend                     // the system's keyring when nil

	calls callState
}

// A Backend is a keyring as go-keyring sees it. Its methods may block for ever and
// may panic. Get and Delete return go-keyring's ErrNotFound when there is nothing.
type Backend interface {
	Get(service, name string) (string, error)
	Set(service, name, text string) error
	Delete(service, name string) error
}

var errRaced = errors.New("another process wrote the same keyring item")

// Get implements Store.
func (k *Keyring) Get(ctx context.Context, key string) ([]byte, error) {
	return k.chunked().Get(ctx, key)
}

// Set implements Store. What it reported stored has been read back. Writers of one
// key must take turns.
func (k *Keyring) Set(ctx context.Context, key string, value []byte) error {
	return k.chunked().Set(ctx, key, value)
}

// Delete implements Store. That the value is gone has been checked.
func (k *Keyring) Delete(ctx context.Context, key string) error {
	return k.chunked().Delete(ctx, key)
}

// Probe finds out whether the keyring works, by writing, reading and removing an
// item. Reading alone proves nothing: an elevated Windows session answers "not
// found" to every read and fails every write. The item's name is unique, so any
// number of processes may probe at once.
func (k *Keyring) Probe(ctx context.Context) error {
	name := "probe#" + rand.Text()
	items := keyringItems{k}
	if err := items.Set(ctx, name, []byte("probe")); err != nil {
		return err
	}
	return items.Delete(ctx, name)
}

func (k *Keyring) chunked() Chunked { return Chunked{Items: keyringItems{k}} }

// keyringItems is the Store of single items that Chunked writes to.
type keyringItems struct{ k *Keyring }

func (i keyringItems) Get(ctx context.Context, name string) ([]byte, error) {
	text, err := i.k.call(ctx, func(b Backend, service string) (string, error) {
		return b.Get(service, name)
	})
	return []byte(text), err
}

// Set reads back what it wrote: go-keyring reports success when the prompt was
// dismissed and nothing was stored.
func (i keyringItems) Set(ctx context.Context, name string, value []byte) error {
	_, err := i.k.call(ctx, func(b Backend, service string) (string, error) {
		return "", b.Set(service, name, string(value))
	})
	if err != nil {
		return err
	}
	switch got, err := i.Get(ctx, name); {
	case errors.Is(err, ErrNotFound):
		return &LockedError{Reason: "it stored nothing; was its prompt dismissed?"}
	case err != nil:
		return err
	case string(got) != string(value):
		return errRaced
	}
	return nil
}

// Delete looks afterwards, for the same reason.
func (i keyringItems) Delete(ctx context.Context, name string) error {
	_, err := i.k.call(ctx, func(b Backend, service string) (string, error) {
		return "", b.Delete(service, name)
	})
	if errors.Is(err, ErrNotFound) {
		return nil
	}
	if err != nil {
		return err
	}
	switch _, err := i.Get(ctx, name); {
	case err == nil:
		return &LockedError{Reason: "it removed nothing; was its prompt dismissed?"}
	case errors.Is(err, ErrNotFound):
		return nil
	default:
		return err
	}
}
