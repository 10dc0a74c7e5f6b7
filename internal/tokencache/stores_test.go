package tokencache_test

import (
	"errors"
	"os"
	"path/filepath"
	"sync"
	"testing"

	"github.com/appsyncctl/appsyncctl/internal/tokencache"
)

var (
	errNoKeyring = &tokencache.UnavailableError{Reason: "no session bus"}
	errLocked    = &tokencache.LockedError{Reason: "the prompt was dismissed"}
)

var credential = tokencache.Key{Grant: "device", Issuer: "https://tenant.example.com/", ClientID: "c1"}

// newStores returns stores with a working keyring and nothing in them. recorded
// is where the index says that the credential rests, if anywhere.
func newStores(t *testing.T, mode tokencache.Mode, seal tokencache.Seal, recorded string) (*tokencache.Stores, *flaky) {
	t.Helper()
	dir := t.TempDir()
	keyring := &flaky{}
	stores := &tokencache.Stores{
		Mode:    mode,
		Keyring: keyring,
		File:    &tokencache.File{Dir: filepath.Join(dir, "tokens"), Seal: seal, Notice: func(string) {}},
		Memory:  &tokencache.Memory{},
		Index:   tokencache.Index{Path: filepath.Join(dir, "index.json")},
		Locks:   filepath.Join(dir, "home", "locks"),
	}
	if recorded != "" {
		if err := stores.Index.Put(t.Context(), credential.Token(), tokencache.Record{Store: recorded}); err != nil {
			t.Fatal(err)
		}
	}
	return stores, keyring
}

func TestStoresFind(t *testing.T) {
	const keyring, file, memory = "keyring", "file", "memory"
	sealed := tokencache.SecretSeal("s1")
	tests := []struct {
		name     string
		mode     tokencache.Mode
		seal     tokencache.Seal
		recorded string
		fails    error // of the keyring
		want     string
		falls    bool
		setErr   error
	}{
		{"auto", tokencache.Auto, tokencache.Seal{}, "", nil, keyring, false, nil},
		{"auto, recorded in the keyring", tokencache.Auto, tokencache.Seal{}, keyring, nil, keyring, false, nil},
		{"auto with a seal", tokencache.Auto, sealed, "", nil, keyring, true, nil},
		{"auto with a seal, recorded in the file", tokencache.Auto, sealed, file, nil, file, false, nil},
		{"auto without a seal, recorded in the file", tokencache.Auto, tokencache.Seal{}, file, nil, file, false, tokencache.NoSealError{}},
		{"auto without keyring or seal", tokencache.Auto, tokencache.Seal{}, "", errNoKeyring, keyring, false, errNoKeyring},
		{"auto without keyring, with a seal", tokencache.Auto, sealed, "", errNoKeyring, file, true, nil},
		{"auto with a locked keyring and a seal", tokencache.Auto, sealed, "", errLocked, keyring, true, errLocked},
		{"keyring", tokencache.KeyringMode, sealed, "", nil, keyring, false, nil},
		{"keyring, recorded in the file", tokencache.KeyringMode, sealed, file, nil, keyring, false, nil},
		{"keyring, unavailable", tokencache.KeyringMode, sealed, "", errNoKeyring, keyring, false, errNoKeyring},
		{"file", tokencache.FileMode, sealed, "", nil, file, false, nil},
		{"file, recorded in the keyring", tokencache.FileMode, sealed, keyring, nil, file, false, nil},
		{"file without a seal", tokencache.FileMode, tokencache.Seal{}, "", nil, file, false, tokencache.NoSealError{}},
		{"memory", tokencache.MemoryMode, sealed, "", nil, memory, false, nil},
		{"memory, recorded in the file", tokencache.MemoryMode, sealed, file, nil, memory, false, nil},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			stores, ring := newStores(t, tt.mode, tt.seal, tt.recorded)
			ring.getErr, ring.setErr, ring.delErr = tt.fails, tt.fails, tt.fails
			place := stores.Find(credential)
			if err := place.Ready(t.Context()); !errors.Is(err, tt.setErr) {
				t.Errorf("ready: got %v, want %v as from Set", err, tt.setErr)
			}
			err := place.Set(t.Context(), "key", []byte("value"))
			if !errors.Is(err, tt.setErr) {
				t.Fatalf("got %v, want %v", err, tt.setErr)
			}
			if got := place.Name(); got != tt.want {
				t.Errorf("got %q, want %q", got, tt.want)
			}
			if err != nil {
				return
			}
			wantValue(t, place, "key", "value")
			if got := place.Name(); got != tt.want {
				t.Errorf("after reading: got %q, want %q", got, tt.want)
			}
			for name, store := range map[string]tokencache.Store{keyring: &ring.Memory, file: stores.File, memory: stores.Memory} {
				if name == tt.want {
					wantValue(t, store, "key", "value")
				} else if value, err := store.Get(t.Context(), "key"); err == nil {
					t.Errorf("%s holds %q too", name, value)
				}
			}
			if tt.want != keyring && !tt.falls && ring.gets.Load()+ring.sets.Load() > 0 {
				t.Error("the keyring was asked, and could have shown a prompt")
			}
			if err := place.Delete(t.Context(), "key"); err != nil {
				t.Error(err)
			}
			wantNone(t, place, "key")
		})
	}
}

// Two processes that renew one token must meet at one lock, wherever each of them
// would store it.
func TestStoresLocks(t *testing.T) {
	for _, mode := range []tokencache.Mode{tokencache.Auto, tokencache.KeyringMode, tokencache.FileMode} {
		stores, _ := newStores(t, mode, tokencache.SecretSeal("s1"), "")
		if got, want := stores.Find(credential).Lock("key"), filepath.Join(stores.Locks, "key.lock"); got != want {
			t.Errorf("%s: got %s, want %s", mode, got, want)
		}
	}
}

func TestStoresDamagedIndex(t *testing.T) {
	stores, _ := newStores(t, tokencache.Auto, tokencache.Seal{}, "file")
	if err := os.WriteFile(stores.Index.Path, []byte("{"), 0o600); err != nil {
		t.Fatal(err)
	}
	if got := stores.Find(credential).Name(); got != "keyring" {
		t.Errorf("got %q, want keyring", got)
	}
}

// What a keyring answers when it is read decides whether something may be in it.
func TestStoresGet(t *testing.T) {
	sealed := tokencache.SecretSeal("s1")
	tests := []struct {
		name     string
		seal     tokencache.Seal
		recorded string
		fails    error
		want     error
	}{
		{"nothing was ever stored", tokencache.Seal{}, "", errNoKeyring, tokencache.ErrNotFound},
		{"something is in the keyring", tokencache.Seal{}, "keyring", errNoKeyring, errNoKeyring},
		{"a file could be", sealed, "", errNoKeyring, tokencache.ErrNotFound},
		{"locked, nothing was ever stored", tokencache.Seal{}, "", errLocked, errLocked},
		{"locked, a file could be", sealed, "", errLocked, errLocked},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			stores, keyring := newStores(t, tokencache.Auto, tt.seal, tt.recorded)
			keyring.getErr = tt.fails
			if _, err := stores.Find(credential).Get(t.Context(), "key"); !errors.Is(err, tt.want) {
				t.Errorf("got %v, want %v", err, tt.want)
			}
		})
	}
}

func TestFallbackReadsTheFileBehindAnEmptyKeyring(t *testing.T) {
	stores, keyring := newStores(t, tokencache.Auto, tokencache.SecretSeal("s1"), "")
	keyring.setErr = errNoKeyring // it can be read but not written
	place := stores.Find(credential)
	set(t, place, "key", "value")
	wantValue(t, place, "key", "value")
	if got := place.Name(); got != "file" {
		t.Errorf("got %q, want file", got)
	}
}

// A value in the file that the keyring's has replaced may hold a spent refresh
// token, which a provider takes for stolen.
func TestFallbackLeavesNoOldValueInTheFile(t *testing.T) {
	stores, keyring := newStores(t, tokencache.Auto, tokencache.SecretSeal("s1"), "")
	place := stores.Find(credential)
	keyring.setErr, keyring.getErr = errNoKeyring, errNoKeyring
	set(t, place, "key", "old")
	keyring.setErr, keyring.getErr = nil, nil
	set(t, place, "key", "new")
	wantValue(t, place, "key", "new")
	keyring.getErr = errNoKeyring
	wantNone(t, place, "key")
}

// A file stays when the keyring has refused its successor.
func TestFallbackKeepsTheFileWhenTheKeyringFails(t *testing.T) {
	stores, keyring := newStores(t, tokencache.Auto, tokencache.SecretSeal("s1"), "")
	set(t, stores.File, "key", "old")
	keyring.setErr = errLocked
	place := stores.Find(credential)
	if err := place.Set(t.Context(), "key", []byte("new")); !errors.Is(err, errLocked) {
		t.Errorf("got %v, want %v", err, errLocked)
	}
	wantValue(t, place, "key", "old")
}

func TestFallbackDeletesBoth(t *testing.T) {
	for _, fails := range []error{nil, errNoKeyring, errLocked} {
		stores, keyring := newStores(t, tokencache.Auto, tokencache.SecretSeal("s1"), "")
		set(t, keyring, "key", "one")
		set(t, stores.File, "key", "two")
		keyring.delErr = fails
		err := stores.Find(credential).Delete(t.Context(), "key")
		if locked := errors.Is(fails, errLocked); locked != (err != nil) {
			t.Errorf("keyring fails with %v: got %v", fails, err)
		}
		wantNone(t, stores.File, "key")
	}
}

// A Store is safe for use by several goroutines; the race detector judges.
func TestStoresConcurrently(t *testing.T) {
	stores, keyring := newStores(t, tokencache.Auto, tokencache.SecretSeal("s1"), "")
	keyring.setErr = errNoKeyring
	place := stores.Find(credential)
	var group sync.WaitGroup
	for range 8 {
		group.Go(func() {
			if err := place.Set(t.Context(), "key", []byte("value")); err != nil {
				t.Error(err)
			}
			wantValue(t, place, "key", "value")
			_ = place.Name()
		})
	}
	group.Wait()
}
