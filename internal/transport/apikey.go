package transport

import (
	"context"
	"net/http"
	"net/url"

	"github.com/appsyncctl/appsyncctl/internal/address"
)

// APIKey sends an API key to Endpoint's host, and to no other, in AppSync's
// x-api-key header.
type APIKey struct {
	Key      string
	Endpoint *url.URL
	Base     http.RoundTripper
}

// Authorize returns the key's header for a request to Endpoint's host, and none for
// others.
func (t *APIKey) Authorize(_ context.Context, req *http.Request) (http.Header, error) {
	if !address.SameHost(req.URL, t.Endpoint) {
		return nil, nil
	}
	return t.header(), nil
}

// RoundTrip implements http.RoundTripper.
func (t *APIKey) RoundTrip(req *http.Request) (*http.Response, error) {
	if !address.SameHost(req.URL, t.Endpoint) {
		return t.Base.RoundTrip(req)
	}
	return withoutEcho(t.Base, with(req, t.header()), t.Key)
}

func (t *APIKey) header() http.Header { return http.Header{"X-Api-Key": {t.Key}} }
