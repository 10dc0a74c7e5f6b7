// Package filelock lets the processes of one machine take turns: who holds a lock file is
// alone with what it stands for.
//
// The lock is gofrs/flock: advisory locks end with their process, on every
// platform, so a killed one blocks nobody.
package filelock

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"time"

	"github.com/gofrs/flock"
)

// ErrHeld says that another process has held a lock for as long as Take waits.
var ErrHeld = errors.New("another process holds the lock")

// Take takes the lock file at path and returns the function that gives it back. It makes
// the file, and its folder, where there is none. It waits for another process for limit
// at most, and then returns ErrHeld; if ctx ends before, the cause of that. The file
// stays: removing it would let two processes hold locks on different files of
// one name.
func Take(ctx context.Context, path string, limit time.Duration) (release func(), err error) {
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return nil, err
	}
	lock := flock.New(path, flock.SetPermissions(0o600))
	waiting, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	if _, err := lock.TryLockContext(waiting, 20*time.Millisecond); err != nil {
		switch {
		case ctx.Err() != nil:
			return nil, context.Cause(ctx)
		case errors.Is(err, context.DeadlineExceeded):
			return nil, ErrHeld
		default:
			return nil, err
		}
	}
	// Closing the file releases the lock; nothing is left to do if it fails.
	return func() { _ = lock.Close() }, nil
}
