// The operating system's keyring as a Store. A value is cut to the size of items
// by Chunked; an item is written and read back here; each call of the keyring goes
// through call, which alone has to do with time, and its error through classify.

package tokencache

import (
	"cmp"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"time"

	"github.com/godbus/dbus/v5"
	"github.com/zalando/go-keyring"
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

// One call of the keyring, with a time limit. go-keyring takes no context, waits
// for ever for a service that does not reply and for an unlock prompt that nobody
// answers, and panics when a service answers with unexpected types.

const (
	interactiveTimeout = 60 * time.Second // somebody may be typing a password
	quietTimeout       = 3 * time.Second
	defaultNoticeAfter = 2 * time.Second

	// maxVanished is how often a call is made whose item another process removes
	// between the two halves of the call, finding the item and touching it.
	maxVanished = 5

	waitingNotice = "waiting for the keyring to be unlocked (Ctrl-C to cancel)"
)

// callState makes the calls of a Keyring take turns.
type callState struct {
	prepare sync.Once
	turn    chan struct{}         // holds one element while a call runs
	givenUp atomic.Pointer[reply] // the last call that nobody waits for any more
	noticed sync.Once
}

// A reply is what a call came back with, once done is closed.
type reply struct {
	done chan struct{}
	text string
	err  error
}

// errPanicked stands for a panic of go-keyring. What the panic said is left out,
// since it may quote what the keyring answered.
var errPanicked = errors.New("the keyring library panicked")

// call asks the keyring and waits for the reply until the time limit or the end of
// ctx. Its errors are classified.
func (k *Keyring) call(ctx context.Context, ask func(b Backend, service string) (string, error)) (string, error) {
	backend := k.Backend
	if backend == nil {
		if err := checkSessionBus(runtime.GOOS, k.LookupEnv); err != nil {
			return "", err
		}
		backend = systemBackend{}
	}
	service := cmp.Or(k.Service, defaultService)

	limit := cmp.Or(k.Timeout, quietTimeout)
	if k.Timeout == 0 && k.Interactive {
		limit = interactiveTimeout
	}
	ctx, cancel := context.WithTimeoutCause(ctx, limit, &LockedError{
		Reason: fmt.Sprintf("no answer within %v; an unlock prompt may be open", limit),
	})
	defer cancel()

	k.calls.prepare.Do(func() { k.calls.turn = make(chan struct{}, 1) })
	if lost := k.calls.givenUp.Load(); lost != nil && !lost.isBack() {
		return "", &LockedError{Reason: "an earlier question is still without an answer"}
	}
	select {
	case k.calls.turn <- struct{}{}:
	case <-ctx.Done():
		return "", context.Cause(ctx)
	}
	// Both may have been possible, and nothing may start after the end.
	if ctx.Err() != nil {
		<-k.calls.turn
		return "", context.Cause(ctx)
	}

	r := &reply{done: make(chan struct{})}
	go func() {
		defer func() { <-k.calls.turn }()
		defer close(r.done)
		defer func() {
			if recover() != nil {
				r.err = errPanicked
			}
		}()
		for range maxVanished {
			if r.text, r.err = ask(backend, service); !hasVanished(r.err) {
				return
			}
		}
	}()

	notice := time.NewTimer(cmp.Or(k.NoticeAfter, defaultNoticeAfter))
	defer notice.Stop()
	for {
		select {
		case <-r.done:
			return r.text, classify(r.err)
		case <-notice.C:
			k.notify()
		case <-ctx.Done():
			select {
			case <-notice.C: // at the same time, on a busy machine
				k.notify()
			default:
			}
			k.calls.givenUp.Store(r)
			return "", context.Cause(ctx)
		}
	}
}

// notify says once that the keyring lets us wait.
func (k *Keyring) notify() {
	if k.Notice != nil {
		k.calls.noticed.Do(func() { k.Notice(waitingNotice) })
	}
}

func (r *reply) isBack() bool {
	select {
	case <-r.done:
		return true
	default:
		return false
	}
}

// What an error of the keyring means: nothing there, no keyring on this machine,
// or a keyring that gives no access. go-keyring has an error of its own for the
// first only; for the others it passes on what the system said, three ways on
// three systems.

// failedToUnlock begins what go-keyring says of a collection that stays locked.
const failedToUnlock = "failed to unlock correct collection"

// noSuchLogonSession is Windows' ERROR_NO_SUCH_LOGON_SESSION: the session has no
// credential store, as over SSH or with another user's token.
const noSuchLogonSession = syscall.Errno(1312)

// classify turns an error of go-keyring into ErrNotFound, *UnavailableError or
// *LockedError, where it is one of them.
func classify(err error) error {
	var (
		socket *net.OpError
		noTool *exec.Error
		exit   *exec.ExitError
		remote dbus.Error
	)
	switch {
	case err == nil:
		return nil
	case errors.Is(err, keyring.ErrNotFound):
		return ErrNotFound
	case errors.Is(err, keyring.ErrUnsupportedPlatform):
		return &UnavailableError{Reason: "not supported on this system", Err: err}
	case errors.Is(err, errNoCollection):
		return &UnavailableError{Reason: "no keyring has been created yet"}
	case errors.Is(err, errPanicked):
		return &UnavailableError{Reason: "its service gives answers that make no sense", Err: err}
	case errors.Is(err, noSuchLogonSession):
		return &UnavailableError{Reason: "this logon session has no credential store", Err: err}
	case errors.As(err, &remote):
		return classifyBus(remote)
	case errors.As(err, &exit):
		return classifyExit(exit.ExitCode(), err)
	case errors.As(err, &noTool):
		return &UnavailableError{Reason: "its tool is missing", Err: err}
	case errors.As(err, &socket), errors.Is(err, io.EOF), errors.Is(err, dbus.ErrClosed):
		return &UnavailableError{Reason: "the session bus does not answer", Err: err}
	}
	return classifyText(err)
}

// classifyBus goes by the name of a D-Bus error. The names are those of the D-Bus
// and Secret Service specifications and of gnome-keyring.
func classifyBus(err dbus.Error) error {
	switch err.Name {
	case "org.freedesktop.Secret.Error.NoSuchObject": // removed since it was found
		return ErrNotFound
	case "org.freedesktop.Secret.Error.IsLocked",
		"org.freedesktop.DBus.Error.AccessDenied",
		"org.freedesktop.DBus.Error.AuthFailed",
		"org.gnome.keyring.Error.Denied":
		return &LockedError{Reason: "locked or access denied", Err: err}
	case "org.freedesktop.DBus.Error.ServiceUnknown",
		"org.freedesktop.DBus.Error.NameHasNoOwner",
		"org.freedesktop.DBus.Error.NoReply",
		"org.freedesktop.DBus.Error.NoServer",
		"org.freedesktop.DBus.Error.Disconnected":
		return &UnavailableError{Reason: "no secret service on the session bus", Err: err}
	}
	if hasVanished(err) {
		return &UnavailableError{Reason: "its service is not a secret service", Err: err}
	}
	if strings.HasPrefix(err.Name, "org.freedesktop.DBus.Error.Spawn.") {
		return &UnavailableError{Reason: "the secret service does not start", Err: err}
	}
	return fmt.Errorf("keyring: %w", err)
}

// hasVanished reports whether an object on the bus that was there a moment ago is
// there no more, or never was. gnome-keyring says the first in each of these ways.
func hasVanished(err error) bool {
	var remote dbus.Error
	if !errors.As(err, &remote) {
		return false
	}
	switch remote.Name {
	case "org.freedesktop.DBus.Error.UnknownObject",
		"org.freedesktop.DBus.Error.UnknownInterface",
		"org.freedesktop.DBus.Error.UnknownMethod":
		return true
	}
	return false
}

// classifyExit goes by the exit status of the macOS security tool, which is the
// low byte of the OSStatus in the comment (Security framework, SecBase.h).
func classifyExit(code int, err error) error {
	switch code {
	case 44: // errSecItemNotFound, -25300; go-keyring knows it by English text only
		return ErrNotFound
	case 36: // errSecInteractionNotAllowed, -25308: over SSH, in a launch daemon
		return &UnavailableError{Reason: "no access to the keychain outside of a desktop session", Err: err}
	case 37, 50, 53: // errSecNoDefaultKeychain, errSecNoSuchKeychain, errSecNotAvailable
		return &UnavailableError{Reason: "there is no keychain", Err: err}
	case 51, 128: // errSecAuthFailed, -25293; userCanceledErr, -128
		return &LockedError{Reason: "access was denied", Err: err}
	case 45: // errSecDuplicateItem, -25299: two writers at once
		return errRaced
	}
	return fmt.Errorf("keyring: %w", err)
}

// classifyText looks at text, because go-keyring and godbus make these errors with
// errors.New and fmt.Errorf and nothing else tells them apart.
func classifyText(err error) error {
	text := err.Error()
	if strings.HasPrefix(text, failedToUnlock) {
		return &LockedError{Reason: "locked", Err: err}
	}
	if strings.HasPrefix(text, "dbus: ") { // address, connection, authentication
		return &UnavailableError{Reason: "the session bus cannot be used", Err: err}
	}
	return fmt.Errorf("keyring: %w", err)
}

// The system's own keyring, by way of go-keyring, and whether there is a way to it
// at all.

// systemBackend is go-keyring's package-level functions.
type systemBackend struct{}

func (systemBackend) Get(service, name string) (string, error) {
	text, err := keyring.Get(service, name)
	return text, withoutCollection(err)
}

func (systemBackend) Set(service, name, text string) error {
	return withoutCollection(keyring.Set(service, name, text))
}

func (systemBackend) Delete(service, name string) error {
	return withoutCollection(keyring.Delete(service, name))
}

var errNoCollection = errors.New("the secret service has no default collection")

// withoutCollection returns errNoCollection in place of a failure to unlock a
// collection that does not exist, such as on a server that nobody ever logged in
// to with a desktop. go-keyring takes that for a locked one.
func withoutCollection(err error) error {
	if err == nil || !strings.HasPrefix(err.Error(), failedToUnlock) {
		return err
	}
	bus, busErr := dbus.SessionBus() // the connection that go-keyring uses
	if busErr != nil {
		return err
	}
	var path dbus.ObjectPath
	secrets := bus.Object("org.freedesktop.secrets", "/org/freedesktop/secrets")
	call := secrets.Call("org.freedesktop.Secret.Service.ReadAlias", 0, "default")
	if call.Store(&path) == nil && path == "/" {
		return errNoCollection
	}
	return err
}

// checkSessionBus returns an *UnavailableError where go-keyring needs a D-Bus
// session bus and there is none. Asked nevertheless, godbus would run dbus-launch,
// which leaves a dbus-daemon behind with each command. The places are those that
// godbus looks at, https://dbus.freedesktop.org/doc/dbus-specification.html.
func checkSessionBus(goos string, lookupEnv func(string) (string, bool)) error {
	if goos == "darwin" || goos == "windows" {
		return nil
	}
	var address string
	if lookupEnv != nil {
		address, _ = lookupEnv("DBUS_SESSION_BUS_ADDRESS")
	}
	switch {
	case strings.HasPrefix(address, "disabled:"):
	case address != "" && !strings.HasPrefix(address, "autolaunch:"):
		return nil
	case hasUserBus():
		return nil
	}
	return &UnavailableError{Reason: "no session bus"}
}

// hasUserBus reports whether godbus finds the bus of the user's login session
// without an address. It does not follow XDG_RUNTIME_DIR.
func hasUserBus() bool {
	current, err := user.Current()
	if err != nil {
		return false
	}
	dir := filepath.Join("/run/user", current.Uid)
	if _, err := os.Stat(filepath.Join(dir, "bus")); !os.IsNotExist(err) {
		return true
	}
	text, err := os.ReadFile(filepath.Join(dir, "dbus-session"))
	address, found := strings.CutPrefix(string(text), "DBUS_SESSION_BUS_ADDRESS=")
	return err == nil && found && strings.TrimSpace(address) != ""
}
