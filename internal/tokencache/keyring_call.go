// One call of the keyring, with a time limit. go-keyring takes no context, waits
// for ever for a service that does not reply and for an unlock prompt that nobody
// answers, and panics when a service answers with unexpected types.

package tokencache

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"runtime"
	"sync"
	"sync/atomic"
	"time"
)

const (
	interactiveTimeout = 60 * time.Second // somebody may be typing a password
	quietTimeout       = 3 * time.Second
	defaultNoticeAfter = 2 * time.Second

	// maxVanished is how often a call is made whose item another process removes
	// between the two halves of the call, finding the item and touching it.
	maxVanished = 5

	waitingNotice = "waiting for the keyring to be unlocked (Ctrl-C to cancel)"
)

// callState makes the calls of a Keyring take turns.
type callState struct {
	prepare sync.Once
	turn    chan struct{}         // holds one element while a call runs
	givenUp atomic.Pointer[reply] // the last call that nobody waits for any more
	noticed sync.Once
}

// A reply is what a call came back with, once done is closed.
type reply struct {
	done chan struct{}
	text string
	err  error
}

// errPanicked stands for a panic of go-keyring. What the panic said is left out,
// since it may quote what the keyring answered.
var errPanicked = errors.New("the keyring library panicked")

// call asks the keyring and waits for the reply until the time limit or the end of
// ctx. Its errors are classified.
func (k *Keyring) call(ctx context.Context, ask func(b Backend, service string) (string, error)) (string, error) {
	backend := k.Backend
	if backend == nil {
		if err := checkSessionBus(runtime.GOOS, k.LookupEnv); err != nil {
			return "", err
		}
		backend = systemBackend{}
	}
	service := cmp.Or(k.Service, defaultService)

	limit := cmp.Or(k.Timeout, quietTimeout)
	if k.Timeout == 0 && k.Interactive {
		limit = interactiveTimeout
	}
	ctx, cancel := context.WithTimeoutCause(ctx, limit, &LockedError{
		Reason: fmt.Sprintf("no answer within %v; an unlock prompt may be open", limit),
	})
	defer cancel()

	k.calls.prepare.Do(func() { k.calls.turn = make(chan struct{}, 1) })
	if lost := k.calls.givenUp.Load(); lost != nil && !lost.isBack() {
		return "", &LockedError{Reason: "an earlier question is still without an answer"}
	}
	select {
	case k.calls.turn <- struct{}{}:
	case <-ctx.Done():
		return "", context.Cause(ctx)
	}
	// Both may have been possible, and nothing may start after the end.
	if ctx.Err() != nil {
		<-k.calls.turn
		return "", context.Cause(ctx)
	}

	r := &reply{done: make(chan struct{})}
	go func() {
		defer func() { <-k.calls.turn }()
		defer close(r.done)
		defer func() {
			if recover() != nil {
				r.err = errPanicked
			}
		}()
		for range maxVanished {
			if r.text, r.err = ask(backend, service); !hasVanished(r.err) {
				return
			}
		}
	}()

	notice := time.NewTimer(cmp.Or(k.NoticeAfter, defaultNoticeAfter))
	defer notice.Stop()
	for {
		select {
		case <-r.done:
			return r.text, classify(r.err)
		case <-notice.C:
			k.notify()
		case <-ctx.Done():
			select {
			case <-notice.C: // at the same time, on a busy machine
				k.notify()
			default:
			}
			k.calls.givenUp.Store(r)
			return "", context.Cause(ctx)
		}
	}
}

// notify says once that the keyring lets us wait.
func (k *Keyring) notify() {
	if k.Notice != nil {
		k.calls.noticed.Do(func() { k.Notice(waitingNotice) })
	}
}

func (r *reply) isBack() bool {
	select {
	case <-r.done:
		return true
	default:
		return false
	}
}
