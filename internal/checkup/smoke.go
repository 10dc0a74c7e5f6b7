// Package checkup finds out whether a set-up works. Smoke does what a first user
// would do, on a real API or on the emulator, and removes what it made.
package checkup

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"time"

	"github.com/Khan/genqlient/graphql"

	"github.com/appsyncctl/appsyncctl/internal/appsync"
)

// Smoke is the main job, step by step: get a token, create two customers, list
// them, see that an anonymous call is refused, and delete them again.
type Smoke struct {
	// Token gets an access token, which API then sends.
	Token     func(ctx context.Context) error
	API       graphql.Client
	Anonymous graphql.Client // the same API without a token
	Now       func() time.Time
	// Done is called after each step.
	Done func(StepResult)
}

// A StepResult is what became of a step. The steps and their names are the same in
// each run, so that runs can be compared.
type StepResult struct {
	Step    string
	Err     error  // why it failed
	Skipped string // why it did not run
	Elapsed time.Duration
}

// Passed reports whether the step ran and succeeded.
func (r StepResult) Passed() bool { return r.Err == nil && r.Skipped == "" }

// cleanUpTime is for each deletion; they run after Ctrl-C too.
const cleanUpTime = 30 * time.Second

// Run takes all steps and returns their results. A step that needs a failed one
// is skipped; what was created is deleted in any case.
func (s *Smoke) Run(ctx context.Context) []StepResult {
	run := &smokeRun{Smoke: s}
	first := run.customer("customer1", "Boston", "MA")
	second := run.customer("customer2", "Dallas", "TX")

	run.step(ctx, "get an access token", s.Token)
	run.step(ctx, "create customer1 (Boston, MA, USA)", first.create)
	run.step(ctx, "create customer2 (Dallas, TX, USA)", second.create)
	run.step(ctx, "list both customers", func(ctx context.Context) error {
		return s.findBoth(ctx, first, second)
	})
	run.step(ctx, "refuse a call without a token", s.refuseAnonymous)

	after := context.WithoutCancel(ctx)
	run.cleanUp(after, "delete customer1", first)
	run.cleanUp(after, "delete customer2", second)
	return run.results
}

type smokeRun struct {
	*Smoke
	results []StepResult
	failed  string // the first step that failed
}

// step runs one step, unless an earlier one has failed.
func (r *smokeRun) step(ctx context.Context, name string, do func(context.Context) error) {
	switch {
	case r.failed != "":
		r.record(StepResult{Step: name, Skipped: "because of: " + r.failed})
	case ctx.Err() != nil:
		r.record(StepResult{Step: name, Skipped: "interrupted"})
	default:
		start := r.Now()
		err := do(ctx)
		r.record(StepResult{Step: name, Err: err, Elapsed: r.Now().Sub(start)})
		if err != nil {
			r.failed = name
		}
	}
}

// cleanUp deletes a customer if it was created.
func (r *smokeRun) cleanUp(ctx context.Context, name string, c *smokeCustomer) {
	switch {
	case c.lost:
		r.record(StepResult{Step: name, Err: fmt.Errorf("%s may be left behind: its creation was not answered", *c.input.Name)})
		return
	case c.id == "":
		r.record(StepResult{Step: name, Skipped: "nothing was created"})
		return
	}
	ctx, cancel := context.WithTimeout(ctx, cleanUpTime)
	defer cancel()
	start := r.Now()
	err := c.remove(ctx)
	r.record(StepResult{Step: name, Err: err, Elapsed: r.Now().Sub(start)})
}

func (r *smokeRun) record(result StepResult) {
	r.results = append(r.results, result)
	r.Done(result)
}

func (s *Smoke) customer(name, city, state string) *smokeCustomer {
	country := "USA"
	return &smokeCustomer{
		api:   s.API,
		input: appsync.CreateCustomerInput{Name: &name, City: &city, State: &state, Country: &country},
	}
}

// refuseAnonymous calls the API without a token. An answer is a failure: the API
// would be open to everyone.
func (s *Smoke) refuseAnonymous(ctx context.Context) error {
	one := 1
	_, err := appsync.ListCustomers(ctx, s.Anonymous, nil, &one, nil)
	answer, answered := errors.AsType[*appsync.ResponseError](err)
	switch {
	case err == nil:
		return &OpenAPIError{}
	case !answered:
		return err
	case answer.Status != http.StatusUnauthorized:
		return fmt.Errorf("the API answered a call without a token with status %d instead of 401", answer.Status)
	default:
		return nil
	}
}

// OpenAPIError says that an API gives its data to callers without a token.
type OpenAPIError struct{}

func (*OpenAPIError) Error() string {
	return "the API answered a call without a token: it is open to everyone"
}
