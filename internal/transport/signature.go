package transport

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"io"
	"maps"
	"net/http"
	"net/url"
	"slices"

	"github.com/appsyncctl/appsyncctl/internal/address"
)

// Signature signs each attempt for Endpoint's host, and for no other, as AWS
// wants it (Signature Version 4). It stands inside Retry, since a signature is
// good for a few minutes only.
type Signature struct {
	// Sign adds the signature's headers. payload is the SHA-256 of the body in
	// hexadecimal digits.
	Sign     func(ctx context.Context, req *http.Request, payload string) error
	Endpoint *url.URL
	Base     http.RoundTripper
}

// SigningError says that a request could not be signed, so it was not sent.
type SigningError struct{ Err error }

func (e *SigningError) Error() string { return e.Err.Error() }
func (e *SigningError) Unwrap() error { return e.Err }

// Authorize returns the signature's headers for a request to Endpoint's host, and none
// for others. They cover the other headers and the body, which GetBody gives.
func (t *Signature) Authorize(ctx context.Context, req *http.Request) (http.Header, error) {
	if !address.SameHost(req.URL, t.Endpoint) {
		return nil, nil
	}
	signed, err := t.signed(ctx, req)
	if err != nil {
		return nil, err
	}
	maps.DeleteFunc(signed.Header, func(name string, values []string) bool {
		return slices.Equal(values, req.Header[name])
	})
	return signed.Header, nil
}

// RoundTrip implements http.RoundTripper.
func (t *Signature) RoundTrip(req *http.Request) (*http.Response, error) {
	if !address.SameHost(req.URL, t.Endpoint) {
		return t.Base.RoundTrip(req)
	}
	signed, err := t.signed(req.Context(), req)
	if err != nil {
		return nil, err
	}
	return t.Base.RoundTrip(signed)
}

// signed returns a copy of req with its signature.
func (t *Signature) signed(ctx context.Context, req *http.Request) (*http.Request, error) {
	signed := req.Clone(ctx)
	maps.DeleteFunc(signed.Header, func(_ string, values []string) bool {
		return len(values) == 0 // not sent, see Retry: it must not be signed
	})
	sum := sha256.New()
	if req.GetBody != nil {
		body, err := req.GetBody()
		if err != nil {
			return nil, err
		}
		if _, err := io.Copy(sum, body); err != nil {
			return nil, err
		}
	}
	if err := t.Sign(ctx, signed, hex.EncodeToString(sum.Sum(nil))); err != nil {
		return nil, &SigningError{err}
	}
	return signed, nil
}
