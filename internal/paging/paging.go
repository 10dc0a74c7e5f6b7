// Package paging walks over the pages of a list that leads on by a nextToken, as the
// lists of AppSync do, and notices one that does not end. It knows neither what is listed
// nor how a page is fetched, so that every list of this program is walked over here.
package paging

import (
	"context"
	"crypto/sha256"
	"fmt"
	"iter"
	"sync"
)

// So many empty pages in a row are taken for a list without end. Some are normal after
// many deletions, and many more behind a filter: DynamoDB filters a page after it has
// read it.
const (
	maxEmpty         = 1000
	maxEmptyFiltered = 20 * maxEmpty
)

// An EndlessError says that a list does not end. The items before it are good; whether
// they are all is not known.
type EndlessError struct{ Reason string }

func (e *EndlessError) Error() string { return "the list does not end: " + e.Reason }

// Tokens are those that a list has led to. One that comes again leads in a circle.
type Tokens struct {
	seen map[[sha256.Size]byte]bool // hashes: some tokens are long, and there may be many
}

// Add notes the token of the next page. It returns an *EndlessError if that is not new.
func (t *Tokens) Add(token string) error {
	if t.seen == nil {
		t.seen = make(map[[sha256.Size]byte]bool)
	}
	sum := sha256.Sum256([]byte(token))
	if t.seen[sum] {
		return &EndlessError{"the API sent a nextToken for the second time"}
	}
	t.seen[sum] = true
	return nil
}

// A Page is a part of a list.
type Page[T any] struct {
	Items []T
	Token string // that brought this page; empty for the first
	Next  string // to go on with; empty at the end
	// Cut is how many items of this page were left out because Limit was reached. Next
	// then equals Token: the page comes again as a whole.
	Cut int
}

// A Walk says where to begin and where to end.
type Walk struct {
	Token    string // to start at; empty is the beginning
	Limit    int    // items in all; 0 is all
	Filtered bool   // the pages come through a filter, and many may be empty
}

// Pages yields the pages of a list one after the other, empty ones too. While the caller
// is busy with a page the next one is fetched; never are two fetched at once. Fetch
// returns a page with its Items and Next, or none. An error ends the walk; a page that
// came with it is yielded before.
func Pages[T any](ctx context.Context, walk Walk, fetch func(ctx context.Context, token string) (*Page[T], error)) iter.Seq2[*Page[T], error] {
	return func(yield func(*Page[T], error) bool) {
		ctx, cancel := context.WithCancel(ctx)
		var fetching sync.WaitGroup
		defer fetching.Wait()
		defer cancel() // ends a request whose page nobody wants any more
		type answer struct {
			page *Page[T]
			err  error
		}
		ask := func(token string) <-chan answer {
			answered := make(chan answer, 1)
			fetching.Go(func() {
				if ctx.Err() != nil {
					answered <- answer{err: context.Cause(ctx)}
					return
				}
				page, err := fetch(ctx, token)
				answered <- answer{page, err}
			})
			return answered
		}
		progress := progress{Walk: walk}
		if walk.Token != "" {
			_ = progress.tokens.Add(walk.Token) // the first is new
		}
		for token, answered := walk.Token, ask(walk.Token); ; {
			answer, more := <-answered, false
			page, err := answer.page, answer.err
			if page != nil {
				page.Token, page.Cut = token, progress.count(len(page.Items))
				if page.Cut > 0 {
					page.Items, page.Next = page.Items[:len(page.Items)-page.Cut], token
				}
			}
			if err == nil {
				if more, err = progress.more(page.Next); more {
					token, answered = page.Next, ask(page.Next)
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

// progress is how far a walk is.
type progress struct {
	Walk
	items  int
	empty  int // pages in a row
	tokens Tokens
}

// count counts the items of a page. It returns by how many they are too many.
func (p *progress) count(items int) (over int) {
	if p.empty++; items > 0 {
		p.empty = 0
	}
	p.items += items
	if p.Limit > 0 && p.items > p.Limit {
		over = p.items - p.Limit
		p.items = p.Limit
	}
	return over
}

// more reports whether to ask for the page after this one.
func (p *progress) more(next string) (bool, error) {
	if next == "" || p.Limit > 0 && p.items == p.Limit {
		return false, nil
	}
	most := maxEmpty
	if p.Filtered {
		most = maxEmptyFiltered
	}
	if p.empty == most {
		return false, &EndlessError{fmt.Sprintf("%d pages in a row were empty", most)}
	}
	err := p.tokens.Add(next)
	return err == nil, err
}
