package tokencache_test

import (
	"errors"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"github.com/appsyncctl/appsyncctl/internal/tokencache"
)

// newFile returns a store in a folder that is not there yet, and its notices.
func newFile(t *testing.T, seal tokencache.Seal) (*tokencache.File, *[]string) {
	t.Helper()
	var notices []string
	return &tokencache.File{
		Dir:    filepath.Join(t.TempDir(), "state", "tokens"),
		Seal:   seal,
		Notice: func(text string) { notices = append(notices, text) },
	}, &notices
}

func set(t *testing.T, store tokencache.Store, key, value string) {
	t.Helper()
	if err := store.Set(t.Context(), key, []byte(value)); err != nil {
		t.Fatal(err)
	}
}

func wantValue(t *testing.T, store tokencache.Store, key, want string) {
	t.Helper()
	if got, err := store.Get(t.Context(), key); err != nil || string(got) != want {
		t.Errorf("got %q, %v; want %q", got, err, want)
	}
}

func wantNone(t *testing.T, store tokencache.Store, key string) {
	t.Helper()
	if got, err := store.Get(t.Context(), key); !errors.Is(err, tokencache.ErrNotFound) || got != nil {
		t.Errorf("got %q, %v; want ErrNotFound", got, err)
	}
}

// What each store that needs no machine must do.
func TestStore(t *testing.T) {
	file, _ := newFile(t, tokencache.SecretSeal("s1"))
	for name, store := range map[string]tokencache.Store{"file": file, "memory": &tokencache.Memory{}} {
		t.Run(name, func(t *testing.T) {
			wantNone(t, store, "key")
			if err := store.Delete(t.Context(), "key"); err != nil {
				t.Errorf("deleting nothing: %v", err)
			}
			set(t, store, "key", "one")
			wantValue(t, store, "key", "one")
			wantNone(t, store, "other")
			set(t, store, "key", "two")
			wantValue(t, store, "key", "two")
			set(t, store, "empty", "")
			wantValue(t, store, "empty", "")
			if err := store.Delete(t.Context(), "key"); err != nil {
				t.Fatal(err)
			}
			wantNone(t, store, "key")
		})
	}
}

// A caller that overwrites its buffer must not change what is stored.
func TestMemoryCopies(t *testing.T) {
	var store tokencache.Memory
	value := []byte("one")
	if err := store.Set(t.Context(), "key", value); err != nil {
		t.Fatal(err)
	}
	copy(value, "xxx")
	got, err := store.Get(t.Context(), "key")
	if err != nil {
		t.Fatal(err)
	}
	copy(got, "yyy")
	wantValue(t, &store, "key", "one")
}

func TestFileModes(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("Windows has access lists")
	}
	store, _ := newFile(t, tokencache.SecretSeal("s1"))
	set(t, store, "key", sealedText)
	for path, want := range map[string]os.FileMode{store.Dir: 0o700, filepath.Join(store.Dir, "key"): 0o600} {
		info, err := os.Stat(path)
		if err != nil {
			t.Fatal(err)
		}
		if got := info.Mode().Perm(); got != want {
			t.Errorf("%s has mode %#o, want %#o", path, got, want)
		}
	}
	data, err := os.ReadFile(filepath.Join(store.Dir, "key"))
	if err != nil {
		t.Fatal(err)
	}
	if strings.Contains(string(data), "planted") {
		t.Errorf("the token can be read: %s", data)
	}
}

func TestFileOpenToOthers(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("Windows has access lists")
	}
	for _, mode := range []os.FileMode{0o640, 0o604, 0o620, 0o602, 0o601, 0o777} {
		store, _ := newFile(t, tokencache.SecretSeal("s1"))
		set(t, store, "key", sealedText)
		if err := os.Chmod(filepath.Join(store.Dir, "key"), mode); err != nil {
			t.Fatal(err)
		}
		_, err := store.Get(t.Context(), "key")
		var open *tokencache.PermissionError
		if !errors.As(err, &open) || open.Mode.Perm() != mode {
			t.Errorf("mode %#o: got %v, want a PermissionError", mode, err)
		}
		if err != nil && strings.Contains(err.Error(), "planted") {
			t.Errorf("the error shows the token: %v", err)
		}
		set(t, store, "key", "new") // a new login mends it
		wantValue(t, store, "key", "new")
	}
}

func TestFileDamagedIsAMiss(t *testing.T) {
	store, notices := newFile(t, tokencache.SecretSeal("s1"))
	set(t, store, "key", sealedText)
	path := filepath.Join(store.Dir, "key")
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	for size := range data {
		if err := os.WriteFile(path, data[:size], 0o600); err != nil {
			t.Fatal(err)
		}
		*notices = nil
		wantNone(t, store, "key")
		if len(*notices) != 1 {
			t.Fatalf("cut to %d bytes: got notices %q, want 1", size, *notices)
		}
	}
}

func TestFileOfAnotherSecretIsAMiss(t *testing.T) {
	store, notices := newFile(t, tokencache.SecretSeal("s1"))
	set(t, store, "key", sealedText)
	store.Seal = tokencache.SecretSeal("s2")
	wantNone(t, store, "key")
	if len(*notices) != 1 || strings.Contains((*notices)[0], "s1") || strings.Contains((*notices)[0], "s2") {
		t.Errorf("got notices %q, want one without secrets", *notices)
	}
	store.Seal = tokencache.SecretSeal("s1") // the file is still there
	wantValue(t, store, "key", sealedText)
}

// A file must not stand in for another: a token for one API would go to a second.
func TestFileMovedIsAMiss(t *testing.T) {
	store, _ := newFile(t, tokencache.SecretSeal("s1"))
	set(t, store, "one", sealedText)
	if err := os.Rename(filepath.Join(store.Dir, "one"), filepath.Join(store.Dir, "two")); err != nil {
		t.Fatal(err)
	}
	wantNone(t, store, "two")
}

func TestFileWithoutSeal(t *testing.T) {
	store, _ := newFile(t, tokencache.Seal{})
	wantNone(t, store, "key") // nothing is there, so nothing is needed to open it
	err := store.Set(t.Context(), "key", []byte(sealedText))
	if !errors.Is(err, tokencache.NoSealError{}) || !errors.Is(store.Ready(), tokencache.NoSealError{}) {
		t.Errorf("got %v, want NoSealError", err)
	}
	if _, err := os.Stat(store.Dir); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("a folder was made: %v", err)
	}
	store.Seal = tokencache.SecretSeal("s1")
	set(t, store, "key", sealedText)
	store.Seal = tokencache.Seal{}
	if _, err := store.Get(t.Context(), "key"); !errors.Is(err, tokencache.NoSealError{}) {
		t.Errorf("got %v, want NoSealError", err)
	}
	if err := store.Delete(t.Context(), "key"); err != nil { // a logout needs no secret
		t.Error(err)
	}
}

func TestFileReady(t *testing.T) {
	file, _ := newFile(t, tokencache.SecretSeal("s1"))
	if err := file.Ready(); err != nil {
		t.Fatal(err)
	}
	if left, err := os.ReadDir(file.Dir); err != nil || len(left) > 0 {
		t.Errorf("%d files are left behind, %v", len(left), err)
	}
	// A file where the folder should be: nothing can be written.
	blocked, _ := newFile(t, tokencache.SecretSeal("s1"))
	if err := os.MkdirAll(filepath.Dir(blocked.Dir), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.RemoveAll(blocked.Dir); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(blocked.Dir, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := blocked.Ready(); err == nil {
		t.Error("a store that cannot be written to is ready")
	}
	unsealed, _ := newFile(t, tokencache.Seal{})
	if err := unsealed.Ready(); !errors.Is(err, tokencache.NoSealError{}) {
		t.Errorf("got %v, want NoSealError", err)
	}
}
