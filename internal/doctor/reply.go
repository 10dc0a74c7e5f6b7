// One call of the API, and what came back: the checks compare such answers.

package doctor

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"

	"github.com/appsyncctl/appsyncctl/internal/appsync"
)

// maxReply is how many bytes of an answer are read. None that a check asks for
// comes near it.
const maxReply = 1 << 20

// A reply is what came of one request. Err is set if no whole answer came; the
// header and a part of the body may be there nevertheless.
type reply struct {
	Status int // 0 if nothing was answered
	Header http.Header
	Body   []byte // at most maxReply bytes
	Err    error

	parsed *appsync.ResponseError // what Body says, if that has been read already
}

// post sends query to the endpoint once, with header in addition to what transport
// sets, and follows no redirect. Only checks that need SET-002 may call it.
func (e *examination) post(ctx context.Context, transport http.RoundTripper, header map[string]string, query string) *reply {
	got := new(reply)
	body, err := json.Marshal(map[string]string{"query": query})
	if err != nil {
		got.Err = err
		return got
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, e.known().endpoint.String(), bytes.NewReader(body))
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

// asAnswer returns what the API said, if err is an answer of its.
func asAnswer(err error) (*appsync.ResponseError, bool) {
	return errors.AsType[*appsync.ResponseError](err)
}
