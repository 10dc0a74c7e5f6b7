// Package bulk moves whole files into an API and out of it.
//
// An import reads and checks every row before it sends the first. Then each row is
// sent until it ends in exactly one place: created, already there, in conflict,
// rejected, or unknown. What is known of a row is kept in a journal, row by row, never
// as an offset, because with several requests in flight the rows that are done are not
// a prefix of the file.
//
// There are two ways not to create a row twice, and the API's schema decides which:
//
//   - Key mode, when the caller may choose the id. The id is in the row, or made from
//     the job and the row's number (UUID version 5, RFC 9562 section 5.5), so that
//     sending again is harmless: an id that is taken is read back and compared.
//     AppSync over DynamoDB does not even refuse the very record that it has: it
//     answers as if it had created it ("Condition expressions" in its developer
//     guide). Nothing tells the two apart, and such a row counts as created.
//   - Journal mode, when the API makes the id. The intent to send is on the disk before
//     the request leaves. A row whose answer was lost is not sent again before a list
//     of the whole table has shown that it is not there.
//
// An export writes pages into a part file, notes after each how far it came, and
// renames the file when it is whole.
//
// The package knows nothing of GraphQL, tokens or terminals: API and Lister are what
// it needs of the other side. google/uuid makes the ids, and gofrs/flock is a lock
// that ends with its process, however that ends.
package bulk

import (
	"context"
	"errors"
	"time"
)

// A Mode is a way not to create a row twice; see the package comment.
type Mode string

// The modes.
const (
	AutoMode    Mode = "auto" // not known yet
	KeyMode     Mode = "key"
	JournalMode Mode = "journal"
)

// An API takes records. Its methods are called by several goroutines at once.
type API interface {
	// Create sends the records in one request, once, and returns an outcome for each.
	Create(ctx context.Context, records []Record) []Outcome
	// Find returns the records that there are under ids, by id. It may ask again by
	// itself.
	Find(ctx context.Context, ids []string) (map[string]Record, error)
	Lister
}

// A Lister lists records page by page.
type Lister interface {
	// List returns the page after token, or the first one. It may ask again by itself.
	List(ctx context.Context, token string) (Page, error)
}

// A Page is a part of a list. Next is the token of the next page, or empty at the end.
type Page struct {
	Records []Record // with their ids
	Next    string
}

// ErrNoList is in the chain of an error of List when the API has no list, or keeps the
// caller from it.
var ErrNoList = errors.New("the API does not let us list")

// ErrToken is in the chain of an error of List when the API refuses the token.
var ErrToken = errors.New("the API refuses the token of the page")

// A Verdict says what became of one record of a request.
type Verdict uint8

// The verdicts.
const (
	Done      Verdict = iota // created, with Outcome.ID; or the API says so of what it had
	Taken                    // not created: its id is taken
	Refused                  // not created, and never will be
	Split                    // nothing of the request was executed, and perhaps for another record's fault
	Throttled                // surely not executed: the API asks to slow down
	NotSent                  // surely not executed: the request did not get through
	Lost                     // perhaps executed
	NoID                     // nothing of the request was executed: the API takes no id
	Fatal                    // surely not executed, and no other record would be
)

// An Outcome is what a request did with a record.
type Outcome struct {
	Verdict Verdict
	ID      string        // of Done
	Fault   Fault         // of Refused and Split; of Lost if the API did answer, with an error
	After   time.Duration // of Throttled and Lost: how long the API asks to wait; 0 if it does not
	Err     error         // of NotSent, Lost, NoID and Fatal
}
