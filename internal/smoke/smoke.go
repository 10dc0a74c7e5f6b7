// Package smoke does with an API what its first user would do, and removes what it
// made: on a real API and on the emulator alike. The checks of package doctor come
// first. A step is a check too, of the kind that does something: it has an id, a
// verdict and a page of help as they have.
package smoke

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/Khan/genqlient/graphql"

	"github.com/appsyncctl/appsyncctl/internal/appsync"
	"github.com/appsyncctl/appsyncctl/internal/doctor"
)

// Test is the main job, step by step, after the checks: tokens that are no good are
// refused; two customers are created, listed, found in the table, read, changed and
// deleted again.
type Test struct {
	Checks []doctor.Finding // what Examine found: steps that need them are skipped

	API graphql.Client // as a command reaches it
	// Presented is the API for whoever shows this token, as it is; nil if the
	// authorization mode uses none.
	Presented func(token string) graphql.Client
	Token     func(ctx context.Context) (string, error) // the token that API sends
	Expired   string                                    // a token that has really expired; empty if none is at hand

	Mark     Mark
	ReadOnly bool // create nothing
	Keep     bool // delete nothing

	// Follow subscribes to new customers; nil if nobody asked for it.
	Follow func(ctx context.Context) (*appsync.Stream, error)
	// Table is what stands in the API's table; nil if nobody asked for it.
	Table Table

	Meter     *Meter
	Latencies []Latency // limits on what Meter has measured

	Now      func() time.Time
	Deadline doctor.Deadline      // when the steps give up
	Done     func(doctor.Finding) // called after each step
}

// Run takes the steps that come after the checks and returns their findings, which are
// the same steps in the same order in each run. A step that needs one which did not
// pass is skipped; what was created is deleted in any case.
func (t *Test) Run(ctx context.Context) []doctor.Finding {
	r := &run{Test: t}
	r.first = t.customer("customer1", "Boston", "MA")
	r.second = t.customer("customer2", "Dallas", "TX")
	for _, step := range steps() {
		r.take(ctx, step)
	}
	if r.feed != nil {
		r.feed.Close()
		r.unfollow(nil)
	}
	return r.findings
}

// A run is one run of a Test.
type run struct {
	*Test
	first, second *customer
	feed          *appsync.Stream
	unfollow      context.CancelCauseFunc // once feed is there
	deletions     cleanUp
	hurried       bool // somebody wants it to end
	findings      []doctor.Finding
}

// take takes one step, if it is asked for and what it needs has passed.
func (r *run) take(ctx context.Context, step step) {
	start := r.Now()
	finding := doctor.Finding{Check: step.Check, Verdict: r.verdict(ctx, step)}
	if finding.Result != doctor.Skipped {
		finding.Elapsed = r.Now().Sub(start)
	}
	finding.Notes = r.Meter.Notes()
	r.findings = append(r.findings, finding)
	r.Done(finding)
}

func (r *run) verdict(ctx context.Context, step step) doctor.Verdict {
	if reason := step.unasked(r.Test); reason != "" {
		return doctor.Verdict{Result: doctor.Skipped, Message: reason, Unasked: true}
	}
	if verdict, blocked := step.Blocked(r.finding); blocked {
		return verdict
	}
	r.hurried = ctx.Err() != nil
	if step.always {
		return step.run(r, context.WithoutCancel(ctx))
	}
	if r.hurried {
		return doctor.Verdict{Result: doctor.Skipped, Message: "interrupted", Err: context.Cause(ctx)}
	}
	limited, cancel := r.Deadline.Set(ctx, stepTime, string(step.ID))
	defer cancel()
	verdict := step.run(r, limited)
	if errors.Is(verdict.Err, context.DeadlineExceeded) && ctx.Err() == nil && limited.Err() != nil {
		verdict.Message = fmt.Sprintf("it was not done within %s", stepTime)
	}
	return verdict
}

// stepTime is for each step: more than AppSync's own limit of 30 seconds for a request.
const stepTime = 40 * time.Second

// finding looks among the checks and the steps that were taken.
func (r *run) finding(id doctor.ID) (doctor.Finding, bool) {
	for _, all := range [][]doctor.Finding{r.Checks, r.findings} {
		if i := slices.IndexFunc(all, func(f doctor.Finding) bool { return f.ID == id }); i >= 0 {
			return all[i], true
		}
	}
	return doctor.Finding{}, false
}
