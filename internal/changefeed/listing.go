package changefeed

import (
	"context"
	"iter"
	"time"

	"github.com/appsyncctl/appsyncctl/internal/appsync"
	"github.com/appsyncctl/appsyncctl/internal/retry"
)

// replicationLag is how long a listing waits after the subscriptions have begun: the
// table's own replicas may lag that much behind a change that came just before.
const replicationLag = time.Second

// A listing is on its way while changes go on coming.
type listing struct {
	rows   chan row
	listed map[string]struct{}
	newer  map[string]struct{} // announced since it began, so newer than the listing
}

// A row is a customer, or the error that ends the listing.
type row struct {
	customer *appsync.Customer
	err      error
}

// list starts a listing of what all yields.
func list(ctx context.Context, all func(context.Context) iter.Seq2[*appsync.Customer, error]) *listing {
	l := &listing{rows: make(chan row), listed: make(map[string]struct{}), newer: make(map[string]struct{})}
	go func() {
		defer close(l.rows)
		if retry.Wait(ctx, replicationLag) != nil {
			return
		}
		for customer, err := range all(ctx) {
			select {
			case l.rows <- row{customer, err}:
			case <-ctx.Done():
				return
			}
		}
	}()
	return l
}

func (l *listing) source() <-chan row {
	if l == nil {
		return nil
	}
	return l.rows
}

func (l *listing) markNewer(id string) {
	if l != nil {
		l.newer[id] = struct{}{}
	}
}
