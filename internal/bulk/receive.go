package bulk

import (
	"context"
	"time"
)

// receive brings the rows of an answer on: to their end, or back to be sent again.
func (r *run) receive(ctx context.Context, a answer) {
	if a.reading {
		r.compare(a)
		return
	}
	now := time.Now()
	if a.outcomes == nil { // the intent could not be written: nothing was sent
		r.release(a.items...)
		r.die(&DiskError{a.err})
		return
	}
	var (
		took, answered, lost, throttled, unsent int
		after                                   time.Duration
		created                                 entry
		taken                                   []item
	)
	created.Kind = kindCreated
	for i, outcome := range a.outcomes {
		it := a.items[i]
		switch outcome.Verdict {
		case Done:
			took++
			r.ledger.set(it.row, Created)
			created.Rows = append(created.Rows, it.row)
			if r.job.Mode == JournalMode { // else the id is known without
				r.ledger.name(it.row, outcome.ID)
				created.IDs = append(created.IDs, outcome.ID)
			}
		case Taken:
			answered++
			if r.job.Mode == JournalMode { // the API's own id cannot be taken
				r.reject(it, kindRejected, outcome.Fault)
			} else {
				taken = append(taken, it)
			}
		case Refused:
			answered++
			r.reject(it, kindRejected, outcome.Fault)
		case Split:
			answered++
			if it.alone || len(a.items) == 1 {
				r.reject(it, kindRejected, outcome.Fault)
				continue
			}
			it.alone = true
			r.release(it)
		case Throttled:
			throttled++
			after = max(after, outcome.After)
			r.release(it)
		case NotSent:
			unsent++
			r.failed = outcome.Err
			r.release(it)
		case Lost:
			lost++
			after = max(after, outcome.After)
			r.failed = outcome.Err
			it.fault = nil
			if outcome.Fault != (Fault{}) {
				it.fault = &outcome.Fault
				it.faults++
			}
			if it = r.lose(now, it); r.job.Mode == KeyMode && it.checked() {
				taken = append(taken, it)
			}
		case NoID, Fatal:
			answered++
			r.release(it)
			r.die(outcome.Err)
		}
	}
	if took > 0 {
		_ = r.write(false, created) // r.dead tells
	}
	if len(taken) > 0 {
		r.flying++
		go r.find(context.WithoutCancel(ctx), taken)
	}
	r.adapt(now, a, took, answered, lost, throttled, unsent, after)
}

// adapt lets the pace, the batch and the window learn from an answer.
func (r *run) adapt(now time.Time, a answer, took, answered, lost, throttled, unsent int, after time.Duration) {
	waiting := r.pace.waitEnd.After(now)
	switch {
	case throttled > 0:
		r.pace.answered(now, a.sent, took+answered, throttled, after)
		if closed := r.pace.closed(now); closed > throttlePatience {
			r.die(&OutageError{closed, errThrottled})
		}
	case lost > 0 || unsent > 0:
		if lost > 0 && r.job.Mode == JournalMode { // with a key a loss leaves nothing in doubt
			r.batch.lost(r.pace.clock(now))
		}
		if r.pace.outage >= 2 { // one after the other is more than bad luck
			r.window.lost()
		}
		if outage := r.pace.lost(now, after); outage > patience {
			r.die(&OutageError{outage, r.failed})
		}
	default:
		r.pace.answered(now, a.sent, took+answered, 0, 0)
		r.pace.resized(now, r.batch.answered(r.pace.clock(now), len(a.items)))
		r.window.answered(now.Sub(a.sent))
	}
	if wait := r.pace.waitEnd.Sub(now); wait > noticeable && !waiting {
		r.Notice("the API asks to wait: sending again in " + wait.Round(time.Second).String())
	}
}

// release gives rows back that were surely not executed.
func (r *run) release(items ...item) {
	for _, it := range items {
		r.ledger.set(it.row, Pending)
	}
	r.feed.again(items...)
	if r.job.Mode == JournalMode {
		_ = r.write(false, entry{Kind: kindReleased, Rows: rowsOf(items)}) // r.dead tells
	}
}

// lose deals with a row that was sent and not answered for, or answered with an error
// that does not tell whether it was executed. With a key it is simply sent again.
func (r *run) lose(now time.Time, it item) item {
	it.tries++
	switch {
	case r.job.Mode == JournalMode:
		r.doubt(now, it)
	case it.checked():
		it.tries = maxTries
	case it.tries < maxTries:
		r.feed.again(it)
	default: // it stays Sent: unknown
	}
	return it
}

// checked reports whether the API has answered a row with an error often enough: if it
// is not there now, the error is final.
func (it item) checked() bool { return it.fault != nil && it.faults >= maxFaults }

// doubt puts a row aside until a list can show whether it is there.
func (r *run) doubt(now time.Time, it item) {
	r.doubtful = append(r.doubtful, it)
	r.lastDoubt = now
}

// reject ends a row that the API will not have.
func (r *run) reject(it item, kind string, fault Fault) {
	state := Rejected
	if kind == kindConflict {
		state = Conflict
	}
	r.ledger.set(it.row, state)
	r.ledger.because(it.row, fault)
	_ = r.write(false, entry{Kind: kind, Rows: []int{it.row}, Fault: &fault}) // r.dead tells
	if err := r.tooMany(); err != nil {
		r.die(err)
	}
}

// compare ends the rows whose ids were taken: there already, or in conflict.
func (r *run) compare(a answer) {
	if a.err != nil {
		for _, it := range a.items {
			it.fault = nil
			r.lose(time.Now(), it) // sending it again asks again
		}
		r.failed = a.err
		if outage := r.pace.lost(time.Now(), 0); outage > patience {
			r.die(&OutageError{outage, r.failed})
		}
		return
	}
	already := entry{Kind: kindAlready}
	for _, it := range a.items {
		there, ok := a.found[it.record[IDField]]
		switch {
		case !ok && it.checked():
			r.reject(it, kindRejected, *it.fault)
		case !ok && it.tries+1 < maxTries:
			it.tries++ // a read may lag behind a write, or the record is gone again
			r.feed.again(it)
		case !ok:
			r.reject(it, kindRejected, Fault{Field: IDField, Reason: "the id is taken, but nothing can be read under it"})
		case sameContent(there, it.record):
			r.ledger.set(it.row, Already)
			already.Rows = append(already.Rows, it.row)
		default:
			r.reject(it, kindConflict, Fault{Field: IDField, Reason: "the API has another record under the id"})
		}
	}
	if len(already.Rows) > 0 {
		r.pace.done.add(time.Now(), len(already.Rows))
		_ = r.write(false, already) // r.dead tells
	}
}
