// The keyring on a private D-Bus session bus: what happens when there is none or nobody
// on it, and the store on a real gnome-keyring, with folders of its own.

package tokencache_test

import (
	"bufio"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/godbus/dbus/v5"
)

// busConfig is a session bus that starts no services by itself.
const busConfig = `<!DOCTYPE busconfig PUBLIC "-//freedesktop//DTD D-Bus Bus Configuration 1.0//EN"
 "http://www.freedesktop.org/standards/dbus/1.0/busconfig.dtd">
<busconfig>
  <type>session</type>
  <listen>unix:path=%s/bus</listen>
  <auth>EXTERNAL</auth>
  <policy context="default">
    <allow send_destination="*" eavesdrop="true"/>
    <allow eavesdrop="true"/>
    <allow own="*"/>
  </policy>
</busconfig>
`

// emptySession returns folders of a session whose bus address is given.
func emptySession(t *testing.T, address string) *session {
	t.Helper()
	dir, err := os.MkdirTemp("", "keyring") // short: the path of a socket is limited to 108 bytes
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	return &session{dir: dir, address: address, limit: patience}
}

// newSession starts a private bus, which ends with the test.
func newSession(t *testing.T) *session {
	t.Helper()
	need(t, "dbus-daemon")
	s := emptySession(t, "")
	config := filepath.Join(s.dir, "bus.conf")
	if err := os.WriteFile(config, fmt.Appendf(nil, busConfig, s.dir), 0o600); err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command("dbus-daemon", "--nofork", "--print-address", "--config-file="+config)
	cmd.Env = s.environ()
	address := start(t, cmd)
	line, err := bufio.NewReader(address).ReadString('\n')
	if err != nil {
		t.Fatalf("dbus-daemon printed no address: %v", err)
	}
	s.address = strings.TrimSpace(line)
	return s
}

// start starts a program that is killed when the test ends, and returns its
// standard output.
func start(t *testing.T, cmd *exec.Cmd) *os.File {
	t.Helper()
	reader, writer, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	cmd.Stdout = writer
	cmd.WaitDelay = time.Second
	cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL} // also when the tests panic
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	_ = writer.Close()
	t.Cleanup(func() {
		_ = cmd.Process.Kill()
		_ = cmd.Wait() // it was killed
		_ = reader.Close()
	})
	return reader
}

// Without a bus, nothing is started that would stay behind. The program that
// godbus would run is replaced by one that leaves a mark.
func TestKeyringWithoutSessionBus(t *testing.T) {
	if user := fmt.Sprintf("/run/user/%d", os.Getuid()); exists(user+"/bus") || exists(user+"/dbus-session") {
		t.Skip("there is a session bus in " + user + ", which is found without an address")
	}
	for _, address := range []string{"", "autolaunch:", "autolaunch:scope=user", "disabled:"} {
		t.Run("address "+address, func(t *testing.T) {
			t.Parallel()
			s := emptySession(t, address)
			mark := filepath.Join(s.dir, "launched")
			script := "#!/bin/sh\n: >" + mark + "\n"
			if err := os.WriteFile(filepath.Join(s.dir, "dbus-launch"), []byte(script), 0o700); err != nil {
				t.Fatal(err)
			}
			task := "get key;set key a 10;delete key;probe"
			cmd := helperCommand(t.Context(), task)
			cmd.Env = append(s.environ(), "PATH="+s.dir, taskVariable+"="+task)
			out, err := cmd.CombinedOutput()
			if err != nil {
				t.Fatal(err)
			}
			const want = "unavailable: keyring unavailable: no session bus"
			wantLines(t, strings.Split(strings.TrimSpace(string(out)), "\n"), want, want, want, want)
			if exists(mark) {
				t.Error("dbus-launch was run")
			}
		})
	}
}

func exists(name string) bool {
	_, err := os.Stat(name)
	return err == nil
}

func TestKeyringStaleAddress(t *testing.T) {
	t.Parallel()
	s := emptySession(t, "unix:path=/nonexistent/bus")
	wantLines(t, s.run(t, "get key;probe"), "unavailable: keyring unavailable: the session bus does not answer…", "unavailable: …")
}

func TestKeyringBusWithoutService(t *testing.T) {
	t.Parallel()
	s := newSession(t)
	got := s.run(t, "get key;set key a 6144;delete key;probe")
	const want = "unavailable: keyring unavailable: no secret service on the session bus…"
	wantLines(t, got, want, want, want, want)
}

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
