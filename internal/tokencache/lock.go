package tokencache

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/gofrs/flock"

	"github.com/appsyncctl/appsyncctl/internal/failure"
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

// Temporary implements the interface of retry.Temporary.
func (*LockTimeoutError) Temporary() bool { return true }

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

// lockFile takes the lock and returns the function that gives it back. The file
// stays: removing it would let two processes hold locks on different files of
// one name.
func lockFile(ctx context.Context, path string) (unlock func(), err error) {
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return nil, err
	}
	lock := flock.New(path, flock.SetPermissions(0o600))
	waiting, cancel := context.WithTimeout(ctx, LockTimeout)
	defer cancel()
	if _, err := lock.TryLockContext(waiting, 20*time.Millisecond); err != nil {
		switch {
		case ctx.Err() != nil:
			return nil, context.Cause(ctx)
		case errors.Is(err, context.DeadlineExceeded):
			return nil, &LockTimeoutError{Path: path}
		default:
			return nil, err
		}
	}
	// Closing the file releases the lock; nothing is left to do if it fails.
	return func() { _ = lock.Close() }, nil
}
