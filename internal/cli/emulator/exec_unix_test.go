//go:build unix

package emulator_test

import (
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	command "github.com/appsyncctl/appsyncctl/internal/cli/emulator"
	"github.com/appsyncctl/appsyncctl/internal/emulator"
)

// The exit code of a command goes on to the caller, as a shell has it.
func TestChildResult(t *testing.T) {
	script := filepath.Join(t.TempDir(), "script")
	if err := os.WriteFile(script, []byte("#!/bin/sh\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	tests := []struct {
		name    string
		command []string
		code    int
		text    string
	}{
		{"success", []string{"sh", "-c", "exit 0"}, 0, ""},
		{"a failure", []string{"sh", "-c", "exit 7"}, 7, ""},
		{"the largest code", []string{"sh", "-c", "exit 255"}, 255, ""},
		{"terminated", []string{"sh", "-c", "kill -TERM $$"}, 143, ""},
		{"killed", []string{"sh", "-c", "kill -KILL $$"}, 137, ""},
		{"no such command", []string{"no-such-command-anywhere"}, 127, `there is no command "x"`},
		{"no such path", []string{"/no/such/command"}, 127, `there is no command "x"`},
		{"not executable", []string{script}, 126, `"x" cannot be executed`},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			err := command.ChildResult("x", exec.CommandContext(t.Context(), tt.command[0], tt.command[1:]...).Run())
			code := 0
			if child, ok := errors.AsType[interface {
				error
				ChildExitCode() int
			}](err); ok {
				code = child.ChildExitCode()
			}
			if code != tt.code {
				t.Errorf("got %d, want %d", code, tt.code)
			}
			if (err == nil) != (tt.code == 0) || err != nil && err.Error() != tt.text {
				t.Errorf("got %v, want %q", err, tt.text)
			}
		})
	}
	if err := command.ChildResult("x", errOther); !errors.Is(err, errOther) {
		t.Errorf("got %v, want the error itself", err)
	}
}

// A shell that reads the exports has the values, whatever they hold.
func TestShellExports(t *testing.T) {
	for _, value := range []string{
		"", "plain", "two words", "it's", `a"b`, "$HOME `id` $(id)", `back\slash\n`, "'; exit 9; '", "*?[a]~#!&|<>;", "-n", "ünï ☃", "two\nlines",
	} {
		script := command.ShellExports([]emulator.Variable{{Name: "BEFORE", Value: "'"}, {Name: "PLANTED", Value: value}})
		child := exec.CommandContext(t.Context(), "sh", "-euc", script+`sh -c 'printf %s "$BEFORE$PLANTED"'`)
		child.Env = []string{"PATH=/usr/bin:/bin"}
		got, err := child.Output()
		if want := "'" + value; err != nil || string(got) != want {
			t.Errorf("got %q, %v; want %q", got, err, want)
		}
	}
	if got := command.ShellExports(nil); got != "" {
		t.Errorf("got %q for nothing", got)
	}
}

var errOther = errors.New("something else")
