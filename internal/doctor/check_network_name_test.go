package doctor_test

import (
	"context"
	"net"
	"testing"
)

func TestNames(t *testing.T) {
	missing := func(name string) error { return &net.DNSError{Err: "no such host", Name: name, IsNotFound: true} }
	tests := []struct {
		name     string
		endpoint string
		lookup   func(name string) error
		want     map[string]string
	}{
		{
			"no API of this name", "https://api.example.com/graphql",
			func(name string) error {
				if name == apiHost {
					return missing(name)
				}
				return nil
			},
			map[string]string{
				"NET-002": "failure: the name api.example.com does not exist\npass --endpoint or set APPSYNCCTL_ENDPOINT",
				"NET-003": "skipped:  <NET-002>", "NET-004": "skipped:  <NET-002>", "NET-005": "ok: the name id.example.com resolves",
			},
		},
		{
			"a deleted API", "https://abc.appsync-api.eu-west-1.amazonaws.com/graphql", missing,
			map[string]string{
				"NET-002": "failure: the name abc.appsync-api.eu-west-1.amazonaws.com does not exist\n" +
					`aws appsync list-graphql-apis --region eu-west-1 --query "graphqlApis[].uris.GRAPHQL"`,
				"NET-005": "failure: the name id.example.com does not exist\npass --issuer or set APPSYNCCTL_ISSUER",
				"NET-006": "skipped:  <NET-005>", "OIDC-001": "skipped:  <NET-005>",
			},
		},
		{
			"a resolver without an answer", "https://api.example.com/graphql",
			func(name string) error { return &net.DNSError{Err: "i/o timeout", Name: name, IsTimeout: true} },
			map[string]string{
				"NET-002": "unknown: api.example.com could not be looked up: the resolver gives no answer", "NET-003": "skipped:  <NET-002>",
				"NET-005": "unknown: id.example.com could not be looked up: the resolver gives no answer", "NET-006": "skipped:  <NET-005>",
			},
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			s := newSite()
			s.start(t, true)
			s.set("endpoint", tt.endpoint)
			s.LookupHost = func(_ context.Context, name string) ([]string, error) { return nil, tt.lookup(name) }
			wantSaid(t, examined(t, s.Subject), tt.want)
		})
	}
}

// A name may be gone again when the connection is made.
func TestNameVanishes(t *testing.T) {
	s := newSite()
	s.start(t, true)
	s.transport.DialContext = func(context.Context, string, string) (net.Conn, error) {
		return nil, &net.OpError{Op: "dial", Net: "tcp", Err: &net.DNSError{Err: "no such host", Name: apiHost, IsNotFound: true}}
	}
	wantSaid(t, examined(t, s.Subject), map[string]string{
		"NET-002": "ok: the name api.example.com resolves",
		"NET-003": "failure: the name api.example.com does not exist\npass --endpoint or set APPSYNCCTL_ENDPOINT",
	})
}
