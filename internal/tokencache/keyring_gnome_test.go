//go:build linux

// The keyring store on a real gnome-keyring, on a private bus and with folders of
// its own.

package tokencache_test

import (
	"fmt"
	"io"
	"os/exec"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/godbus/dbus/v5"
)

// startGnomeKeyring starts the daemon in the session and waits until it is on the
// bus. Unlocked means with a keyring whose password is empty, made when there is
// none. The function returned stops it.
func startGnomeKeyring(t *testing.T, s *session, unlocked bool) (stop func()) {
	t.Helper()
	bus, err := dbus.Connect(s.address)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = bus.Close() })
	signals := make(chan *dbus.Signal, 10)
	bus.Signal(signals)
	err = bus.AddMatchSignal(
		dbus.WithMatchInterface("org.freedesktop.DBus"),
		dbus.WithMatchMember("NameOwnerChanged"),
		dbus.WithMatchArg(0, "org.freedesktop.secrets"),
	)
	if err != nil {
		t.Fatal(err)
	}

	arguments := []string{"--foreground", "--components=secrets"}
	if unlocked {
		arguments = append(arguments, "--unlock")
	}
	cmd := exec.Command("gnome-keyring-daemon", arguments...)
	cmd.Env = s.environ()
	if unlocked {
		cmd.Stdin = strings.NewReader("\n")
	}
	out := start(t, cmd)
	go func() { _, _ = io.Copy(io.Discard, out) }() // until it ends

	owned := func(want bool) {
		t.Helper()
		limit := time.After(5 * time.Minute)
		for {
			select {
			case signal := <-signals:
				if signal.Name != "org.freedesktop.DBus.NameOwnerChanged" {
					continue
				}
				if owner, _ := signal.Body[2].(string); (owner != "") == want {
					return
				}
			case <-limit:
				t.Fatal("gnome-keyring-daemon does not come to the bus, or does not leave it")
			}
		}
	}
	owned(true)
	return func() {
		t.Helper()
		if err := cmd.Process.Kill(); err != nil {
			t.Fatal(err)
		}
		owned(false)
	}
}

func TestGnomeKeyring(t *testing.T) {
	t.Parallel()
	need(t, "gnome-keyring-daemon")
	s := newSession(t)
	stop := startGnomeKeyring(t, s, true)

	wantLines(t, s.run(t, "probe;get key;set key a 300;get key;delete key;get key;delete key"),
		"ok", "missing", "ok", "ok a*300", "ok", "missing", "ok")
	wantLines(t, s.run(t, "set key a 6144"), "ok")
	wantLines(t, s.run(t, "get key;set key b 9000;get key"), "ok a*6144", "ok", "ok b*9000")
	wantLines(t, s.run(t, "get key"), "ok b*9000")

	// Locked, and no display for a prompt: an error, no miss and no loss.
	stop()
	stop = startGnomeKeyring(t, s, false)
	const locked = "locked: keyring not accessible: locked…"
	wantLines(t, s.run(t, "get key;set key c 10;delete key;probe"), locked, locked, locked, locked)
	stop()
	startGnomeKeyring(t, s, true)
	wantLines(t, s.run(t, "get key;delete key;get key"), "ok b*9000", "ok", "missing")
}

// A keyring service without any keyring, as on a server that nobody ever logged in
// to with a desktop.
func TestGnomeKeyringNeverMade(t *testing.T) {
	t.Parallel()
	need(t, "gnome-keyring-daemon")
	s := newSession(t)
	startGnomeKeyring(t, s, false)
	const want = "unavailable: keyring unavailable: no keyring has been created yet"
	wantLines(t, s.run(t, "get key;probe"), want, want)
}

// Readers need no lock: while one process replaces a long token again and again,
// another one finds an old one or a new one each time.
func TestGnomeKeyringTwoProcesses(t *testing.T) {
	t.Parallel()
	need(t, "gnome-keyring-daemon")
	s := newSession(t)
	startGnomeKeyring(t, s, true)
	wantLines(t, s.run(t, "set key a 6000"), "ok")

	const rounds = 15
	var group sync.WaitGroup
	group.Go(func() {
		for _, line := range s.run(t, strings.Repeat("set key b 5000;set key c 100;set key a 6000;", rounds)+"get key") {
			if !strings.HasPrefix(line, "ok") {
				t.Errorf("writer: %s", line)
			}
		}
	})
	for i := range 2 {
		group.Go(func() {
			own := fmt.Sprintf("other%d", i)
			task := strings.Repeat("get key;", 10*rounds) + fmt.Sprintf("set %s d 3000;get %s", own, own)
			for _, line := range s.run(t, task) {
				switch line {
				case "ok a*6000", "ok b*5000", "ok c*100", "ok", "ok ", "ok d*3000":
				default:
					t.Errorf("reader: %s", line)
				}
			}
		})
	}
	group.Wait()
}
