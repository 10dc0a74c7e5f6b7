package smoke

import (
	"context"
	"fmt"
	"time"

	"github.com/appsyncctl/appsyncctl/internal/appsync"
	"github.com/appsyncctl/appsyncctl/internal/checkup"
	"github.com/appsyncctl/appsyncctl/internal/pause"
)

// cleanUpTime is for each deletion; they run after Ctrl-C too, and whoever cancels a
// job in CI does not wait long.
const cleanUpTime = 10 * time.Second

// sweep is what deletes customers that are left behind.
const sweep = "appsyncctl smoke clean"

// cleanUp deletes a customer if it was created, whatever came of the steps before.
func (r *run) cleanUp(ctx context.Context, c *customer) checkup.Verdict {
	switch {
	case c.id == "" && !c.lost:
		return checkup.Skipped.With("nothing was created")
	case r.Keep:
		return checkup.Skipped.With("kept: " + c.id)
	}
	ctx, cancel := context.WithTimeout(ctx, cleanUpTime)
	defer cancel()
	for try := 1; c.lost && c.id == "" && try <= lostTries; try++ {
		if c.find(ctx, r.Mark); c.id == "" && pause.For(ctx, listPause) != nil {
			break
		}
	}
	if c.id == "" {
		verdict := checkup.Failure.With(*c.input.Name + " may be left behind: its creation was not answered, and the list does not show it yet")
		verdict.Fix = sweep
		return verdict
	}
	return c.remove(ctx)
}

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

func (c *customer) remove(ctx context.Context) checkup.Verdict {
	resp, err := appsync.DeleteCustomer(ctx, c.api, c.id)
	switch {
	case err == nil && resp.DeleteCustomer == nil:
		return checkup.Failure.With(fmt.Sprintf("%s (%s) was gone before it was deleted", *c.input.Name, c.id))
	case err != nil:
		verdict := blame(fmt.Errorf("%s (%s) is left behind: %w", *c.input.Name, c.id, err))
		verdict.Fix = sweep
		return verdict
	default:
		return checkup.OK.With("deleted")
	}
}

func (c *customer) gone(ctx context.Context) checkup.Verdict {
	resp, err := appsync.GetCustomer(ctx, c.api, c.id)
	switch {
	case err != nil:
		return blame(err)
	case resp.GetCustomer != nil:
		return checkup.Failure.With(fmt.Sprintf("%s (%s) was deleted and is still found", *c.input.Name, c.id))
	default:
		return checkup.OK.With("it is not found any more")
	}
}
