package management

import (
	"encoding/json"
	"net/http"
	"strconv"
	"time"

	"github.com/appsyncctl/appsyncctl/internal/retryafter"
)

// refusal reads the body of a refusal: statusCode, error, message and errorCode. What
// stands before Auth0, such as a firewall, answers in other shapes.
func refusal(r request, resp *http.Response, text []byte, now time.Time) error {
	var said struct {
		Message string `json:"message"`
		Code    string `json:"errorCode"`
	}
	_ = json.Unmarshal(text, &said) // the status is enough
	return &Error{
		Request:    r.String(),
		Status:     resp.StatusCode,
		Message:    said.Message[:min(len(said.Message), mostMessage)],
		Code:       said.Code,
		RetryAfter: wait(resp, now),
	}
}

// mostMessage bounds what is kept of a message, in bytes.
const mostMessage = 1000

// wait returns how long a throttled client is to wait: Retry-After, else until the second
// that X-RateLimit-Reset names, by the server's clock where it tells the time.
func wait(resp *http.Response, now time.Time) time.Duration {
	if resp.StatusCode != http.StatusTooManyRequests {
		return 0
	}
	if asked := retryafter.Parse(resp.Header, now); asked > 0 {
		return asked
	}
	reset, err := strconv.ParseInt(resp.Header.Get("X-RateLimit-Reset"), 10, 64)
	if err != nil {
		return 0
	}
	if date, err := http.ParseTime(resp.Header.Get("Date")); err == nil {
		now = date
	}
	return max(time.Second, time.Unix(reset, 0).Sub(now)) // it counts whole seconds
}
