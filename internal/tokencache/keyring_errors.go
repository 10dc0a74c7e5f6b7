// What an error of the keyring means: nothing there, no keyring on this machine,
// or a keyring that gives no access. go-keyring has an error of its own for the
// first only; for the others it passes on what the system said, three ways on
// three systems.

package tokencache

import (
	"errors"
	"fmt"
	"io"
	"net"
	"os/exec"
	"strings"
	"syscall"

	"github.com/godbus/dbus/v5"
	"github.com/zalando/go-keyring"
)

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
