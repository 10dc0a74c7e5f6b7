// Second looks: announcements whose order or content is in doubt.

package appsync

import (
	"context"
	"time"
)

const (
	doubtTime  = 5 * time.Second // changes of one customer that are closer may have changed places
	checkAfter = 2 * time.Second // when the table's replicas agree
	checksMost = 1000            // more than that are found by a listing at less cost
)

// checks are the customers to look at again. AppSync does not promise the order in
// which different subscriptions announce, and announces only the fields that a
// mutation selected.
type checks struct {
	recent map[string]time.Time // announced lately
	due    map[string]time.Time
	timer  *time.Timer
	found  chan found
	busy   bool
}

// found is the outcome of a look.
type found struct {
	id       string
	asked    time.Time // what is announced later is newer
	customer *Customer
	err      error
}

func newChecks() checks {
	return checks{
		recent: make(map[string]time.Time),
		due:    make(map[string]time.Time),
		timer:  stopped(),
		found:  make(chan found),
	}
}

// suspect notes a customer for a second look if a change is in doubt.
func (f *following) suspect(change Change) {
	if f.Known == nil {
		return
	}
	now := time.Now()
	id := change.Customer.Id
	last, again := f.checks.recent[id]
	_, known := f.Known[id]
	if len(f.checks.recent) > 10*checksMost {
		clear(f.checks.recent)
	}
	f.checks.recent[id] = now
	c := change.Customer
	partial := c.Name == nil || c.City == nil || c.State == nil || c.Country == nil
	switch {
	case again && now.Sub(last) < doubtTime,
		change.Operation == Updated && partial,
		change.Operation == Deleted && !known:
		f.checks.due[id] = now.Add(checkAfter)
		f.schedule()
	}
}

// schedule sets the timer to the next look.
func (f *following) schedule() {
	if f.checks.busy || len(f.checks.due) == 0 {
		return
	}
	var next time.Time
	for _, due := range f.checks.due {
		if next.IsZero() || due.Before(next) {
			next = due
		}
	}
	f.checks.timer.Reset(time.Until(next))
}

// check looks at a customer whose time has come.
func (f *following) check(ctx context.Context) {
	if len(f.checks.due) > checksMost {
		clear(f.checks.due)
		f.relist(ctx)
		return
	}
	now := time.Now()
	for id, due := range f.checks.due {
		if due.After(now) {
			continue
		}
		delete(f.checks.due, id)
		f.checks.busy = true
		go func() {
			customer, err := f.Get(ctx, id)
			select {
			case f.checks.found <- found{id, now, customer, err}:
			case <-ctx.Done():
			}
		}()
		return
	}
	f.schedule()
}

// checked compares what a look has found.
func (f *following) checked(ctx context.Context, found found) error {
	f.checks.busy = false
	defer f.schedule()
	switch {
	case found.err != nil: // or an API without getCustomer
		f.relist(ctx)
		return nil
	case f.checks.recent[found.id].After(found.asked):
		f.checks.due[found.id] = time.Now().Add(checkAfter)
		return nil
	}
	return f.differ(found.id, found.customer)
}
