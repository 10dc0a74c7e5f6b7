// What happens to customers, as one stream: the three subscriptions of a
// connection, merged.

package appsync

import (
	"context"
	"slices"
	"time"

	"github.com/Khan/genqlient/graphql"
	"github.com/vektah/gqlparser/v2/gqlerror"
)

// An Operation is a kind of change.
type Operation string

// The operations that AppSync announces.
const (
	Created Operation = "created"
	Updated Operation = "updated"
	Deleted Operation = "deleted"
)

// A Match restricts changes to customers with these values; nil lets every value
// pass. AppSync compares what the mutation selected of the record.
type Match struct {
	ID      *string `json:"id,omitempty"`
	Name    *string `json:"name,omitempty"`
	City    *string `json:"city,omitempty"`
	State   *string `json:"state,omitempty"`
	Country *string `json:"country,omitempty"`
}

// A Change is one announced change, or Err if it was announced but cannot be told.
type Change struct {
	Operation Operation
	Customer  *Customer // after the change; as it was, if it was deleted
	Err       error
}

// A Feed is the stream of changes over one connection.
type Feed struct {
	// Changes come in the order in which the API sent them. The channel is closed
	// when the connection has ended.
	Changes <-chan Change

	conn   *Realtime
	errs   <-chan error
	cancel context.CancelFunc
	asked  time.Time // when a replacement was asked for; zero for a first connection
}

// Follow starts conn and subscribes to operations. When it returns without an
// error the API has acknowledged all of them. Close ends the connection.
func Follow(ctx context.Context, conn *Realtime, operations []Operation, match Match) (*Feed, error) {
	errs, err := conn.Start(ctx)
	if err != nil {
		return nil, err
	}
	ctx, cancel := context.WithCancel(ctx)
	sources, err := subscribe(ctx, conn, operations, match)
	if err != nil {
		cancel()
		_ = conn.Close() // the error that brought us here says more
		return nil, err
	}
	changes := make(chan Change)
	go sources.merge(ctx, changes)
	return &Feed{Changes: changes, conn: conn, errs: errs, cancel: cancel}, nil
}

// Err returns what ended the connection, once Changes is closed.
func (f *Feed) Err() error { return <-f.errs }

// Close ends the connection. Changes that nobody has read are lost.
func (f *Feed) Close() {
	f.cancel()
	_ = f.conn.Close() // it never fails
}

// sources are the channels of the subscriptions; nil for those not asked for.
type sources struct {
	created chan OnCreateCustomerWsResponse
	updated chan OnUpdateCustomerWsResponse
	deleted chan OnDeleteCustomerWsResponse
}

func subscribe(ctx context.Context, conn graphql.WebSocketClient, operations []Operation, m Match) (s sources, err error) {
	conn = givenArguments{conn, m}
	if slices.Contains(operations, Created) {
		if s.created, _, err = OnCreateCustomer(ctx, conn, m.ID, m.Name, m.City, m.State, m.Country); err != nil {
			return s, err
		}
	}
	if slices.Contains(operations, Updated) {
		if s.updated, _, err = OnUpdateCustomer(ctx, conn, m.ID, m.Name, m.City, m.State, m.Country); err != nil {
			return s, err
		}
	}
	if slices.Contains(operations, Deleted) {
		s.deleted, _, err = OnDeleteCustomer(ctx, conn, m.ID, m.Name, m.City, m.State, m.Country)
	}
	return s, err
}

// merge hands changes on until every subscription has ended. The connection hands
// out one at a time, so this keeps their order.
func (s sources) merge(ctx context.Context, changes chan<- Change) {
	defer close(changes)
	for s.created != nil || s.updated != nil || s.deleted != nil {
		var change Change
		select {
		case event, open := <-s.created:
			if !open {
				s.created = nil
				continue
			}
			change = newChange(Created, event.Data.GetOnCreateCustomer, event.Errors)
		case event, open := <-s.updated:
			if !open {
				s.updated = nil
				continue
			}
			change = newChange(Updated, event.Data.GetOnUpdateCustomer, event.Errors)
		case event, open := <-s.deleted:
			if !open {
				s.deleted = nil
				continue
			}
			change = newChange(Deleted, event.Data.GetOnDeleteCustomer, event.Errors)
		}
		select {
		case changes <- change:
		case <-ctx.Done(): // and the connection closes
		}
	}
}

func newChange(operation Operation, customer func() *Customer, failures gqlerror.List) Change {
	change := Change{Operation: operation}
	if len(failures) > 0 {
		failure := &ResponseError{Status: 200}
		for _, single := range failures {
			kind, _ := single.Extensions["errorType"].(string)
			failure.Errors = append(failure.Errors, &Error{Message: single.Message, Type: kind})
		}
		change.Err = failure
		return change
	}
	if change.Customer = customer(); change.Customer == nil {
		change.Err = &NullError{Operation: string(operation)}
	}
	return change
}
