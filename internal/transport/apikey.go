package transport

import (
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

// RoundTrip implements http.RoundTripper.
func (t *APIKey) RoundTrip(req *http.Request) (*http.Response, error) {
	if !address.SameHost(req.URL, t.Endpoint) {
		return t.Base.RoundTrip(req)
	}
	req = req.Clone(req.Context())
	req.Header.Set("X-Api-Key", t.Key)
	return withoutEcho(t.Base, req, t.Key)
}
