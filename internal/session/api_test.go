package session_test

import (
	"net/url"
	"testing"

	"github.com/appsyncctl/appsyncctl/internal/session"
)

func TestRegionOf(t *testing.T) {
	tests := []struct{ endpoint, want string }{
		{"https://abc.appsync-api.eu-west-1.amazonaws.com/graphql", "eu-west-1"},
		{"https://abc.appsync-api.us-gov-west-1.amazonaws.com/graphql", "us-gov-west-1"},
		{"https://abc.appsync-api.cn-north-1.amazonaws.com.cn/graphql", "cn-north-1"},
		{"https://abc.appsync-api.eu-west-1.amazonaws.com:443/graphql", "eu-west-1"},
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
		if got := session.RegionOf(endpoint); got != tt.want {
			t.Errorf("%s: got %q, want %q", tt.endpoint, got, tt.want)
		}
	}
}
