package retry_test

import (
	"context"
	"errors"
	"net/http"
	"testing"
	"testing/synctest"
	"time"

	"github.com/appsyncctl/appsyncctl/internal/retry"
)

func TestBackoff(t *testing.T) {
	const ms = time.Millisecond
	plain := retry.Backoff{First: 300 * ms, Factor: 3}
	spread := retry.Backoff{First: 250 * ms, Factor: 2, Cap: 30 * time.Second, Jitter: 1}
	half := retry.Backoff{First: 200 * ms, Factor: 2, Cap: 25600 * ms, Jitter: 0.5}
	const year = 365 * 24 * time.Hour
	tests := []struct {
		name        string
		backoff     retry.Backoff
		try         int
		least, most time.Duration // most is never reached, unless there is no jitter
	}{
		{"the first", plain, 1, 300 * ms, 300 * ms},
		{"the second", plain, 2, 900 * ms, 900 * ms},
		{"the third", plain, 3, 2700 * ms, 2700 * ms},
		{"without a cap", plain, 1 << 30, year, year},
		{"always the same", retry.Backoff{First: time.Second, Factor: 1}, 1 << 30, time.Second, time.Second},
		{"jitter as long as the wait", spread, 1, 250 * ms, 500 * ms},
		{"doubled", spread, 2, 500 * ms, time.Second},
		{"the last below the cap", spread, 7, 16 * time.Second, 32 * time.Second},
		{"the cap", spread, 8, 30 * time.Second, time.Minute},
		{"for ever", spread, 1 << 30, 30 * time.Second, time.Minute},
		{"jitter of a half", half, 1, 200 * ms, 300 * ms},
		{"a cap that is reached exactly", half, 9, 25600 * ms, 38400 * ms},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			seen := make(map[time.Duration]bool)
			for range 100 {
				got := tt.backoff.Wait(tt.try)
				if got < tt.least || got > tt.most || got == tt.most && tt.least < tt.most {
					t.Errorf("got %s, want %s to %s", got, tt.least, tt.most)
				}
				seen[got] = true
			}
			if random := len(seen) > 1; random != (tt.least < tt.most) {
				t.Errorf("got %d waits, want random ones: %t", len(seen), tt.least < tt.most)
			}
		})
	}
}

func TestWait(t *testing.T) {
	enough := errors.New("enough")
	tests := []struct {
		name  string
		after time.Duration // until somebody has had enough; 0 is never
		want  error
		took  time.Duration
	}{
		{"to the end", 0, nil, time.Minute},
		{"ended before", 10 * time.Second, enough, 10 * time.Second},
		{"ended afterwards", 2 * time.Minute, nil, time.Minute},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				ctx, cancel := context.WithCancelCause(t.Context())
				defer cancel(nil)
				if tt.after > 0 {
					time.AfterFunc(tt.after, func() { cancel(enough) })
				}
				start := time.Now()
				if err := retry.Wait(ctx, time.Minute); !errors.Is(err, tt.want) {
					t.Errorf("got %v, want %v", err, tt.want)
				}
				if took := time.Since(start); took != tt.took {
					t.Errorf("took %s, want %s", took, tt.took)
				}
			})
		})
	}
}

func TestAfter(t *testing.T) {
	now := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	const year = 365 * 24 * time.Hour
	tests := []struct {
		value string
		want  time.Duration
	}{
		{"", 0},
		{"0", 0},
		{"7", 7 * time.Second},
		{" 120 ", 2 * time.Minute},
		{"Fri, 02 Jan 2026 03:04:35 GMT", 30 * time.Second},
		{"Fri, 02 Jan 2026 03:04:00 GMT", 0},
		{"Fri, 02 Jan 2099 03:04:00 GMT", year},
		{"99999999999", year},
		{"99999999999999999999999", year},
		{"-1", 0},
		{"1.5", 0},
		{"soon", 0},
	}
	for _, tt := range tests {
		t.Run(tt.value, func(t *testing.T) {
			if got := retry.After(http.Header{"Retry-After": {tt.value}}, now); got != tt.want {
				t.Errorf("got %s, want %s", got, tt.want)
			}
		})
	}
}
