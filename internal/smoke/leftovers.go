package smoke

import (
	"context"
	"time"

	"github.com/Khan/genqlient/graphql"

	"github.com/appsyncctl/appsyncctl/internal/appsync"
)

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
