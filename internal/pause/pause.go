// Package pause waits, and stops waiting when somebody has had enough.
package pause

import (
	"context"
	"time"
)

// For waits for d. If ctx ends first it returns why.
func For(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}
