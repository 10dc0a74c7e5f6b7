package address_test

import (
	"net/url"
	"testing"

	"github.com/appsyncctl/appsyncctl/internal/address"
)

func TestSame(t *testing.T) {
	tests := []struct {
		name string
		a, b string
		want bool
	}{
		{"equal", "https://api.example.com/graphql", "https://api.example.com/graphql", true},
		{"scheme in upper case", "HTTPS://api.example.com/graphql", "https://api.example.com/graphql", true},
		{"host in upper case", "https://API.Example.com/graphql", "https://api.example.com/graphql", true},
		{"default port", "https://api.example.com:443/graphql", "https://api.example.com/graphql", true},
		{"default port of http", "http://localhost:80/graphql", "http://localhost/graphql", true},
		{"empty port", "https://api.example.com:/graphql", "https://api.example.com/graphql", true},
		{"slash at the end", "https://id.example.com/", "https://id.example.com", true},
		{"no scheme", "id.example.com", "https://id.example.com/", true},
		{"spaces around", " https://api.example.com/graphql\n", "https://api.example.com/graphql", true},
		{"address of IPv6", "http://[::1]:80/graphql", "http://[::1]/graphql", true},
		{"text that is no address", "://", "://", true},
		{"other scheme", "http://localhost/graphql", "https://localhost/graphql", false},
		{"other host", "https://a.example.com/graphql", "https://b.example.com/graphql", false},
		{"other port", "https://api.example.com:8443/graphql", "https://api.example.com/graphql", false},
		{"port of the other scheme", "https://api.example.com:80/graphql", "https://api.example.com/graphql", false},
		{"other path", "https://api.example.com/graphql", "https://api.example.com/v2", false},
		{"case of a path", "https://id.example.com/realms/a", "https://id.example.com/realms/A", false},
		{"escaped slash", "https://id.example.com/a%2Fb", "https://id.example.com/a/b", false},
		{"other query", "https://api.example.com/graphql?a=1", "https://api.example.com/graphql", false},
		{"empty and an address", "", "https://api.example.com", false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if got := address.Same(tt.a, tt.b); got != tt.want {
				t.Errorf("Same(%q, %q) is %t; canonical: %q and %q", tt.a, tt.b, got, address.Canonical(tt.a), address.Canonical(tt.b))
			}
			if got := address.Same(tt.b, tt.a); got != tt.want {
				t.Errorf("Same(%q, %q) is %t", tt.b, tt.a, got)
			}
		})
	}
}

func TestSameHost(t *testing.T) {
	tests := []struct {
		a, b string
		want bool
	}{
		{"https://API.example.com/a", "https://api.example.com:443/b", true},
		{"http://127.0.0.1:8080/a", "http://127.0.0.1:8080", true},
		{"http://127.0.0.1:8080/a", "http://127.0.0.1:8081/a", false},
		{"http://api.example.com", "https://api.example.com", false},
		{"https://api.example.com.evil.example", "https://api.example.com", false},
	}
	for _, tt := range tests {
		t.Run(tt.a, func(t *testing.T) {
			if got := address.SameHost(parsed(t, tt.a), parsed(t, tt.b)); got != tt.want {
				t.Errorf("SameHost(%q, %q) is %t", tt.a, tt.b, got)
			}
		})
	}
}

func parsed(t *testing.T, text string) *url.URL {
	t.Helper()
	u, err := url.Parse(text)
	if err != nil {
		t.Fatal(err)
	}
	return u
}

func TestAppSyncRegion(t *testing.T) {
	tests := []struct{ endpoint, want string }{
		{"https://abc.appsync-api.eu-west-1.amazonaws.com/graphql", "eu-west-1"},
		{"https://abc.appsync-api.us-gov-west-1.amazonaws.com/graphql", "us-gov-west-1"},
		{"https://abc.appsync-api.cn-north-1.amazonaws.com.cn/graphql", "cn-north-1"},
		{"https://abc.appsync-api.eu-west-1.amazonaws.com:443/graphql", "eu-west-1"},
		{"https://ABC.APPSYNC-API.EU-WEST-1.AMAZONAWS.COM/graphql", "eu-west-1"},
		{"https://api.example.com/graphql", ""},
		{"https://api.example.com/abc.appsync-api.eu-west-1.amazonaws.com", ""},
		{"https://appsync-api.eu-west-1.amazonaws.com/graphql", ""},
		{"http://127.0.0.1:8080/graphql", ""},
		{"http://[::1]:8080/graphql", ""},
	}
	for _, tt := range tests {
		endpoint, err := url.Parse(tt.endpoint)
		if err != nil {
			t.Fatal(err)
		}
		if got := address.AppSyncRegion(endpoint.Hostname()); got != tt.want {
			t.Errorf("%s: got %q, want %q", tt.endpoint, got, tt.want)
		}
	}
}

func TestLoopback(t *testing.T) {
	for host, want := range map[string]bool{
		"localhost": true, "LOCALHOST": true, "127.0.0.1": true, "127.8.9.1": true, "::1": true,
		"": false, "localhost.example.com": false, "0.0.0.0": false, "192.0.2.1": false, "127.0.0.1.example.com": false,
	} {
		if got := address.Loopback(host); got != want {
			t.Errorf("%q: got %t, want %t", host, got, want)
		}
	}
}
