package doctor

import (
	"context"
	"fmt"
	"maps"
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
	found := make(chan Finding, len(checks))
	go func() {
		defer close(found)
		examineStages(ctx, &runner{subject, func(f Finding) { found <- f }})
	}()
	var all []Finding
	early := make(findings) // found before one that stands before it
	for finding := range found {
		early[finding.ID] = finding
		for len(all) < len(checks) {
			next, known := early[checks[len(all)].ID]
			if !known {
				break
			}
			all = append(all, next)
			done(next)
		}
	}
	return all
}

// examineStages makes the checks of all stages. The store, the account and the API's edge
// need not much of what comes before them, and are looked at while others are awaited:
// a slow provider takes no time from them.
func examineStages(ctx context.Context, r *runner) {
	settings := examineSettings(ctx, r)
	store := begin(func() findings { return examineStore(ctx, r) })
	account := begin(func() accountFacts { return examineAccount(ctx, r, settings) })
	network := examineNetwork(ctx, r, settings)
	provider := examineProvider(ctx, r, settings, network)
	token := begin(func() tokenFacts { return examineToken(ctx, r, settings, network, provider, store) })
	examineAPI(ctx, r, settings, network, token, account)
}

// A promise is a value that is being found out.
type promise[T any] struct {
	done  chan struct{}
	value *T
}

// begin finds a value out while the caller goes on.
func begin[T any](find func() T) promise[T] {
	p := promise[T]{make(chan struct{}), new(T)}
	go func() {
		defer close(p.done)
		*p.value = find()
	}()
	return p
}

// wait returns the value when it is there.
func (p promise[T]) wait() T {
	<-p.done
	return *p.value
}

// within returns the value, unless ctx ends first.
func (p promise[T]) within(ctx context.Context) (value T, known bool) {
	select {
	case <-p.done:
		return *p.value, true
	case <-ctx.Done():
		return value, false
	}
}

// findings are by check. They are handed on by value: nobody changes a map that
// somebody else may have.
type findings map[ID]Finding

// joined returns all of several findings.
func joined(all ...findings) findings {
	sum := make(findings)
	for _, some := range all {
		maps.Copy(sum, some)
	}
	return sum
}

// find returns what a check found.
func (f findings) find(id ID) (Finding, bool) {
	finding, found := f[id]
	return finding, found
}

// cause returns the first of the checks with these ids that failed or that could
// not tell; "" if there is none.
func (f findings) cause(ids ...ID) ID {
	for _, id := range ids {
		if finding := f[id]; finding.Result == Failure || finding.Result == Unknown {
			return id
		}
	}
	return ""
}

// attributed makes verdict a consequence of the first of the checks with these ids
// that did not pass, if there is one.
func (f findings) attributed(verdict Verdict, ids ...ID) Verdict {
	if id := f.cause(ids...); id != "" {
		return consequence(verdict, id)
	}
	return verdict
}

// byClock makes verdict a consequence of the first of the checks of clocks with these
// ids that found one wrong.
func (f findings) byClock(verdict Verdict, ids ...ID) Verdict {
	for _, id := range ids {
		if clock := f[id]; clock.Result == Failure || clock.Result == Warning {
			return consequence(verdict, id)
		}
	}
	return verdict
}

// A runner makes checks of a subject and tells of each finding.
type runner struct {
	*Subject
	tell func(Finding)
}

// A look is how a check is made.
type look struct {
	id ID
	at func(ctx context.Context) Verdict
}

// check makes a check, and returns known with its finding.
func (r *runner) check(ctx context.Context, known findings, id ID, at func(ctx context.Context) Verdict) findings {
	_, known = learn(ctx, r, known, id, func(ctx context.Context) (struct{}, Verdict) { return struct{}{}, at(ctx) })
	return known
}

// checks makes checks that do not need each other, all at once, and returns known with
// their findings.
func (r *runner) checks(ctx context.Context, known findings, looks ...look) findings {
	var begun []promise[findings]
	for _, look := range looks {
		begun = append(begun, begin(func() findings { return r.check(ctx, known, look.id, look.at) }))
	}
	all := joined(known)
	for _, found := range begun {
		maps.Copy(all, found.wait())
	}
	return all
}

// learn makes a check from which others learn something besides its finding. It is not
// made if what it needs has not passed, of what is known. Of one that was given up
// nothing is learned.
func learn[T any](ctx context.Context, r *runner, known findings, id ID, at func(ctx context.Context) (T, Verdict)) (fact T, with findings) {
	check, _ := Find(id)
	finding := Finding{Check: check}
	if verdict, blocked := check.Blocked(known.find); blocked {
		finding.Verdict = verdict
	} else {
		start := r.Now()
		fact, verdict = within(ctx, r.Deadline, check, at)
		finding.Verdict = known.founded(verdict)
		finding.Elapsed = r.Now().Sub(start)
	}
	r.tell(finding)
	return fact, joined(known, findings{id: finding})
}

// founded is verdict, unless it is skipped because of a check that has passed: what
// nobody has found out must not look as if nothing were wrong.
func (f findings) founded(verdict Verdict) Verdict {
	because, found := f[verdict.Because]
	if verdict.Result != Skipped || !found || !because.Passed() {
		return verdict
	}
	return unknown("this could not be looked at, although "+string(because.ID)+" has passed", nil, verdict.Evidence...)
}

// within makes check and gives it up at its deadline, whether it listens to its
// context or not.
func within[T any](ctx context.Context, deadline Deadline, check Check, at func(ctx context.Context) (T, Verdict)) (fact T, verdict Verdict) {
	if ctx.Err() != nil {
		return fact, ended(ctx)
	}
	limit := check.limit
	if limit == 0 {
		limit = checkLimit
	}
	limited, cancel := deadline.Set(ctx, limit, string(check.ID))
	defer cancel()
	type outcome struct {
		fact    T
		verdict Verdict
	}
	found := make(chan outcome, 1)
	go func() {
		defer func() {
			if cause := recover(); cause != nil {
				found <- outcome{verdict: unknown("the check itself broke down", fmt.Errorf("check %s broke down: %v", check.ID, cause))}
			}
		}()
		fact, verdict := at(limited)
		found <- outcome{fact, verdict}
	}()
	select {
	case o := <-found:
		return o.fact, o.verdict
	case <-limited.Done():
	}
	if ctx.Err() != nil {
		return fact, ended(ctx)
	}
	select {
	case o := <-found: // it ended at the same moment, and may know more
		return o.fact, o.verdict
	default:
		return fact, unknown(fmt.Sprintf("no answer within %s", limit), limited.Err())
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
