package tokencache

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/appsyncctl/appsyncctl/internal/failure"
	"github.com/appsyncctl/appsyncctl/internal/filelock"
)

// LockTimeout is how long a process waits for another that renews the same
// token. It is longer than a token request takes.
const LockTimeout = 30 * time.Second

// LockTimeoutError says that another process held a lock for all of LockTimeout.
type LockTimeoutError struct{ Path string }

func (e *LockTimeoutError) Error() string {
	return fmt.Sprintf("another process has held the lock %s for %s", e.Path, LockTimeout)
}

// Kind implements the interface of failure.Of.
func (*LockTimeoutError) Kind() failure.Kind { return failure.Network }

// Transient implements the interface of retry.Transient.
func (*LockTimeoutError) Transient() bool { return true }

// Exclusively runs do under the lock file at path, so that only one process of this
// machine does at a time. It waits for LockTimeout at most, and then returns a
// *LockTimeoutError.
//
// Where no lock can be had, as in a read-only home, it tells notice and goes on:
// one token request too many is better than none. An empty path is no lock.
func Exclusively(ctx context.Context, path string, notice func(string), do func() error) error {
	if path == "" {
		return do()
	}
	unlock, err := lockFile(ctx, path)
	if err == nil {
		defer unlock()
		return do()
	}
	if _, held := errors.AsType[*LockTimeoutError](err); held || ctx.Err() != nil {
		return err
	}
	notice(fmt.Sprintf("continuing without a lock: %v", err))
	return do()
}

// lockFile takes the lock and returns the function that gives it back.
func lockFile(ctx context.Context, path string) (unlock func(), err error) {
	unlock, err = filelock.Take(ctx, path, LockTimeout)
	if errors.Is(err, filelock.ErrHeld) {
		return nil, &LockTimeoutError{Path: path}
	}
	return unlock, err
}
