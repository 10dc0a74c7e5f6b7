package transport_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net/http"
	"net/url"
	"strings"
	"testing"
)

// network stands in for everything beyond the chain. It gives its replies in
// turn, the last one for ever, and keeps what it was sent.
type network struct {
	replies []reply
	sent    []sent
}

type reply struct {
	status int
	header http.Header
	body   string
	err    error
}

type sent struct {
	url    string
	header http.Header
	body   string
}

func (n *network) RoundTrip(req *http.Request) (*http.Response, error) {
	if err := req.Context().Err(); err != nil {
		return nil, err
	}
	var body []byte
	if req.Body != nil {
		body, _ = io.ReadAll(req.Body)
		_ = req.Body.Close()
	}
	n.sent = append(n.sent, sent{req.URL.String(), req.Header.Clone(), string(body)})
	next := n.replies[min(len(n.sent), len(n.replies))-1]
	if next.err != nil {
		return nil, next.err
	}
	return respond(req, next), nil
}

func respond(req *http.Request, r reply) *http.Response {
	header := r.header.Clone()
	if header == nil {
		header = http.Header{}
	}
	return &http.Response{
		Status:     http.StatusText(r.status),
		StatusCode: r.status,
		Header:     header,
		Body:       io.NopCloser(strings.NewReader(r.body)),
		Request:    req,
	}
}

// roundTrip is a function as http.RoundTripper.
type roundTrip func(*http.Request) (*http.Response, error)

func (f roundTrip) RoundTrip(req *http.Request) (*http.Response, error) { return f(req) }

// tokens is a token source with the tokens that it gives in turn.
type tokens struct {
	token    string
	renewed  string
	err      error // of Token
	renewErr error
	rejected []string
}

func (s *tokens) Token(context.Context) (string, error) { return s.token, s.err }

func (s *tokens) Renew(_ context.Context, rejected string) (string, error) {
	s.rejected = append(s.rejected, rejected)
	return s.renewed, s.renewErr
}

const endpoint = "https://api.example.com/graphql"

func post(t *testing.T, target, body string) *http.Request {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, target, bytes.NewReader([]byte(body)))
	if err != nil {
		t.Fatal(err)
	}
	return req
}

func parse(t *testing.T, text string) *url.URL {
	t.Helper()
	parsed, err := url.Parse(text)
	if err != nil {
		t.Fatal(err)
	}
	return parsed
}

func read(t *testing.T, resp *http.Response) string {
	t.Helper()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return string(body)
}

var errBroken = errors.New("broken on purpose")
