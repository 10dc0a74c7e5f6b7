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
	"sync"
	"time"

	"github.com/Khan/genqlient/graphql"

	"github.com/appsyncctl/appsyncctl/internal/appsync"
	"github.com/appsyncctl/appsyncctl/internal/doctor"
	"github.com/appsyncctl/appsyncctl/internal/retry"
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
