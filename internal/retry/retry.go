// Package retry decides when to try again: whether a failure may pass, how often to try,
// how long to wait, and how long a server asked to wait.
//
// A Policy is one such decision, in one value, and its Do is the loop. Who has a loop of
// its own, such as one that is steered by events, takes a Backoff alone. What a request
// allows, such as that it may run twice, is for those to say who make it.
//
// The shape is that of internal/retry in google/go-containerregistry.
package retry

import (
	"context"
	"errors"
	"net/http"
	"time"
)

// A Policy says how often, when and how soon to try again what gives a T.
type Policy[T any] struct {
	Backoff  Backoff
	Attempts int           // in all; at least one is made
	Budget   time.Duration // for all waits together; zero is no bound

	// Again decides on what a try has brought: whether to try once more, and after which
	// wait. It is given the wait of Backoff, and may have a server's instead. Without it,
	// errors that are Transient are tried again.
	Again func(got T, err error, wait time.Duration) (time.Duration, bool)
	// Notice, if set, is told of each wait before it begins.
	Notice func(got T, err error, wait time.Duration)
}

// Do calls try until Again wants no more, and returns what the last call brought. So it
// does when no attempt or too little of the budget is left, and when ctx has ended. If
// ctx ends during a wait, it returns the cause of that.
func (p Policy[T]) Do(ctx context.Context, try func() (T, error)) (T, error) {
	var waited time.Duration
	for attempt := 1; ; attempt++ {
		got, err := try()
		if attempt >= p.Attempts || ctx.Err() != nil {
			return got, err
		}
		wait, again := p.again(got, err, p.Backoff.Wait(attempt))
		if !again || p.Budget > 0 && waited+wait > p.Budget {
			return got, err
		}
		if p.Notice != nil {
			p.Notice(got, err, wait)
		}
		if err := Wait(ctx, wait); err != nil {
			var none T
			return none, err
		}
		waited += wait
	}
}

func (p Policy[T]) again(got T, err error, wait time.Duration) (time.Duration, bool) {
	if p.Again == nil {
		return wait, Transient(err)
	}
	return p.Again(got, err, wait)
}

// Transient reports whether err may be gone when the same is tried again: the outermost
// error of its chain that knows, by a method Transient() bool, decides. The method has not
// the name Temporary, since the system's own errors have that: a full table of files is
// temporary to them, whatever it has stopped.
func Transient(err error) bool {
	known, ok := errors.AsType[interface {
		error
		Transient() bool
	}](err)
	return ok && known.Transient()
}

// TransientStatus reports whether an HTTP status is one of a fault that may pass: 500, 502,
// 503 and 504, which AppSync's own clients take for transient. Such a request may have run.
func TransientStatus(status int) bool {
	switch status {
	case http.StatusInternalServerError, http.StatusBadGateway,
		http.StatusServiceUnavailable, http.StatusGatewayTimeout:
		return true
	default:
		return false
	}
}
