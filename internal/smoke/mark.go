package smoke

import (
	"context"
	"crypto/rand"
	"fmt"
	"strings"
	"time"

	"github.com/Khan/genqlient/graphql"

	"github.com/appsyncctl/appsyncctl/internal/appsync"
)

// A Mark tells the customers of one smoke test from all others: it stands in
// their names, "customer1 (appsyncctl-smoke 20261126T013000Z QX3F7A2K)".
type Mark struct {
	Begun time.Time
	ID    string // makes runs of one second differ
}

const (
	markWord = "appsyncctl-smoke "
	markTime = "20060102T150405Z"
)

// NewMark returns the mark of a run that begins now.
func NewMark(now time.Time) Mark {
	return Mark{Begun: now.UTC().Truncate(time.Second), ID: rand.Text()[:8]}
}

// String returns what stands between the parentheses.
func (m Mark) String() string { return markWord + m.Begun.Format(markTime) + " " + m.ID }

// On returns a name with the mark.
func (m Mark) On(name string) string { return fmt.Sprintf("%s (%s)", name, m) }

// ParseMark finds the mark in a customer's name.
func ParseMark(name string) (Mark, bool) {
	_, rest, found := strings.Cut(name, " ("+markWord)
	begun, id, two := strings.Cut(strings.TrimSuffix(rest, ")"), " ")
	at, err := time.Parse(markTime, begun)
	if !found || !two || err != nil || !isID(id) || !strings.HasSuffix(name, ")") {
		return Mark{}, false
	}
	return Mark{at, id}, true
}

// isID reports whether text is as NewMark makes IDs.
func isID(text string) bool {
	return len(text) == 8 && strings.Trim(text, "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567") == ""
}

// filter lets the customers of this mark pass.
func (m Mark) filter() *appsync.TableCustomerFilterInput { return nameContains(m.String()) }

func nameContains(text string) *appsync.TableCustomerFilterInput {
	return &appsync.TableCustomerFilterInput{Name: &appsync.TableStringFilterInput{Contains: &text}}
}

// Leftovers lists what smoke tests have left behind: of the run with an ID, however
// young, or of all that began before a time. younger is how many others there are. An
// error ends the list; what was found comes with it.
func Leftovers(ctx context.Context, api graphql.Client, run string, before time.Time) (found []*appsync.Customer, younger int, err error) {
	for page, err := range appsync.Pages(ctx, api, appsync.Paging{Filter: nameContains(markWord)}) {
		if err != nil {
			return found, younger, err
		}
		for _, customer := range page.Customers {
			mark, ours := made(customer)
			switch {
			case !ours || run != "" && mark.ID != run:
			case run != "" || mark.Begun.Before(before):
				found = append(found, customer)
			default:
				younger++
			}
		}
	}
	return found, younger, nil
}

// made returns the mark of a customer that a smoke test has made. One that only has a
// mark in its name is somebody's.
func made(customer *appsync.Customer) (Mark, bool) {
	if customer.Name == nil || customer.Country == nil || *customer.Country != "USA" {
		return Mark{}, false
	}
	for _, name := range []string{"customer1", "customer2"} {
		if mark, marked := ParseMark(*customer.Name); marked && mark.On(name) == *customer.Name {
			return mark, true
		}
	}
	return Mark{}, false
}
