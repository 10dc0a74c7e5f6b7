package main

import (
	"bufio"
	"context"
	"errors"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/cli/browser"
	"golang.org/x/sys/unix"
)

// openTerminal returns a pseudo-terminal, and what a person has before them: keyboard and
// screen in one.
func openTerminal(t *testing.T) (terminal, person *os.File) {
	t.Helper()
	person, err := os.OpenFile("/dev/ptmx", os.O_RDWR|unix.O_NOCTTY, 0)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = person.Close() })
	if err := unix.IoctlSetPointerInt(int(person.Fd()), unix.TIOCSPTLCK, 0); err != nil {
		t.Fatal(err)
	}
	number, err := unix.IoctlGetInt(int(person.Fd()), unix.TIOCGPTN)
	if err != nil {
		t.Fatal(err)
	}
	terminal, err = os.OpenFile("/dev/pts/"+strconv.Itoa(number), os.O_RDWR|unix.O_NOCTTY, 0)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = terminal.Close() })
	return terminal, person
}

// shows reports whether a terminal shows what is typed.
func shows(t *testing.T, terminal *os.File) bool {
	t.Helper()
	state, err := unix.IoctlGetTermios(int(terminal.Fd()), unix.TCGETS)
	if err != nil {
		t.Fatal(err)
	}
	return state.Lflag&unix.ECHO != 0
}

// within waits for something that takes no time, but for a machine that is busy.
func within(t *testing.T, limit time.Duration, what string, is func() bool) {
	t.Helper()
	for end := time.Now().Add(limit); !is(); time.Sleep(time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("after %s: %s", limit, what)
		}
	}
}

// typed is what came of a person's typing.
type typed struct {
	line string
	err  error
}

// asking asks for a password at the terminal, and returns when it is shown no more.
func asking(ctx context.Context, t *testing.T, terminal *os.File) <-chan typed {
	t.Helper()
	stdin := os.Stdin
	os.Stdin = terminal
	t.Cleanup(func() { os.Stdin = stdin })
	done := make(chan typed, 1)
	go func() {
		line, err := readPassword(ctx)
		done <- typed{line, err}
	}()
	within(t, 5*time.Minute, "the terminal still shows what is typed", func() bool { return !shows(t, terminal) })
	return done
}

func TestReadPassword(t *testing.T) {
	terminal, person := openTerminal(t)
	done := asking(t.Context(), t, terminal)
	if _, err := person.WriteString("planted secret\n"); err != nil {
		t.Fatal(err)
	}
	if got := <-done; got.line != "planted secret" || got.err != nil {
		t.Errorf("got %q, %v", got.line, got.err)
	}
	if !shows(t, terminal) {
		t.Error("the terminal shows nothing that is typed later")
	}
	if _, err := terminal.WriteString("end\n"); err != nil {
		t.Fatal(err)
	}
	screen := bufio.NewReader(person)
	for line := ""; !strings.Contains(line, "end"); {
		var err error
		if line, err = screen.ReadString('\n'); err != nil {
			t.Fatal(err)
		}
		if strings.Contains(line, "planted") {
			t.Errorf("the terminal shows %q", line)
		}
	}
}

// Ctrl-C leaves a terminal behind that shows what is typed.
func TestReadPasswordInterrupted(t *testing.T) {
	terminal, _ := openTerminal(t)
	interrupted := errors.New("interrupted")
	ctx, cancel := context.WithCancelCause(t.Context())
	done := asking(ctx, t, terminal)
	cancel(interrupted)
	if got := <-done; !errors.Is(got.err, interrupted) || got.line != "" {
		t.Errorf("got %q, %v; want %v", got.line, got.err, interrupted)
	}
	if !shows(t, terminal) {
		t.Error("the terminal shows nothing that is typed later")
	}
}

func TestReadPasswordWithoutTerminal(t *testing.T) {
	file, err := os.Open(os.DevNull)
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	stdin := os.Stdin
	os.Stdin = file
	t.Cleanup(func() { os.Stdin = stdin })
	if line, err := readPassword(t.Context()); err == nil {
		t.Errorf("got %q from no terminal", line)
	}
}

// A browser inherits the environment, and outlives the program: no secret is in it. What
// its starter prints is no result.
func TestOpenBrowser(t *testing.T) {
	dir := t.TempDir()
	starter := "#!/bin/sh\necho noise\nprintf '%s\\n' \"$1\" >" + dir + "/address\n/usr/bin/env >" + dir + "/part\n/bin/mv " + dir + "/part " + dir + "/environment\n"
	if err := os.WriteFile(filepath.Join(dir, "xdg-open"), []byte(starter), 0o700); err != nil {
		t.Fatal(err)
	}
	t.Setenv("PATH", dir)
	secrets := []string{"APPSYNCCTL_CLIENT_SECRET", "APPSYNCCTL_TOKEN", "APPSYNCCTL_API_KEY", "APPSYNCCTL_PASSPHRASE"}
	for _, name := range secrets {
		t.Setenv(name, "planted")
	}
	t.Setenv("APPSYNCCTL_ISSUER", "https://id.example.com/")
	output, err := os.Create(filepath.Join(dir, "output"))
	if err != nil {
		t.Fatal(err)
	}
	defer output.Close()
	printed := browser.Stdout
	browser.Stdout = output
	t.Cleanup(func() { browser.Stdout = printed })

	const address = "https://id.example.com/authorize?client_id=me&state=x y"
	if err := openBrowser(address); err != nil {
		t.Fatal(err)
	}
	var environment []byte
	within(t, 5*time.Minute, "the browser was not started", func() bool {
		environment, err = os.ReadFile(filepath.Join(dir, "environment"))
		return err == nil
	})
	if got, err := os.ReadFile(filepath.Join(dir, "address")); err != nil || string(got) != address+"\n" {
		t.Errorf("got the address %q, %v", got, err)
	}
	got := string(environment)
	for _, name := range secrets {
		if strings.Contains(got, name+"=") {
			t.Errorf("the browser inherits %s", name)
		}
	}
	if strings.Contains(got, "planted") || !strings.Contains(got, "APPSYNCCTL_ISSUER=") {
		t.Error("the browser inherits a secret, or not what is none")
	}
	if got, err := os.ReadFile(filepath.Join(dir, "output")); err != nil || len(got) > 0 {
		t.Errorf("standard output holds %q, %v", got, err)
	}
}
