package cli_test

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/appsyncctl/appsyncctl/internal/app"
	"github.com/appsyncctl/appsyncctl/internal/cli"
	"github.com/appsyncctl/appsyncctl/internal/emulator"
	"github.com/appsyncctl/appsyncctl/internal/tokencache"
)

// countOpens returns how often a file has been opened since.
func countOpens(t *testing.T, path string) func() int {
	t.Helper()
	fd, err := syscall.InotifyInit1(syscall.IN_NONBLOCK | syscall.IN_CLOEXEC)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = syscall.Close(fd) })
	if _, err := syscall.InotifyAddWatch(fd, path, syscall.IN_OPEN|syscall.IN_CLOSE); err != nil {
		t.Fatal(err)
	}
	return func() int {
		events := make([]byte, 100*syscall.SizeofInotifyEvent) // those of a file have no name
		n, err := syscall.Read(fd, events)
		if err != nil && !errors.Is(err, syscall.EAGAIN) {
			t.Fatal(err)
		}
		opens := 0 // closing it comes between two of them, else the kernel would join them
		for ; n > 0; n -= syscall.SizeofInotifyEvent {
			mask := binary.NativeEndian.Uint32(events[n-syscall.SizeofInotifyEvent+4:])
			if mask&syscall.IN_OPEN != 0 {
				opens++
			}
		}
		return opens
	}
}

// A command reads the profile once, whatever it does with it.
func TestProfileIsReadOnce(t *testing.T) {
	e, err := emulator.Start(t.Context(), emulator.Config{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = e.Close() })
	env := make(map[string]string)
	for _, variable := range e.Environment() {
		env[variable.Name] = variable.Value
	}
	profile := fmt.Sprintf("profiles:\n  default:\n    endpoint: %s\n    issuer: %s\n    client_id: %s\n    audience: %s\n",
		env["APPSYNCCTL_ENDPOINT"], env["APPSYNCCTL_ISSUER"], env["APPSYNCCTL_CLIENT_ID"], env["APPSYNCCTL_AUDIENCE"])
	rows := filepath.Join(t.TempDir(), "rows.csv")
	if err := os.WriteFile(rows, []byte("name,city\nAnn,Boston\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, args := range []string{
		"customers import " + rows,
		"customers export " + filepath.Join(t.TempDir(), "all.csv"),
		"customers list",
		"customers watch --for 1ms",
		"query {listCustomers{items{id}}}",
		"doctor",
		"smoke",
		"smoke clean",
		"status",
		"token",
		"logout",
		"profile list",
	} {
		t.Run(args, func(t *testing.T) {
			home := t.TempDir()
			config := filepath.Join(t.TempDir(), "config.yaml")
			if err := os.WriteFile(config, []byte(profile), 0o600); err != nil {
				t.Fatal(err)
			}
			opens := countOpens(t, config)
			var out, errs bytes.Buffer
			world := &app.App{
				In: strings.NewReader(""), Out: &out, Err: &errs,
				LookupEnv: lookup(map[string]string{
					"HOME": home, "XDG_STATE_HOME": home, "LOCALAPPDATA": home, "APPSYNCCTL_CONFIG": config,
					"APPSYNCCTL_CLIENT_SECRET": env["APPSYNCCTL_CLIENT_SECRET"],
				}),
				Environ:    func() []string { return nil },
				Now:        time.Now,
				Transport:  &http.Transport{},
				LookupHost: unpluggedApp(&out, &errs, nil).LookupHost,
				Proxy:      unpluggedApp(&out, &errs, nil).Proxy,
				Keyring:    func(bool, func(string)) tokencache.Probed { return nowhere{} },
			}
			code := cli.Run(t.Context(), world, strings.Fields(args))
			if code != 0 && !strings.HasPrefix(args, "doctor") {
				t.Errorf("exit code %d: %s", code, errs.String())
			}
			if got := opens(); got != 1 {
				t.Errorf("the profile was opened %d times", got)
			}
		})
	}
}
