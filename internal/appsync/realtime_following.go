// What a watch does with a connection, until it is lost.

package appsync

import (
	"context"
	"slices"
	"time"
)

const checkpointEvery = time.Second

// following is what a watch does while it is connected. One goroutine runs it; the
// others only feed its channels.
type following struct {
	*Watch
	feed    *Feed
	older   *Feed // being replaced by feed; nil outside an overlap
	twins   twins // nil when there can be none
	replace *time.Timer
	retire  *time.Timer
	next    chan opening
	opening bool
	tries   int // of opening the next connection, in a row
	early   int // replacements without more time, in a row

	listing *listing // nil when none runs
	again   bool     // another listing must follow
	ready   bool     // told
	checks  checks

	changed    bool // Known, since the last checkpoint
	checkpoint *time.Ticker
	saveAfter  time.Time // a checkpoint may take long, and at most a twentieth of the time
}

func newFollowing(w *Watch, feed *Feed) *following {
	return &following{
		Watch:      w,
		feed:       feed,
		replace:    stopped(),
		retire:     stopped(),
		next:       make(chan opening),
		checks:     newChecks(),
		checkpoint: time.NewTicker(checkpointEvery),
	}
}

// stopped returns a timer that waits to be set.
func stopped() *time.Timer {
	timer := time.NewTimer(time.Hour)
	timer.Stop()
	return timer
}

func (f *following) close() {
	f.feed.Close()
	if f.older != nil {
		f.older.Close()
	}
	f.checkpoint.Stop()
	f.replace.Stop()
	f.retire.Stop()
	f.checks.timer.Stop()
}

// begin says how the stream goes on: after a gap, or after a listing.
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

// run follows until the connection is lost or something fails.
func (f *following) run(ctx context.Context) error {
	for {
		var err error
		select {
		case change, open := <-f.feed.Changes:
			if !open {
				return f.feed.Err()
			}
			err = f.change(ctx, change, f.feed)
		case change, open := <-f.olderChanges():
			if !open {
				f.older = nil // it ended by itself
				break
			}
			err = f.change(ctx, change, f.older)
		case <-f.replace.C:
			f.opening = true
			if f.twins == nil { // else an overlap is not over yet
				f.twins = make(twins)
			}
			go f.open(ctx)
		case next := <-f.next:
			err = f.take(next)
		case <-f.retire.C:
			f.settled()
		case row, open := <-f.listing.source():
			err = f.listed(ctx, row, open)
		case <-f.checks.timer.C:
			f.check(ctx)
		case found := <-f.checks.found:
			err = f.checked(ctx, found)
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
func (f *following) change(ctx context.Context, change Change, on *Feed) error {
	if change.Err != nil {
		return f.untold(ctx, change)
	}
	id := change.Customer.Id
	if f.twins != nil && f.twins.double(change, on, time.Now()) {
		return nil
	}
	f.listing.touch(id)
	f.suspect(change)
	if f.Known != nil && !f.Known.tells(change.Operation, change.Customer) {
		return nil // a listing was faster
	}
	f.changed = f.Known != nil
	return f.tell(Live, change.Operation, change.Customer)
}

// untold deals with a change that was announced without its content.
func (f *following) untold(ctx context.Context, change Change) error {
	if f.Known != nil {
		f.relist(ctx)
		return nil
	}
	now := time.Now().UTC()
	return f.emit(Event{Kind: Gap, Operation: change.Operation, From: &now, To: &now, Reason: short(change.Err.Error())})
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

// wanted reports whether changes of this kind are told.
func (f *following) wanted(operation Operation) bool { return slices.Contains(f.Operations, operation) }
