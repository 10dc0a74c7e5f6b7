package transport

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net/http"
	"time"
)

// Attempt makes one attempt whole: it ends within Limit, and the answer is read
// to its last byte before RoundTrip returns, so that an answer cut short is an
// error of the attempt. AppSync's answers have at most 5 MB.
type Attempt struct {
	Limit    time.Duration
	MaxBytes int64 // of the answer's body
	Base     http.RoundTripper
}

// TimeoutError says that an attempt took longer than its limit.
type TimeoutError struct{ Limit time.Duration }

func (e *TimeoutError) Error() string {
	return fmt.Sprintf("nothing complete within %s", e.Limit)
}

// Timeout tells that it is one, as the errors of package net do.
func (e *TimeoutError) Timeout() bool { return true }

// TooLargeError says that an answer has more than Max bytes.
type TooLargeError struct {
	Host string
	Max  int64
}

func (e *TooLargeError) Error() string {
	return fmt.Sprintf("the answer from %s has more than %d MiB", e.Host, e.Max>>20)
}

// RoundTrip implements http.RoundTripper.
func (t *Attempt) RoundTrip(req *http.Request) (*http.Response, error) {
	late := &TimeoutError{Limit: t.Limit}
	ctx, cancel := context.WithTimeoutCause(req.Context(), t.Limit, late)
	defer cancel()
	resp, err := t.Base.RoundTrip(req.WithContext(ctx))
	if err != nil {
		return nil, cause(ctx, err)
	}
	body, err := io.ReadAll(io.LimitReader(resp.Body, t.MaxBytes+1))
	_ = resp.Body.Close() // all that is wanted of it has been read
	if err != nil {
		return nil, cause(ctx, err)
	}
	if int64(len(body)) > t.MaxBytes {
		return nil, &TooLargeError{Host: req.URL.Host, Max: t.MaxBytes}
	}
	resp.Body = io.NopCloser(bytes.NewReader(body))
	return resp, nil
}

// cause prefers why ctx ended over the way in which that surfaced.
func cause(ctx context.Context, err error) error {
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	return err
}
