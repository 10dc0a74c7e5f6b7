package auth_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/appsyncctl/appsyncctl/internal/auth"
)

func TestParseIssuer(t *testing.T) {
	tests := []struct{ input, want string }{
		{"tenant.eu.auth0.com", "https://tenant.eu.auth0.com/"},
		{"  Tenant.EU.Auth0.com/ \n", "https://tenant.eu.auth0.com/"},
		{"https://tenant.eu.auth0.com", "https://tenant.eu.auth0.com/"},
		{"HTTPS://TENANT.eu.auth0.com//", "https://tenant.eu.auth0.com/"},
		{"https://tenant.eu.auth0.com:443/", "https://tenant.eu.auth0.com/"},
		{"https://tenant.eu.auth0.com:8443", "https://tenant.eu.auth0.com:8443/"},
		{"https://tenant.eu.auth0.com/.well-known/openid-configuration", "https://tenant.eu.auth0.com/"},
		{"https://id.example.com/realms/Customers/", "https://id.example.com/realms/Customers"},
		{"id.example.com/realms/a%20b", "https://id.example.com/realms/a%20b"},
		{"cognito-idp.eu-west-1.amazonaws.com/eu-west-1_AbC", "https://cognito-idp.eu-west-1.amazonaws.com/eu-west-1_AbC"},
		{"http://127.0.0.1:9000", "http://127.0.0.1:9000/"},
		{"http://127.8.8.8:80/", "http://127.8.8.8/"},
		{"http://localhost:9000/tenant/", "http://localhost:9000/tenant"},
		{"http://[::1]:9000", "http://[::1]:9000/"},
		{"https://[::1]:443", "https://[::1]/"},
	}
	for _, tt := range tests {
		got, err := auth.ParseIssuer(tt.input)
		if err != nil || got != tt.want {
			t.Errorf("ParseIssuer(%q) = %q, %v; want %q", tt.input, got, err, tt.want)
		}
	}
}

func TestParseIssuerRefuses(t *testing.T) {
	tests := []struct{ input, reason string }{
		{"", "empty"},
		{"   ", "empty"},
		{"http://tenant.eu.auth0.com", "plain http"},
		{"http://127.0.0.1.example.com", "plain http"},
		{"http://localhost.example.com", "plain http"},
		{"http://192.168.0.10:8080", "plain http"},
		{"http://10.0.0.1", "plain http"},
		{"http://172.16.0.1", "plain http"},
		{"http://169.254.0.1", "plain http"},
		{"http://0.0.0.0:9000", "plain http"},
		{"http://[fd00::1]:9000", "plain http"},
		{"http://[fe80::1]", "plain http"},
		{"http://[::]", "plain http"},
		{"ftp://tenant.eu.auth0.com", "scheme"},
		{"https://", "no host"},
		{"https://:443", "no host"},
		{"https://tenant.eu.auth0.com?x=1", "query"},
		{"https://tenant.eu.auth0.com/#", "fragment"},
		{"https://tenant eu.auth0.com", "not a URL"},
		{"https://tenant.eu.auth0.com:port", "not a URL"},
		{"https://user:hunter22@tenant.eu.auth0.com", "user name"},
		{"https://user:hunter22@tenant eu.auth0.com", "not a URL"},
	}
	for _, tt := range tests {
		got, err := auth.ParseIssuer(tt.input)
		if _, ok := errors.AsType[*auth.IssuerError](err); !ok {
			t.Errorf("ParseIssuer(%q) = %q, %v; want an *IssuerError", tt.input, got, err)
			continue
		}
		if !strings.Contains(err.Error(), tt.reason) || strings.Contains(err.Error(), "hunter22") {
			t.Errorf("ParseIssuer(%q): %v; want the reason %q and no password", tt.input, err, tt.reason)
		}
	}
}

func FuzzParseIssuer(f *testing.F) {
	for _, seed := range []string{"tenant.eu.auth0.com", "http://[::1]:80/a/", "https://a//b/..", "https://h:443:443"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, input string) {
		first, err := auth.ParseIssuer(input)
		if err != nil {
			return
		}
		second, err := auth.ParseIssuer(first)
		if err != nil || first != second {
			t.Errorf("ParseIssuer(%q) = %q, whose own canonical form is %q, %v", input, first, second, err)
		}
	})
}
