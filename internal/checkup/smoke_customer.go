package checkup

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"time"

	"github.com/Khan/genqlient/graphql"

	"github.com/appsyncctl/appsyncctl/internal/appsync"
	"github.com/appsyncctl/appsyncctl/internal/pause"
)

// smokeCustomer is a customer that lives as long as a smoke test.
type smokeCustomer struct {
	api   graphql.Client
	input appsync.CreateCustomerInput
	id    string // empty until it has been created
	lost  bool   // its creation was asked for, and nobody said what became of it
}

func (c *smokeCustomer) create(ctx context.Context) error {
	resp, err := appsync.CreateCustomer(ctx, c.api, c.input)
	created := resp.CreateCustomer
	if created != nil {
		c.id = created.Id // remembered also after an error, to be deleted
	}
	c.lost = c.id == "" && mayHaveRun(err)
	switch {
	case err != nil:
		return err
	case created == nil || created.Id == "":
		return fmt.Errorf("the API returned no id for %s", *c.input.Name)
	default:
		return c.compare(created)
	}
}

// mayHaveRun reports whether a mutation that failed may have been executed: there
// was no answer, or one of a server that is out of order.
func mayHaveRun(err error) bool {
	answer, answered := errors.AsType[*appsync.ResponseError](err)
	return err != nil && (!answered || answer.Status >= http.StatusInternalServerError)
}

// compare checks that the API stored what it was given.
func (c *smokeCustomer) compare(got *appsync.Customer) error {
	for _, field := range []struct {
		name      string
		sent, got *string
	}{
		{"name", c.input.Name, got.Name},
		{"city", c.input.City, got.City},
		{"state", c.input.State, got.State},
		{"country", c.input.Country, got.Country},
	} {
		if field.got == nil {
			return fmt.Errorf("%s was sent as %q and came back as null", field.name, *field.sent)
		}
		if *field.got != *field.sent {
			return fmt.Errorf("%s was sent as %q and came back as %q", field.name, *field.sent, *field.got)
		}
	}
	return nil
}

func (c *smokeCustomer) remove(ctx context.Context) error {
	resp, err := appsync.DeleteCustomer(ctx, c.api, c.id)
	if err == nil && resp.DeleteCustomer == nil {
		return fmt.Errorf("%s (%s) was gone before it was deleted", *c.input.Name, c.id)
	}
	if err != nil {
		return fmt.Errorf("%s (%s) is left behind: %w", *c.input.Name, c.id, err)
	}
	return nil
}

// A list is eventually consistent: a new record may be missing for a moment.
const (
	listTries = 5
	listPause = time.Second
)

// findBoth lists customers until it has seen both, unchanged.
func (s *Smoke) findBoth(ctx context.Context, first, second *smokeCustomer) error {
	for try := 1; ; try++ {
		missing, err := s.missing(ctx, first, second)
		if err != nil || len(missing) == 0 {
			return err
		}
		if try == listTries {
			return fmt.Errorf("%s was created, but the list does not show it", *missing[0].input.Name)
		}
		if err := pause.For(ctx, listPause); err != nil {
			return err
		}
	}
}

func (s *Smoke) missing(ctx context.Context, wanted ...*smokeCustomer) ([]*smokeCustomer, error) {
	found := make(map[string]bool)
	for customer, err := range appsync.Customers(ctx, s.API, 0) {
		if err != nil {
			return nil, err
		}
		for _, c := range wanted {
			if c.id != customer.Id {
				continue
			}
			if err := c.compare(customer); err != nil {
				return nil, err
			}
			found[c.id] = true
		}
		if len(found) == len(wanted) {
			return nil, nil
		}
	}
	var missing []*smokeCustomer
	for _, c := range wanted {
		if !found[c.id] {
			missing = append(missing, c)
		}
	}
	return missing, nil
}
