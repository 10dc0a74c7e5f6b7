package appsync

import (
	"context"
	"iter"
	"slices"

	"github.com/Khan/genqlient/graphql"

	"github.com/appsyncctl/appsyncctl/internal/paging"
)

// DefaultPageSize is how many items to ask for at once: AppSync has no limit of its own,
// DynamoDB ends a page at 1 MB.
const DefaultPageSize = 1000

// Paging says which customers to list, and in which steps.
type Paging struct {
	Filter *TableCustomerFilterInput // nil lets all pass
	Size   int                       // items that the API looks at for one page, before it filters; 0 chooses
	Limit  int                       // customers in all; 0 is all
	Token  string                    // nextToken to start at; empty is the beginning
}

// size is how many items to ask for. It stays the same for all pages, since the API
// may bind a nextToken to it, and Limit should end with a page.
func (p Paging) size() int {
	switch {
	case p.Size > 0:
		return p.Size
	case p.Limit == 0 || p.Filter != nil:
		return DefaultPageSize
	default:
		pages := (p.Limit + DefaultPageSize - 1) / DefaultPageSize
		return (p.Limit + pages - 1) / pages
	}
}

// A Page is one answer of listCustomers.
type Page struct {
	Customers []*Customer // without those that the caller may not see, which come as null
	Size      int         // how many items were asked for; a nextToken is good for pages of that size
	Token     string      // the nextToken that brought this page; empty for the first
	Next      string      // the nextToken to go on with; empty at the end
	// Cut is how many customers of this page were left out because Limit was
	// reached. Next then equals Token: the page comes again as a whole.
	Cut int
}

// Pages yields the API's pages one after the other, as paging.Pages does.
func Pages(ctx context.Context, client graphql.Client, options Paging) iter.Seq2[*Page, error] {
	size := options.size()
	walk := paging.Walk{Token: options.Token, Limit: options.Limit, Filtered: options.Filter != nil}
	pages := paging.Pages(ctx, walk, func(ctx context.Context, token string) (*paging.Page[*Customer], error) {
		return fetchPage(ctx, client, options.Filter, size, token)
	})
	return func(yield func(*Page, error) bool) {
		for page, err := range pages {
			if err != nil {
				yield(nil, err)
				return
			}
			if !yield(&Page{Customers: page.Items, Size: size, Token: page.Token, Next: page.Next, Cut: page.Cut}, nil) {
				return
			}
		}
	}
}

// fetchPage asks for one page. It may come with an error.
func fetchPage(ctx context.Context, client graphql.Client, filter *TableCustomerFilterInput, size int, token string) (*paging.Page[*Customer], error) {
	var next *string
	if token != "" {
		next = &token
	}
	resp, err := ListCustomers(ctx, client, filter, &size, next)
	list := resp.GetListCustomers()
	if list == nil {
		if err == nil {
			err = &NullError{Operation: "listCustomers"}
		}
		return nil, err
	}
	page := &paging.Page[*Customer]{Items: slices.DeleteFunc(list.Items, func(c *Customer) bool { return c == nil })}
	if list.NextToken != nil {
		page.Next = *list.NextToken
	}
	return page, err
}
