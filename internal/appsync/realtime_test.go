package appsync_test

import (
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/appsyncctl/appsyncctl/internal/appsync"
	"github.com/appsyncctl/appsyncctl/internal/emulator"
	emulated "github.com/appsyncctl/appsyncctl/internal/emulator/appsync"
	"github.com/appsyncctl/appsyncctl/internal/redact"
	"github.com/appsyncctl/appsyncctl/internal/schema"
)

const emulatorKey = "da2-realtimerealtimerealtimere"

// emulate starts an emulator that takes an API key.
func emulate(t *testing.T) (endpoint *url.URL, client *appsync.Client) {
	t.Helper()
	running, err := emulator.Start(t.Context(), emulator.Config{
		Schema: schema.Extended(),
		API:    func(c *emulated.Config) { c.APIKeys = []redact.Secret{emulatorKey} },
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = running.Close() })
	endpoint, err = url.Parse(running.Environment()[0].Value)
	if err != nil {
		t.Fatal(err)
	}
	return endpoint, &appsync.Client{Endpoint: endpoint.String(), HTTP: &http.Client{Transport: keyed{http.DefaultTransport}}}
}

type keyed struct{ base http.RoundTripper }

func (k keyed) RoundTrip(req *http.Request) (*http.Response, error) {
	req = req.Clone(req.Context())
	req.Header.Set("X-Api-Key", emulatorKey)
	return k.base.RoundTrip(req)
}

// authorizer is a function as appsync.Authorizer.
type authorizer func(context.Context, *http.Request) (http.Header, error)

func (f authorizer) Authorize(ctx context.Context, req *http.Request) (http.Header, error) {
	return f(ctx, req)
}

func withKey(key string) authorizer {
	return func(context.Context, *http.Request) (http.Header, error) {
		return http.Header{"X-Api-Key": {key}}, nil
	}
}

func connector(endpoint *url.URL) *appsync.Connector {
	return &appsync.Connector{Endpoint: endpoint, HTTP: &http.Client{}, Authorizer: withKey(emulatorKey)}
}

func realtime(endpoint *url.URL) *appsync.Realtime { return connector(endpoint).Connection() }

func TestFollow(t *testing.T) {
	endpoint, client := emulate(t)
	all := []appsync.Operation{appsync.Created, appsync.Updated, appsync.Deleted}
	feed, err := connector(endpoint).Follow(t.Context(), all, appsync.Match{City: new("Boston")})
	if err != nil {
		t.Fatal(err)
	}
	defer feed.Close()
	for _, input := range []appsync.CreateCustomerInput{
		{Id: new("1"), Name: new("a"), City: new("Boston")},
		{Id: new("2"), Name: new("b"), City: new("Dallas")},
		{Id: new("3"), City: new("Boston")},
	} {
		if _, err := appsync.CreateCustomer(t.Context(), client, input); err != nil {
			t.Fatal(err)
		}
	}
	for _, want := range []string{"1", "3"} {
		got := <-feed.Changes
		if got.Err != nil || got.Operation != appsync.Created || got.Customer.Id != want {
			t.Errorf("got %+v, want that %s was created", got, want)
		}
	}
	if _, err := appsync.DeleteCustomer(t.Context(), client, "1"); err != nil {
		t.Fatal(err)
	}
	if got := <-feed.Changes; got.Operation != appsync.Deleted || got.Customer.Name == nil || *got.Customer.Name != "a" {
		t.Errorf("got %+v, want that 1 was deleted", got)
	}
}

// What the API refuses is told as it is over HTTP.
func TestRealtimeRefused(t *testing.T) {
	endpoint, _ := emulate(t)
	t.Run("connection", func(t *testing.T) {
		conn := realtime(endpoint)
		conn.Authorizer = withKey("da2-wrong")
		_, err := conn.Start(t.Context())
		refused, ok := errors.AsType[*appsync.ResponseError](err)
		if !ok || !refused.Unauthorized() || refused.Error() != "UnauthorizedException: You are not authorized to make this call." {
			t.Errorf("got %v", err)
		}
	})
	t.Run("subscription", func(t *testing.T) {
		conn := connector(endpoint)
		connected := false
		conn.Authorizer = authorizer(func(context.Context, *http.Request) (http.Header, error) {
			key := emulatorKey
			if connected {
				key = "da2-wrong"
			}
			connected = true
			return http.Header{"X-Api-Key": {key}}, nil
		})
		_, err := conn.Follow(t.Context(), []appsync.Operation{appsync.Created}, appsync.Match{})
		if refused, ok := errors.AsType[*appsync.ResponseError](err); !ok || !refused.Unauthorized() {
			t.Errorf("got %v", err)
		}
	})
	t.Run("no host", func(t *testing.T) {
		listener, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		nobody := &url.URL{Scheme: "http", Host: listener.Addr().String(), Path: "/graphql"}
		if err := listener.Close(); err != nil {
			t.Fatal(err)
		}
		_, err = realtime(nobody).Start(t.Context())
		if _, ok := errors.AsType[*appsync.ConnectionError](err); !ok {
			t.Errorf("got %v", err)
		}
	})
	t.Run("credentials", func(t *testing.T) {
		conn := realtime(endpoint)
		conn.Authorizer = authorizer(func(context.Context, *http.Request) (http.Header, error) { return nil, io.ErrNoProgress })
		if _, err := conn.Start(t.Context()); !errors.Is(err, io.ErrNoProgress) {
			t.Errorf("got %v", err)
		}
	})
}

// handshakes that end in plain HTTP.
func TestRealtimeNotUpgraded(t *testing.T) {
	tests := []struct {
		name  string
		reply reply
		want  string
	}{
		{"refused", reply{status: 401, body: edge("UnauthorizedException", "Token has expired.")}, "UnauthorizedException: Token has expired."},
		{"firewall", reply{status: 403, body: `{"message":"Forbidden"}`}, "the API answered 403 Forbidden: Forbidden"},
		{"nothing there", reply{status: 404}, "the API answered 404 Not Found with no WebSocket"},
		{"no WebSocket", reply{body: `{"data":{}}`}, "the API answered 200 OK with no WebSocket"},
		{"redirect", reply{status: 302, header: http.Header{"Location": {"https://elsewhere.example/"}}}, "the API answered 302 Found with no WebSocket"},
		{"broken off", reply{err: io.ErrUnexpectedEOF}, "the real-time connection to api.example.com: unexpected EOF"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			endpoint := &url.URL{Scheme: "https", Host: "api.example.com", Path: "/graphql"}
			server := &api{replies: []reply{tt.reply}}
			conn := realtime(endpoint)
			conn.HTTP = &http.Client{Transport: withoutBody{server}, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
			_, err := conn.Start(t.Context())
			if err == nil || err.Error() != tt.want {
				t.Errorf("got %v, want %s", err, tt.want)
			}
			if len(server.requests) != 1 {
				t.Errorf("sent %d requests", len(server.requests))
			}
		})
	}
}

// withoutBody is for a server that wants one.
type withoutBody struct{ http.RoundTripper }

func (w withoutBody) RoundTrip(req *http.Request) (*http.Response, error) {
	req.Body = io.NopCloser(strings.NewReader(""))
	return w.RoundTripper.RoundTrip(req)
}
