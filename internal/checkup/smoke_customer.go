package checkup

import (
	"context"
	"fmt"
	"maps"
	"time"

	"github.com/Khan/genqlient/graphql"

	"github.com/appsyncctl/appsyncctl/internal/appsync"
	"github.com/appsyncctl/appsyncctl/internal/pause"
)

// smokeCustomer is a customer that lives as long as a smoke test.
type smokeCustomer struct {
	api   graphql.Client
	input appsync.CreateCustomerInput // what it holds at the moment
	id    string                      // empty until it has been created
	lost  bool                        // its creation was asked for, and nobody said what became of it
}

// answerTime is how long a creation that is under way at Ctrl-C is waited for: who
// gives it up does not know what there is to delete.
const answerTime = 3 * time.Second

func (c *smokeCustomer) create(interrupted context.Context) Verdict {
	ctx, cancel := context.WithCancelCause(context.WithoutCancel(interrupted))
	defer cancel(nil)
	defer context.AfterFunc(interrupted, func() {
		time.AfterFunc(answerTime, func() { cancel(context.Cause(interrupted)) })
	})()
	resp, err := appsync.CreateCustomer(ctx, c.api, c.input)
	created := resp.CreateCustomer
	if created != nil {
		c.id = created.Id // remembered also after an error, to be deleted
	}
	c.lost = c.id == "" && mayHaveRun(err)
	switch {
	case err != nil:
		return judged(err)
	case created == nil || created.Id == "":
		return failure("the API returned no id for "+*c.input.Name, "")
	default:
		return c.compare(fields(created), "the answer")
	}
}

// find looks for a customer whose creation was not answered.
func (c *smokeCustomer) find(ctx context.Context, mark Mark) {
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

func (c *smokeCustomer) get(ctx context.Context) Verdict {
	resp, err := appsync.GetCustomer(ctx, c.api, c.id)
	switch {
	case err != nil:
		return judged(err)
	case resp.GetCustomer == nil:
		return failure(fmt.Sprintf("%s (%s) was created and is not found", *c.input.Name, c.id), "")
	default:
		return c.compare(fields(resp.GetCustomer), "the answer")
	}
}

// update changes the city, and looks whether that and nothing else was changed.
func (c *smokeCustomer) update(ctx context.Context) Verdict {
	city := "Cambridge"
	change := appsync.CustomerChange{ID: c.id, Fields: map[string]*string{"city": &city}}
	resp, err := appsync.UpdateCustomer(ctx, c.api, change)
	if err != nil {
		return judged(err)
	}
	c.input.City = &city
	if resp.UpdateCustomer == nil {
		return failure(fmt.Sprintf("the API answered the update of %s with null", *c.input.Name), "")
	}
	if verdict := c.compare(fields(resp.UpdateCustomer), "the answer"); verdict.Result != OK {
		return verdict
	}
	return c.get(ctx)
}

func (c *smokeCustomer) remove(ctx context.Context) Verdict {
	resp, err := appsync.DeleteCustomer(ctx, c.api, c.id)
	switch {
	case err == nil && resp.DeleteCustomer == nil:
		return failure(fmt.Sprintf("%s (%s) was gone before it was deleted", *c.input.Name, c.id), "")
	case err != nil:
		verdict := judged(fmt.Errorf("%s (%s) is left behind: %w", *c.input.Name, c.id, err))
		verdict.Fix = "appsyncctl smoke clean"
		return verdict
	default:
		return ok("deleted")
	}
}

func (c *smokeCustomer) gone(ctx context.Context) Verdict {
	resp, err := appsync.GetCustomer(ctx, c.api, c.id)
	switch {
	case err != nil:
		return judged(err)
	case resp.GetCustomer != nil:
		return failure(fmt.Sprintf("%s (%s) was deleted and is still found", *c.input.Name, c.id), "")
	default:
		return ok("it is not found any more")
	}
}

// compare checks that got, which from says, is what c holds.
func (c *smokeCustomer) compare(got map[string]string, from string) Verdict {
	for _, field := range []struct {
		name string
		sent *string
	}{
		{"name", c.input.Name},
		{"city", c.input.City},
		{"state", c.input.State},
		{"country", c.input.Country},
	} {
		found, there := got[field.name]
		evidence := Evidence{Name: field.name, Expected: *field.sent, Found: found, From: from}
		if !there {
			evidence.Found = "null"
			return failure(fmt.Sprintf("%s was sent as %q and came back as null", field.name, *field.sent), "", evidence)
		}
		if found != *field.sent {
			return failure(fmt.Sprintf("%s was sent as %q and came back as %q", field.name, *field.sent, found), "", evidence)
		}
	}
	return ok("as it was sent", Evidence{Name: "id", Found: c.id, From: from})
}

// fields returns the fields of a customer that are not null.
func fields(customer *appsync.Customer) map[string]string {
	all := map[string]*string{"name": customer.Name, "city": customer.City, "state": customer.State, "country": customer.Country}
	maps.DeleteFunc(all, func(_ string, value *string) bool { return value == nil })
	texts := make(map[string]string)
	for name, value := range all {
		texts[name] = *value
	}
	return texts
}

// A list is eventually consistent: a new record may be missing for a moment.
const (
	listTries = 5
	lostTries = 3
	listPause = time.Second
)

// findBoth lists customers until it has seen both, unchanged.
func (r *smokeRun) findBoth(ctx context.Context) Verdict {
	for try := 1; ; try++ {
		missing, verdict := r.missing(ctx, r.first, r.second)
		switch {
		case verdict.Result != OK:
			return verdict
		case missing == nil:
			return ok("both are there")
		case try == listTries:
			return failure(*missing.input.Name+" was created, but the list does not show it", "")
		}
		if err := pause.For(ctx, listPause); err != nil {
			return unknown("interrupted", err)
		}
	}
}

// missing returns the first of wanted that the list does not show.
func (r *smokeRun) missing(ctx context.Context, wanted ...*smokeCustomer) (*smokeCustomer, Verdict) {
	found := make(map[string]bool)
	for page, err := range appsync.Pages(ctx, r.API, appsync.Paging{Filter: r.Mark.filter()}) {
		if err != nil {
			return nil, judged(err)
		}
		for _, customer := range page.Customers {
			for _, c := range wanted {
				if c.id != customer.Id {
					continue
				}
				if verdict := c.compare(fields(customer), "the list"); verdict.Result != OK {
					return nil, verdict
				}
				found[c.id] = true
			}
		}
		if len(found) == len(wanted) {
			return nil, ok("")
		}
	}
	for _, c := range wanted {
		if !found[c.id] {
			return c, ok("")
		}
	}
	return nil, ok("")
}
