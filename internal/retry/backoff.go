package retry

import (
	"math/rand/v2"
	"time"
)

// Backoff returns how long to wait before an attempt, the first being 1, to do again what
// has failed: first, doubled each time up to most. A random part of it, up to a half, is
// left out, so that those who were cut off at once do not come back at once.
func Backoff(attempt int, first, most time.Duration) time.Duration {
	wait := first
	for ; attempt > 1 && wait < most; attempt-- {
		wait *= 2
	}
	wait = min(wait, most)
	return wait/2 + rand.N(wait/2) //nolint:gosec // jitter, not a secret
}
