// Tests of the keyring on a fake of go-keyring: time limits, prompts, panics and
// what each error means. Time is that of a synctest bubble.

package tokencache_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os/exec"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/godbus/dbus/v5"
	"github.com/zalando/go-keyring"

	"github.com/appsyncctl/appsyncctl/internal/tokencache"
)

// fakeKeyring behaves like go-keyring; a hook that is set takes the place of an
// operation.
type fakeKeyring struct {
	mu     sync.Mutex
	values map[string]string
	get    func(name string) (string, error)
	set    func(name, text string) error
	delete func(name string) error
	names  []string // of all items ever set
	inside atomic.Int32
	mixed  atomic.Bool // whether two operations ran at once
}

func newFakeKeyring() *fakeKeyring { return &fakeKeyring{values: make(map[string]string)} }

func (f *fakeKeyring) enter() func() {
	if f.inside.Add(1) > 1 {
		f.mixed.Store(true)
	}
	runtime.Gosched()
	return func() { f.inside.Add(-1) }
}

func (f *fakeKeyring) Get(service, name string) (string, error) {
	defer f.enter()()
	if f.get != nil {
		return f.get(name)
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	text, ok := f.values[service+":"+name]
	if !ok {
		return "", keyring.ErrNotFound
	}
	return text, nil
}

func (f *fakeKeyring) Set(service, name, text string) error {
	defer f.enter()()
	if f.set != nil {
		return f.set(name, text)
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	f.names = append(f.names, name)
	f.values[service+":"+name] = text
	return nil
}

func (f *fakeKeyring) Delete(service, name string) error {
	defer f.enter()()
	if f.delete != nil {
		return f.delete(name)
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	if _, ok := f.values[service+":"+name]; !ok {
		return keyring.ErrNotFound
	}
	delete(f.values, service+":"+name)
	return nil
}

func isLocked(err error) bool {
	var locked *tokencache.LockedError
	return errors.As(err, &locked)
}

func isUnavailable(err error) bool {
	var unavailable *tokencache.UnavailableError
	return errors.As(err, &unavailable)
}

func TestKeyringRoundTrip(t *testing.T) {
	backend := newFakeKeyring()
	store := &tokencache.Keyring{Backend: backend}
	if _, err := store.Get(t.Context(), "key"); !errors.Is(err, tokencache.ErrNotFound) {
		t.Errorf("got %v, want ErrNotFound", err)
	}
	for _, size := range []int{0, 10, 2048, 6000, 100} {
		want := token("secret", size)
		if err := store.Set(t.Context(), "key", want); err != nil {
			t.Fatal(err)
		}
		got, err := store.Get(t.Context(), "key")
		if err != nil || !bytes.Equal(got, want) {
			t.Errorf("%d bytes: got %d bytes, %v", size, len(got), err)
		}
		for name, text := range backend.values {
			if !strings.HasPrefix(name, "appsyncctl:key") || len(text) > itemLimit {
				t.Errorf("%d bytes: got an item %s of %d bytes", size, name, len(text))
			}
		}
	}
	for range 2 {
		if err := store.Delete(t.Context(), "key"); err != nil || len(backend.values) != 0 {
			t.Errorf("Delete: %v, %d items left", err, len(backend.values))
		}
	}
}

// The limit of macOS is on go-keyring's command line, which holds the text in
// base64 and the names of service and item.
func TestKeyringItemsFitMacOS(t *testing.T) {
	backend := newFakeKeyring()
	store := &tokencache.Keyring{Backend: backend}
	key := strings.Repeat("f", 64)
	if err := store.Set(t.Context(), key, token("a", 100_000)); err != nil {
		t.Fatal(err)
	}
	for name, text := range backend.values {
		command := len("add-generic-password -U -s '' -a '' -w 'go-keyring-base64:'\n") + len(name) + (len(text)+2)/3*4
		if command >= 4000 {
			t.Errorf("item %s makes a command of %d bytes, the limit is 4096", name, command)
		}
	}
}

func TestKeyringTimeLimit(t *testing.T) {
	tests := []struct {
		name   string
		store  tokencache.Keyring
		want   time.Duration
		notice time.Duration // 0: none
	}{
		{"quiet", tokencache.Keyring{}, 3 * time.Second, 2 * time.Second},
		{"interactive", tokencache.Keyring{Interactive: true}, time.Minute, 2 * time.Second},
		{"set", tokencache.Keyring{Interactive: true, Timeout: 5 * time.Second, NoticeAfter: time.Second}, 5 * time.Second, time.Second},
		{"too short for a notice", tokencache.Keyring{Timeout: time.Second}, time.Second, 0},
	}
	for i := range tests {
		tt := &tests[i]
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				hang := make(chan struct{})
				defer close(hang)
				backend := newFakeKeyring()
				backend.get = func(string) (string, error) { <-hang; return "", nil }
				start := time.Now()
				var notices []time.Duration
				store := &tt.store
				store.Backend = backend
				store.Notice = func(string) { notices = append(notices, time.Since(start)) }

				_, err := store.Get(t.Context(), "key")
				if got := time.Since(start); !isLocked(err) || got != tt.want {
					t.Errorf("got %v after %v, want *LockedError after %v", err, got, tt.want)
				}
				if tt.notice == 0 && len(notices) != 0 || tt.notice != 0 && (len(notices) != 1 || notices[0] != tt.notice) {
					t.Errorf("got notices after %v, want one after %v", notices, tt.notice)
				}

				// The question is still open: nothing more is asked, and nobody waits.
				start = time.Now()
				if err := store.Set(t.Context(), "key", []byte("v")); !isLocked(err) || time.Since(start) != 0 {
					t.Errorf("got %v after %v, want *LockedError at once", err, time.Since(start))
				}
				if len(backend.values) != 0 {
					t.Error("something was stored behind an open question")
				}
			})
		})
	}
}

func TestKeyringNoticesOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		backend := newFakeKeyring()
		backend.get = func(string) (string, error) {
			time.Sleep(30 * time.Second)
			return "", keyring.ErrNotFound
		}
		var notices []string
		store := &tokencache.Keyring{Backend: backend, Interactive: true, Notice: func(s string) { notices = append(notices, s) }}
		if _, err := store.Get(t.Context(), "key"); !errors.Is(err, tokencache.ErrNotFound) {
			t.Errorf("got %v, want ErrNotFound: each call has its own limit", err)
		}
		if len(notices) != 1 || !strings.Contains(notices[0], "waiting for the keyring") {
			t.Errorf("got notices %q, want one", notices)
		}
	})
}

// A reply that comes after the time limit is not taken for the reply to a later
// question.
func TestKeyringLateReply(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		kept := newFakeKeyring()
		for _, key := range []string{"old", "new"} {
			if err := (&tokencache.Keyring{Backend: kept}).Set(t.Context(), key, []byte(key)); err != nil {
				t.Fatal(err)
			}
		}
		unlock := make(chan struct{})
		backend := newFakeKeyring()
		backend.get = func(name string) (string, error) {
			if name == "old" {
				<-unlock
			}
			return kept.Get("appsyncctl", name)
		}
		store := &tokencache.Keyring{Backend: backend}
		if _, err := store.Get(t.Context(), "old"); !isLocked(err) {
			t.Fatalf("got %v, want *LockedError", err)
		}
		close(unlock)
		synctest.Wait()
		got, err := store.Get(t.Context(), "new")
		if err != nil || string(got) != "new" {
			t.Errorf("got %q, %v", got, err)
		}
	})
}

func TestKeyringContext(t *testing.T) {
	cause := errors.New("interrupted")
	t.Run("while waiting", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			hang := make(chan struct{})
			defer close(hang)
			backend := newFakeKeyring()
			backend.set = func(string, string) error { <-hang; return nil }
			ctx, cancel := context.WithCancelCause(t.Context())
			time.AfterFunc(time.Second, func() { cancel(cause) })
			store := &tokencache.Keyring{Backend: backend}
			if err := store.Set(ctx, "key", []byte("v")); !errors.Is(err, cause) {
				t.Errorf("got %v, want the cause", err)
			}
		})
	})
	t.Run("before", func(t *testing.T) {
		ctx, cancel := context.WithCancelCause(t.Context())
		cancel(cause)
		backend := newFakeKeyring()
		backend.get = func(string) (string, error) { t.Error("the keyring was asked"); return "", nil }
		store := &tokencache.Keyring{Backend: backend}
		for range 20 {
			if _, err := store.Get(ctx, "key"); !errors.Is(err, cause) {
				t.Errorf("got %v, want the cause", err)
			}
		}
	})
}

func TestKeyringPanic(t *testing.T) {
	backend := newFakeKeyring()
	backend.get = func(string) (string, error) { panic("interface conversion: eyJhbGciOi") }
	store := &tokencache.Keyring{Backend: backend}
	for range 2 { // also the turn is given back
		_, err := store.Get(t.Context(), "key")
		if !isUnavailable(err) || strings.Contains(err.Error(), "eyJ") {
			t.Errorf("got %v, want *UnavailableError without what the panic said", err)
		}
	}
}

// An item that another process removes between the search for it and its reading
// is looked for again.
func TestKeyringItemVanishes(t *testing.T) {
	kept := newFakeKeyring()
	if err := (&tokencache.Keyring{Backend: kept}).Set(t.Context(), "key", []byte("v")); err != nil {
		t.Fatal(err)
	}
	vanished := 2
	backend := newFakeKeyring()
	backend.get = func(name string) (string, error) {
		if vanished--; vanished >= 0 {
			return "", dbus.Error{Name: "org.freedesktop.DBus.Error.UnknownMethod"}
		}
		return kept.Get("appsyncctl", name)
	}
	store := &tokencache.Keyring{Backend: backend}
	if got, err := store.Get(t.Context(), "key"); err != nil || string(got) != "v" {
		t.Errorf("got %q, %v", got, err)
	}
	vanished = 1000
	if _, err := store.Get(t.Context(), "key"); !isUnavailable(err) {
		t.Errorf("got %v, want *UnavailableError when it never ends", err)
	}
}

func TestKeyringDismissedPrompt(t *testing.T) {
	backend := newFakeKeyring()
	store := &tokencache.Keyring{Backend: backend}
	if err := store.Set(t.Context(), "kept", []byte("v")); err != nil {
		t.Fatal(err)
	}
	backend.set = func(string, string) error { return nil }
	backend.delete = func(string) error { return nil }
	if err := store.Set(t.Context(), "key", []byte("v")); !isLocked(err) {
		t.Errorf("Set: got %v, want *LockedError", err)
	}
	if err := store.Delete(t.Context(), "kept"); !isLocked(err) {
		t.Errorf("Delete: got %v, want *LockedError", err)
	}
	if err := store.Probe(t.Context()); !isLocked(err) {
		t.Errorf("Probe: got %v, want *LockedError", err)
	}
	// The value that could not be replaced is still there.
	if err := store.Set(t.Context(), "kept", []byte("w")); !isLocked(err) {
		t.Errorf("Set over a value: got %v, want *LockedError", err)
	}
	if got, err := store.Get(t.Context(), "kept"); err != nil || string(got) != "v" {
		t.Errorf("got %q, %v; want the old value", got, err)
	}
}

func TestKeyringOverwrittenByAnother(t *testing.T) {
	backend := newFakeKeyring()
	backend.get = func(name string) (string, error) {
		if len(backend.names) == 0 {
			return "", keyring.ErrNotFound
		}
		return "theirs", nil
	}
	store := &tokencache.Keyring{Backend: backend}
	err := store.Set(t.Context(), "key", []byte("ours"))
	if err == nil || isLocked(err) || isUnavailable(err) {
		t.Errorf("got %v, want an error that is neither locked nor unavailable", err)
	}
}

func TestKeyringTakesTurns(t *testing.T) {
	backend := newFakeKeyring()
	store := &tokencache.Keyring{Backend: backend}
	var group sync.WaitGroup
	for i := range 20 {
		group.Go(func() {
			key, want := fmt.Sprintf("key%d", i), token(fmt.Sprint(i), 3000)
			if err := store.Set(t.Context(), key, want); err != nil {
				t.Error(err)
			}
			if got, err := store.Get(t.Context(), key); err != nil || !bytes.Equal(got, want) {
				t.Errorf("got %d bytes, %v", len(got), err)
			}
		})
	}
	group.Wait()
	if backend.mixed.Load() {
		t.Error("two calls ran at once")
	}
}

func TestKeyringProbe(t *testing.T) {
	backend := newFakeKeyring()
	store := &tokencache.Keyring{Backend: backend}
	for range 2 {
		if err := store.Probe(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	if len(backend.values) != 0 {
		t.Errorf("%d items left", len(backend.values))
	}
	if len(backend.names) != 2 || backend.names[0] == backend.names[1] {
		t.Errorf("got names %q, want two different ones", backend.names)
	}

	// An elevated Windows session finds nothing, as if it were empty, and cannot write.
	backend.set = func(string, string) error { return syscall.Errno(1312) }
	if err := store.Probe(t.Context()); !isUnavailable(err) {
		t.Errorf("got %v, want *UnavailableError", err)
	}
}

func TestKeyringErrors(t *testing.T) {
	bus := func(name string) error { return dbus.Error{Name: name, Body: []any{"text"}} }
	const missing, unavailable, locked, other = "missing", "unavailable", "locked", "other"
	tests := []struct {
		name string
		err  error
		want string
	}{
		{"not found", keyring.ErrNotFound, missing},
		{"macOS not found in another language", exitError(t, 44), missing},
		{"item gone", bus("org.freedesktop.Secret.Error.NoSuchObject"), missing},
		{"unsupported", keyring.ErrUnsupportedPlatform, unavailable},
		{"no service", bus("org.freedesktop.DBus.Error.ServiceUnknown"), unavailable},
		{"service died", bus("org.freedesktop.DBus.Error.NoReply"), unavailable},
		{"service does not start", bus("org.freedesktop.DBus.Error.Spawn.ChildExited"), unavailable},
		{"not a secret service", bus("org.freedesktop.DBus.Error.UnknownMethod"), unavailable},
		{"stale address", &net.OpError{Op: "dial", Net: "unix", Err: syscall.ENOENT}, unavailable},
		{"bus ended", io.EOF, unavailable},
		{"connection closed", dbus.ErrClosed, unavailable},
		{"bad address", errors.New("dbus: invalid bus address (no transport)"), unavailable},
		{"no tool", &exec.Error{Name: "dbus-launch", Err: exec.ErrNotFound}, unavailable},
		{"Windows over SSH", syscall.Errno(1312), unavailable},
		{"macOS over SSH", exitError(t, 36), unavailable},
		{"macOS without keychain", exitError(t, 37), unavailable},
		{"locked", bus("org.freedesktop.Secret.Error.IsLocked"), locked},
		{"bus policy", bus("org.freedesktop.DBus.Error.AccessDenied"), locked},
		{"no display for the prompt", errors.New("failed to unlock correct collection '/org/freedesktop/secrets/collection/login'"), locked},
		{"macOS denied", exitError(t, 51), locked},
		{"macOS cancelled", exitError(t, 128), locked},
		{"macOS race", exitError(t, 45), other},
		{"macOS anything", exitError(t, 1), other},
		{"too big", keyring.ErrSetDataTooBig, other},
		{"anything on the bus", bus("org.freedesktop.DBus.Error.LimitsExceeded"), other},
		{"anything", errors.New("anything"), other},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			backend := newFakeKeyring()
			backend.get = func(string) (string, error) { return "", fmt.Errorf("wrapped: %w", tt.err) }
			if strings.HasPrefix(tt.err.Error(), "dbus: ") || strings.HasPrefix(tt.err.Error(), "failed to") {
				backend.get = func(string) (string, error) { return "", tt.err }
			}
			store := &tokencache.Keyring{Backend: backend}
			_, err := store.Get(t.Context(), "key")
			got := other
			switch {
			case err == nil:
				t.Fatal("got no error")
			case errors.Is(err, tokencache.ErrNotFound):
				got = missing
			case isUnavailable(err):
				got = unavailable
			case isLocked(err):
				got = locked
			}
			if got != tt.want {
				t.Errorf("got %s (%v), want %s", got, err, tt.want)
			}
			if got != missing && !strings.Contains(err.Error(), tt.err.Error()) && tt.name != "macOS race" {
				t.Errorf("got %v, which leaves out what the system said", err)
			}
		})
	}
}
