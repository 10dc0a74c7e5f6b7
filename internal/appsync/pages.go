package appsync

import (
	"context"
	"crypto/sha256"
	"fmt"
	"iter"
	"slices"
	"sync"

	"github.com/Khan/genqlient/graphql"
)

const (
	// DefaultPageSize is how many items to ask for at once: AppSync has no limit
	// of its own, DynamoDB ends a page at 1 MB.
	DefaultPageSize = 1000

	// maxEmptyPages in a row are taken for a loop without end. Empty pages are
	// normal after many deletions, and the more so behind a filter.
	maxEmptyPages         = 1000
	maxEmptyFilteredPages = 20 * maxEmptyPages
)

// A PagingError says that an API's pages do not end. The items before it are
// good; whether they are all is not known.
type PagingError struct{ Reason string }

func (e *PagingError) Error() string { return "the list does not end: " + e.Reason }

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

// Pages yields the API's pages one after the other, empty ones too. While the
// caller is busy with a page the next one is fetched. An error ends it; a page
// that came with the error comes before it.
func Pages(ctx context.Context, client graphql.Client, paging Paging) iter.Seq2[*Page, error] {
	return func(yield func(*Page, error) bool) {
		ctx, cancel := context.WithCancel(ctx)
		l := &lister{Paging: paging, client: client, seen: make(map[[sha256.Size]byte]bool)}
		defer l.fetching.Wait()
		defer cancel() // ends a request whose page nobody wants any more
		l.Size = paging.size()
		for answer := l.fetch(ctx, l.Token); ; {
			page, err := l.page(<-answer)
			more := false
			if err == nil {
				if more, err = l.more(page); more {
					answer = l.fetch(ctx, page.Next)
				}
			}
			if page != nil && !yield(page, nil) {
				return
			}
			if err != nil {
				yield(nil, err)
			}
			if !more {
				return
			}
		}
	}
}

// Customers yields up to limit customers, or all if limit is 0, in the API's own
// order. An error ends it; items that came with the error come before it.
func Customers(ctx context.Context, client graphql.Client, limit int) iter.Seq2[*Customer, error] {
	return func(yield func(*Customer, error) bool) {
		for page, err := range Pages(ctx, client, Paging{Limit: limit}) {
			if err != nil {
				yield(nil, err)
				return
			}
			for _, customer := range page.Customers {
				if !yield(customer, nil) {
					return
				}
			}
		}
	}
}

// lister is one run through the pages.
type lister struct {
	Paging
	client graphql.Client
	count  int // customers until now
	empty  int // pages in a row
	seen   map[[sha256.Size]byte]bool

	fetching sync.WaitGroup
}

type pageAnswer struct {
	token string
	page  *CustomerConnection
	err   error
}

// fetch asks for a page; its answer comes through the channel.
func (l *lister) fetch(ctx context.Context, token string) <-chan pageAnswer {
	var next *string
	if token != "" {
		next = &token
	}
	answered := make(chan pageAnswer, 1)
	l.fetching.Go(func() {
		resp, err := ListCustomers(ctx, l.client, l.Filter, &l.Size, next)
		page := resp.GetListCustomers()
		if page == nil && err == nil {
			err = &NullError{Operation: "listCustomers"}
		}
		answered <- pageAnswer{token, page, err}
	})
	return answered
}

// page makes a page of an answer; nil when none came.
func (l *lister) page(answer pageAnswer) (*Page, error) {
	if answer.page == nil {
		return nil, answer.err
	}
	page := &Page{
		Size:      l.Size,
		Customers: slices.DeleteFunc(answer.page.Items, func(c *Customer) bool { return c == nil }),
		Token:     answer.token,
	}
	if answer.page.NextToken != nil {
		page.Next = *answer.page.NextToken
	}
	l.empty++
	if len(page.Customers) > 0 {
		l.empty = 0
	}
	l.count += len(page.Customers)
	if over := l.count - l.Limit; l.Limit > 0 && over > 0 {
		page.Customers = page.Customers[:len(page.Customers)-over]
		page.Cut, page.Next = over, page.Token
		l.count = l.Limit
	}
	return page, answer.err
}

// more reports whether to ask for the page after this one.
func (l *lister) more(page *Page) (bool, error) {
	if page.Next == "" || l.Limit > 0 && l.count == l.Limit {
		return false, nil
	}
	most := maxEmptyPages
	if l.Filter != nil {
		most = maxEmptyFilteredPages
	}
	if l.empty == most {
		return false, &PagingError{fmt.Sprintf("%d pages in a row were empty", most)}
	}
	token := sha256.Sum256([]byte(page.Next)) // some are long, and there may be many
	if l.seen[token] {
		return false, &PagingError{"the API sent a nextToken for the second time"}
	}
	l.seen[token] = true
	return true, nil
}
