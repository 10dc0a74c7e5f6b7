// Package transport holds the RoundTrippers between a client and the network,
// each with one job:
//
//	UserAgent      names the program
//	Authorization  puts the access token in, and renews it once after a refusal
//	APIKey         puts an API key in instead
//	Retry          sends again what surely did not run, and queries
//	Signature      signs one attempt as AWS wants it
//	Attempt        makes one attempt whole, within a time limit
//	Trace          prints one attempt, without secrets
//
// They are nested struct literals, outermost first, and know nothing of each
// other. Requests are never changed in place, as http.RoundTripper demands.
//
// Authorization, APIKey and Signature have a method Authorize beside RoundTrip, which
// returns the headers that they add: a WebSocket carries these in its frames.
package transport

import "net/http"

// UserAgent sets the User-Agent header of each request to Value.
type UserAgent struct {
	Value string
	Base  http.RoundTripper
}

// RoundTrip implements http.RoundTripper.
func (t *UserAgent) RoundTrip(req *http.Request) (*http.Response, error) {
	req = req.Clone(req.Context())
	req.Header.Set("User-Agent", t.Value)
	return t.Base.RoundTrip(req)
}
