package smoke

import (
	"context"
	"fmt"
	"maps"
	"time"

	"github.com/Khan/genqlient/graphql"

	"github.com/appsyncctl/appsyncctl/internal/appsync"
	"github.com/appsyncctl/appsyncctl/internal/doctor"
)

// customer is a customer that lives as long as a smoke test.
type customer struct {
	api   graphql.Client
	input appsync.CreateCustomerInput // what it holds at the moment
	id    string                      // empty until it has been created
	lost  bool                        // its creation was asked for, and nobody said what became of it
	doubt bool                        // its creation failed, and may have been carried out all the same
}

func (t *Test) customer(name, city, state string) *customer {
	name, country := t.Mark.On(name), "USA"
	return &customer{
		api:   t.API,
		input: appsync.CreateCustomerInput{Name: &name, City: &city, State: &state, Country: &country},
	}
}

// answerTime is how long a creation that is under way at Ctrl-C is waited for: who
// gives it up does not know what there is to delete.
const answerTime = 3 * time.Second

func (c *customer) create(interrupted context.Context) doctor.Verdict {
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
	c.doubt = c.id == "" && !surelyNotRun(err)
	switch {
	case err != nil:
		return blame(err)
	case created == nil || created.Id == "":
		return doctor.Failure.With("the API returned no id for " + *c.input.Name)
	default:
		return c.compare(fields(created), "the answer")
	}
}

func (c *customer) get(ctx context.Context) doctor.Verdict {
	resp, err := appsync.GetCustomer(ctx, c.api, c.id)
	switch {
	case err != nil:
		return blame(err)
	case resp.GetCustomer == nil:
		return doctor.Failure.With(fmt.Sprintf("%s (%s) was created and is not found", *c.input.Name, c.id))
	default:
		return c.compare(fields(resp.GetCustomer), "the answer")
	}
}

// update changes the city, and looks whether that and nothing else was changed.
func (c *customer) update(ctx context.Context) doctor.Verdict {
	city := "Cambridge"
	change := appsync.CustomerChange{ID: c.id, Fields: map[string]*string{"city": &city}}
	resp, err := appsync.UpdateCustomer(ctx, c.api, change)
	if err != nil {
		return blame(err)
	}
	c.input.City = &city
	if resp.UpdateCustomer == nil {
		return doctor.Failure.With(fmt.Sprintf("the API answered the update of %s with null", *c.input.Name))
	}
	if verdict := c.compare(fields(resp.UpdateCustomer), "the answer"); verdict.Result != doctor.OK {
		return verdict
	}
	return c.get(ctx)
}

// compare checks that got, which from says, is what c holds.
func (c *customer) compare(got map[string]string, from string) doctor.Verdict {
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
		evidence := doctor.Evidence{Name: field.name, Expected: *field.sent, Found: found, From: from}
		if !there {
			evidence.Found = "null"
			return doctor.Failure.With(fmt.Sprintf("%s was sent as %q and came back as null", field.name, *field.sent), evidence)
		}
		if found != *field.sent {
			return doctor.Failure.With(fmt.Sprintf("%s was sent as %q and came back as %q", field.name, *field.sent, found), evidence)
		}
	}
	return doctor.OK.With("as it was sent", doctor.Evidence{Name: "id", Found: c.id, From: from})
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
