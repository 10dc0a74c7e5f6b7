// The system's own keyring, by way of go-keyring, and whether there is a way to it
// at all.

package tokencache

import (
	"errors"
	"os"
	"os/user"
	"path/filepath"
	"strings"

	"github.com/godbus/dbus/v5"
	"github.com/zalando/go-keyring"
)

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
