package transport_test

import (
	"errors"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/appsyncctl/appsyncctl/internal/transport"
)

func TestAuthorizationSendsTheTokenToItsEndpointOnly(t *testing.T) {
	tests := []struct {
		name   string
		scheme string
		target string
		want   string
	}{
		{"bare token", "", endpoint, "token-1"},
		{"with Bearer", "Bearer", endpoint, "Bearer token-1"},
		{"another path of the host", "", "https://api.example.com/other", "token-1"},
		{"another host", "", "https://evil.example.com/graphql", ""},
		{"a host that begins alike", "", "https://api.example.com.evil.com/graphql", ""},
		{"a host that ends alike", "", "https://evil-api.example.com/graphql", ""},
		{"a subdomain", "", "https://sub.api.example.com/graphql", ""},
		{"another port", "", "https://api.example.com:8443/graphql", ""},
		{"in the clear", "", "http://api.example.com/graphql", ""},
		{"the host as a user name", "", "https://api.example.com@evil.com/graphql", ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			net := &network{replies: []reply{{status: 200}}}
			chain := &transport.Authorization{
				Source: &tokens{token: "token-1"}, Endpoint: parse(t, endpoint), Scheme: tt.scheme, Base: net,
			}
			req := post(t, tt.target, "{}")
			if _, err := chain.RoundTrip(req); err != nil {
				t.Fatal(err)
			}
			if got := net.sent[0].header.Get("Authorization"); got != tt.want {
				t.Errorf("got Authorization %q, want %q", got, tt.want)
			}
			if got := req.Header.Get("Authorization"); got != "" {
				t.Errorf("the caller's request was changed: Authorization %q", got)
			}
			header, err := chain.Authorize(t.Context(), req)
			if err != nil || header.Get("Authorization") != tt.want {
				t.Errorf("Authorize gave %v, %v; want %q", header, err, tt.want)
			}
		})
	}
}

func TestAuthorizationAsksForNoTokenForAnotherHost(t *testing.T) {
	net := &network{replies: []reply{{status: 401}}}
	source := &tokens{err: errBroken}
	chain := &transport.Authorization{Source: source, Endpoint: parse(t, endpoint), Base: net}
	resp, err := chain.RoundTrip(post(t, "https://other.example.com/", "{}"))
	if err != nil || resp.StatusCode != 401 || len(source.rejected) > 0 {
		t.Errorf("got %v, %v, %d renewals; want the 401 as it is", resp, err, len(source.rejected))
	}
}

func TestAuthorizationAfterRefusal(t *testing.T) {
	refusal := reply{status: 401, body: "refused"}
	success := reply{status: 200, body: "done"}
	const body = `{"query":"mutation","variables":{"long":"0123456789"}}`
	tests := []struct {
		name    string
		source  tokens
		replies []reply
		status  int
		body    string   // of the answer
		sent    []string // the tokens
		renewed []string // the tokens that were given back
	}{
		{
			"accepted",
			tokens{token: "a", renewed: "b"},
			[]reply{success},
			200, "done", []string{"a"}, nil,
		},
		{
			"refused once",
			tokens{token: "a", renewed: "b"},
			[]reply{refusal, success},
			200, "done", []string{"a", "b"},
			[]string{"a"},
		},
		{
			"refused for ever",
			tokens{token: "a", renewed: "b"},
			[]reply{refusal},
			401, "refused", []string{"a", "b"},
			[]string{"a"},
		},
		{
			"no way to get another",
			tokens{token: "a"},
			[]reply{refusal, success},
			401, "refused", []string{"a"},
			[]string{"a"},
		},
		{
			"issued once more, the same",
			tokens{token: "a", renewed: "a"},
			[]reply{refusal},
			401, "refused", []string{"a", "a"},
			[]string{"a"},
		},
		{
			"forbidden is not cured by a token",
			tokens{token: "a", renewed: "b"},
			[]reply{{status: 403, body: "no"}, success},
			403, "no", []string{"a"}, nil,
		},
		{
			"an error inside a 200 is not cured by a token",
			tokens{token: "a", renewed: "b"},
			[]reply{{status: 200, body: `{"errors":[{"errorType":"Unauthorized"}]}`}, success},
			200, `{"errors":[{"errorType":"Unauthorized"}]}`, []string{"a"}, nil,
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			net := &network{replies: tt.replies}
			chain := &transport.Authorization{Source: &tt.source, Endpoint: parse(t, endpoint), Base: net}
			resp, err := chain.RoundTrip(post(t, endpoint, body))
			if err != nil {
				t.Fatal(err)
			}
			if got := read(t, resp); resp.StatusCode != tt.status || got != tt.body {
				t.Errorf("got %d %q, want %d %q", resp.StatusCode, got, tt.status, tt.body)
			}
			var got []string
			for _, request := range net.sent {
				got = append(got, request.header.Get("Authorization"))
				if request.body != body {
					t.Errorf("sent body %q, want the whole %q", request.body, body)
				}
			}
			if !slices.Equal(got, tt.sent) {
				t.Errorf("sent with tokens %q, want %q", got, tt.sent)
			}
			if !slices.Equal(tt.source.rejected, tt.renewed) {
				t.Errorf("gave back %q, want %q", tt.source.rejected, tt.renewed)
			}
		})
	}
}

func TestAuthorizationWithoutToken(t *testing.T) {
	net := &network{replies: []reply{{status: 200}}}
	chain := &transport.Authorization{Source: &tokens{err: errBroken}, Endpoint: parse(t, endpoint), Base: net}
	_, err := chain.RoundTrip(post(t, endpoint, "{}"))
	if !errors.Is(err, errBroken) {
		t.Errorf("got %v, want the source's error", err)
	}
	if len(net.sent) > 0 {
		t.Error("a request without a token was sent")
	}
}

func TestAuthorizationRenewalFails(t *testing.T) {
	net := &network{replies: []reply{{status: 401}}}
	source := &tokens{token: "secret-token", renewErr: errBroken}
	chain := &transport.Authorization{Source: source, Endpoint: parse(t, endpoint), Base: net}
	_, err := chain.RoundTrip(post(t, endpoint, "{}"))
	var failed *transport.RenewalError
	if !errors.As(err, &failed) || !errors.Is(err, errBroken) {
		t.Fatalf("got %v, want a RenewalError around the source's error", err)
	}
	if strings.Contains(err.Error(), "secret-token") {
		t.Errorf("the error shows the token: %v", err)
	}
	if len(net.sent) != 1 {
		t.Errorf("sent %d requests, want 1", len(net.sent))
	}
}

func TestAuthorizationBodyThatCannotBeSentTwice(t *testing.T) {
	net := &network{replies: []reply{{status: 401, body: "refused"}}}
	chain := &transport.Authorization{Source: &tokens{token: "a", renewed: "b"}, Endpoint: parse(t, endpoint), Base: net}
	req := post(t, endpoint, "{}")
	req.GetBody = nil
	resp, err := chain.RoundTrip(req)
	if err != nil || resp.StatusCode != 401 || read(t, resp) != "refused" {
		t.Errorf("got %v, %v; want the refusal", resp, err)
	}
	if len(net.sent) != 1 {
		t.Errorf("sent %d requests, want 1: the second would have an empty body", len(net.sent))
	}
}

func TestUserAgent(t *testing.T) {
	net := &network{replies: []reply{{status: 200}}}
	req := post(t, endpoint, "{}")
	if _, err := (&transport.UserAgent{Value: "appsyncctl/1", Base: net}).RoundTrip(req); err != nil {
		t.Fatal(err)
	}
	if got := net.sent[0].header.Get("User-Agent"); got != "appsyncctl/1" {
		t.Errorf("got %q, want appsyncctl/1", got)
	}
	if _, changed := req.Header[http.CanonicalHeaderKey("User-Agent")]; changed {
		t.Error("the caller's request was changed")
	}
}
