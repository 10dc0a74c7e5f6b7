package bulk

import "fmt"

// maxEmptyPages in a row are taken for a list without end. Behind a filter empty pages
// are normal.
const maxEmptyPages = 1000

// An EndlessError says that a list does not end.
type EndlessError struct{ Reason string }

func (e *EndlessError) Error() string { return "the list does not end: " + e.Reason }

// pageGuard notices a list that does not end.
type pageGuard struct {
	seen  map[string]bool
	empty int
}

// check looks at a page that is not the last.
func (g *pageGuard) check(page Page) error {
	if g.seen == nil {
		g.seen = make(map[string]bool)
	}
	if g.seen[page.Next] {
		return &EndlessError{"the API sent a nextToken for the second time"}
	}
	g.seen[page.Next] = true
	if g.empty++; len(page.Records) > 0 {
		g.empty = 0
	}
	if g.empty == maxEmptyPages {
		return &EndlessError{fmt.Sprintf("%d pages in a row were empty", g.empty)}
	}
	return nil
}
