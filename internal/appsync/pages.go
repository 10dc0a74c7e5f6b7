package appsync

import (
	"context"
	"fmt"
	"iter"
	"slices"

	"github.com/Khan/genqlient/graphql"
)

const (
	// pageSize is how many items to ask for at once: AppSync has no limit of its
	// own, DynamoDB ends a page at 1 MB.
	pageSize = 1000

	// maxEmptyPages in a row are taken for a loop without end. Empty pages are
	// normal behind a filter, and after many deletions.
	maxEmptyPages = 1000
)

// A PagingError says that an API's pages do not end. The items before it are
// good; whether they are all is not known.
type PagingError struct{ Reason string }

func (e *PagingError) Error() string { return "the list does not end: " + e.Reason }

// Customers yields up to limit customers, or all if limit is 0, page by page in
// the API's own order. An error ends it; items that came with the error come
// before it.
func Customers(ctx context.Context, client graphql.Client, limit int) iter.Seq2[*Customer, error] {
	return func(yield func(*Customer, error) bool) {
		var next *string
		seen := make(map[string]bool)
		for count, empty := 0, 0; ; {
			size := pageSize
			if limit > 0 {
				size = min(size, limit-count)
			}
			resp, err := ListCustomers(ctx, client, nil, &size, next)
			page := resp.GetListCustomers()
			if page == nil && err == nil {
				err = &NullError{Operation: "listCustomers"}
			}
			for _, customer := range page.items() {
				if customer == nil { // one that the caller may not see
					continue
				}
				if !yield(customer, nil) {
					return
				}
				if count++; count == limit {
					break
				}
			}
			if err != nil {
				yield(nil, err)
				return
			}
			if next = page.next(); next == nil || count == limit && limit > 0 {
				return
			}
			if empty = emptyPages(empty, page); empty == maxEmptyPages {
				yield(nil, &PagingError{fmt.Sprintf("%d pages in a row were empty", empty)})
				return
			}
			if seen[*next] {
				yield(nil, &PagingError{"the API sent a nextToken for the second time"})
				return
			}
			seen[*next] = true
		}
	}
}

func emptyPages(before int, page *CustomerConnection) int {
	if slices.ContainsFunc(page.items(), func(c *Customer) bool { return c != nil }) {
		return 0
	}
	return before + 1
}

func (c *CustomerConnection) items() []*Customer {
	if c == nil {
		return nil
	}
	return c.Items
}

// next returns the token of the next page; an empty one means the end, as a
// missing one does.
func (c *CustomerConnection) next() *string {
	if c == nil || c.NextToken == nil || *c.NextToken == "" {
		return nil
	}
	return c.NextToken
}
