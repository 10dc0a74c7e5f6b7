package smoke

import (
	"context"
	"time"

	"github.com/Khan/genqlient/graphql"

	"github.com/appsyncctl/appsyncctl/internal/appsync"
)

// Leftovers lists what smoke tests that began before a time have left behind. An
// error ends the list; what was found comes with it.
func Leftovers(ctx context.Context, api graphql.Client, before time.Time) ([]*appsync.Customer, error) {
	var found []*appsync.Customer
	for page, err := range appsync.Pages(ctx, api, appsync.Paging{Filter: nameContains(markWord)}) {
		if err != nil {
			return found, err
		}
		for _, customer := range page.Customers {
			if customer.Name == nil {
				continue
			}
			if mark, marked := ParseMark(*customer.Name); marked && mark.Begun.Before(before) {
				found = append(found, customer)
			}
		}
	}
	return found, nil
}
