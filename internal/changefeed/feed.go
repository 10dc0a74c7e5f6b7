// Package changefeed makes an at-least-once feed of AppSync's subscriptions, which deliver
// at most once and nothing while there is no connection. A Feed connects again after a
// loss. It says where changes may be missing; or, if it knows what its consumer knows, it
// lists the customers after each connect and tells the difference, and looks again where an
// announcement is in doubt. It subscribes before it lists, and tells nothing twice.
//
// The connections themselves, and how one replaces another before it must end, are
// package appsync's: a proxy needs these too, and no resync.
package changefeed

import (
	"context"
	"iter"
	"slices"
	"time"

	"github.com/appsyncctl/appsyncctl/internal/appsync"
	"github.com/appsyncctl/appsyncctl/internal/retry"
)

const (
	firstAttempts   = 4           // before anything was announced
	steady          = time.Second // a connection that lasts as long was a good one
	checkpointEvery = time.Second
)

// A Feed tells of the changes to customers until its context ends or the API refuses.
type Feed struct {
	// Open opens a stream of changes.
	Open func(ctx context.Context) (*appsync.Stream, error)
	// Emit gets each event. Its error ends the feed.
	Emit func(Event) error
	// Operations are those to tell of; Open must have subscribed to them.
	Operations []appsync.Operation

	// Known is what the consumer knows. With nil gaps are told; else List and Get
	// find what is missing, and Known follows the events that Emit has taken.
	Known Known
	// List yields all customers that are watched.
	List func(ctx context.Context) iter.Seq2[*appsync.Customer, error]
	// Get returns a customer that is watched; nil if there is none.
	Get func(ctx context.Context, id string) (*appsync.Customer, error)
	// Checkpoint is called now and then after Known has changed.
	Checkpoint func() error
}

// Run follows the changes. It returns why it ended, never nil.
func (f *Feed) Run(ctx context.Context) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	var lastActivity time.Time // when the last connection was still good; zero before the first
	for attempt := 1; ; attempt++ {
		stream, err := f.Open(ctx)
		if err == nil {
			start := time.Now()
			lastActivity, err = f.follow(ctx, stream, lastActivity)
			if time.Since(start) > steady {
				attempt = 1
			}
		}
		switch {
		case ctx.Err() != nil:
			return context.Cause(ctx)
		case !retry.Transient(err), lastActivity.IsZero() && attempt == firstAttempts:
			return err
		}
		wait := appsync.ReconnectBackoff().Wait(attempt)
		if err := f.emit(Event{Kind: Reconnecting, Attempt: attempt, Wait: float64(wait.Milliseconds()), Reason: appsync.Short(err.Error())}); err != nil {
			return err
		}
		if err := retry.Wait(ctx, wait); err != nil {
			return err
		}
	}
}

// follow tells of a stream until it ends, and returns when it was still good.
func (f *Feed) follow(ctx context.Context, stream *appsync.Stream, lastActivity time.Time) (time.Time, error) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	loop := newLoop(f, stream)
	defer loop.close()
	if err := loop.begin(ctx, lastActivity); err != nil {
		return stream.LastActivity(), err
	}
	err := loop.run(ctx)
	if ctx.Err() != nil {
		err = context.Cause(ctx)
	}
	return stream.LastActivity(), err
}

func (f *Feed) emit(event Event) error {
	event.At = time.Now().UTC()
	return f.Emit(event)
}

// tell emits a change and then takes note of it: what Emit did not take is told
// again the next time.
func (f *Feed) tell(kind string, operation appsync.Operation, customer *appsync.Customer) error {
	event := Event{Kind: kind, Operation: operation, ID: customer.Id, Customer: customer}
	if kind == Resync && operation == appsync.Deleted {
		event.Customer = nil // nobody knows what it was
	}
	if err := f.emit(event); err != nil {
		return err
	}
	if f.Known != nil {
		f.Known.apply(operation, customer)
	}
	return nil
}

// wants reports whether changes of this kind are told.
func (f *Feed) wants(operation appsync.Operation) bool {
	return slices.Contains(f.Operations, operation)
}
