package checkup

import (
	"context"
	"strings"
	"time"
)

// toldWithin is how long an announcement may take.
const toldWithin = 10 * time.Second

func (r *smokeRun) follow(ctx context.Context) Verdict {
	feed, err := r.Follow(ctx)
	if err != nil {
		return judged(err)
	}
	r.feed = feed
	return ok("acknowledged")
}

// awaitBoth waits until the subscription has told of both customers.
func (r *smokeRun) awaitBoth(ctx context.Context) Verdict {
	ctx, cancel := context.WithTimeout(ctx, toldWithin)
	defer cancel()
	missing := map[string]*smokeCustomer{r.first.id: r.first, r.second.id: r.second}
	for len(missing) > 0 {
		select {
		case change, open := <-r.feed.Changes:
			if !open {
				return judged(r.feed.Err())
			}
			if change.Err != nil {
				return judged(change.Err)
			}
			c, ours := missing[change.Customer.Id]
			if !ours {
				continue // another run's, or a person's
			}
			if verdict := c.compare(fields(change.Customer), "the subscription"); verdict.Result != OK {
				return verdict
			}
			delete(missing, c.id)
		case <-ctx.Done():
			var names []string
			for _, c := range missing {
				names = append(names, *c.input.Name)
			}
			return failure("the subscription did not tell of "+strings.Join(names, " and "), "")
		}
	}
	return ok("it told of both")
}
