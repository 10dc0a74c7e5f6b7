package tokencache_test

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/gofrs/flock"

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

// What a place does beside storing: its lock, its readiness, and whether a client's
// secret may rest there.

func TestPlaceKeepsSecrets(t *testing.T) {
	secret, passphrase := tokencache.SecretSeal("s1"), tokencache.PassphraseSeal("p1")
	tests := []struct {
		name     string
		mode     tokencache.Mode
		seal     tokencache.Seal
		recorded string
		want     bool
	}{
		{"the keyring", tokencache.KeyringMode, secret, "", true},
		{"the keyring by itself", tokencache.Auto, tokencache.Seal{}, "", true},
		{"a file that a passphrase seals", tokencache.FileMode, passphrase, "", true},
		{"a file that the secret itself seals", tokencache.FileMode, secret, "", false},
		{"a file that nothing seals", tokencache.FileMode, tokencache.Seal{}, "", false},
		{"the file by itself, with a passphrase", tokencache.Auto, passphrase, "file", true},
		{"the file by itself, with the secret", tokencache.Auto, secret, "file", false},
		{"memory", tokencache.MemoryMode, passphrase, "", false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			stores, _ := newStores(t, tt.mode, tt.seal, tt.recorded)
			if got := stores.Find(credential).KeepsSecrets(); got != tt.want {
				t.Errorf("got %t, want %t", got, tt.want)
			}
		})
	}
}

// Where it came to the file only when the token was stored, its seal decides.
func TestPlaceKeepsSecretsAfterFallingBack(t *testing.T) {
	for _, tt := range []struct {
		name string
		seal tokencache.Seal
		want bool
	}{
		{"passphrase", tokencache.PassphraseSeal("p1"), true},
		{"secret", tokencache.SecretSeal("s1"), false},
	} {
		stores, keyring := newStores(t, tokencache.Auto, tt.seal, "")
		keyring.getErr, keyring.setErr = errNoKeyring, errNoKeyring
		place := stores.Find(credential)
		set(t, place, "key", "value")
		if got := place.KeepsSecrets(); got != tt.want {
			t.Errorf("%s: got %t, want %t", tt.name, got, tt.want)
		}
	}
}

// Any error of the keyring but that it is unavailable is heard before a login,
// also where a file could take the token.
func TestPlaceReady(t *testing.T) {
	sealed := tokencache.SecretSeal("s1")
	tests := []struct {
		name  string
		mode  tokencache.Mode
		seal  tokencache.Seal
		probe error
		want  error
	}{
		{"keyring", tokencache.KeyringMode, sealed, nil, nil},
		{"keyring, unavailable", tokencache.KeyringMode, sealed, errNoKeyring, errNoKeyring},
		{"auto, unavailable, no seal", tokencache.Auto, tokencache.Seal{}, errNoKeyring, errNoKeyring},
		{"auto, unavailable, a seal", tokencache.Auto, sealed, errNoKeyring, nil},
		{"auto, locked, a seal", tokencache.Auto, sealed, errLocked, errLocked},
		{"auto, broken, a seal", tokencache.Auto, sealed, errStore, errStore},
		{"file", tokencache.FileMode, sealed, errNoKeyring, nil},
		{"file, no seal", tokencache.FileMode, tokencache.Seal{}, nil, tokencache.NoSealError{}},
		{"memory", tokencache.MemoryMode, tokencache.Seal{}, errNoKeyring, nil},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			stores, keyring := newStores(t, tt.mode, tt.seal, "")
			keyring.setErr = tt.probe // and Probe's
			if err := stores.Find(credential).Ready(t.Context()); !errors.Is(err, tt.want) {
				t.Errorf("got %v, want %v", err, tt.want)
			}
			if sets := keyring.sets.Load(); sets != 0 {
				t.Errorf("%d values were stored", sets)
			}
		})
	}
}

// A value that is no token, such as an API key, is found by its own name, and no
// other value's record leads elsewhere.
func TestStoresFindName(t *testing.T) {
	name := tokencache.APIKey("https://api.example.com/graphql")
	stores, _ := newStores(t, tokencache.Auto, tokencache.PassphraseSeal("p1"), "")
	if err := stores.Index.Put(t.Context(), name, tokencache.Record{Store: "file"}); err != nil {
		t.Fatal(err)
	}
	if got := stores.FindName(name).Name(); got != "file" {
		t.Errorf("the key: got %q, want file", got)
	}
	if got := stores.Find(credential).Name(); got != "keyring" {
		t.Errorf("the token: got %q, want keyring", got)
	}
	if got, want := stores.FindName(credential.Token()).Lock("x"), stores.Find(credential).Lock("x"); got != want {
		t.Errorf("by name %s, by key %s; want one place", got, want)
	}
}

func TestPlaceSetAlone(t *testing.T) {
	stores, keyring := newStores(t, tokencache.KeyringMode, tokencache.Seal{}, "")
	place := stores.Find(credential)
	probe := &lockProbe{Store: place.Store, path: place.Lock("key")}
	place.Store = probe
	if err := place.SetAlone(t.Context(), "key", []byte("value"), unwanted(t)); err != nil {
		t.Fatal(err)
	}
	wantValue(t, keyring, "key", "value")
	if !probe.held {
		t.Error("the value was stored without the lock")
	}
	hold(t, place.Lock("key"))() // and free again

	keyring.setErr = errStore
	if err := place.SetAlone(t.Context(), "key", []byte("other"), unwanted(t)); !errors.Is(err, errStore) {
		t.Errorf("got %v, want the store's error", err)
	}
	hold(t, place.Lock("key"))() // after a failure, too
}

// lockProbe looks whether a lock is held while a value is stored.
type lockProbe struct {
	tokencache.Store
	path string
	held bool
}

func (p *lockProbe) Set(ctx context.Context, key string, value []byte) error {
	lock := flock.New(p.path)
	locked, err := lock.TryLock()
	p.held = err == nil && !locked
	_ = lock.Close()
	return p.Store.Set(ctx, key, value)
}

// unwanted is a notice that nobody should get.
func unwanted(t *testing.T) func(string) {
	t.Helper()
	return func(text string) { t.Errorf("unexpected notice %q", text) }
}

func TestPlaceSetAloneAtTheLock(t *testing.T) {
	tests := []struct {
		name    string
		freed   time.Duration // when the other process lets go; 0 is never
		cancel  time.Duration // when the caller gives up; 0 is never
		elapsed time.Duration
		stored  bool
		failed  func(error) bool
	}{
		{"freed in time", 10 * time.Second, 0, 10 * time.Second, true, func(err error) bool { return err == nil }},
		{"never freed", 0, 0, tokencache.LockTimeout, false, func(err error) bool {
			_, late := errors.AsType[*tokencache.LockTimeoutError](err)
			return late
		}},
		{"given up", 0, 10 * time.Second, 10 * time.Second, false, func(err error) bool { return errors.Is(err, errGrant) }},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				stores, keyring := newStores(t, tokencache.KeyringMode, tokencache.Seal{}, "")
				place := stores.Find(credential)
				unlock := sync.OnceFunc(hold(t, place.Lock("key")))
				defer unlock()
				ctx, cancel := context.WithCancelCause(t.Context())
				defer cancel(nil)
				if tt.freed > 0 {
					time.AfterFunc(tt.freed, unlock)
				}
				if tt.cancel > 0 {
					time.AfterFunc(tt.cancel, func() { cancel(errGrant) })
				}
				start := time.Now()
				if err := place.SetAlone(ctx, "key", []byte("value"), unwanted(t)); !tt.failed(err) {
					t.Errorf("got %v", err)
				}
				// The lock is looked at every 20 ms.
				if got := time.Since(start); got < tt.elapsed || got > tt.elapsed+20*time.Millisecond {
					t.Errorf("waited %v, want %v", got, tt.elapsed)
				}
				if stored := keyring.sets.Load() > 0; stored != tt.stored {
					t.Errorf("stored %t, want %t", stored, tt.stored)
				}
			})
		})
	}
}

// Where no lock can be had the value is stored all the same, after a notice.
func TestPlaceSetAloneWithoutLockFolder(t *testing.T) {
	stores, keyring := newStores(t, tokencache.KeyringMode, tokencache.Seal{}, "")
	stores.Locks = filepath.Join(blocked(t), "locks")
	var notices []string
	err := stores.Find(credential).SetAlone(t.Context(), "key", []byte("value"), func(text string) { notices = append(notices, text) })
	if err != nil {
		t.Error(err)
	}
	wantValue(t, keyring, "key", "value")
	if len(notices) != 1 || !strings.HasPrefix(notices[0], "continuing without a lock: ") {
		t.Errorf("noticed %q, want that there is no lock", notices)
	}
}
