package cli

import (
	"context"
	"net/http"

	"github.com/appsyncctl/appsyncctl/internal/appsync"
	"github.com/appsyncctl/appsyncctl/internal/records"
)

// bulkAPI connects for many requests at once. Throttling comes back as it is: the
// pacing of an import must see it.
func (app *App) bulkAPI(ctx context.Context, flags *globals, atOnce int) (*records.Customers, error) {
	settings, err := app.settings(flags)
	if err != nil {
		return nil, err
	}
	endpoint, err := endpoint(settings)
	if err != nil {
		return nil, err
	}
	busy := *app
	if pool, ok := app.Transport.(*http.Transport); ok {
		pool = pool.Clone()
		pool.MaxIdleConns, pool.MaxIdleConnsPerHost = 0, atOnce
		busy.Transport = pool
	}
	busy.Transport = &records.ThrottleTransport{Endpoint: endpoint.String(), Base: busy.Transport}
	client, err := busy.connect(ctx, flags)
	return &records.Customers{Client: client, PageSize: appsync.DefaultPageSize, Notice: app.Notice}, err
}
