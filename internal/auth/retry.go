// Waiting, and trying again where that is harmless.

package auth

import (
	"context"
	"errors"
	"math/rand/v2"
	"net/http"
	"time"
)

// A Notice is something that a person who waits may want to know.
type Notice struct {
	Reason NoticeReason
	Wait   time.Duration // until the next request
	Err    error         // what happened
}

// A NoticeReason says what a Notice is about.
type NoticeReason int

const (
	// Retrying says that a request failed for now and is made again after Wait.
	Retrying NoticeReason = iota
	// TooFast says that the provider asked for slower polling three times, though
	// the interval was kept: this machine's clock may run fast, as those of
	// virtual machines do.
	TooFast
)

func (c *Client) notify(n Notice) {
	if c.Notice != nil {
		c.Notice(n)
	}
}

const (
	maxFaults   = 2                      // repetitions after a failure
	firstWait   = 500 * time.Millisecond // before the first of them; doubles
	longestWait = time.Minute            // a longer Retry-After is not waited for
)

// retries decides when a request may be repeated that is harmless to repeat.
type retries struct {
	faults    int
	throttled bool
}

// next says whether to repeat the request that failed with err, and after how
// long. A wait that ctx does not allow is not begun.
func (r *retries) next(ctx context.Context, err error) (time.Duration, bool) {
	wait, again := r.decide(err)
	if deadline, ok := ctx.Deadline(); ok && time.Until(deadline) < wait {
		return 0, false
	}
	return wait, again && ctx.Err() == nil
}

func (r *retries) decide(err error) (time.Duration, bool) {
	var asked time.Duration // the wait that the provider asked for
	if refusal, ok := errors.AsType[*Error](err); ok {
		asked = refusal.RetryAfter
		if asked >= longestWait {
			return 0, false
		}
		if refusal.Status == http.StatusTooManyRequests {
			if r.throttled || asked == 0 {
				return 0, false
			}
			r.throttled = true
			return asked + jitter(), true
		}
		if refusal.Status < 500 {
			return 0, false
		}
	} else if lost, ok := errors.AsType[*TransportError](err); !ok || lost.Sent || hopeless(lost.Err) {
		return 0, false
	}
	if r.faults == maxFaults {
		return 0, false
	}
	wait := max(asked, firstWait<<r.faults)
	r.faults++
	return wait + jitter(), true
}

// jitter spreads the requests of runners that started at once.
func jitter() time.Duration {
	return rand.N(firstWait) //nolint:gosec // nothing depends on nobody guessing it
}
