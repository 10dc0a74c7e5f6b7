package smoke

import (
	"context"
	"fmt"
	"sync"
	"time"

	"github.com/appsyncctl/appsyncctl/internal/appsync"
	"github.com/appsyncctl/appsyncctl/internal/doctor"
	"github.com/appsyncctl/appsyncctl/internal/retry"
)

// How long both deletions may take. They run after Ctrl-C too; a job in CI that is
// cancelled is killed ten seconds later, and its report must be there by then.
const (
	cleanUpTime = 20 * time.Second
	hurriedTime = 6 * time.Second
)

// A cleanUp is the deletion of both customers, which is one job: who waits for it does
// not wait twice.
type cleanUp struct {
	once          sync.Once
	first, second chan doctor.Verdict
}

// cleanUp deletes the customers that were created, whatever came of the steps before,
// and returns what became of one of them.
func (r *run) cleanUp(ctx context.Context, c *customer) doctor.Verdict {
	r.deletions.once.Do(func() {
		limit := cleanUpTime
		if r.hurried {
			limit = hurriedTime
		}
		ctx, cancel := r.Deadline.Set(ctx, limit, "")
		r.deletions.first, r.deletions.second = make(chan doctor.Verdict, 1), make(chan doctor.Verdict, 1)
		var both sync.WaitGroup
		both.Go(func() { r.deletions.first <- r.undo(ctx, r.first) })
		both.Go(func() { r.deletions.second <- r.undo(ctx, r.second) })
		go func() {
			both.Wait()
			cancel()
		}()
	})
	if c == r.first {
		return <-r.deletions.first
	}
	return <-r.deletions.second
}

// undo deletes one customer, if there is one. It is looked for by its mark when nobody
// has said its id.
func (r *run) undo(ctx context.Context, c *customer) doctor.Verdict {
	switch {
	case c.id == "" && !c.lost && !c.doubt:
		return doctor.Skipped.With("nothing was created")
	case r.Keep:
		return doctor.Skipped.With("kept: " + c.id)
	}
	for try := 1; c.lost && c.id == "" && try <= lostTries; try++ {
		if c.find(ctx, r.Mark); c.id == "" && retry.Wait(ctx, listPause) != nil {
			break
		}
	}
	if c.doubt && c.id == "" {
		c.find(ctx, r.Mark)
	}
	if c.id == "" && !c.lost {
		return doctor.Skipped.With("nothing was created")
	}
	if c.id == "" {
		verdict := doctor.Failure.With(*c.input.Name + " may be left behind: its creation was not answered, and the list does not show it yet")
		verdict.Fix = r.sweep()
		return verdict
	}
	verdict := c.remove(ctx)
	if verdict.Result != doctor.OK {
		verdict.Fix = r.sweep()
	}
	return verdict
}

// sweep is the command that deletes what this run leaves behind.
func (r *run) sweep() string { return "appsyncctl smoke clean --run " + r.Mark.ID }

// lostTries is how often a customer whose creation was not answered is looked for.
const lostTries = 3

// find looks for a customer whose creation was not answered.
func (c *customer) find(ctx context.Context, mark Mark) {
	for page, err := range appsync.Pages(ctx, c.api, appsync.Paging{Filter: mark.filter()}) {
		if err != nil {
			return // it may be there all the same
		}
		for _, customer := range page.Customers {
			if customer.Name != nil && *customer.Name == *c.input.Name {
				c.id = customer.Id
				return
			}
		}
	}
}

func (c *customer) remove(ctx context.Context) doctor.Verdict {
	resp, err := appsync.DeleteCustomer(ctx, c.api, c.id)
	deleted := resp.DeleteCustomer
	switch {
	case err != nil && c.isGone(ctx):
		return doctor.OK.With("it is gone, though its deletion was not answered") // a deletion can be repeated, and need not be
	case err != nil:
		return blame(fmt.Errorf("%s (%s) is left behind: %w", *c.input.Name, c.id, err))
	case deleted == nil:
		return doctor.Failure.With(fmt.Sprintf("%s (%s) was gone before it was deleted", *c.input.Name, c.id))
	case deleted.Id != c.id:
		return doctor.Failure.With(fmt.Sprintf("%s (%s) was to be deleted, and the API says that it deleted %s", *c.input.Name, c.id, deleted.Id),
			doctor.Evidence{Name: "id", Expected: c.id, Found: deleted.Id, From: "the answer"})
	default:
		return doctor.OK.With("it is deleted")
	}
}

// isGone reports whether the API answers that there is no such customer.
func (c *customer) isGone(ctx context.Context) bool {
	resp, err := appsync.GetCustomer(ctx, c.api, c.id)
	return err == nil && resp.GetCustomer == nil
}

// bothGone looks for the customers that were deleted.
func (r *run) bothGone(ctx context.Context) doctor.Verdict {
	for _, c := range []*customer{r.first, r.second} {
		resp, err := appsync.GetCustomer(ctx, c.api, c.id)
		switch {
		case err != nil:
			return blame(err)
		case resp.GetCustomer != nil:
			verdict := doctor.Failure.With(fmt.Sprintf("%s (%s) was deleted and is still found", *c.input.Name, c.id))
			verdict.Fix = r.sweep()
			return verdict
		}
	}
	return doctor.OK.With("neither is found any more")
}
