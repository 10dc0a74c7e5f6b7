package changefeed

import (
	"context"
	"time"

	"github.com/appsyncctl/appsyncctl/internal/appsync"
)

const (
	reorderWindow = 5 * time.Second // changes of one customer that are closer may have changed places
	recheckAfter  = 2 * time.Second // when the table's replicas agree
	rechecksMost  = 1000            // more than that are found by a listing at less cost
)

// rechecks are the customers to look at again. AppSync does not promise the order in
// which different subscriptions announce, and announces only the fields that a
// mutation selected.
type rechecks struct {
	recent map[string]time.Time // announced lately
	due    map[string]time.Time
	timer  *time.Timer
	found  chan found
	busy   bool
}

// found is the outcome of a recheck.
type found struct {
	id       string
	asked    time.Time // what is announced later is newer
	customer *appsync.Customer
	err      error
}

func newRechecks() rechecks {
	timer := time.NewTimer(time.Hour)
	timer.Stop() // until something is due
	return rechecks{
		recent: make(map[string]time.Time),
		due:    make(map[string]time.Time),
		timer:  timer,
		found:  make(chan found),
	}
}

// schedule schedules a recheck of a customer if a change is in doubt. Known tells whether
// the customer was known before.
func (r *rechecks) schedule(change appsync.Change, known bool) {
	now := time.Now()
	id := change.Customer.Id
	last, again := r.recent[id]
	if len(r.recent) > 10*rechecksMost {
		clear(r.recent)
	}
	r.recent[id] = now
	c := change.Customer
	partial := c.Name == nil || c.City == nil || c.State == nil || c.Country == nil
	switch {
	case again && now.Sub(last) < reorderWindow,
		change.Operation == appsync.Updated && partial,
		change.Operation == appsync.Deleted && !known:
		r.due[id] = now.Add(recheckAfter)
		r.setTimer()
	}
}

// setTimer sets the timer to the next recheck.
func (r *rechecks) setTimer() {
	if r.busy || len(r.due) == 0 {
		return
	}
	var next time.Time
	for _, due := range r.due {
		if next.IsZero() || due.Before(next) {
			next = due
		}
	}
	r.timer.Reset(time.Until(next))
}

// tooMany drops the rechecks if a listing finds them all at less cost, and reports so.
func (r *rechecks) tooMany() bool {
	if len(r.due) <= rechecksMost {
		return false
	}
	clear(r.due)
	return true
}

// start gets a customer whose time has come.
func (r *rechecks) start(ctx context.Context, get func(ctx context.Context, id string) (*appsync.Customer, error)) {
	now := time.Now()
	for id, due := range r.due {
		if due.After(now) {
			continue
		}
		delete(r.due, id)
		r.busy = true
		go func() {
			customer, err := get(ctx, id)
			select {
			case r.found <- found{id, now, customer, err}:
			case <-ctx.Done():
			}
		}()
		return
	}
	r.setTimer()
}

// done ends a recheck, and reports whether what it found is outdated: then there will be
// another.
func (r *rechecks) done(found found) (outdated bool) {
	r.busy = false
	if found.err != nil || !r.recent[found.id].After(found.asked) {
		return false
	}
	r.due[found.id] = time.Now().Add(recheckAfter)
	return true
}
