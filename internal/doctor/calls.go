// The calls of the API. Some differ only in what they show of the caller: AppSync has one
// 401 for two dozen causes; what tells them apart is who else is refused.

package doctor

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptrace"
	"net/url"
	"slices"
	"strings"
	"sync"
	"sync/atomic"

	"github.com/appsyncctl/appsyncctl/internal/appsync"
	"github.com/appsyncctl/appsyncctl/internal/redact"
)

// maxReply is how many bytes of an answer are read. None that a check asks for
// comes near it.
const maxReply = 1 << 20

// typename asks for the least that an authorized caller may have.
const typename = "{__typename}"

// calls are those that several checks look at. Each is made once.
type calls struct {
	*Subject
	endpoint, proxy       *url.URL
	own, nonsense, scheme *call
}

func newCalls(s *Subject, endpoint, proxy *url.URL) *calls {
	return &calls{s, endpoint, proxy, newCall(), newCall(), newCall()}
}

// asCaller is the answer to what a command would send, or the answer that was saved.
func (c *calls) asCaller(ctx context.Context, token string) response {
	switch {
	case c.Answer != nil:
		return read(&reply{Status: c.Answer.status(), Header: c.Answer.Header, Body: c.Answer.Body, parsed: c.Answer.parsed})
	case c.Authorized == nil:
		return read(&reply{Err: errNotAsked})
	}
	return read(c.own.once(ctx, c.Deadline, func(ctx context.Context) *reply {
		var asked atomic.Bool // of the API, and not of whoever has the credentials
		traced := httptrace.WithClientTrace(ctx, &httptrace.ClientTrace{GetConn: func(address string) {
			host, _, _ := net.SplitHostPort(address)
			if host == c.endpoint.Hostname() || c.proxy != nil && host == c.proxy.Hostname() {
				asked.Store(true)
			}
		}})
		own := post(traced, c.endpoint, c.Authorized, nil, typename).without(token)
		if own.Err != nil && ctx.Err() == nil && !asked.Load() && !c.tokened() {
			own.unsent = true
		}
		return own
	}))
}

// madeUp is the answer to a credential of the right kind that nobody has given out.
func (c *calls) madeUp(ctx context.Context) response {
	header := map[string]string{"Authorization": "appsyncctl-doctor-shows-no-token"}
	if c.mode() == modeAPIKey {
		header = map[string]string{"x-api-key": "da2-appsyncctldoctorshowsnokey"}
	}
	return read(c.nonsense.once(ctx, c.Deadline, func(ctx context.Context) *reply {
		return post(ctx, c.endpoint, c.Plain, header, typename)
	}))
}

// otherScheme is the answer to the own token in the other form: raw instead of Bearer, or
// Bearer instead of raw.
func (c *calls) otherScheme(ctx context.Context, token string) response {
	if token == "" || c.Answer != nil {
		return read(&reply{Err: errNotAsked})
	}
	shown := "Bearer " + token
	if c.bearer() {
		shown = token
	}
	return read(c.scheme.once(ctx, c.Deadline, func(ctx context.Context) *reply {
		return post(ctx, c.endpoint, c.Plain, map[string]string{"Authorization": shown}, typename).without(token)
	}))
}

// A call is made once, whoever asks for its reply.
type call struct {
	begun sync.Once
	done  chan struct{}
	reply *reply
}

func newCall() *call { return &call{done: make(chan struct{}), reply: &reply{Err: errNotAsked}} }

// once makes the call, or waits for the one under way. The call ends before the checks
// that ask for it do, so that they can say what came of it.
func (c *call) once(ctx context.Context, deadline Deadline, ask func(context.Context) *reply) *reply {
	c.begun.Do(func() {
		defer close(c.done)
		limited, cancel := deadline.Set(ctx, patience, "")
		defer cancel()
		c.reply = ask(limited)
	})
	select {
	case <-c.done:
		return c.reply
	case <-ctx.Done():
		return &reply{Err: context.Cause(ctx)}
	}
}

var errNotAsked = errors.New("the call was not made")

// A reply is what came of one request. Err is set if no whole answer came; the
// header and a part of the body may be there nevertheless.
type reply struct {
	Status int // 0 if nothing was answered
	Header http.Header
	Body   []byte // at most maxReply bytes
	Err    error

	// unsent tells that no connection was asked for, so that the network had no part in Err.
	unsent bool
	parsed *appsync.ResponseError // what Body says, if that has been read already
}

// post sends query to endpoint once, with header in addition to what transport
// sets, and follows no redirect.
func post(ctx context.Context, endpoint *url.URL, transport http.RoundTripper, header map[string]string, query string) *reply {
	got := new(reply)
	body, err := json.Marshal(map[string]string{"query": query})
	if err != nil {
		got.Err = err
		return got
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, endpoint.String(), bytes.NewReader(body))
	if err != nil {
		got.Err = err
		return got
	}
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("Accept", "application/json")
	for name, value := range header {
		req.Header.Set(name, value)
	}
	got.send(transport, req)
	return got
}

// send fills r with the answer to req.
func (r *reply) send(transport http.RoundTripper, req *http.Request) {
	resp, err := transport.RoundTrip(req)
	if err != nil {
		r.Err = err
		return
	}
	defer func() { _ = resp.Body.Close() }() // it has been read as far as is wanted
	r.Status, r.Header = resp.StatusCode, resp.Header
	r.Body, r.Err = io.ReadAll(io.LimitReader(resp.Body, maxReply))
}

// without takes a secret out of what a server repeats.
func (r *reply) without(secret string) *reply {
	const shortest = 8 // anything shorter would tear words apart
	if len(secret) < shortest {
		return r
	}
	r.Body = bytes.ReplaceAll(r.Body, []byte(secret), []byte(redact.Redacted))
	if r.Err != nil && strings.Contains(r.Err.Error(), secret) {
		r.Err = errors.New(strings.ReplaceAll(r.Err.Error(), secret, redact.Redacted))
	}
	for name, values := range r.Header {
		if slices.ContainsFunc(values, func(v string) bool { return strings.Contains(v, secret) }) {
			r.Header.Del(name)
		}
	}
	return r
}

// asAnswer returns what the API said, if err is an answer of its.
func asAnswer(err error) (*appsync.ResponseError, bool) {
	return errors.AsType[*appsync.ResponseError](err)
}
