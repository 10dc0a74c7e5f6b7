package retry

import (
	"cmp"
	"context"
	"math/rand/v2"
	"net/http"
	"strconv"
	"strings"
	"time"
)

// longest bounds every wait, far from overflow.
const longest = 365 * 24 * time.Hour

// A Backoff says how long to wait before the next try.
type Backoff struct {
	First  time.Duration // after the first try
	Factor float64       // by which each wait is longer than the one before; at least 1
	Cap    time.Duration // of a wait, before jitter; zero is no cap
	Jitter float64       // a random part is added, up to this times the wait
}

// Wait returns how long to wait after a try, the first being 1.
func (b Backoff) Wait(try int) time.Duration {
	most := cmp.Or(b.Cap, longest)
	wait := b.First
	for ; try > 1 && wait < most && b.Factor > 1; try-- {
		wait = time.Duration(min(float64(wait)*b.Factor, float64(longest)))
	}
	wait = min(wait, most)
	return wait + Jitter(time.Duration(float64(wait)*b.Jitter))
}

// Jitter returns a random time below most, which is to be added to a wait: those who were
// cut off, or who started, at once do not come back at once.
func Jitter(most time.Duration) time.Duration {
	if most <= 0 {
		return 0
	}
	return rand.N(most) //nolint:gosec // jitter, not a secret
}

// Wait waits for d. If ctx ends first it returns why.
func Wait(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

// After returns the wait that a Retry-After header asks for, in seconds or as a date
// (RFC 9110, section 10.2.3); 0 when it asks for none, at most a year.
func After(header http.Header, now time.Time) time.Duration {
	value := strings.TrimSpace(header.Get("Retry-After"))
	if date, err := http.ParseTime(value); err == nil {
		return min(longest, max(0, date.Sub(now)))
	}
	if value == "" || strings.Trim(value, "0123456789") != "" {
		return 0
	}
	seconds, err := strconv.ParseInt(value, 10, 64)
	if err != nil || seconds > int64(longest/time.Second) { // a number, but too large
		return longest
	}
	return time.Duration(seconds) * time.Second
}
