package appsync

import (
	"context"
	"encoding/json"
	"strconv"
)

const (
	defaultLimit = 20      // of the wizard's resolver
	pageBytes    = 1 << 20 // of a DynamoDB scan
)

type listArguments struct {
	Filter    *customerFilter
	Limit     *int32
	NextToken *string
}

type connection struct {
	items []*customer
	next  *string
}

func (c *connection) Items() *[]*customer { return &c.items }
func (c *connection) NextToken() *string  { return c.next }

// ListCustomers scans one page. The limit and the megabyte bound what is scanned,
// before the filter: a page may be empty and still have a next one. As in DynamoDB
// a page that ends at the limit has a token even when nothing follows.
func (r *resolver) ListCustomers(ctx context.Context, args listArguments) (*connection, error) {
	const operation = "listCustomers"
	if err := r.refuse(ctx, "Query", operation); err != nil {
		return nil, err
	}
	limit := defaultLimit
	if args.Limit != nil {
		limit = int(*args.Limit)
	}
	if limit < 1 {
		return nil, tableFailure("DynamoDB:DynamoDbException",
			"1 validation error detected: Value '"+strconv.Itoa(limit)+
				"' at 'limit' failed to satisfy constraint: Member must have value greater than or equal to 1")
	}
	if args.Filter != nil {
		if err := args.Filter.check(); err != nil {
			return nil, err
		}
	}
	bound := args.bound(limit)
	after := ""
	if args.NextToken != nil && *args.NextToken != "" {
		last, err := r.tokens.read(*args.NextToken, bound)
		if err != nil {
			return nil, &resolveError{Type: "BadRequestException", Message: "Invalid pagination token given."}
		}
		after = last
	}
	if r.fault(FaultEmptyPage, operation) {
		token := r.tokens.make(after, bound)
		return &connection{items: []*customer{}, next: &token}, nil
	}
	if r.fault(FaultHiddenItems, operation) {
		return &connection{items: []*customer{}}, nil
	}
	page, last, err := r.scan(ctx, after, limit, args.Filter)
	if err != nil {
		return nil, tableError(err)
	}
	if r.fault(FaultRepeatedToken, operation) {
		token := r.tokens.make(after, bound)
		if args.NextToken != nil && *args.NextToken != "" {
			token = *args.NextToken
		}
		page.next = &token
	} else if last != "" {
		token := r.tokens.make(last, bound)
		page.next = &token
	}
	return page, nil
}

// scan reads a page and the id at which it stopped; empty when it reached the end.
func (r *resolver) scan(ctx context.Context, after string, limit int, filter *customerFilter) (*connection, string, error) {
	page := &connection{items: []*customer{}}
	scanned, size := 0, 0
	for item, err := range r.table.Scan(ctx, after) {
		if err != nil {
			return nil, "", err
		}
		if err := ctx.Err(); err != nil {
			return nil, "", err
		}
		if filter == nil || filter.match(item) {
			page.items = append(page.items, &customer{item: item})
		}
		scanned++
		size += item.Size()
		if scanned == limit || size >= pageBytes {
			return page, item.ID, nil
		}
	}
	return page, "", nil
}

// bound names everything that a nextToken holds for.
func (a listArguments) bound(limit int) string {
	text, _ := json.Marshal(map[string]any{"filter": a.Filter, "limit": limit}) // strings and numbers
	return string(text)
}
