package changefeed

import (
	"context"
	"time"

	"github.com/appsyncctl/appsyncctl/internal/appsync"
)

// A loop is what a feed does with one stream, until that ends. One goroutine runs it;
// the others only feed its channels.
type loop struct {
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

func newLoop(f *Feed, stream *appsync.Stream) *loop {
	return &loop{
		Feed:       f,
		stream:     stream,
		rechecks:   newRechecks(),
		checkpoint: time.NewTicker(checkpointEvery),
	}
}

func (l *loop) close() {
	l.stream.Close()
	l.checkpoint.Stop()
	l.rechecks.timer.Stop()
}

// begin says how the feed goes on: after a gap, or after a listing.
func (l *loop) begin(ctx context.Context, lastActivity time.Time) error {
	if l.Known != nil {
		l.startResync(ctx)
		return nil
	}
	if !lastActivity.IsZero() {
		from, to := lastActivity.UTC(), time.Now().UTC()
		if err := l.emit(Event{Kind: Gap, From: &from, To: &to}); err != nil {
			return err
		}
	}
	l.ready = true
	return l.emit(Event{Kind: Ready})
}

// run follows until the stream ends or something fails.
func (l *loop) run(ctx context.Context) error {
	for {
		var err error
		select {
		case change, open := <-l.stream.Changes:
			if !open {
				return l.stream.Err()
			}
			err = l.change(ctx, change)
		case row, open := <-l.listing.source():
			err = l.resyncRow(ctx, row, open)
		case <-l.rechecks.timer.C:
			l.recheck(ctx)
		case found := <-l.rechecks.found:
			err = l.rechecked(ctx, found)
		case <-l.checkpoint.C:
			err = l.save()
		case <-ctx.Done():
			return context.Cause(ctx)
		}
		if err != nil {
			return err
		}
	}
}

// change tells of one announced change.
func (l *loop) change(ctx context.Context, change appsync.Change) error {
	if change.Err != nil {
		return l.changeError(ctx, change)
	}
	if l.Known != nil {
		l.listing.markNewer(change.Customer.Id)
		_, known := l.Known[change.Customer.Id]
		l.rechecks.schedule(change, known)
		if !l.Known.isNews(change.Operation, change.Customer) {
			return nil // a listing was faster
		}
		l.changed = true
	}
	return l.tell(Live, change.Operation, change.Customer)
}

// changeError deals with a change that was announced without its content.
func (l *loop) changeError(ctx context.Context, change appsync.Change) error {
	if l.Known != nil {
		l.startResync(ctx)
		return nil
	}
	now := time.Now().UTC()
	return l.emit(Event{Kind: Gap, Operation: change.Operation, From: &now, To: &now, Reason: appsync.Short(change.Err.Error())})
}

// startResync starts a listing, or has one follow that which runs.
func (l *loop) startResync(ctx context.Context) {
	if l.listing != nil {
		l.again = true
		return
	}
	l.listing = list(ctx, l.List)
}

// resyncRow takes a row of the listing, or its end.
func (l *loop) resyncRow(ctx context.Context, row row, open bool) error {
	switch {
	case !open && ctx.Err() != nil: // it did not come to its end
		return context.Cause(ctx)
	case !open:
		return l.finishResync(ctx)
	case row.err != nil:
		return row.err
	}
	id := row.customer.Id
	l.listing.listed[id] = struct{}{}
	if _, newer := l.listing.newer[id]; newer {
		return nil
	}
	return l.reconcile(id, row.customer)
}

// finishResync tells of what the listing no longer had.
func (l *loop) finishResync(ctx context.Context) error {
	finished := l.listing
	l.listing = nil
	for id := range l.Known {
		_, listed := finished.listed[id]
		_, newer := finished.newer[id]
		if listed || newer {
			continue
		}
		if err := l.reconcile(id, nil); err != nil {
			return err
		}
	}
	if l.again {
		l.again = false
		l.startResync(ctx)
		return nil
	}
	if err := l.save(); err != nil {
		return err
	}
	if l.ready {
		return nil
	}
	l.ready = true
	return l.emit(Event{Kind: Ready})
}

// recheck gets a customer whose time has come.
func (l *loop) recheck(ctx context.Context) {
	if l.rechecks.tooMany() {
		l.startResync(ctx)
		return
	}
	l.rechecks.start(ctx, l.Get)
}

// rechecked compares what the API has of it.
func (l *loop) rechecked(ctx context.Context, found found) error {
	defer l.rechecks.setTimer()
	outdated := l.rechecks.done(found)
	switch {
	case found.err != nil: // or an API without getCustomer
		l.startResync(ctx)
		return nil
	case outdated:
		return nil
	default:
		return l.reconcile(found.id, found.customer)
	}
}

// reconcile compares what the API has of a customer, nil if nothing, with what is
// known, and tells the difference.
func (l *loop) reconcile(id string, customer *appsync.Customer) error {
	before, known := l.Known[id]
	operation := appsync.Updated
	switch {
	case customer == nil && !known, customer != nil && known && before == customer.Digest():
		return nil
	case customer == nil:
		operation, customer = appsync.Deleted, &appsync.Customer{Id: id}
	case !known:
		operation = appsync.Created
	}
	l.changed = true
	if !l.wants(operation) {
		l.Known.apply(operation, customer)
		return nil
	}
	return l.tell(Resync, operation, customer)
}

func (l *loop) save() error {
	start := time.Now()
	if !l.changed || start.Before(l.saveAfter) {
		return nil
	}
	l.changed = false
	err := l.Checkpoint()
	l.saveAfter = start.Add(20 * time.Since(start))
	return err
}
