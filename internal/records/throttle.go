package records

import (
	"net/http"
	"time"

	"github.com/appsyncctl/appsyncctl/internal/address"
	"github.com/appsyncctl/appsyncctl/internal/failure"
	"github.com/appsyncctl/appsyncctl/internal/retry"
)

// ThrottleTransport makes an error of a 429 of the endpoint, so that it is not waited out
// on the way: the pacing of an import must see it.
type ThrottleTransport struct {
	Endpoint string
	Base     http.RoundTripper
}

// ThrottledError says that the API asks to slow down.
type ThrottledError struct {
	After time.Duration // 0 if it did not say
}

func (e *ThrottledError) Error() string { return "the API answered 429 Too Many Requests" }

// Kind implements the interface of failure.Of.
func (*ThrottledError) Kind() failure.Kind { return failure.Network }

// RoundTrip implements http.RoundTripper.
func (t *ThrottleTransport) RoundTrip(req *http.Request) (*http.Response, error) {
	resp, err := t.Base.RoundTrip(req)
	if err != nil || resp.StatusCode != http.StatusTooManyRequests || !address.Same(req.URL.String(), t.Endpoint) {
		return resp, err
	}
	_ = resp.Body.Close() // it says no more than the status
	return nil, &ThrottledError{After: orderedWait(resp.Header)}
}

// orderedWait returns the wait that an answer asks for, 10 minutes at most: more than that
// it may not have meant. A date is by the server's own clock.
func orderedWait(header http.Header) time.Duration {
	now := time.Now()
	if sent, err := http.ParseTime(header.Get("Date")); err == nil {
		now = sent
	}
	return min(retry.After(header, now), 10*time.Minute)
}
