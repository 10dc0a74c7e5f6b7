package appsync_test

import (
	"net/url"
	"strings"
	"testing"

	"github.com/appsyncctl/appsyncctl/internal/appsync"
	"github.com/appsyncctl/appsyncctl/internal/failure"
)

// TestEndpointHasOneSpelling checks that a host is known again however it was written.
func TestEndpointHasOneSpelling(t *testing.T) {
	tests := []struct{ text, want string }{
		{"HTTPS://API.Example.com/graphql", "https://api.example.com/graphql"},
		{"https://api.example.com:443/graphql", "https://api.example.com/graphql"},
		{"https://api.example.com:8443/Graphql", "https://api.example.com:8443/Graphql"},
		{"HTTP://LOCALHOST:80/graphql", "http://localhost/graphql"},
		{"http://[::1]:8080/graphql", "http://[::1]:8080/graphql"},
	}
	for _, tt := range tests {
		t.Run(tt.text, func(t *testing.T) {
			if got, err := appsync.ParseEndpoint(tt.text); err != nil || got.String() != tt.want {
				t.Errorf("got %v and %v, want %s", got, err, tt.want)
			}
		})
	}
}

func TestParseEndpoint(t *testing.T) {
	tests := []struct {
		text string
		ok   bool
	}{
		{"https://abc.appsync-api.eu-central-1.amazonaws.com/graphql", true},
		{"HTTPS://api.example.com/graphql", true},
		{"https://api.example.com:8443/graphql", true},
		{"https://api.example.com/graphql?stage=a", true},
		{"http://localhost:8080/graphql", true},
		{"http://LOCALHOST/graphql", true},
		{"http://127.0.0.1:8080/graphql", true},
		{"http://127.1.2.3/graphql", true},
		{"http://[::1]:8080/graphql", true},
		{"", false},
		{"api.example.com/graphql", false},
		{"//api.example.com/graphql", false},
		{"https://", false},
		{"https:///graphql", false},
		{"https://:443/graphql", false},
		{"https:api.example.com", false},
		{"ftp://api.example.com/graphql", false},
		{"wss://api.example.com/graphql", false},
		{"https://api.example.com/graphql#part", false},
		{" https://api.example.com/graphql", false},
		{"https://api.example.com/\x7f", false},
		{"http://api.example.com/graphql", false},
		{"http://localhost.evil.com/graphql", false},
		{"http://127.0.0.1.evil.com/graphql", false},
		{"http://0.0.0.0/graphql", false},
		{"http://10.0.0.1/graphql", false},
		{"https://user:planted@api.example.com/graphql", false},
		{"https://planted@api.example.com/graphql", false},
		{"http://localhost:planted@evil.com/graphql", false},
		{"user:planted@api.example.com/graphql", false},
		{"https:user:planted@api.example.com", false},
		{"https://user:planted%zz@api.example.com/graphql", false},
		{"https://user:planted@api.example.com:port/graphql", false},
	}
	for _, tt := range tests {
		t.Run(tt.text, func(t *testing.T) {
			got, err := appsync.ParseEndpoint(tt.text)
			if tt.ok {
				if err != nil || got.Host == "" {
					t.Errorf("got %v, %v; want a URL", got, err)
				}
				return
			}
			if failure.Of(err) != failure.Usage || got != nil {
				t.Fatalf("got %v, %v; want a usage error", got, err)
			}
			if strings.Contains(err.Error(), "planted") {
				t.Errorf("the error shows the password: %v", err)
			}
		})
	}
}

func TestRealtimeURL(t *testing.T) {
	tests := []struct{ endpoint, want string }{
		{
			"https://abcdefghijklmnopqrstuvwxyz.appsync-api.eu-west-1.amazonaws.com/graphql",
			"wss://abcdefghijklmnopqrstuvwxyz.appsync-realtime-api.eu-west-1.amazonaws.com/graphql",
		},
		{
			"https://abc.appsync-api.cn-north-1.amazonaws.com.cn/graphql",
			"wss://abc.appsync-realtime-api.cn-north-1.amazonaws.com.cn/graphql",
		},
		{"https://api.example.com/graphql", "wss://api.example.com/graphql/realtime"},
		{"https://api.example.com/v1/graphql/", "wss://api.example.com/v1/graphql/realtime"},
		{"https://appsync-api.example.com/graphql", "wss://appsync-api.example.com/graphql/realtime"},
		{"http://127.0.0.1:8080/graphql", "ws://127.0.0.1:8080/graphql/realtime"},
	}
	for _, tt := range tests {
		endpoint, err := url.Parse(tt.endpoint)
		if err != nil {
			t.Fatal(err)
		}
		if got := appsync.RealtimeURL(endpoint).String(); got != tt.want {
			t.Errorf("%s: got %s, want %s", tt.endpoint, got, tt.want)
		}
	}
}
