package auth_test

import (
	"encoding/json"
	"errors"
	"net/http"
	"net/http/httptest"
	"reflect"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/appsyncctl/appsyncctl/internal/auth"
)

func TestDiscover(t *testing.T) {
	tests := []struct {
		name     string
		path     string // of the issuer
		document string // where its metadata is
		suffix   string // that the document adds to the issuer
	}{
		{"at the root, issuer with a slash", "/", "/.well-known/openid-configuration", ""},
		{"below a path", "/realms/a", "/realms/a/.well-known/openid-configuration", ""},
		{"both with a slash", "/realms/a/", "/realms/a/.well-known/openid-configuration", ""},
		{"document adds a slash", "/realms/a", "/realms/a/.well-known/openid-configuration", "/"},
		{"RFC 8414 place", "/realms/a", "/.well-known/oauth-authorization-server/realms/a", ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			var base string
			server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				if r.URL.Path != tt.document {
					http.NotFound(w, r)
					return
				}
				_ = json.NewEncoder(w).Encode(map[string]any{
					"issuer":                        base + tt.path + tt.suffix,
					"token_endpoint":                base + "/oauth/token",
					"device_authorization_endpoint": base + "/oauth/device/code",
					"grant_types_supported":         []string{"client_credentials"},
					"claims_parameter_supported":    false,
				})
			}))
			defer server.Close()
			server.Client().Timeout = patience
			base = server.URL

			got, err := auth.Discover(t.Context(), server.Client(), base+tt.path)
			want := &auth.Provider{
				Issuer:                      base + tt.path + tt.suffix,
				TokenEndpoint:               base + "/oauth/token",
				DeviceAuthorizationEndpoint: base + "/oauth/device/code",
				GrantTypes:                  []string{"client_credentials"},
			}
			if err != nil || !reflect.DeepEqual(got, want) {
				t.Errorf("Discover = %+v, %v\nwant %+v", got, err, want)
			}

			kept, _ := json.Marshal(got)
			again := new(auth.Provider)
			if err := json.Unmarshal(kept, again); err != nil || !reflect.DeepEqual(again, want) {
				t.Errorf("kept as JSON = %+v, %v\nwant %+v", again, err, want)
			}
		})
	}
}

func TestDiscoverRefuses(t *testing.T) {
	const good = `{"issuer":"https://tenant.example.com/","token_endpoint":"https://tenant.example.com/oauth/token"`
	tests := []struct {
		name   string
		reply  reply
		reason auth.DiscoveryReason
	}{
		{"nothing there", reply{status: 404, body: "Not Found"}, auth.NotFound},
		{"a page", reply{body: "<html>"}, auth.NotJSON},
		{"no answer that ends", reply{body: strings.Repeat("[", 2<<20)}, auth.NotJSON},
		{"an empty document", reply{body: "{}"}, auth.Incomplete},
		{"null", reply{body: "null"}, auth.Incomplete},
		{"no token endpoint", reply{body: `{"issuer":"https://tenant.example.com/"}`}, auth.Incomplete},
		{"plain http device endpoint", reply{body: good + `,"device_authorization_endpoint":"http://tenant.example.com/d"}`}, auth.Insecure},
		{"plain http in a private network", reply{body: good + `,"revocation_endpoint":"http://192.168.0.10/revoke"}`}, auth.Insecure},
		{"plain http in a private network, by IPv6", reply{body: good + `,"jwks_uri":"http://[fd00::1]/keys"}`}, auth.Insecure},
		{"endpoint that is a script", reply{body: good + `,"authorization_endpoint":"javascript:alert(1)"}`}, auth.Insecure},
		{"endpoint without end", reply{body: good + `,"jwks_uri":"http://x/` + strings.Repeat("x", 9999) + `"}`}, auth.Insecure},
		{"key set from a file", reply{body: good + `,"jwks_uri":"file:///etc/passwd"}`}, auth.Insecure},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			_, err := auth.Discover(t.Context(), newFake(tt.reply).client().HTTP, issuer)
			var refused *auth.DiscoveryError
			if !errors.As(err, &refused) || refused.Reason != tt.reason {
				t.Fatalf("Discover: %v; want %q", err, tt.reason)
			}
			if len(err.Error()) > 600 {
				t.Errorf("a message of %d bytes", len(err.Error()))
			}
		})
	}
}

func TestDiscoverTellsWhoAnswered(t *testing.T) {
	other := reply{body: `{"issuer":"https://login.example.com/","token_endpoint":"https://login.example.com/oauth/token"}`}
	_, err := auth.Discover(t.Context(), newFake(other).client().HTTP, issuer)
	var mismatch *auth.IssuerMismatchError
	if !errors.As(err, &mismatch) || mismatch.Expected != issuer || mismatch.Found != "https://login.example.com/" {
		t.Errorf("Discover: %v; want a mismatch", err)
	}
}

// Paths are told apart by case: /realms/a and /realms/A are two issuers.
func TestDiscoverTellsRealmsApart(t *testing.T) {
	const asked, found = "https://id.example.com/realms/a", "https://id.example.com/realms/A"
	other := reply{body: `{"issuer":"` + found + `","token_endpoint":"https://id.example.com/oauth/token"}`}
	_, err := auth.Discover(t.Context(), &http.Client{Transport: newFake(other)}, asked)
	var mismatch *auth.IssuerMismatchError
	if !errors.As(err, &mismatch) || mismatch.Expected != asked || mismatch.Found != found {
		t.Errorf("Discover: %v; want a mismatch", err)
	}
}

func TestDiscoverKeepsOtherStatuses(t *testing.T) {
	for _, status := range []int{301, 403, 429, 503} {
		f := newFake(reply{status: status, header: map[string]string{"Location": "https://elsewhere.example.com/"}})
		_, err := auth.Discover(t.Context(), f.client().HTTP, issuer)
		var refused *auth.Error
		if !errors.As(err, &refused) || refused.Status != status {
			t.Errorf("Discover: %v; want status %d", err, status)
		}
		if len(f.calls) != 1 {
			t.Errorf("status %d: %d requests, want 1", status, len(f.calls))
		}
	}
}

func TestDiscoverUnreachable(t *testing.T) {
	server := httptest.NewServer(http.NotFoundHandler())
	server.Close()
	server.Client().Timeout = patience
	_, err := auth.Discover(t.Context(), server.Client(), server.URL)
	var lost *auth.TransportError
	if !errors.As(err, &lost) || lost.Sent {
		t.Errorf("Discover: %v; want a *TransportError that was not sent", err)
	}
}

func TestDiscoverAgain(t *testing.T) {
	found := reply{body: `{"issuer":"` + issuer + `","token_endpoint":"` + issuer + `oauth/token"}`}
	tests := []struct {
		name    string
		replies []reply
		calls   int
		took    time.Duration
		ok      bool
	}{
		{"at once", []reply{found}, 1, 0, true},
		{"lost once", []reply{lost, found}, 2, 300 * time.Millisecond, true},
		{"out of order twice", []reply{{status: 503}, {status: 500}, found}, 3, 1200 * time.Millisecond, true},
		{"out of order", []reply{{status: 503}}, 3, 1200 * time.Millisecond, false},
		{"throttled", []reply{{status: 429, header: map[string]string{"Retry-After": "1"}}, found}, 1, 0, false},
		{"refused", []reply{{status: 403}, found}, 1, 0, false},
		{"none there", []reply{{status: 404}, {status: 404}, found}, 2, 0, false}, // at two places
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				f := newFake(tt.replies...)
				begin := time.Now()
				provider, err := auth.DiscoverAgain(t.Context(), f.client().HTTP, issuer)
				if (err == nil) != tt.ok || (provider != nil) != tt.ok || len(f.calls) != tt.calls {
					t.Errorf("%v, %v after %d requests; want ok %t after %d", provider, err, len(f.calls), tt.ok, tt.calls)
				}
				if took := time.Since(begin); took != tt.took {
					t.Errorf("took %s, want %s", took, tt.took)
				}
			})
		})
	}
}
