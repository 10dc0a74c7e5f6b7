// The listing after a connect, and what differs from what is known.

package appsync

import (
	"context"
	"time"

	"github.com/appsyncctl/appsyncctl/internal/retry"
)

// settle is how long a listing waits after the subscriptions have begun: the
// table's own replicas may lag that much behind a change that came just before.
const settle = time.Second

// A listing is on its way while changes go on coming.
type listing struct {
	rows    chan row
	listed  map[string]struct{}
	touched map[string]struct{} // announced since it began, so newer than the listing
}

// A row is a customer, or the error that ends the listing.
type row struct {
	customer *Customer
	err      error
}

// relist starts a listing, or has one follow that which runs.
func (f *following) relist(ctx context.Context) {
	if f.listing != nil {
		f.again = true
		return
	}
	l := &listing{rows: make(chan row), listed: make(map[string]struct{}), touched: make(map[string]struct{})}
	f.listing = l
	go func() {
		defer close(l.rows)
		if retry.Wait(ctx, settle) != nil {
			return
		}
		for customer, err := range f.List(ctx) {
			select {
			case l.rows <- row{customer, err}:
			case <-ctx.Done():
				return
			}
		}
	}()
}

func (l *listing) source() <-chan row {
	if l == nil {
		return nil
	}
	return l.rows
}

func (l *listing) touch(id string) {
	if l != nil {
		l.touched[id] = struct{}{}
	}
}

// listed takes a row of the listing, or its end.
func (f *following) listed(ctx context.Context, row row, open bool) error {
	switch {
	case !open && ctx.Err() != nil: // it did not come to its end
		return context.Cause(ctx)
	case !open:
		return f.complete(ctx)
	case row.err != nil:
		return row.err
	}
	id := row.customer.Id
	f.listing.listed[id] = struct{}{}
	if _, newer := f.listing.touched[id]; newer {
		return nil
	}
	return f.differ(id, row.customer)
}

// complete tells of what the listing no longer had.
func (f *following) complete(ctx context.Context) error {
	l := f.listing
	f.listing = nil
	for id := range f.Known {
		_, listed := l.listed[id]
		_, newer := l.touched[id]
		if listed || newer {
			continue
		}
		if err := f.differ(id, nil); err != nil {
			return err
		}
	}
	if f.again {
		f.again = false
		f.relist(ctx)
		return nil
	}
	if err := f.save(); err != nil {
		return err
	}
	if f.ready {
		return nil
	}
	f.ready = true
	return f.emit(Event{Kind: Ready})
}

// differ compares what the API has of a customer, nil if nothing, with what is
// known, and tells the difference.
func (f *following) differ(id string, customer *Customer) error {
	before, known := f.Known[id]
	operation := Updated
	switch {
	case customer == nil && !known, customer != nil && known && before == digest(customer):
		return nil
	case customer == nil:
		operation, customer = Deleted, &Customer{Id: id}
	case !known:
		operation = Created
	}
	f.changed = true
	if !f.wanted(operation) {
		f.Known.apply(operation, customer)
		return nil
	}
	return f.tell(Resync, operation, customer)
}
