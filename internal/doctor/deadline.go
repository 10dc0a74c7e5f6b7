package doctor

import (
	"context"
	"time"
)

// A Deadline ends what is waited for when limit has passed, as context.WithTimeout does,
// which it is if nil. It is told whose time that is: TokenObtained for a check or a step,
// which is given up then, and "AUTH-001/ask" for what a check asks somebody, of which it
// can still say what came of it; nothing for all that share the time.
type Deadline func(ctx context.Context, limit time.Duration, whose string) (context.Context, context.CancelFunc)

// Set returns a context that ends at the deadline.
func (d Deadline) Set(ctx context.Context, limit time.Duration, whose string) (context.Context, context.CancelFunc) {
	if d == nil {
		return context.WithTimeout(ctx, limit)
	}
	return d(ctx, limit, whose)
}
