// The replacement of a connection by the next one, in good time.

package appsync

import (
	"context"
	"time"
)

// overlap is for how long a connection and its replacement both live.
const overlap = 5 * time.Second

// opening is the outcome of opening the next connection.
type opening struct {
	feed    *Feed
	replace time.Time
	err     error
}

// replaceAt sets when this connection is replaced. A time that has passed is that
// of a token which was not renewed yet, as when clocks differ: try again soon.
func (f *following) replaceAt(when time.Time) {
	left := connectionEnd - ahead
	switch until := time.Until(when); {
	case when.IsZero():
	case until > 0:
		f.early = 0
		left = min(left, until)
	default:
		f.early++
		left = backoff(f.early)
	}
	f.replace.Reset(left)
}

// open makes the next connection while this one lives on.
func (f *following) open(ctx context.Context) {
	var next opening
	asked := time.Now()
	next.feed, next.replace, next.err = f.Open(ctx)
	if next.feed != nil {
		next.feed.asked = asked
	}
	select {
	case f.next <- next:
	case <-ctx.Done():
		if next.feed != nil {
			next.feed.Close()
		}
	}
}

// take changes over to the next connection; the older one lives a little longer.
func (f *following) take(next opening) error {
	f.opening = false
	switch {
	case next.err != nil && !f.Temporary(next.err):
		return next.err
	case next.err != nil:
		f.tries++
		f.replace.Reset(backoff(f.tries))
		return nil //nolint:nilerr // the connection lives on
	}
	f.retireOlder()
	f.tries = 0
	f.older, f.feed = f.feed, next.feed
	f.retire.Reset(overlap)
	f.replaceAt(next.replace)
	return nil
}

// settled ends an overlap: first the older connection, later the watch for
// doubles that it has left behind.
func (f *following) settled() {
	switch {
	case f.older != nil:
		f.retireOlder()
		f.retire.Reset(twinTime)
	case !f.opening:
		f.twins = nil
	}
}

// retireOlder ends the connection that was replaced.
func (f *following) retireOlder() {
	if f.older != nil {
		go f.older.Close()
		f.older = nil
	}
}

func (f *following) olderChanges() <-chan Change {
	if f.older == nil {
		return nil
	}
	return f.older.Changes
}
