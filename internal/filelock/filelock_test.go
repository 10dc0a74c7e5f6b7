package filelock_test

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"testing"
	"testing/synctest"
	"time"

	"github.com/appsyncctl/appsyncctl/internal/filelock"
)

func TestTakeMakesFileAndFolder(t *testing.T) {
	path := filepath.Join(t.TempDir(), "a", "b", "x.lock")
	for range 2 { // it can be taken again once it was given back
		release, err := filelock.Take(t.Context(), path, time.Minute)
		if err != nil {
			t.Fatal(err)
		}
		release()
	}
	if _, err := os.Stat(path); err != nil {
		t.Errorf("the file did not stay: %v", err)
	}
}

func TestTakeWaits(t *testing.T) {
	errEnded := errors.New("ended")
	tests := []struct {
		name        string
		free, ended time.Duration // when the other gives it back, and when ctx ends
		want        error
	}{
		{"until the other gives it back", time.Minute, time.Hour, nil},
		{"no longer than its limit", time.Hour, time.Hour, filelock.ErrHeld},
		{"until the context ends", time.Hour, time.Minute, errEnded},
		{"not for an ended context", 0, 0, errEnded},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "x.lock")
			synctest.Test(t, func(t *testing.T) {
				release, err := filelock.Take(t.Context(), path, time.Minute)
				if err != nil {
					t.Fatal(err)
				}
				freed := time.AfterFunc(tt.free, release)
				ctx, end := context.WithCancelCause(t.Context())
				ended := time.AfterFunc(tt.ended, func() { end(errEnded) })
				if tt.ended == 0 {
					end(errEnded)
				}
				again, err := filelock.Take(ctx, path, 2*time.Minute)
				if !errors.Is(err, tt.want) || (again != nil) != (tt.want == nil) {
					t.Errorf("got %v, want %v", err, tt.want)
				}
				if again != nil {
					again()
				}
				ended.Stop()
				if freed.Stop() {
					release()
				}
			})
		})
	}
}

// A file in the place of the folder is what a file system without room for locks is like.
func TestTakeFails(t *testing.T) {
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	var path *fs.PathError
	if _, err := filelock.Take(t.Context(), filepath.Join(file, "x.lock"), time.Minute); !errors.As(err, &path) {
		t.Errorf("got %v, want what the system says", err)
	}
}
