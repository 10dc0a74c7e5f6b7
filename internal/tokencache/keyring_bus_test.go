//go:build linux

// A private D-Bus session bus for the keyring tests, and what happens when there
// is none or nobody on it.

package tokencache_test

import (
	"bufio"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
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
