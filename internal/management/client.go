// Package management is a client of Auth0's Management API (version 2), and the plan that
// a tenant is set up by: an API, an application for machines with its grant, and one for
// people.
//
// A plan is made by reading only. It finds what is there, by the API's identifier and by
// the applications' names, and says of each whether it is made, changed or kept. A change
// is as small as it can be: lists grow by what is missing, and what the plan has no
// opinion on stays. So a plan that has been carried out is followed by one that keeps
// everything, and one that broke off is carried on by the next.
//
// Auth0's own library is not taken: it is larger than this program, and this needs nine
// calls.
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
	"strconv"
	"strings"
	"time"

	"github.com/appsyncctl/appsyncctl/internal/address"
	"github.com/appsyncctl/appsyncctl/internal/redact"
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
	pageSize    = 100         // the most that Auth0 gives
	mostPages   = 1000
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
	got, err := retry.Policy[*answer]{
		Backoff:  retry.Backoff{First: time.Second, Factor: 2},
		Attempts: attempts,
		Again: func(_ *answer, err error, wait time.Duration) (time.Duration, bool) {
			if refused, ok := errors.AsType[*Error](err); ok && refused.RetryAfter > 0 {
				wait = refused.RetryAfter
			}
			return wait, again(r, err) && wait <= longestWait
		},
		Notice: func(_ *answer, err error, wait time.Duration) {
			c.Notice(fmt.Sprintf("%v; trying again in %v", err, wait.Round(time.Second)))
		},
	}.Do(ctx, func() (*answer, error) { return c.once(ctx, r) })
	if err != nil {
		return err
	}
	if err := json.Unmarshal(got.body, out); err != nil {
		return notAuth0s(r, got.status)
	}
	return nil
}

// again reports whether a request that ended in err may be sent once more.
func again(r request, err error) bool {
	if refused, ok := errors.AsType[*Error](err); ok && refused.Status == http.StatusTooManyRequests {
		return true
	}
	return r.method == http.MethodGet && retry.Transient(err)
}

// answer is what was said to a request that was taken.
type answer struct {
	status int
	body   []byte
}

// once sends a request once.
func (c *Client) once(ctx context.Context, r request) (*answer, error) {
	var body io.Reader
	if r.body != nil {
		encoded, err := json.Marshal(r.body)
		if err != nil {
			return nil, err
		}
		body = bytes.NewReader(encoded)
	}
	address := c.Base + r.path
	if len(r.query) > 0 {
		address += "?" + r.query.Encode()
	}
	req, err := http.NewRequestWithContext(ctx, r.method, address, body)
	if err != nil {
		return nil, err
	}
	req.Header.Set("Authorization", "Bearer "+string(c.Token))
	req.Header.Set("Accept", "application/json")
	if body != nil {
		req.Header.Set("Content-Type", "application/json")
	}
	resp, err := c.HTTP.Do(req)
	if err != nil {
		return nil, c.lost(ctx, r, err)
	}
	defer resp.Body.Close() //nolint:errcheck // opened for reading
	text, err := io.ReadAll(io.LimitReader(resp.Body, mostAnswer))
	if err != nil {
		return nil, c.lost(ctx, r, err)
	}
	if resp.StatusCode/100 != 2 {
		return nil, c.refusal(r, resp, text)
	}
	return &answer{resp.StatusCode, text}, nil
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

// refusal reads the body of a refusal: statusCode, error, message and errorCode. What
// stands before Auth0, such as a firewall, answers in other shapes. Any of them may
// repeat what it was sent.
func (c *Client) refusal(r request, resp *http.Response, text []byte) error {
	var said struct {
		Message string `json:"message"`
		Code    string `json:"errorCode"`
	}
	_ = json.Unmarshal(text, &said) // the status is enough
	return &Error{
		Request:    r.String(),
		Status:     resp.StatusCode,
		Message:    short(c.withoutToken(said.Message)),
		Code:       short(c.withoutToken(said.Code)),
		RetryAfter: wait(resp, c.Now()),
	}
}

// withoutToken returns a text of the server's without the token that it was sent, and
// without what looks like a secret.
func (c *Client) withoutToken(text string) string {
	if c.Token != "" {
		text = strings.ReplaceAll(text, string(c.Token), redact.Redacted)
	}
	text = tokenLike.ReplaceAllString(text, redact.Redacted)
	return secretMember.ReplaceAllString(text, "${1}"+redact.Redacted)
}

// wait returns how long a throttled client is to wait: Retry-After, else until the second
// that X-RateLimit-Reset names, by the server's clock where it tells the time.
func wait(resp *http.Response, now time.Time) time.Duration {
	if resp.StatusCode != http.StatusTooManyRequests {
		return 0
	}
	if asked := retry.After(resp.Header, now); asked > 0 {
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

// list reads all pages of a list. key names the list in an answer with totals, id the
// member that tells two entries apart: while pages are read the list may move, and an
// entry may come twice.
func (c *Client) list(ctx context.Context, path, key, id string, query url.Values) ([]object, error) {
	var all []object
	seen := map[string]bool{}
	query.Set("include_totals", "true")
	query.Set("per_page", strconv.Itoa(pageSize))
	for page := range mostPages {
		query.Set("page", strconv.Itoa(page))
		r := request{method: http.MethodGet, path: path, query: query}
		var answer map[string]json.RawMessage
		if err := c.call(ctx, r, &answer); err != nil {
			return nil, err
		}
		var entries []object
		var total int
		if json.Unmarshal(answer[key], &entries) != nil || json.Unmarshal(answer["total"], &total) != nil {
			return nil, notAuth0s(r, http.StatusOK)
		}
		for _, entry := range entries {
			if name := text(entry, id); !seen[name] {
				seen[name] = true
				all = append(all, entry)
			}
		}
		if len(entries) == 0 || (page+1)*pageSize >= total {
			break
		}
	}
	return all, nil
}

func text(o object, name string) string {
	value, _ := o[name].(string)
	return value
}

// A Secret is a token or a client secret.
type Secret = redact.Secret

// apiPath is that of the Management API on a tenant's own host.
const apiPath = "/api/v2/"

// Base finds the address of the Management API among the audiences of a token, which is
// the only place that the token may be sent to: https, or http on loopback, and the path
// /api/v2/. The error is a *TokenError.
func Base(audiences []string) (string, error) {
	for _, audience := range audiences {
		u, err := url.Parse(audience)
		if err != nil || u.Path != apiPath {
			continue
		}
		if u.Host == "" || u.User != nil || u.RawQuery != "" || u.Fragment != "" || u.Scheme != "https" && !(u.Scheme == "http" && address.Loopback(u.Hostname())) {
			return "", &TokenError{fmt.Sprintf("its audience %.100q is not an address that a token may be sent to", audience)}
		}
		return audience, nil
	}
	return "", &TokenError{fmt.Sprintf("it is for %.200q, not for https://TENANT%s", strings.Join(audiences, ", "), apiPath)}
}
