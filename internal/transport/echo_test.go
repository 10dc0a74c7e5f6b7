package transport_test

import (
	"context"
	"errors"
	"io"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/appsyncctl/appsyncctl/internal/transport"
)

// fixedToken is a source with one token.
type fixedToken string

func (t fixedToken) Token(context.Context) (string, error)         { return string(t), nil }
func (t fixedToken) Renew(context.Context, string) (string, error) { return "", nil }

// A server that repeats the credential it was sent must not get it shown.
func TestEchoedCredentials(t *testing.T) {
	const secret = "eyJhbGciOi.planted.secret"
	to, err := url.Parse("https://api.example.com/graphql")
	if err != nil {
		t.Fatal(err)
	}
	repeats := roundTrip(func(req *http.Request) (*http.Response, error) {
		body := `{"errors":[{"message":"got ` + req.Header.Get("Authorization") + req.Header.Get("X-Api-Key") + `"}]}`
		return &http.Response{StatusCode: http.StatusOK, Header: http.Header{}, Body: io.NopCloser(strings.NewReader(body)), Request: req}, nil
	})
	breaks := roundTrip(func(req *http.Request) (*http.Response, error) {
		return nil, errors.New("malformed status " + req.Header.Get("Authorization") + req.Header.Get("X-Api-Key"))
	})
	for name, chain := range map[string]func(http.RoundTripper) http.RoundTripper{
		"token": func(base http.RoundTripper) http.RoundTripper {
			return &transport.Authorization{Source: fixedToken(secret), Endpoint: to, Base: base}
		},
		"token behind Bearer": func(base http.RoundTripper) http.RoundTripper {
			return &transport.Authorization{Source: fixedToken(secret), Endpoint: to, Scheme: "Bearer", Base: base}
		},
		"API key": func(base http.RoundTripper) http.RoundTripper {
			return &transport.APIKey{Key: secret, Endpoint: to, Base: base}
		},
	} {
		t.Run(name, func(t *testing.T) {
			resp, err := chain(repeats).RoundTrip(post(t, to.String(), "{}"))
			if err != nil {
				t.Fatal(err)
			}
			body, err := io.ReadAll(resp.Body)
			if err != nil {
				t.Fatal(err)
			}
			if got := string(body); strings.Contains(got, secret) || !strings.Contains(got, "[redacted]") {
				t.Errorf("the answer is shown as %s", got)
			}
			if _, err := chain(breaks).RoundTrip(post(t, to.String(), "{}")); err == nil || strings.Contains(err.Error(), secret) {
				t.Errorf("the error is shown as %v", err)
			}
		})
	}
}
