package smoke

import (
	"context"
	"fmt"

	"github.com/appsyncctl/appsyncctl/internal/doctor"
)

// A Table reads an item by its id, without the API.
type Table interface {
	Item(ctx context.Context, id string) (map[string]string, bool, error)
}

// readTable looks for both customers in the table itself.
func (r *run) readTable(ctx context.Context) doctor.Verdict {
	for _, c := range []*customer{r.first, r.second} {
		item, there, err := r.item(ctx, c.id)
		switch {
		case err != nil:
			return blame(err)
		case !there:
			return doctor.Failure.With(fmt.Sprintf("the table has no item %s, though the API created %s", c.id, *c.input.Name),
				doctor.Evidence{Name: "id", Expected: c.id, Found: "no such item", From: "the table"})
		}
		if verdict := c.compare(item, "the table"); verdict.Result != doctor.OK {
			return verdict
		}
	}
	return doctor.OK.With("it holds both")
}

// item reads an item, and gives that up at the end of ctx: credentials may come from a
// program that takes its time.
func (r *run) item(ctx context.Context, id string) (item map[string]string, there bool, err error) {
	type result struct {
		item  map[string]string
		there bool
		err   error
	}
	read := make(chan result, 1)
	go func() {
		item, there, err := r.Table.Item(ctx, id)
		read <- result{item, there, err}
	}()
	select {
	case found := <-read:
		return found.item, found.there, found.err
	case <-ctx.Done():
		return nil, false, context.Cause(ctx)
	}
}
