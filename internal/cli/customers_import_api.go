package cli

import (
	"context"
	"errors"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/Khan/genqlient/graphql"

	"github.com/appsyncctl/appsyncctl/internal/address"
	"github.com/appsyncctl/appsyncctl/internal/appsync"
	"github.com/appsyncctl/appsyncctl/internal/bulk"
	"github.com/appsyncctl/appsyncctl/internal/retry"
)

// customersAPI is the API as an import and an export see it.
type customersAPI struct {
	client graphql.Client
	filter *appsync.TableCustomerFilterInput // of List; nil lets all pass
	page   int                               // of List
	notice func(string)
}

// bulkAPI connects for many requests at once. Throttling comes back as it is: the
// pacing of an import must see it.
func (app *App) bulkAPI(ctx context.Context, flags *globals, atOnce int) (*customersAPI, error) {
	settings, err := app.settings(flags)
	if err != nil {
		return nil, err
	}
	endpoint, err := endpoint(settings)
	if err != nil {
		return nil, err
	}
	busy := *app
	if pool, ok := app.Transport.(*http.Transport); ok {
		pool = pool.Clone()
		pool.MaxIdleConns, pool.MaxIdleConnsPerHost = 0, atOnce
		busy.Transport = pool
	}
	busy.Transport = &throttleSignal{endpoint: endpoint.String(), base: busy.Transport}
	client, err := busy.connect(ctx, flags)
	return &customersAPI{client: client, page: appsync.DefaultPageSize, notice: app.notice}, err
}

// throttleSignal makes an error of a 429 of the endpoint, so that it is not waited out
// on the way.
type throttleSignal struct {
	endpoint string
	base     http.RoundTripper
}

// throttledError says that the API asks to slow down.
type throttledError struct {
	after time.Duration // 0 if it did not say
}

func (e *throttledError) Error() string { return "the API answered 429 Too Many Requests" }

// RoundTrip implements http.RoundTripper.
func (t *throttleSignal) RoundTrip(req *http.Request) (*http.Response, error) {
	resp, err := t.base.RoundTrip(req)
	if err != nil || resp.StatusCode != http.StatusTooManyRequests || !address.Same(req.URL.String(), t.endpoint) {
		return resp, err
	}
	_ = resp.Body.Close() // it says no more than the status
	return nil, &throttledError{retryAfter(resp.Header)}
}

// retryAfter reads the wait that an answer asks for (RFC 9110, 10.2.3).
func retryAfter(header http.Header) time.Duration {
	value := header.Get("Retry-After")
	if seconds, err := strconv.Atoi(value); err == nil {
		return time.Duration(min(max(0, seconds), 600)) * time.Second
	}
	until, err := http.ParseTime(value)
	sent, sentErr := http.ParseTime(header.Get("Date"))
	if err != nil || sentErr != nil {
		return 0
	}
	return min(max(0, until.Sub(sent)), 10*time.Minute)
}

// Create implements bulk.API.
func (a *customersAPI) Create(ctx context.Context, records []bulk.Record) []bulk.Outcome {
	inputs := make([]appsync.CreateCustomerInput, len(records))
	for i, record := range records {
		inputs[i] = createInput(record)
	}
	customers, err := appsync.CreateCustomers(ctx, a.client, inputs)
	return createOutcomes(customers, err)
}

// Find implements bulk.API.
func (a *customersAPI) Find(ctx context.Context, ids []string) (map[string]bulk.Record, error) {
	found := make(map[string]bulk.Record)
	err := a.repeatedly(ctx, func() error {
		customers, err := appsync.GetCustomers(ctx, a.client, ids)
		for _, customer := range customers {
			if customer != nil {
				found[customer.Id] = customerRecord(customer)
			}
		}
		return err
	})
	return found, err
}

// List implements bulk.Lister.
func (a *customersAPI) List(ctx context.Context, token string) (page bulk.Page, err error) {
	var next *string
	if token != "" {
		next = &token
	}
	err = a.repeatedly(ctx, func() error {
		resp, err := appsync.ListCustomers(ctx, a.client, a.filter, &a.page, next)
		if err != nil {
			return err
		}
		if resp.ListCustomers == nil {
			return &appsync.NullError{Operation: "listCustomers"}
		}
		page = bulk.Page{}
		for _, customer := range resp.ListCustomers.Items {
			if customer != nil { // one that the caller may not see
				page.Records = append(page.Records, customerRecord(customer))
			}
		}
		page.Next = orEmpty(resp.ListCustomers.NextToken)
		return nil
	})
	answer, ok := errors.AsType[*appsync.ResponseError](err)
	switch {
	case !ok || answer.Status != http.StatusOK || len(answer.Errors) == 0:
	case has(answer, "Unauthorized"), undefined(answer):
		err = errors.Join(bulk.ErrNoList, err)
	case token != "" && !troubleBehind(answer.Errors[0].Type):
		err = errors.Join(bulk.ErrToken, err)
	}
	return page, err
}

// repeatedly asks again what may be asked again, for a while: a list of a thousand
// pages must not end at one lost answer. A throttled request has not failed: it is sent
// again after each wait that the API orders, until the API has let nothing through for
// throttlePatience.
func (a *customersAPI) repeatedly(ctx context.Context, ask func() error) error {
	const (
		tries            = 8
		throttlePatience = 15 * time.Minute
	)
	began, noticed := time.Now(), false
	for try, wait := 1, 200*time.Millisecond; ; wait = min(2*wait, 10*time.Second) {
		err := ask()
		slow, throttled := errors.AsType[*throttledError](err)
		switch {
		case throttled && time.Since(began) < throttlePatience:
			if wait = min(wait, time.Second); slow.after > 0 {
				wait = slow.after
			}
			if !noticed && time.Since(began)+wait >= 2*time.Second {
				a.notice("the API throttles; waiting until it takes requests again")
				noticed = true
			}
		case err == nil || try == tries || !worthAsking(err):
			return err
		default:
			try++
		}
		if err := retry.Wait(ctx, wait); err != nil {
			return err
		}
	}
}

// worthAsking reports whether an error of a query may be another one the next time.
func worthAsking(err error) bool {
	if answer, ok := errors.AsType[*appsync.ResponseError](err); ok {
		return answer.Throttled() || answer.Status >= http.StatusInternalServerError ||
			answer.Status == http.StatusOK && (len(answer.Errors) == 0 || troubleBehind(answer.Errors[0].Type))
	}
	return isNetwork(err)
}

// troubleBehind reports whether an error type tells of trouble behind the API that has
// nothing to do with what was asked.
func troubleBehind(errorType string) bool {
	_, name, found := strings.Cut(errorType, ":")
	if !found {
		name = errorType
	}
	switch name {
	case "ExecutionTimeout", "ExecutionTimeoutException", "InternalServerError", "InternalFailure", "ServiceUnavailable",
		"ProvisionedThroughputExceededException", "ThrottlingException", "RequestLimitExceeded":
		return true
	default:
		return false
	}
}

func createInput(record bulk.Record) appsync.CreateCustomerInput {
	field := func(name string) *string {
		if value, set := record[name]; set {
			return &value
		}
		return nil
	}
	return appsync.CreateCustomerInput{
		Id: field("id"), Name: field("name"), City: field("city"), State: field("state"), Country: field("country"),
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

// orEmpty returns the text of a field, or nothing when it is null.
func orEmpty(field *string) string {
	if field == nil {
		return ""
	}
	return *field
}
