package main

import (
	"context"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

// deadline gives what is waited for twenty times as long as people do, so that a busy
// machine ends nothing that would come. Only what never comes is given up, and not after
// a time: TEST_GIVE_UP names a file and whose time is up as soon as it is there.
func deadline(ctx context.Context, limit time.Duration, whose string) (context.Context, context.CancelFunc) {
	file, given, _ := strings.Cut(os.Getenv("TEST_GIVE_UP"), " ")
	if !slices.Contains(strings.Fields(given), whose) {
		return context.WithTimeout(ctx, 20*limit)
	}
	early := &ending{Context: ctx, done: make(chan struct{})}
	go func() {
		for poll := time.NewTicker(10 * time.Millisecond); ; {
			select {
			case <-early.done:
				return
			case <-ctx.Done():
				early.end(ctx.Err())
			case <-poll.C:
				if _, err := os.Stat(file); err == nil {
					early.end(context.DeadlineExceeded)
				}
			}
		}
	}()
	return early, func() { early.end(context.Canceled) }
}

// An ending is a context that ends when it is told to, of whatever reason.
type ending struct {
	context.Context
	done chan struct{}

	mu  sync.Mutex
	err error
}

func (e *ending) Done() <-chan struct{} { return e.done }

func (e *ending) Err() error {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.err
}

func (e *ending) end(err error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.err == nil {
		e.err = err
		close(e.done)
	}
}

// TestDeadline holds the checks' deadlines in the scripts to what they promise.
func TestDeadline(t *testing.T) {
	file := t.TempDir() + "/asked"
	t.Setenv("TEST_GIVE_UP", file+" NET-003/ask AUTH-001")
	synctest.Test(t, func(t *testing.T) {
		start := time.Now()
		others, cancel := deadline(t.Context(), time.Second, "NET-006")
		defer cancel()
		given, cancelGiven := deadline(t.Context(), time.Second, "AUTH-001")
		defer cancelGiven()
		<-others.Done()
		if got := time.Since(start); got != 20*time.Second || given.Err() != nil {
			t.Errorf("after %s the other one is %v, want nil after 20s", got, given.Err())
		}
		if err := os.WriteFile(file, nil, 0o600); err != nil {
			t.Fatal(err)
		}
		<-given.Done()
		if given.Err() != context.DeadlineExceeded {
			t.Errorf("it ended with %v", given.Err())
		}
	})
}
