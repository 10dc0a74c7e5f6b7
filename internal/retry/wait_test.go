package retry_test

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/appsyncctl/appsyncctl/internal/retry"
)

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
