// Tests of what a logout asks of the source.

package tokencache_test

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/gofrs/flock"

	"github.com/appsyncctl/appsyncctl/internal/tokencache"
)

// farewells keeps what Remove hands over.
type farewells []tokencache.Entry

func (f *farewells) add(entry tokencache.Entry) { *f = append(*f, entry) }

func TestSourceRemove(t *testing.T) {
	var kept flaky
	store(t, &kept, issued(7), time.Now())
	var g grants
	source, _ := newSource(&kept, newLock(t), &g)
	wantToken(t, source, "access-7") // which the source now has in mind, too

	var gone farewells
	if err := source.Remove(t.Context(), gone.add); err != nil {
		t.Fatal(err)
	}
	if len(gone) != 1 || gone[0].RefreshToken != "refresh-7" {
		t.Errorf("the farewell was said to %d entries, want the one with refresh-7 once", len(gone))
	}
	wantNone(t, &kept, "key")
	wantAsked(t, &g)
	wantToken(t, source, "access-1") // a new one
}

// What is stored may be of no use for a farewell; it is deleted all the same.
func TestSourceRemoveWithoutAnEntry(t *testing.T) {
	tests := []struct {
		name   string
		value  string // in the store; none if empty
		getErr error
		want   error
	}{
		{"nothing", "", nil, nil},
		{"damaged", "{", nil, nil},
		{"nothing to open the seal with", "sealed", tokencache.NoSealError{}, nil},
		{"the store cannot be read", "value", errStore, errStore},
		{"locked", "value", errLocked, errLocked},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			var kept flaky
			if tt.value != "" {
				set(t, &kept, "key", tt.value)
			}
			kept.getErr = tt.getErr
			source, _ := newSource(&kept, newLock(t), &grants{})
			var gone farewells
			err := source.Remove(t.Context(), gone.add)
			if !errors.Is(err, tt.want) {
				t.Fatalf("got %v, want %v", err, tt.want)
			}
			kept.getErr = nil
			if tt.want != nil {
				wantValue(t, &kept, "key", tt.value)
				if len(gone) != 0 {
					t.Error("the farewell was said, and the token stays")
				}
				return
			}
			wantNone(t, &kept, "key")
			if len(gone) != 1 || gone[0] != (tokencache.Entry{}) {
				t.Errorf("the farewell was said %d times, want once, to the zero Entry", len(gone))
			}
		})
	}
}

// A sealed file whose secret has gone away must not stay for ever.
func TestSourceRemovesASealedFile(t *testing.T) {
	file, _ := newFile(t, tokencache.SecretSeal("s1"))
	store(t, file, issued(7), time.Now())
	file.Seal = tokencache.Seal{}
	source, _ := newSource(file, newLock(t), &grants{})
	if err := source.Remove(t.Context(), func(tokencache.Entry) {}); err != nil {
		t.Error(err)
	}
	if _, err := os.Stat(filepath.Join(file.Dir, "key")); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("got %v, want that the file is gone", err)
	}
}

func TestSourceRemoveCannotDelete(t *testing.T) {
	var kept flaky
	store(t, &kept, issued(7), time.Now())
	kept.delErr = errStore
	source, _ := newSource(&kept, newLock(t), &grants{})
	if err := source.Remove(t.Context(), func(tokencache.Entry) {}); !errors.Is(err, errStore) {
		t.Errorf("got %v, want the store's error", err)
	}
}

// Another process must not store a renewed token between the farewell and the deletion.
func TestSourceRemoveHoldsTheLock(t *testing.T) {
	var kept flaky
	store(t, &kept, issued(7), time.Now())
	lock := newLock(t)
	source, _ := newSource(&kept, lock, &grants{})
	held := false
	err := source.Remove(t.Context(), func(tokencache.Entry) {
		other := flock.New(lock)
		locked, err := other.TryLock()
		held = err == nil && !locked
		_ = other.Close()
	})
	if err != nil || !held {
		t.Errorf("got %v, lock held during the farewell: %t", err, held)
	}
	hold(t, lock)() // and free again
}

// While the refresh token is revoked, the store still holds it: a process that is killed
// then leaves a login behind that a second logout can revoke.
func TestSourceRemoveDeletesLast(t *testing.T) {
	var kept flaky
	store(t, &kept, issued(7), time.Now())
	source, _ := newSource(&kept, newLock(t), &grants{})
	var during string
	err := source.Remove(t.Context(), func(tokencache.Entry) { during = stored(t, &kept).RefreshToken })
	if err != nil || during != "refresh-7" {
		t.Errorf("got %v, the store held %q meanwhile; want refresh-7", err, during)
	}
	wantNone(t, &kept, "key")
}

func TestSourceRemoveWaitsForTheLock(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var kept flaky
		store(t, &kept, issued(7), time.Now())
		lock := newLock(t)
		unlock := hold(t, lock)
		source, _ := newSource(&kept, lock, &grants{})
		var gone farewells
		start := time.Now()
		err := source.Remove(t.Context(), gone.add)
		if late, ok := errors.AsType[*tokencache.LockTimeoutError](err); !ok || late.Path != lock {
			t.Errorf("got %v, want a *LockTimeoutError", err)
		}
		if got := time.Since(start); got != tokencache.LockTimeout {
			t.Errorf("waited %v, want %v", got, tokencache.LockTimeout)
		}
		if len(gone) != 0 || stored(t, &kept).RefreshToken != "refresh-7" {
			t.Error("the token was removed without the lock")
		}

		time.AfterFunc(5*time.Second, unlock)
		if err := source.Remove(t.Context(), gone.add); err != nil || len(gone) != 1 {
			t.Errorf("got %v and %d farewells, want one after the lock is free", err, len(gone))
		}
		wantNone(t, &kept, "key")
	})
}

func TestSourceRemoveCancelled(t *testing.T) {
	var kept flaky
	store(t, &kept, issued(7), time.Now())
	lock := newLock(t)
	defer hold(t, lock)()
	source, _ := newSource(&kept, lock, &grants{})
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	err := source.Remove(ctx, func(tokencache.Entry) { t.Error("the farewell was said") })
	if !errors.Is(err, context.Canceled) {
		t.Errorf("got %v, want %v", err, context.Canceled)
	}
	if stored(t, &kept).RefreshToken != "refresh-7" {
		t.Error("the token is gone")
	}
}

// In a read-only home a logout must still be possible.
func TestSourceRemoveWithoutLockFolder(t *testing.T) {
	var kept flaky
	store(t, &kept, issued(7), time.Now())
	source, told := newSource(&kept, filepath.Join(blocked(t), "key.lock"), &grants{})
	var gone farewells
	if err := source.Remove(t.Context(), gone.add); err != nil || len(gone) != 1 {
		t.Errorf("got %v and %d farewells, want one", err, len(gone))
	}
	wantNone(t, &kept, "key")
	if len(told.notices) != 1 || !strings.HasPrefix(told.notices[0], "continuing without a lock: ") {
		t.Errorf("noticed %q, want that there is no lock", told.notices)
	}
}

// blocked returns a path below which no folder can be made.
func blocked(t *testing.T) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(path, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}
