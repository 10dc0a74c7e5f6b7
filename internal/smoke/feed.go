package smoke

import (
	"context"
	"strings"
	"time"

	"github.com/appsyncctl/appsyncctl/internal/doctor"
)

// toldWithin is how long an announcement may take.
const toldWithin = 10 * time.Second

func (r *run) follow(ctx context.Context) doctor.Verdict {
	// The step's deadline is for the beginning only: what comes later, another step waits
	// for, and Run closes the feed.
	life, end := context.WithCancelCause(context.WithoutCancel(ctx))
	begun := context.AfterFunc(ctx, func() { end(context.Cause(ctx)) })
	feed, err := r.Follow(life)
	begun()
	if err != nil {
		end(nil)
		return blame(err)
	}
	r.feed, r.unfollow = feed, end
	return doctor.OK.With("acknowledged")
}

// awaitBoth waits until the subscription has told of both customers.
func (r *run) awaitBoth(ctx context.Context) doctor.Verdict {
	waiting, cancel := r.Deadline.Set(ctx, toldWithin, "")
	defer cancel()
	missing := map[string]*customer{r.first.id: r.first, r.second.id: r.second}
	for len(missing) > 0 {
		select {
		case change, open := <-r.feed.Changes:
			if !open {
				return blame(r.feed.Err())
			}
			if change.Err != nil {
				return blame(change.Err)
			}
			c, ours := missing[change.Customer.Id]
			if !ours {
				continue // another run's, or a person's
			}
			if verdict := c.compare(fields(change.Customer), "the subscription"); verdict.Result != doctor.OK {
				return verdict
			}
			delete(missing, c.id)
		case <-waiting.Done():
			if ctx.Err() != nil {
				return doctor.Verdict{Result: doctor.Unknown, Message: "interrupted", Err: context.Cause(ctx)}
			}
			var names []string
			for _, c := range missing {
				names = append(names, *c.input.Name)
			}
			return doctor.Failure.With("the subscription did not tell of " + strings.Join(names, " and "))
		}
	}
	return doctor.OK.With("it told of both")
}
