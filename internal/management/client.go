package management

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"time"

	"github.com/appsyncctl/appsyncctl/internal/retry"
)

// A Client calls the Management API of one tenant.
type Client struct {
	Base   string // https://TENANT/api/v2/, see the function Base
	Token  Secret
	HTTP   *http.Client // follows no redirect, which would take the token elsewhere
	Now    func() time.Time
	Notice func(string) // tells a person that a request waits
}

// object is something of the tenant's, as it is read and written.
type object = map[string]any

const (
	attempts    = 5
	longestWait = time.Minute // Auth0's buckets fill by the second or by the minute
	mostAnswer  = 8 << 20     // bytes; a page of a hundred clients has about 200 KiB
)

// request is one call.
type request struct {
	method string
	path   string // below Base, escaped
	query  url.Values
	body   object // nil for none
}

func (r request) String() string { return r.method + " " + r.path }

// call sends a request until it is answered and decodes the answer into out. A read goes
// again after a fault, a write only when it surely did not run: after 429.
func (c *Client) call(ctx context.Context, r request, out any) error {
	for attempt := 1; ; attempt++ {
		err := c.once(ctx, r, out)
		if err == nil || ctx.Err() != nil || attempt == attempts || !again(r, err) {
			return err
		}
		wait := time.Duration(1<<(attempt-1)) * time.Second
		if refused, ok := errors.AsType[*Error](err); ok && refused.RetryAfter > 0 {
			wait = refused.RetryAfter
		}
		if wait > longestWait {
			return err
		}
		c.Notice(fmt.Sprintf("%v; trying again in %v", err, wait.Round(time.Second)))
		if err := retry.Wait(ctx, wait); err != nil {
			return err
		}
	}
}

// again reports whether a request that ended in err may be sent once more.
func again(r request, err error) bool {
	if refused, ok := errors.AsType[*Error](err); ok {
		return refused.Status == http.StatusTooManyRequests || r.method == http.MethodGet && refused.Temporary()
	}
	_, lost := errors.AsType[*TransportError](err)
	return lost && r.method == http.MethodGet
}

func (c *Client) once(ctx context.Context, r request, out any) error {
	var body io.Reader
	if r.body != nil {
		encoded, err := json.Marshal(r.body)
		if err != nil {
			return err
		}
		body = bytes.NewReader(encoded)
	}
	address := c.Base + r.path
	if len(r.query) > 0 {
		address += "?" + r.query.Encode()
	}
	req, err := http.NewRequestWithContext(ctx, r.method, address, body)
	if err != nil {
		return err
	}
	req.Header.Set("Authorization", "Bearer "+string(c.Token))
	req.Header.Set("Accept", "application/json")
	if body != nil {
		req.Header.Set("Content-Type", "application/json")
	}
	resp, err := c.HTTP.Do(req)
	if err != nil {
		return c.lost(ctx, r, err)
	}
	defer resp.Body.Close() //nolint:errcheck // opened for reading
	text, err := io.ReadAll(io.LimitReader(resp.Body, mostAnswer))
	if err != nil {
		return c.lost(ctx, r, err)
	}
	if resp.StatusCode/100 != 2 {
		return c.refusal(r, resp, text)
	}
	if err := json.Unmarshal(text, out); err != nil {
		return &AnswerError{r.String(), resp.StatusCode}
	}
	return nil
}

// lost says that there is no answer. The address is left out: it may be long.
func (c *Client) lost(ctx context.Context, r request, err error) error {
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	if failed, ok := errors.AsType[*url.Error](err); ok {
		err = failed.Err
	}
	return &TransportError{r.String(), err}
}
