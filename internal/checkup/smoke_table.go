package checkup

import (
	"context"
	"fmt"
)

// readTable looks for both customers in the table itself.
func (r *smokeRun) readTable(ctx context.Context) Verdict {
	for _, c := range []*smokeCustomer{r.first, r.second} {
		item, there, err := r.Table.Item(ctx, c.id)
		switch {
		case err != nil:
			return judged(err)
		case !there:
			return failure(fmt.Sprintf("the table has no item %s, though the API created %s", c.id, *c.input.Name), "",
				Evidence{Name: "id", Expected: c.id, Found: "no such item", From: "the table"})
		}
		if verdict := c.compare(item, "the table"); verdict.Result != OK {
			return verdict
		}
	}
	return ok("it holds both")
}
