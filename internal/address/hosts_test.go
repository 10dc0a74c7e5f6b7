package address_test

import (
	"net/url"
	"testing"

	"github.com/appsyncctl/appsyncctl/internal/address"
)

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
