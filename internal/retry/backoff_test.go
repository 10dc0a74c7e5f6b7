package retry_test

import (
	"testing"
	"time"

	"github.com/appsyncctl/appsyncctl/internal/retry"
)

func TestBackoff(t *testing.T) {
	tests := []struct {
		attempt int
		want    time.Duration // the whole, of which up to a half is left out
	}{
		{1, 500 * time.Millisecond},
		{2, time.Second},
		{7, 32 * time.Second},
		{8, time.Minute},
		{1 << 30, time.Minute},
	}
	for _, tt := range tests {
		seen := make(map[time.Duration]bool)
		for range 100 {
			got := retry.Backoff(tt.attempt, 500*time.Millisecond, time.Minute)
			if got < tt.want/2 || got >= tt.want {
				t.Errorf("attempt %d: got %s, want %s less up to a half", tt.attempt, got, tt.want)
			}
			seen[got] = true
		}
		if len(seen) == 1 {
			t.Errorf("attempt %d: the wait is not random", tt.attempt)
		}
	}
}
