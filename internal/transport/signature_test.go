package transport_test

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"maps"
	"net/http"
	"slices"
	"testing"

	"github.com/appsyncctl/appsyncctl/internal/transport"
)

// Credentials of every kind go to the endpoint's host only.
func TestCredentialsStayAtTheEndpoint(t *testing.T) {
	sign := func(_ context.Context, req *http.Request, _ string) error {
		req.Header.Set("X-Sent", "signature")
		return nil
	}
	for _, tt := range []struct {
		target string
		want   bool
	}{
		{endpoint, true},
		{"https://api.example.com.evil.com/graphql", false},
		{"https://api.example.com:8443/graphql", false},
		{"http://api.example.com/graphql", false},
	} {
		net := &network{replies: []reply{{status: 200}}}
		key := &transport.APIKey{Key: "da2-key", Endpoint: parse(t, endpoint), Base: net}
		signature := &transport.Signature{Sign: sign, Endpoint: parse(t, endpoint), Base: net}
		for _, chain := range []http.RoundTripper{key, signature} {
			req := post(t, tt.target, "whole body")
			if _, err := chain.RoundTrip(req); err != nil {
				t.Fatal(err)
			}
			if len(req.Header) > 0 {
				t.Errorf("the caller's request was changed: %v", req.Header)
			}
		}
		if got := net.sent[0].header.Get("X-Api-Key") == "da2-key"; got != tt.want {
			t.Errorf("%s: API key sent: %t, want %t", tt.target, got, tt.want)
		}
		if got := net.sent[1].header.Get("X-Sent") != ""; got != tt.want {
			t.Errorf("%s: signature sent: %t, want %t", tt.target, got, tt.want)
		}
		for i, way := range []interface {
			Authorize(ctx context.Context, req *http.Request) (http.Header, error)
		}{key, signature} {
			header, err := way.Authorize(t.Context(), post(t, tt.target, "whole body"))
			if err != nil || !maps.EqualFunc(header, net.sent[i].header, slices.Equal) {
				t.Errorf("%s: Authorize gave %v, %v; %v was sent", tt.target, header, err, net.sent[i].header)
			}
		}
		if got := net.sent[1].body; got != "whole body" {
			t.Errorf("sent body %q behind the signature", got)
		}
	}
}

func TestSignatureCoversWhatIsSent(t *testing.T) {
	var payload string
	net := &network{replies: []reply{{status: 200}}}
	chain := &transport.Signature{
		Sign: func(_ context.Context, req *http.Request, sum string) error {
			payload = sum
			if _, there := req.Header["Idempotency-Key"]; there {
				t.Error("a header that is not sent is signed")
			}
			return nil
		},
		Endpoint: parse(t, endpoint), Base: net,
	}
	req := post(t, endpoint, "whole body")
	req.Header["Idempotency-Key"] = []string{}
	if _, err := chain.RoundTrip(req); err != nil {
		t.Fatal(err)
	}
	sum := sha256.Sum256([]byte(net.sent[0].body))
	if want := hex.EncodeToString(sum[:]); payload != want {
		t.Errorf("got payload %s, want %s", payload, want)
	}
}

func TestSignatureFails(t *testing.T) {
	net := &network{replies: []reply{{status: 200}}}
	chain := &transport.Signature{
		Sign:     func(context.Context, *http.Request, string) error { return errBroken },
		Endpoint: parse(t, endpoint), Base: net,
	}
	_, err := chain.RoundTrip(post(t, endpoint, "{}"))
	var failed *transport.SigningError
	if !errors.As(err, &failed) || !errors.Is(err, errBroken) {
		t.Errorf("got %v, want a SigningError", err)
	}
	if len(net.sent) > 0 {
		t.Error("a request without a signature was sent")
	}
}
