package doctor

import (
	"context"
	"fmt"
	"sync"
	"time"
)

const (
	checkLimit = 3 * time.Second  // of one check, unless it says otherwise
	totalLimit = 10 * time.Second // of all together
)

// Examine runs every check of the catalogue against subject and returns their
// findings in causal order. done is called with each, in that order too, as soon
// as all earlier ones are known. Checks that do not need each other run at once.
//
// It takes ten seconds at most: what is not known by then is unknown.
func Examine(ctx context.Context, subject *Subject, done func(Finding)) []Finding {
	ctx, cancel := subject.Deadline.Set(ctx, totalLimit, "")
	defer cancel()
	checks := Catalogue()
	e := &examination{Subject: subject, findings: make(map[ID]Finding), finished: make(map[ID]chan struct{})}
	for _, check := range checks {
		e.finished[check.ID] = make(chan struct{})
	}
	for _, check := range checks {
		go func() {
			e.record(e.examine(ctx, check))
			close(e.finished[check.ID])
		}()
	}
	var all []Finding
	for _, check := range checks {
		<-e.finished[check.ID]
		finding, _ := e.finding(check.ID)
		all = append(all, finding)
		done(finding)
	}
	return all
}

// An examination is one run of the checks. They share what they learn through it.
type examination struct {
	*Subject
	finished map[ID]chan struct{}

	mu       sync.Mutex
	findings map[ID]Finding
	facts    facts
}

// examine waits for what check depends on, and runs it if that makes sense.
func (e *examination) examine(ctx context.Context, check Check) Finding {
	if reason := e.outside(check); reason != "" {
		return Finding{Check: check, Verdict: skipped(reason)}
	}
	for _, id := range check.after {
		<-e.finished[id]
	}
	for _, id := range check.needs {
		<-e.finished[id]
	}
	if verdict, blocked := check.Blocked(e.finding); blocked {
		return Finding{Check: check, Verdict: verdict}
	}
	start := e.Now()
	verdict := e.founded(e.within(ctx, check))
	return Finding{Check: check, Verdict: verdict, Elapsed: e.Now().Sub(start)}
}

// founded is verdict, unless it is skipped because of a check that has passed: what
// nobody has found out must not look as if nothing were wrong.
func (e *examination) founded(verdict Verdict) Verdict {
	because, found := e.finding(verdict.Because)
	if verdict.Result != Skipped || !found || !because.Passed() {
		return verdict
	}
	return unknown("this could not be looked at, although "+string(because.ID)+" has passed", nil, verdict.Evidence...)
}

// await waits for a check that the asking one does not depend on in general, and
// returns what it found. It is not to wait for the asking one in turn. found is false
// if ctx ends first.
func (e *examination) await(ctx context.Context, id ID) (finding Finding, found bool) {
	select {
	case <-e.finished[id]:
		return e.finding(id)
	case <-ctx.Done():
		return Finding{}, false
	}
}

// Blocked reports whether something that the check needs has not passed, and because
// of which check it is skipped then: the first one that did not pass by itself.
func (c Check) Blocked(find func(id ID) (Finding, bool)) (Verdict, bool) {
	for _, id := range c.needs {
		needed, found := find(id)
		switch {
		case !found || needed.Passed():
			continue
		case needed.Result != Skipped:
			return Verdict{Result: Skipped, Because: id}, true
		default:
			return Verdict{Result: Skipped, Because: needed.Because, Message: needed.Message, Lacks: needed.Lacks}, true
		}
	}
	return Verdict{}, false
}

// within runs check and gives it up at its deadline, whether it listens to its
// context or not.
func (e *examination) within(ctx context.Context, check Check) Verdict {
	if ctx.Err() != nil {
		return ended(ctx)
	}
	limit := check.limit
	if limit == 0 {
		limit = checkLimit
	}
	limited, cancel := e.Deadline.Set(ctx, limit, string(check.ID))
	defer cancel()
	verdict := make(chan Verdict, 1)
	go func() {
		defer func() {
			if cause := recover(); cause != nil {
				verdict <- unknown("the check itself broke down", &panicError{check.ID, cause})
			}
		}()
		verdict <- check.run(limited, e)
	}()
	select {
	case found := <-verdict:
		return found
	case <-limited.Done():
	}
	if ctx.Err() != nil {
		return ended(ctx)
	}
	select {
	case found := <-verdict: // it ended at the same moment, and may know more
		return found
	default:
		return unknown(fmt.Sprintf("no answer within %s", limit), limited.Err())
	}
}

// ended is the verdict of every check that is not done when ctx, that of all of them,
// is.
func ended(ctx context.Context) Verdict {
	if context.Cause(ctx) == context.DeadlineExceeded { //nolint:errorlint // our own limit, unwrapped
		return unknown(fmt.Sprintf("no answer within the %s that all checks have", totalLimit), ctx.Err())
	}
	return unknown("interrupted", context.Cause(ctx))
}

func (e *examination) record(finding Finding) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.findings[finding.ID] = finding
}

// finding returns what a check found; only of those that the asking check names
// in needs or after is it certain that they have finished.
func (e *examination) finding(id ID) (Finding, bool) {
	e.mu.Lock()
	defer e.mu.Unlock()
	finding, ok := e.findings[id]
	return finding, ok
}

// known returns what the checks have learned so far.
func (e *examination) known() facts {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.facts
}

// learn adds to what is known. A check that was given up may still call it.
func (e *examination) learn(add func(*facts)) {
	e.mu.Lock()
	defer e.mu.Unlock()
	add(&e.facts)
}

// A panicError is a check that broke down, without what it was looking at.
type panicError struct {
	check ID
	cause any
}

func (e *panicError) Error() string { return fmt.Sprintf("check %s broke down: %v", e.check, e.cause) }
