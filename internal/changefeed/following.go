package changefeed

import (
	"context"
	"time"

	"github.com/appsyncctl/appsyncctl/internal/appsync"
)

// following is what a feed does with one stream, until that ends. One goroutine runs it;
// the others only feed its channels.
type following struct {
	*Feed
	stream *appsync.Stream

	listing  *listing // nil when none runs
	again    bool     // another listing must follow
	ready    bool     // told
	rechecks rechecks

	changed    bool // Known, since the last checkpoint
	checkpoint *time.Ticker
	saveAfter  time.Time // a checkpoint may take long, and at most a twentieth of the time
}

func newFollowing(f *Feed, stream *appsync.Stream) *following {
	return &following{
		Feed:       f,
		stream:     stream,
		rechecks:   newRechecks(),
		checkpoint: time.NewTicker(checkpointEvery),
	}
}

func (f *following) close() {
	f.stream.Close()
	f.checkpoint.Stop()
	f.rechecks.timer.Stop()
}

// begin says how the feed goes on: after a gap, or after a listing.
func (f *following) begin(ctx context.Context, heard time.Time) error {
	if f.Known != nil {
		f.relist(ctx)
		return nil
	}
	if !heard.IsZero() {
		from, to := heard.UTC(), time.Now().UTC()
		if err := f.emit(Event{Kind: Gap, From: &from, To: &to}); err != nil {
			return err
		}
	}
	f.ready = true
	return f.emit(Event{Kind: Ready})
}

// run follows until the stream ends or something fails.
func (f *following) run(ctx context.Context) error {
	for {
		var err error
		select {
		case change, open := <-f.stream.Changes:
			if !open {
				return f.stream.Err()
			}
			err = f.change(ctx, change)
		case row, open := <-f.listing.source():
			err = f.listed(ctx, row, open)
		case <-f.rechecks.timer.C:
			f.recheck(ctx)
		case found := <-f.rechecks.found:
			err = f.rechecked(ctx, found)
		case <-f.checkpoint.C:
			err = f.save()
		case <-ctx.Done():
			return context.Cause(ctx)
		}
		if err != nil {
			return err
		}
	}
}

// change tells of one announced change.
func (f *following) change(ctx context.Context, change appsync.Change) error {
	if change.Err != nil {
		return f.untold(ctx, change)
	}
	if f.Known != nil {
		f.listing.touch(change.Customer.Id)
		_, known := f.Known[change.Customer.Id]
		f.rechecks.note(change, known)
		if !f.Known.isNews(change.Operation, change.Customer) {
			return nil // a listing was faster
		}
		f.changed = true
	}
	return f.tell(Live, change.Operation, change.Customer)
}

// untold deals with a change that was announced without its content.
func (f *following) untold(ctx context.Context, change appsync.Change) error {
	if f.Known != nil {
		f.relist(ctx)
		return nil
	}
	now := time.Now().UTC()
	return f.emit(Event{Kind: Gap, Operation: change.Operation, From: &now, To: &now, Reason: appsync.Short(change.Err.Error())})
}

// relist starts a listing, or has one follow that which runs.
func (f *following) relist(ctx context.Context) {
	if f.listing != nil {
		f.again = true
		return
	}
	f.listing = list(ctx, f.List)
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

// recheck gets a customer whose time has come.
func (f *following) recheck(ctx context.Context) {
	if f.rechecks.tooMany() {
		f.relist(ctx)
		return
	}
	f.rechecks.start(ctx, f.Get)
}

// rechecked compares what the API has of it.
func (f *following) rechecked(ctx context.Context, found found) error {
	defer f.rechecks.schedule()
	outdated := f.rechecks.done(found)
	switch {
	case found.err != nil: // or an API without getCustomer
		f.relist(ctx)
		return nil
	case outdated:
		return nil
	default:
		return f.differ(found.id, found.customer)
	}
}

// differ compares what the API has of a customer, nil if nothing, with what is
// known, and tells the difference.
func (f *following) differ(id string, customer *appsync.Customer) error {
	before, known := f.Known[id]
	operation := appsync.Updated
	switch {
	case customer == nil && !known, customer != nil && known && before == customer.Digest():
		return nil
	case customer == nil:
		operation, customer = appsync.Deleted, &appsync.Customer{Id: id}
	case !known:
		operation = appsync.Created
	}
	f.changed = true
	if !f.wants(operation) {
		f.Known.apply(operation, customer)
		return nil
	}
	return f.tell(Resync, operation, customer)
}

func (f *following) save() error {
	start := time.Now()
	if !f.changed || start.Before(f.saveAfter) {
		return nil
	}
	f.changed = false
	err := f.Checkpoint()
	f.saveAfter = start.Add(20 * time.Since(start))
	return err
}
