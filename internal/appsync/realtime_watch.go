// A watch: changes without a silent gap, over as many connections as it takes.

package appsync

import (
	"context"
	"iter"
	"math/rand/v2"
	"time"

	"github.com/appsyncctl/appsyncctl/internal/retry"
)

const (
	firstAttempts = 4                // before anything was watched
	steady        = time.Second      // a connection that lasts as long was a good one
	connectionEnd = 24 * time.Hour   // AppSync closes a connection then
	ahead         = 10 * time.Minute // before that it is replaced
)

// A Watch tells of the changes to customers until its context ends or the API
// refuses. AppSync delivers at most once, and nothing while there is no connection.
// So a watch says where changes may be missing, or, if it knows what its consumer
// knows, lists the customers after each connect and tells the difference. It
// subscribes before it lists.
type Watch struct {
	// Open makes a connection. replace is when another must have taken its place
	// because its authorization ends; zero if that is not known.
	Open func(ctx context.Context) (feed *Feed, replace time.Time, err error)
	// Temporary reports whether trying again may help after an error of Open, List
	// or a connection.
	Temporary func(error) bool
	// Emit gets each event. Its error ends the watch.
	Emit func(Event) error
	// Operations are those to tell of; Open must have subscribed to them.
	Operations []Operation

	// Known is what the consumer knows. With nil gaps are told; else List and Get
	// find what is missing, and Known follows the events that Emit has taken.
	Known Known
	// List yields all customers that are watched.
	List func(ctx context.Context) iter.Seq2[*Customer, error]
	// Get returns a customer that is watched; nil if there is none.
	Get func(ctx context.Context, id string) (*Customer, error)
	// Checkpoint is called now and then after Known has changed.
	Checkpoint func() error
}

// Run watches. It returns why it ended, never nil.
func (w *Watch) Run(ctx context.Context) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	var heard time.Time // when the last connection was still good; zero before the first
	for attempt := 1; ; attempt++ {
		feed, replace, err := w.Open(ctx)
		if err == nil {
			start := time.Now()
			heard, err = w.follow(ctx, feed, replace, heard)
			if time.Since(start) > steady {
				attempt = 1
			}
		}
		switch {
		case ctx.Err() != nil:
			return context.Cause(ctx)
		case !w.Temporary(err), heard.IsZero() && attempt == firstAttempts:
			return err
		}
		wait := backoff(attempt)
		if err := w.emit(Event{Kind: Reconnecting, Attempt: attempt, Wait: float64(wait.Milliseconds()), Reason: short(err.Error())}); err != nil {
			return err
		}
		if err := retry.Wait(ctx, wait); err != nil {
			return err
		}
	}
}

func (w *Watch) follow(ctx context.Context, feed *Feed, replace, heard time.Time) (time.Time, error) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	f := newFollowing(w, feed)
	defer f.close()
	f.replaceAt(replace)
	if err := f.begin(ctx, heard); err != nil {
		return feed.conn.Heard(), err
	}
	err := f.run(ctx)
	if ctx.Err() != nil {
		err = context.Cause(ctx)
	}
	return f.feed.conn.Heard(), err
}

func (w *Watch) emit(event Event) error {
	event.At = time.Now().UTC()
	return w.Emit(event)
}

// tell emits a change and then takes note of it: what Emit did not take is told
// again the next time.
func (w *Watch) tell(kind string, operation Operation, customer *Customer) error {
	event := Event{Kind: kind, Operation: operation, ID: customer.Id, Customer: customer}
	if kind == Resync && operation == Deleted {
		event.Customer = nil // nobody knows what it was
	}
	if err := w.emit(event); err != nil {
		return err
	}
	if w.Known != nil {
		w.Known.apply(operation, customer)
	}
	return nil
}

// backoff returns a wait before an attempt: half a second, doubled each time up to
// a minute, of which a random half is left out.
func backoff(attempt int) time.Duration {
	whole := min(500*time.Millisecond<<min(attempt-1, 10), time.Minute)
	return whole/2 + rand.N(whole/2) //nolint:gosec // jitter, not a secret
}
