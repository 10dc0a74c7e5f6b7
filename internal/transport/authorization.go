package transport

import (
	"context"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/url"
	"strings"

	"github.com/appsyncctl/appsyncctl/internal/address"
	"github.com/appsyncctl/appsyncctl/internal/failure"
)

// Authorization sends the access token of Source to Endpoint's host, and to no
// other. AppSync takes the bare token everywhere; with "Bearer" before it only
// since about 2022, so Scheme is empty unless a person asks otherwise.
//
// After a 401 it renews the token once and sends the request again: AppSync
// refuses at the edge, so nothing ran.
type Authorization struct {
	Source   tokenSource
	Endpoint *url.URL
	Scheme   string // "" or "Bearer"
	Base     http.RoundTripper
}

type tokenSource interface {
	// Token returns a valid access token.
	Token(ctx context.Context) (string, error)
	// Renew returns a new access token in place of the one that was rejected, or
	// "" if there is no way to get one.
	Renew(ctx context.Context, rejected string) (string, error)
}

// RenewalError says that a server refused a token and no other could be had.
// Refusal is the server's answer in short, Err why the renewal failed.
type RenewalError struct {
	Refusal string
	Err     error
}

func (e *RenewalError) Error() string {
	return fmt.Sprintf("the token was refused (%s) and could not be renewed: %v", e.Refusal, e.Err)
}
func (e *RenewalError) Unwrap() error { return e.Err }

// Kind implements the interface of failure.Of.
func (*RenewalError) Kind() failure.Kind { return failure.Login }

// Authorize returns the token's header for a request to Endpoint's host, and none for
// others.
func (t *Authorization) Authorize(ctx context.Context, req *http.Request) (http.Header, error) {
	if !address.SameHost(req.URL, t.Endpoint) {
		return nil, nil
	}
	token, err := t.Source.Token(ctx)
	if err != nil {
		return nil, err
	}
	return t.header(token), nil
}

// Token returns the token that Authorize shows.
func (t *Authorization) Token(ctx context.Context) (string, error) { return t.Source.Token(ctx) }

// Renew returns a new token in place of one that was rejected, or "" if there is no way to
// get one. Refusal is the server's answer in short; errors are *RenewalError.
func (t *Authorization) Renew(ctx context.Context, rejected, refusal string) (string, error) {
	renewed, err := t.Source.Renew(ctx, rejected)
	if err != nil {
		return "", &RenewalError{Refusal: refusal, Err: err}
	}
	return renewed, nil
}

// RoundTrip implements http.RoundTripper.
func (t *Authorization) RoundTrip(req *http.Request) (*http.Response, error) {
	if !address.SameHost(req.URL, t.Endpoint) {
		return t.Base.RoundTrip(req)
	}
	token, err := t.Source.Token(req.Context())
	if err != nil {
		return nil, err
	}
	resp, err := t.send(req, token)
	if err != nil || resp.StatusCode != http.StatusUnauthorized {
		return resp, err
	}
	renewed, err := t.Renew(req.Context(), token, resp.Status)
	if err != nil {
		drain(resp)
		return nil, err
	}
	if renewed == "" {
		return resp, nil // the refusal stands
	}
	again, err := replay(req)
	if err != nil {
		return resp, nil //nolint:nilerr // the body cannot be sent twice; the refusal stands
	}
	drain(resp)
	return t.send(again, renewed)
}

func (t *Authorization) send(req *http.Request, token string) (*http.Response, error) {
	return withoutEcho(t.Base, with(req, t.header(token)), token)
}

func (t *Authorization) header(token string) http.Header {
	return http.Header{"Authorization": {strings.TrimSpace(t.Scheme + " " + token)}}
}

// with returns a copy of req that has these headers too.
func with(req *http.Request, header http.Header) *http.Request {
	req = req.Clone(req.Context())
	maps.Copy(req.Header, header)
	return req
}

// replay returns req with its body from the start.
func replay(req *http.Request) (*http.Request, error) {
	again := req.Clone(req.Context())
	if req.Body == nil || req.Body == http.NoBody {
		return again, nil
	}
	if req.GetBody == nil {
		return nil, fmt.Errorf("request body of %s cannot be sent twice", req.URL.Host)
	}
	body, err := req.GetBody()
	again.Body = body
	return again, err
}

// drain makes the connection of an answer that nobody reads usable again.
func drain(resp *http.Response) {
	_, _ = io.CopyN(io.Discard, resp.Body, 64<<10)
	_ = resp.Body.Close()
}
