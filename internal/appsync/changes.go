// What happens to customers over one connection: its three subscriptions, merged.

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

// A Change is one announced change, or Err if it was announced but cannot be told.
type Change struct {
	Operation Operation
	Customer  *Customer // after the change; as it was, if it was deleted
	Err       error
}

// subscribed is a connection with the changes that it announces.
type subscribed struct {
	conn    *Realtime
	changes <-chan Change // closed when the connection has ended
	lost    <-chan error  // what ended it
	cancel  context.CancelFunc
	asked   time.Time // when a replacement was asked for; zero for a first connection
	replace time.Time // when another must have taken its place; zero if that is not known
}

// subscribe starts conn and subscribes to operations. When it returns without an error
// the API has acknowledged all of them.
func subscribe(ctx context.Context, conn *Realtime, operations []Operation, match Match) (*subscribed, error) {
	lost, err := conn.Start(ctx)
	if err != nil {
		return nil, err
	}
	ctx, cancel := context.WithCancel(ctx)
	sources, err := newSources(ctx, conn, operations, match)
	if err != nil {
		cancel()
		_ = conn.Close() // the error that brought us here says more
		return nil, err
	}
	changes := make(chan Change)
	go sources.merge(ctx, changes)
	return &subscribed{conn: conn, changes: changes, lost: lost, cancel: cancel}, nil
}

func (s *subscribed) close() {
	s.cancel()
	_ = s.conn.Close() // it never fails
}

// sources are the channels of the subscriptions; nil for those not asked for.
type sources struct {
	created chan OnCreateCustomerWsResponse
	updated chan OnUpdateCustomerWsResponse
	deleted chan OnDeleteCustomerWsResponse
}

func newSources(ctx context.Context, conn graphql.WebSocketClient, operations []Operation, m Match) (s sources, err error) {
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
