package session_test

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/appsyncctl/appsyncctl/internal/auth"
	"github.com/appsyncctl/appsyncctl/internal/session"
)

// A scriptedCommand is a secret command whose runs are counted: each prints another
// secret, or fails.
type scriptedCommand struct {
	session.SecretCommand

	now  time.Time
	fail error
	runs int
}

func (s *scriptedCommand) ask() (secret auth.Secret, fresh bool, forget func(), err error) {
	return s.Ask(s.now, func() (auth.Secret, error) {
		s.runs++
		if s.fail != nil {
			return "", s.fail
		}
		return auth.Secret(fmt.Sprintf("secret %d", s.runs)), nil
	})
}

// want asks, and wants a secret and so many runs until then.
func (s *scriptedCommand) want(t *testing.T, want auth.Secret, runs int) (fresh bool, forget func()) {
	t.Helper()
	secret, fresh, forget, err := s.ask()
	if secret != want || err != nil || s.runs != runs {
		t.Errorf("got %q, %v after %d runs; want %q after %d", string(secret), err, s.runs, string(want), runs)
	}
	return fresh, forget
}

// Whoever asks at once gets what one run has printed.
func TestSecretCommandRunsOnce(t *testing.T) {
	var command scriptedCommand
	var asking sync.WaitGroup
	for range 50 {
		asking.Go(func() { command.want(t, "secret 1", 1) })
	}
	asking.Wait()
	if fresh, _ := command.want(t, "secret 1", 1); fresh {
		t.Error("a secret that was there passes for fresh")
	}
}

// A secret that the provider refuses is asked for again, once for each refusal.
func TestSecretCommandForgets(t *testing.T) {
	var command scriptedCommand
	fresh, refused := command.want(t, "secret 1", 1)
	if !fresh {
		t.Error("the first secret does not pass for fresh")
	}
	_, refusedToo := command.want(t, "secret 1", 1)
	refused()
	if fresh, _ = command.want(t, "secret 2", 2); !fresh {
		t.Error("a secret that took a run does not pass for fresh")
	}
	refusedToo() // of the secret before
	command.want(t, "secret 2", 2)
}

// A failure is the answer for an hour. Then the command may be run again.
func TestSecretCommandFails(t *testing.T) {
	failure := &session.SecretError{From: "secret command", Err: errOther}
	command := scriptedCommand{now: time.Now(), fail: failure}
	for _, later := range []time.Duration{0, time.Minute, 58 * time.Minute} {
		command.now = command.now.Add(later)
		if _, _, _, err := command.ask(); !errors.Is(err, errOther) || command.runs != 1 {
			t.Errorf("got %v after %d runs, want the failure of the first", err, command.runs)
		}
	}
	command.now, command.fail = command.now.Add(2*time.Minute), nil
	command.want(t, "secret 2", 2)
}

// A command that was interrupted has said nothing.
func TestSecretCommandInterrupted(t *testing.T) {
	command := scriptedCommand{fail: context.Canceled}
	if _, _, _, err := command.ask(); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v, want %v", err, context.Canceled)
	}
	command.fail = nil
	command.want(t, "secret 2", 2)
}
