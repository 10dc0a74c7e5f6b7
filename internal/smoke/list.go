package smoke

import (
	"context"
	"time"

	"github.com/appsyncctl/appsyncctl/internal/appsync"
	"github.com/appsyncctl/appsyncctl/internal/doctor"
	"github.com/appsyncctl/appsyncctl/internal/retry"
)

// A list is eventually consistent: a new record may be missing for a moment.
const (
	listTries = 5
	listPause = time.Second
)

// findBoth lists customers until it has seen both, unchanged.
func (r *run) findBoth(ctx context.Context) doctor.Verdict {
	for try := 1; ; try++ {
		missing, verdict := r.missing(ctx, r.first, r.second)
		switch {
		case verdict.Result != doctor.OK:
			return verdict
		case missing == nil:
			return doctor.OK.With("both are there")
		case try == listTries:
			return doctor.Failure.With(*missing.input.Name + " was created, but the list does not show it")
		}
		if err := retry.Wait(ctx, listPause); err != nil {
			return doctor.Verdict{Result: doctor.Unknown, Message: "interrupted", Err: err}
		}
	}
}

// missing returns the first of wanted that the list does not show.
func (r *run) missing(ctx context.Context, wanted ...*customer) (*customer, doctor.Verdict) {
	found := make(map[string]bool)
	for page, err := range appsync.Pages(ctx, r.API, appsync.Paging{Filter: r.Mark.filter()}) {
		if err != nil {
			return nil, blame(err)
		}
		for _, customer := range page.Customers {
			for _, c := range wanted {
				if c.id != customer.Id {
					continue
				}
				if verdict := c.compare(fields(customer), "the list"); verdict.Result != doctor.OK {
					return nil, verdict
				}
				found[c.id] = true
			}
		}
		if len(found) == len(wanted) {
			return nil, doctor.OK.With("")
		}
	}
	for _, c := range wanted {
		if !found[c.id] {
			return c, doctor.OK.With("")
		}
	}
	return nil, doctor.OK.With("")
}
