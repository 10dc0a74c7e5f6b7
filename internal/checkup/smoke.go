package checkup

import (
	"context"
	"net/http"
	"slices"
	"time"

	"github.com/Khan/genqlient/graphql"

	"github.com/appsyncctl/appsyncctl/internal/appsync"
	"github.com/appsyncctl/appsyncctl/internal/pause"
)

// Smoke is the main job, step by step, after the checks: tokens that are no good
// are refused; two customers are created, listed, found in the table, read,
// changed and deleted again.
type Smoke struct {
	Checks []Finding // what Examine found: steps that need them are skipped

	API graphql.Client // as a command reaches it
	// Presented is the API for whoever shows this token, as it is; nil if the
	// authorization mode uses none.
	Presented func(token string) graphql.Client
	Token     func(ctx context.Context) (string, error) // the token that API sends
	Expired   string                                    // a token that has expired; one is forged if it is empty

	Mark     Mark
	ReadOnly bool // create nothing
	Keep     bool // delete nothing

	// Follow subscribes to new customers; nil if nobody asked for it.
	Follow func(ctx context.Context) (*appsync.Feed, error)
	// Table is what stands in the API's table; nil if nobody asked for it.
	Table Table

	Meter     *Meter
	Latencies []Latency // limits on what Meter has measured

	Now  func() time.Time
	Done func(Finding) // called after each step
}

// A Table reads an item by its id, without the API.
type Table interface {
	Item(ctx context.Context, id string) (map[string]string, bool, error)
}

// Run takes all steps and returns their findings, which are the same steps in the
// same order in each run. A step that needs one which did not pass is skipped; what
// was created is deleted in any case.
func (s *Smoke) Run(ctx context.Context) []Finding {
	run := &smokeRun{Smoke: s}
	run.first = run.customer("customer1", "Boston", "MA")
	run.second = run.customer("customer2", "Dallas", "TX")
	after := context.WithoutCancel(ctx)

	run.step(ctx, stepTampered, run.refuseTampered)
	run.step(ctx, stepExpired, run.refuseExpired)
	run.step(ctx, stepFollow, run.follow)
	run.step(ctx, stepCreateFirst, run.first.create)
	run.step(ctx, stepCreateSecond, run.second.create)
	run.step(ctx, stepList, run.findBoth)
	run.step(ctx, stepTable, run.readTable)
	run.step(ctx, stepTold, run.awaitBoth)
	run.step(ctx, stepGet, run.first.get)
	run.step(ctx, stepUpdate, run.first.update)
	run.cleanUp(after, stepDeleteFirst, run.first)
	run.cleanUp(after, stepDeleteSecond, run.second)
	run.step(ctx, stepGone, run.first.gone)
	run.step(ctx, stepLatency, run.measure)
	if run.feed != nil {
		run.feed.Close()
	}
	return run.findings
}

// A smokeRun is one run of a Smoke.
type smokeRun struct {
	*Smoke
	first, second *smokeCustomer
	feed          *appsync.Feed
	findings      []Finding
}

// step takes one step, if it is asked for and what it needs has passed.
func (r *smokeRun) step(ctx context.Context, id string, do func(context.Context) Verdict) {
	step := smokeStep(id)
	if reason := r.unasked(id); reason != "" {
		r.record(step, Verdict{Result: Skipped, Message: reason, Unasked: true}, 0)
		return
	}
	if verdict, blocked := blocked(step, r.finding); blocked {
		r.record(step, verdict, 0)
		return
	}
	if ctx.Err() != nil {
		r.record(step, Verdict{Result: Skipped, Message: "interrupted", Err: context.Cause(ctx)}, 0)
		return
	}
	start := r.Now()
	verdict := do(ctx)
	r.record(step, verdict, r.Now().Sub(start))
}

// unasked returns why nobody asked for a step; empty if somebody did.
func (r *smokeRun) unasked(id string) string {
	switch id {
	case stepTampered, stepExpired:
		if r.Presented == nil {
			return "this authorization mode uses no token"
		}
		return ""
	case stepFollow, stepTold:
		if r.Follow == nil {
			return "not asked for: --subscribe"
		}
	case stepTable:
		if r.Table == nil {
			return "not asked for: --table"
		}
	case stepLatency:
		if len(r.Latencies) == 0 {
			return "no limit is set: --max-latency"
		}
		return ""
	}
	if r.ReadOnly {
		return "read only"
	}
	return ""
}

// cleanUpTime is for each deletion; they run after Ctrl-C too, and whoever cancels a
// job in CI does not wait long.
const cleanUpTime = 10 * time.Second

// cleanUp deletes a customer if it was created, whatever came of the steps before.
func (r *smokeRun) cleanUp(ctx context.Context, id string, c *smokeCustomer) {
	switch reason := r.unasked(id); {
	case reason != "":
		r.record(smokeStep(id), Verdict{Result: Skipped, Message: reason, Unasked: true}, 0)
	case c.id == "" && !c.lost:
		r.record(smokeStep(id), skipped("nothing was created"), 0)
	case r.Keep:
		r.record(smokeStep(id), skipped("kept: "+c.id), 0)
	default:
		ctx, cancel := context.WithTimeout(ctx, cleanUpTime)
		defer cancel()
		start := r.Now()
		verdict := r.remove(ctx, c)
		r.record(smokeStep(id), verdict, r.Now().Sub(start))
	}
}

// remove deletes a customer. One whose creation was not answered is looked for by its
// mark first.
func (r *smokeRun) remove(ctx context.Context, c *smokeCustomer) Verdict {
	if !c.lost {
		return c.remove(ctx)
	}
	for try := 1; try <= lostTries; try++ {
		if c.find(ctx, r.Mark); c.id != "" {
			return c.remove(ctx)
		}
		if pause.For(ctx, listPause) != nil {
			break
		}
	}
	return failure(*c.input.Name+" may be left behind: its creation was not answered, and the list does not show it yet", "appsyncctl smoke clean")
}

func (r *smokeRun) record(step Check, verdict Verdict, elapsed time.Duration) {
	finding := Finding{Check: step, Verdict: verdict, Elapsed: elapsed, Notes: r.Meter.Notes()}
	r.findings = append(r.findings, finding)
	r.Done(finding)
}

// finding looks among the checks and the steps that were taken.
func (r *smokeRun) finding(id string) (Finding, bool) {
	for _, all := range [][]Finding{r.Checks, r.findings} {
		if i := slices.IndexFunc(all, func(f Finding) bool { return f.ID == id }); i >= 0 {
			return all[i], true
		}
	}
	return Finding{}, false
}

func (s *Smoke) customer(name, city, state string) *smokeCustomer {
	name, country := s.Mark.On(name), "USA"
	return &smokeCustomer{
		api:   s.API,
		input: appsync.CreateCustomerInput{Name: &name, City: &city, State: &state, Country: &country},
	}
}

// measure compares what the API's answers took with the limits.
func (r *smokeRun) measure(context.Context) Verdict {
	taken := r.Meter.Taken()
	if len(taken) == 0 {
		return unknown("no request was answered", nil)
	}
	var evidence []Evidence
	slow := ""
	for _, limit := range r.Latencies {
		measured := limit.of(taken)
		evidence = append(evidence, Evidence{
			Name: limit.Name, Expected: "at most " + limit.Most.String(), Found: measured.Round(time.Microsecond * 100).String(), From: "this run",
		})
		if measured > limit.Most && slow == "" {
			slow = limit.tooSlow(measured, len(taken))
		}
	}
	if slow != "" {
		return failure(slow, "", evidence...)
	}
	return ok("fast enough", evidence...)
}

// mayHaveRun reports whether a mutation that failed may have been executed: there
// was no answer, or one of a server that is out of order.
func mayHaveRun(err error) bool {
	answer, answered := asAnswer(err)
	return err != nil && (!answered || answer.Status >= http.StatusInternalServerError)
}
