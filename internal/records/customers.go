// Package records lets imports and exports work on the records of a model. bulk knows
// nothing of GraphQL, and appsync nothing of rows: here is what lies between them. That is
// how a record becomes the input of an operation and back, what an API takes to create
// one, and how each error of AppSync affects a row: whether the record is surely there,
// surely not, or perhaps.
//
// The model is Customer.
package records

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"net/http"
	"slices"
	"time"

	"github.com/Khan/genqlient/graphql"

	"github.com/appsyncctl/appsyncctl/internal/address"
	"github.com/appsyncctl/appsyncctl/internal/appsync"
	"github.com/appsyncctl/appsyncctl/internal/bulk"
	"github.com/appsyncctl/appsyncctl/internal/failure"
	"github.com/appsyncctl/appsyncctl/internal/retry"
)

// Customers are the customers of an API, as an import and an export need them. The zero
// Filter lists them all.
type Customers struct {
	// Client sends each request once where the API throttles: its HTTP client has a
	// ThrottleTransport.
	Client   graphql.Client
	Filter   *appsync.TableCustomerFilterInput // of List
	PageSize int                               // of List
	Notice   func(string)                      // is told of a long wait
}

// CustomerFields are the fields of a customer by their names in the schema, the id first.
func CustomerFields() []string { return []string{bulk.IDField, "name", "city", "state", "country"} }

// Create implements bulk.API.
func (c *Customers) Create(ctx context.Context, records []bulk.Record) []bulk.Outcome {
	inputs := make([]appsync.CreateCustomerInput, len(records))
	for i, record := range records {
		inputs[i] = customerInput(record)
	}
	customers, err := appsync.CreateCustomers(ctx, c.Client, inputs)
	return createOutcomes(customers, err)
}

// Find implements bulk.API.
func (c *Customers) Find(ctx context.Context, ids []string) (map[string]bulk.Record, error) {
	return ask(ctx, c, func() (map[string]bulk.Record, error) {
		found := make(map[string]bulk.Record)
		customers, err := appsync.GetCustomers(ctx, c.Client, ids)
		for _, customer := range customers {
			if customer != nil {
				found[customer.Id] = customerRecord(customer)
			}
		}
		return found, err
	})
}

// List implements bulk.Lister.
func (c *Customers) List(ctx context.Context, token string) (bulk.Page, error) {
	page, err := ask(ctx, c, func() (bulk.Page, error) {
		listed, err := appsync.ListPage(ctx, c.Client, c.Filter, c.PageSize, token)
		if err != nil {
			return bulk.Page{}, err
		}
		page := bulk.Page{Next: listed.Next}
		for _, customer := range listed.Items {
			page.Records = append(page.Records, customerRecord(customer))
		}
		return page, nil
	})
	answer, ok := errors.AsType[*appsync.ResponseError](err)
	switch {
	case !ok || answer.Status != http.StatusOK || len(answer.Errors) == 0:
	case answer.HasType("Unauthorized"), isUndefined(answer):
		err = errors.Join(bulk.ErrNoList, err)
	case token != "" && !answer.Errors[0].Transient():
		err = errors.Join(bulk.ErrToken, err)
	}
	return page, err
}

// Schema asks the API what it takes to create a customer, and how not to create one
// twice. When the API does not show its schema, all that the wizard's schema has is
// assumed, and the first row sent will tell the mode. With a mode that is given it asks
// nothing.
func (c *Customers) Schema(ctx context.Context, mode bulk.Mode) (bulk.Schema, bulk.Mode, error) {
	assumed := bulk.Schema{Fields: CustomerFields()[1:]}
	if mode != bulk.AutoMode {
		return assumed, mode, nil
	}
	fields, err := ask(ctx, c, func() ([]appsync.InputField, error) {
		return appsync.CreateInputFields(ctx, c.Client)
	})
	if answer, ok := errors.AsType[*appsync.ResponseError](err); ok && isValidation(answer) {
		err = nil // introspection is off
	}
	if err != nil || len(fields) == 0 {
		return assumed, mode, err
	}
	var schema bulk.Schema
	mode = bulk.JournalMode
	for _, field := range fields {
		switch {
		case field.Name == bulk.IDField:
			mode = bulk.KeyMode
			continue
		case field.Required:
			schema.Required = append(schema.Required, field.Name)
		}
		if slices.Contains(assumed.Fields, field.Name) {
			schema.Fields = append(schema.Fields, field.Name)
		}
	}
	return schema, mode, nil
}

// Source names what List lists: the API and the filter. An export goes on only with what
// came from the same source.
func (c *Customers) Source(endpoint string) (string, error) {
	filter, err := json.Marshal(c.Filter)
	if err != nil {
		return "", fmt.Errorf("encode the filter: %w", err)
	}
	return address.Canonical(endpoint) + " " + string(filter), nil
}

// ask asks again what may be asked again, for a while: a list of a thousand pages must not
// end at one lost answer. A throttled request has not failed: it is sent again after each
// wait that the API orders, until the API has let nothing through for throttlePatience.
func ask[T any](ctx context.Context, c *Customers, try func() (T, error)) (T, error) {
	const (
		tries            = 8
		throttlePatience = 15 * time.Minute
	)
	began, failed, noticed := time.Now(), 0, false
	return retry.Policy[T]{
		Backoff:  retry.Backoff{First: 200 * time.Millisecond, Factor: 2, Cap: 10 * time.Second},
		Attempts: math.MaxInt, // Again counts, since throttled ones do not
		Again: func(_ T, err error, wait time.Duration) (time.Duration, bool) {
			if slow, throttled := errors.AsType[*ThrottledError](err); throttled {
				if wait = min(wait, time.Second); slow.After > 0 {
					wait = slow.After
				}
				return wait, time.Since(began) < throttlePatience
			}
			failed++
			return wait, failed < tries && isRetryable(err)
		},
		Notice: func(_ T, err error, wait time.Duration) {
			if failure.Is[*ThrottledError](err) && !noticed && time.Since(began)+wait >= 2*time.Second {
				c.Notice("the API throttles; waiting until it takes requests again")
				noticed = true
			}
		},
	}.Do(ctx, try)
}

// isRetryable reports whether an error of a query may be another one the next time.
func isRetryable(err error) bool {
	if answer, ok := errors.AsType[*appsync.ResponseError](err); ok {
		return answer.Transient() || answer.Status == http.StatusOK && (len(answer.Errors) == 0 || answer.Errors[0].Transient())
	}
	return failure.Of(err) == failure.Network
}

func customerInput(record bulk.Record) appsync.CreateCustomerInput {
	field := func(name string) *string {
		if value, set := record[name]; set {
			return &value
		}
		return nil
	}
	return appsync.CreateCustomerInput{
		Id: field(bulk.IDField), Name: field("name"), City: field("city"), State: field("state"), Country: field("country"),
	}
}

func customerRecord(c *appsync.Customer) bulk.Record {
	record := bulk.Record{bulk.IDField: c.Id}
	for name, value := range map[string]*string{"name": c.Name, "city": c.City, "state": c.State, "country": c.Country} {
		if value != nil {
			record[name] = *value
		}
	}
	return record
}
