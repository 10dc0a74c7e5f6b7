package transport_test

import (
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/appsyncctl/appsyncctl/internal/transport"
)

// TestClean takes secrets out of refusals, and leaves what worked alone.
func TestClean(t *testing.T) {
	const secret = `planted/"secret`
	hide := func(text string) string { return strings.ReplaceAll(text, secret, "[redacted]") }
	tests := []struct {
		name   string
		status int
		body   string
		want   string
	}{
		{"data", 200, `{"data":{"name":"planted/\"secret"}}`, `{"data":{"name":"planted/\"secret"}}`},
		{"a new secret", 200, `{"access_token":"planted/\"secret"}`, `{"access_token":"planted/\"secret"}`},
		{"errors beside data", 200, `{"data":{"name":"planted/\"secret"},"errors":[{"message":"got planted/\"secret"}]}`, `{"data":{"name":"planted/\"secret"},"errors":[{"message":"got [redacted]"}]}`},
		{"other escapes", 200, `{"errors":[{"message":"got planted\/\u0022secret"}]}`, `{"errors":[{"message":"got [redacted]"}]}`},
		{"a message only", 200, `{"message":"planted/\"secret"}`, `{"message":"[redacted]"}`},
		{"a provider's refusal", 403, `{"error":"x","error_description":"got planted/\"secret"}`, `{"error":"x","error_description":"got [redacted]"}`},
		{"a page", 502, `<p>planted/"secret</p>`, `<p>[redacted]</p>`},
		{"a page that says it works", 200, `<p>planted/"secret</p>`, `<p>planted/"secret</p>`},
		{"nothing to clean", 400, ` {"message": "no"} `, ` {"message": "no"} `},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			base := roundTrip(func(req *http.Request) (*http.Response, error) {
				header := http.Header{"X-Amzn-Errortype": {"a " + secret}, "Content-Type": {"text/plain"}}
				return &http.Response{StatusCode: tt.status, Header: header, Body: io.NopCloser(strings.NewReader(tt.body)), Request: req}, nil
			})
			resp, err := (&transport.Clean{Hide: hide, Base: base}).RoundTrip(post(t, "https://api.example.com/graphql", "{}"))
			if err != nil {
				t.Fatal(err)
			}
			body, err := io.ReadAll(resp.Body)
			if err != nil {
				t.Fatal(err)
			}
			if got := string(body); got != tt.want {
				t.Errorf("got  %s\nwant %s", got, tt.want)
			}
			if got := resp.Header.Get("X-Amzn-Errortype"); got != "a [redacted]" {
				t.Errorf("got the header %q", got)
			}
		})
	}
}
