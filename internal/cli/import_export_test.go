package cli

import (
	"context"
	"net/http"

	"github.com/appsyncctl/appsyncctl/internal/appsync"
	"github.com/appsyncctl/appsyncctl/internal/bulk"
)

// CreateTwo lets tests see what an import makes of an API's answer to two customers.
func CreateTwo(ctx context.Context, endpoint string) []bulk.Outcome {
	transport := &throttleSignal{endpoint: endpoint, base: &http.Transport{}}
	api := &customersAPI{client: &appsync.Client{Endpoint: endpoint, HTTP: &http.Client{Transport: transport}}}
	return api.Create(ctx, []bulk.Record{{"name": "a"}, {"name": "b"}})
}
