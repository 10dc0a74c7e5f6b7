//go:build unix

package session_test

import (
	"bytes"
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/appsyncctl/appsyncctl/internal/app"
	"github.com/appsyncctl/appsyncctl/internal/session"
)

// newShell returns an app whose commands find the shell's tools.
func newShell(t *testing.T, in string) (*app.App, *bytes.Buffer) {
	t.Helper()
	var errs bytes.Buffer
	return &app.App{
		In: strings.NewReader(in), Out: t.Output(), Err: &errs,
		Environ: func() []string { return []string{"PATH=/usr/bin:/bin", "VAULT=planted"} },
	}, &errs
}

func TestSecretFromCommand(t *testing.T) {
	const oneLine = "secret command: it must give one line, the secret"
	tests := []struct {
		name    string
		command string
		want    string
		problem string
		errs    string // on standard error
	}{
		{"a line", "echo planted", "planted", "", ""},
		{"a pipeline", "printf 'planted\nother\n' | head -n 1", "planted", "", ""},
		{"the environment", `echo "$VAULT"`, "planted", "", ""},
		{"a question at the terminal", `printf 'PIN: ' >&2; read -r pin; echo "planted-$pin"`, "planted-1234", "", "PIN: "},
		{"a failure", "echo planted; echo locked >&2; exit 3", "", "secret command: exit status 3", "locked\n"},
		{"no such command", "no-such-command-anywhere 2>/dev/null", "", "secret command: exit status 127", ""},
		{"killed", "kill -9 $$", "", "secret command: signal: killed", ""},
		{"nothing", "true", "", oneLine, ""},
		{"two lines", "printf 'planted\nplanted\n'", "", oneLine, ""},
		{"huge", "head -c 1000000 /dev/zero | tr '\\0' x", "", oneLine, ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			app, errs := newShell(t, "1234\n")
			got, err := session.SecretFromCommand(t.Context(), app, tt.command)
			if string(got) != tt.want {
				t.Errorf("got %d bytes, want %q", len(got), tt.want)
			}
			wantSecretError(t, err, tt.problem)
			if errs.String() != tt.errs {
				t.Errorf("standard error holds %q, want %q", errs, tt.errs)
			}
		})
	}
}

// Ctrl-C ends a command that waits for a person.
func TestSecretFromCommandInterrupted(t *testing.T) {
	app, _ := newShell(t, "")
	running := filepath.Join(t.TempDir(), "running")
	if err := syscall.Mkfifo(running, 0o600); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancelCause(t.Context())
	go func() {
		_, _ = os.ReadFile(running) // until the command has opened it and closed it again
		cancel(errors.New("interrupted"))
	}()
	_, err := session.SecretFromCommand(ctx, app, ": >'"+running+"'; exec sleep 300")
	if want := context.Cause(ctx); !errors.Is(err, want) {
		t.Errorf("got %v, want %v", err, want)
	}
}
