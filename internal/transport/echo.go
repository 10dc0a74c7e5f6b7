package transport

import (
	"bytes"
	"errors"
	"io"
	"net/http"
	"strings"

	"github.com/appsyncctl/appsyncctl/internal/redact"
)

// withoutEcho makes an attempt that carries secret, and takes it out of the answer,
// or of the error: a server that repeats what it was sent must not put it into a
// result, a message or a log.
func withoutEcho(base http.RoundTripper, req *http.Request, secret string) (*http.Response, error) {
	resp, err := base.RoundTrip(req)
	switch {
	case len(secret) < redact.LeastSecret:
		return resp, err
	case err != nil && strings.Contains(err.Error(), secret):
		// The type is lost with the text: there is no other way to hide it.
		return nil, &NoAnswerError{
			Host: req.URL.Host, Attempts: 1, Unsafe: !repeatable(req),
			Err: errors.New(strings.ReplaceAll(err.Error(), secret, redact.Redacted)),
		}
	case err != nil:
		return nil, err
	}
	body, err := io.ReadAll(resp.Body)
	_ = resp.Body.Close()
	if err != nil {
		return nil, err
	}
	resp.Body = io.NopCloser(bytes.NewReader(bytes.ReplaceAll(body, []byte(secret), []byte(redact.Redacted))))
	return resp, nil
}
