// The changes over a connection and those that replace it, in good time and with an
// overlap, as one stream.

package appsync

import (
	"context"
	"maps"
	"slices"
	"sync"
	"time"

	"github.com/appsyncctl/appsyncctl/internal/retry"
)

const (
	connectionEnd   = 24 * time.Hour   // AppSync closes a connection then
	replaceBefore   = 10 * time.Minute // so long before that it is replaced
	overlap         = 5 * time.Second  // for so long a connection and its replacement both live
	duplicateWindow = 10 * time.Second // how far apart two connections may announce the same change
)

// ReconnectBackoff is how long to wait before the next attempt to connect, whether a
// connection was lost or is to be replaced: up to half a second, doubled up to a minute.
func ReconnectBackoff() retry.Backoff {
	return retry.Backoff{First: 250 * time.Millisecond, Factor: 2, Cap: 30 * time.Second, Jitter: 1}
}

// A Stream is the stream of changes to customers, until a connection is lost. A
// connection that must end, because the API limits its life or because its token expires,
// is replaced before; the two overlap, and no change is told twice.
type Stream struct {
	// Changes come in the order in which the API sent them. The channel is closed
	// when the stream has ended.
	Changes <-chan Change

	connector  *Connector
	operations []Operation
	match      Match
	changes    chan<- Change
	cancel     context.CancelFunc
	ended      chan struct{}
	err        error // once ended is closed

	mu      sync.Mutex // of current, for LastActivity
	current *subscribed

	older   *subscribed  // being replaced by current; nil outside an overlap
	recent  deduplicator // nil when there can be no duplicates
	replace *time.Timer
	retire  *time.Timer
	next    chan opening
	opening bool
	tries   int // of opening the next connection, in a row
	early   int // replacements without more time, in a row
}

// opening is the outcome of opening the next connection.
type opening struct {
	*subscribed
	err error
}

// Follow opens a connection and subscribes to operations. When it returns without an
// error the API has acknowledged all of them.
func (c *Connector) Follow(ctx context.Context, operations []Operation, match Match) (*Stream, error) {
	ctx, cancel := context.WithCancel(ctx)
	changes := make(chan Change)
	s := &Stream{
		Changes:    changes,
		connector:  c,
		operations: operations,
		match:      match,
		changes:    changes,
		cancel:     cancel,
		ended:      make(chan struct{}),
		replace:    stopped(),
		retire:     stopped(),
		next:       make(chan opening),
	}
	first, err := s.subscribe(ctx)
	if err != nil {
		cancel()
		return nil, err
	}
	s.current = first
	s.replaceAt(first.replace)
	go func() {
		defer close(s.ended)
		defer close(changes)
		s.err = s.run(ctx)
		s.end()
	}()
	return s, nil
}

// subscribe opens a connection and subscribes.
func (s *Stream) subscribe(ctx context.Context) (*subscribed, error) {
	var opened *subscribed
	replace, err := s.connector.open(ctx, func(conn *Realtime) (err error) {
		opened, err = subscribe(ctx, conn, s.operations, s.match)
		return err
	})
	if err != nil {
		return nil, err
	}
	opened.replace = replace
	return opened, nil
}

// stopped returns a timer that waits to be set.
func stopped() *time.Timer {
	timer := time.NewTimer(time.Hour)
	timer.Stop()
	return timer
}

// Err returns what ended the stream, once Changes is closed.
func (s *Stream) Err() error {
	<-s.ended
	return s.err
}

// LastActivity returns when the last frame came: until then nothing was missed.
func (s *Stream) LastActivity() time.Time {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.current.conn.LastActivity()
}

// Close ends the stream. Changes that nobody has read are lost.
func (s *Stream) Close() {
	s.cancel()
	<-s.ended
}

// run hands changes on until the connection is lost or cannot be replaced.
func (s *Stream) run(ctx context.Context) error {
	for {
		var err error
		select {
		case change, open := <-s.current.changes:
			if !open {
				return <-s.current.lost
			}
			err = s.announce(ctx, change, s.current)
		case change, open := <-s.olderChanges():
			if !open {
				s.older = nil // it ended by itself
				break
			}
			err = s.announce(ctx, change, s.older)
		case <-s.replace.C:
			s.opening = true
			if s.recent == nil { // else an overlap is not over yet
				s.recent = make(deduplicator)
			}
			go s.open(ctx)
		case next := <-s.next:
			err = s.take(next)
		case <-s.retire.C:
			s.endOverlap()
		case <-ctx.Done():
			return context.Cause(ctx)
		}
		if err != nil {
			return err
		}
	}
}

// announce hands a change on, unless another connection has announced it already.
func (s *Stream) announce(ctx context.Context, change Change, on *subscribed) error {
	if change.Err == nil && s.recent != nil && s.recent.isDuplicate(change, on, time.Now()) {
		return nil
	}
	select {
	case s.changes <- change:
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

// end closes what is left open.
func (s *Stream) end() {
	s.cancel()
	s.current.close()
	if s.older != nil {
		s.older.close()
	}
	s.replace.Stop()
	s.retire.Stop()
}

// replaceAt sets when this connection is replaced. A time that has passed is that
// of a token which was not renewed yet, as when clocks differ: try again soon.
func (s *Stream) replaceAt(when time.Time) {
	left := connectionEnd - replaceBefore
	switch until := time.Until(when); {
	case when.IsZero():
	case until > 0:
		s.early = 0
		left = min(left, until)
	default:
		s.early++
		left = ReconnectBackoff().Wait(s.early)
	}
	s.replace.Reset(left)
}

// open makes the next connection while this one lives on.
func (s *Stream) open(ctx context.Context) {
	asked := time.Now()
	next, err := s.subscribe(ctx)
	if next != nil {
		next.asked = asked
	}
	select {
	case s.next <- opening{next, err}:
	case <-ctx.Done():
		if next != nil {
			next.close()
		}
	}
}

// take changes over to the next connection; the older one lives a little longer.
func (s *Stream) take(next opening) error {
	s.opening = false
	switch {
	case next.err != nil && !retry.Transient(next.err):
		return next.err
	case next.err != nil:
		s.tries++
		s.replace.Reset(ReconnectBackoff().Wait(s.tries))
		return nil //nolint:nilerr // the connection lives on
	}
	s.retireOlder()
	s.tries = 0
	s.mu.Lock()
	s.older, s.current = s.current, next.subscribed
	s.mu.Unlock()
	s.retire.Reset(overlap)
	s.replaceAt(next.replace)
	return nil
}

// endOverlap ends an overlap: first the older connection, later the search for duplicates
// that it has left behind.
func (s *Stream) endOverlap() {
	switch {
	case s.older != nil:
		s.retireOlder()
		s.retire.Reset(duplicateWindow)
	case !s.opening:
		s.recent = nil
	}
}

// retireOlder ends the connection that was replaced.
func (s *Stream) retireOlder() {
	if s.older != nil {
		go s.older.close()
		s.older = nil
	}
}

func (s *Stream) olderChanges() <-chan Change {
	if s.older == nil {
		return nil
	}
	return s.older.changes
}

// A deduplicator finds the changes that overlapping connections all announce: two, or three
// while the next one is being made. Each announces a change at most once, so a change
// that another one has announced, and this one has not, is a duplicate.
type deduplicator map[eventKey][]*seen

type eventKey struct {
	operation Operation
	digest    string
}

type seen struct {
	on []*subscribed // those that have announced it
	at time.Time
}

// isDuplicate reports whether another connection has announced the change already.
func (d deduplicator) isDuplicate(change Change, on *subscribed, now time.Time) bool {
	if len(d)%1000 == 999 {
		maps.DeleteFunc(d, func(_ eventKey, all []*seen) bool { return now.Sub(all[len(all)-1].at) > duplicateWindow })
	}
	key := eventKey{change.Operation, change.Customer.Digest()}
	recent := slices.DeleteFunc(d[key], func(s *seen) bool { return now.Sub(s.at) > duplicateWindow })
	for _, s := range recent {
		// What was announced before this connection was even asked for is no duplicate,
		// but the same change made once more.
		if !slices.Contains(s.on, on) && !s.at.Before(on.asked) {
			s.on = append(s.on, on)
			d[key] = recent
			return true
		}
	}
	d[key] = append(recent, &seen{[]*subscribed{on}, now})
	return false
}
