// What is sent, how often, and what happens when the answer is lost.

package auth_test

import (
	"context"
	"errors"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"reflect"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/appsyncctl/appsyncctl/internal/auth"
)

var success = reply{body: `{"access_token":"access-1","token_type":"Bearer","expires_in":86400}`}

func TestClientCredentials(t *testing.T) {
	tests := []struct {
		name           string
		authentication auth.Authentication
		parameters     auth.Parameters
		form           url.Values
		authorization  string
	}{
		{
			name:           "secret in the form",
			authentication: auth.SecretPost{Secret: "s3cret&+"},
			parameters:     auth.Parameters{Audience: "https://api.example.com", Organization: "org_1", Scopes: []string{"a", "b"}},
			form: url.Values{
				"grant_type": {"client_credentials"}, "client_id": {"client-1"}, "client_secret": {"s3cret&+"},
				"audience": {"https://api.example.com"}, "organization": {"org_1"}, "scope": {"a b"},
			},
		},
		{
			name:           "secret in the header",
			authentication: auth.SecretBasic{Secret: "s3cret:%"},
			form:           url.Values{"grant_type": {"client_credentials"}},
			authorization:  "Basic Y2xpZW50LTE6czNjcmV0JTNBJTI1", // client-1:s3cret%3A%25
		},
		{
			name: "public",
			form: url.Values{"grant_type": {"client_credentials"}, "client_id": {"client-1"}},
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			f := newFake(success)
			client := f.client()
			client.Authentication = tt.authentication
			token, err := client.ClientCredentials(t.Context(), tt.parameters)
			if err != nil || token.AccessToken != "access-1" {
				t.Fatalf("token %v, %v", token, err)
			}
			if len(f.calls) != 1 {
				t.Fatalf("%d requests, want 1", len(f.calls))
			}
			got := f.calls[0]
			if !reflect.DeepEqual(got.form, tt.form) {
				t.Errorf("form %v\nwant %v", got.form, tt.form)
			}
			if got.header.Get("Authorization") != tt.authorization {
				t.Errorf("Authorization %q, want %q", got.header.Get("Authorization"), tt.authorization)
			}
			if got.header.Get("Accept") != "application/json" {
				t.Errorf("Accept %q, want application/json", got.header.Get("Accept"))
			}
		})
	}
}

func TestWrongSecretIsTriedOnce(t *testing.T) {
	f := newFake(reply{status: 401, body: `{"error":"invalid_client","error_description":"Unauthorized"}`}, success)
	client := f.client()
	client.Authentication = auth.SecretPost{Secret: "wrong-secret"}
	_, err := client.ClientCredentials(t.Context(), auth.Parameters{})
	var refused *auth.Error
	if !errors.As(err, &refused) || refused.Status != 401 || refused.Code != auth.InvalidClient {
		t.Errorf("%v; want the refusal", err)
	}
	if len(f.calls) != 1 {
		t.Errorf("%d requests, want 1: authentication is never probed", len(f.calls))
	}
}

func TestClientCredentialsRepeatsOnlyWhatIsHarmless(t *testing.T) {
	refused := &net.OpError{Op: "dial", Net: "tcp", Err: errors.New("connection refused")}
	tests := []struct {
		name    string
		replies []reply
		ok      bool
		calls   int
		least   time.Duration // of waiting
		most    time.Duration
	}{
		{"not sent", []reply{{fault: refused}, success}, true, 2, 500 * time.Millisecond, time.Second},
		{"not sent, three times", []reply{{fault: refused}}, false, 3, 1500 * time.Millisecond, 2500 * time.Millisecond},
		{"host that does not exist", []reply{{fault: &net.DNSError{IsNotFound: true}}}, false, 1, 0, 0},
		{"answer lost", []reply{{fault: errors.New("connection reset by peer")}, success}, false, 1, 0, 0},
		{"out of order", []reply{{status: 502, body: "<html>"}, {status: 503}, success}, true, 3, 1500 * time.Millisecond, 2500 * time.Millisecond},
		{"out of order for good", []reply{{status: 500}}, false, 3, 1500 * time.Millisecond, 2500 * time.Millisecond},
		{"out of order for long", []reply{{status: 503, header: map[string]string{"Retry-After": "300"}}}, false, 1, 0, 0},
		{"throttled for short", []reply{{status: 429, header: map[string]string{"Retry-After": "20"}}, success}, true, 2, 20 * time.Second, 21 * time.Second},
		{"throttled twice", []reply{{status: 429, header: map[string]string{"Retry-After": "20"}}}, false, 2, 20 * time.Second, 21 * time.Second},
		{"throttled for long", []reply{{status: 429, header: map[string]string{"Retry-After": "60"}}, success}, false, 1, 0, 0},
		{"throttled, who knows how long", []reply{{status: 429}, success}, false, 1, 0, 0},
		{"denied", []reply{{status: 403, body: `{"error":"access_denied"}`}, success}, false, 1, 0, 0},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				f := newFake(tt.replies...)
				client := f.client()
				notices := 0
				client.Notice = func(n auth.Notice) {
					notices++
					if n.Reason != auth.Retrying || n.Wait <= 0 || n.Err == nil {
						t.Errorf("notice %+v", n)
					}
				}
				begin := time.Now()
				_, err := client.ClientCredentials(t.Context(), auth.Parameters{})
				waited := time.Since(begin)
				if (err == nil) != tt.ok || len(f.calls) != tt.calls || notices != tt.calls-1 {
					t.Errorf("%v after %d requests and %d notices; want ok %t after %d", err, len(f.calls), notices, tt.ok, tt.calls)
				}
				if waited < tt.least || waited > tt.most {
					t.Errorf("waited %v, want %v to %v", waited, tt.least, tt.most)
				}
			})
		})
	}
}

func TestWaitEndsWithTheContext(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFake(reply{status: 429, header: map[string]string{"Retry-After": "30"}}, success)
		ctx, cancel := context.WithCancel(t.Context())
		time.AfterFunc(10*time.Second, cancel)
		begin := time.Now()
		_, err := f.client().ClientCredentials(ctx, auth.Parameters{})
		if !errors.Is(err, context.Canceled) || time.Since(begin) != 10*time.Second || len(f.calls) != 1 {
			t.Errorf("%v after %v and %d requests", err, time.Since(begin), len(f.calls))
		}
	})
}

func TestWaitThatTheDeadlineForbidsIsNotBegun(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFake(reply{status: 429, header: map[string]string{"Retry-After": "30"}}, success)
		ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
		defer cancel()
		begin := time.Now()
		_, err := f.client().ClientCredentials(ctx, auth.Parameters{})
		var refused *auth.Error
		if !errors.As(err, &refused) || refused.RetryAfter != 30*time.Second || time.Since(begin) != 0 {
			t.Errorf("%v after %v; want the refusal at once", err, time.Since(begin))
		}
	})
}

func TestRefresh(t *testing.T) {
	tests := []struct{ name, body, want string }{
		{"rotated", `{"access_token":"a","refresh_token":"refresh-2"}`, "refresh-2"},
		{"not rotated", `{"access_token":"a"}`, "refresh-1"},
		{"not rotated, empty", `{"access_token":"a","refresh_token":""}`, "refresh-1"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			f := newFake(reply{body: tt.body})
			token, err := f.client().Refresh(t.Context(), "refresh-1")
			if err != nil || token.RefreshToken != tt.want {
				t.Errorf("token %v, %v; want refresh token %s", token, err, tt.want)
			}
			want := url.Values{"grant_type": {"refresh_token"}, "refresh_token": {"refresh-1"}, "client_id": {"client-1"}}
			if got := f.calls[0].form; !reflect.DeepEqual(got, want) {
				t.Errorf("form %v, want %v: neither scope nor audience", got, want)
			}
		})
	}
}

func TestRefreshIsSentOnce(t *testing.T) {
	tests := []struct {
		name  string
		reply reply
	}{
		{"5xx", reply{status: 503}},
		{"throttled", reply{status: 429, header: map[string]string{"Retry-After": "1"}}},
		{"refused", reply{status: 403, body: `{"error":"invalid_grant","error_description":"Unknown or invalid refresh token."}`}},
		{"lost", reply{fault: errors.New("connection reset by peer")}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			f := newFake(tt.reply, success)
			if _, err := f.client().Refresh(t.Context(), "refresh-1"); err == nil || len(f.calls) != 1 {
				t.Errorf("%v after %d requests; want an error after 1", err, len(f.calls))
			}
		})
	}
}

// A connection that breaks after the request was read is the case in which a
// second request would revoke the login.
func TestLostAnswerMayHaveBeenSent(t *testing.T) {
	cut := map[string]func(net.Conn){
		"before the answer": func(net.Conn) {},
		"in the answer": func(conn net.Conn) {
			_, _ = conn.Write([]byte("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{\"access_token\":"))
		},
	}
	for name, answer := range cut {
		t.Run(name, func(t *testing.T) {
			var requests atomic.Int32
			client := serve(t, func(w http.ResponseWriter, r *http.Request) {
				requests.Add(1)
				_ = r.ParseForm()
				conn, _, err := http.NewResponseController(w).Hijack()
				if err != nil {
					t.Error(err)
					return
				}
				answer(conn)
				_ = conn.Close()
			})
			_, err := client.Refresh(t.Context(), "refresh-1")
			var lost *auth.TransportError
			if !errors.As(err, &lost) || !lost.Sent {
				t.Errorf("%v; want a *TransportError that may have been sent", err)
			}
			if got := requests.Load(); got != 1 {
				t.Errorf("%d requests, want 1", got)
			}
		})
	}
}

func TestUnreachableProviderWasNotSent(t *testing.T) {
	closed := httptest.NewServer(http.NotFoundHandler())
	closed.Close()
	untrusted := httptest.NewUnstartedServer(http.NotFoundHandler())
	untrusted.Config.ErrorLog = log.New(io.Discard, "", 0)
	untrusted.StartTLS()
	defer untrusted.Close()
	tests := []struct{ name, server string }{
		{"connection refused", closed.URL},
		{"certificate not trusted", untrusted.URL},
		{"host that does not exist", "https://host.invalid"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			client := &auth.Client{
				HTTP:     &http.Client{Transport: &http.Transport{}, Timeout: patience},
				Provider: &auth.Provider{TokenEndpoint: tt.server + "/oauth/token"},
			}
			_, err := client.Refresh(t.Context(), "refresh-1")
			var lost *auth.TransportError
			if !errors.As(err, &lost) || lost.Sent {
				t.Errorf("%v; want a *TransportError that was not sent", err)
			}
		})
	}
}

func TestRedirectsDoNotCarrySecrets(t *testing.T) {
	var leaked atomic.Bool
	other := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { leaked.Store(true) }))
	defer other.Close()
	for _, status := range []int{301, 302, 303, 307, 308} {
		client := serve(t, func(w http.ResponseWriter, r *http.Request) {
			http.Redirect(w, r, other.URL, status)
		})
		client.Authentication = auth.SecretPost{Secret: "s3cret"}
		_, err := client.ClientCredentials(t.Context(), auth.Parameters{})
		var refused *auth.Error
		if !errors.As(err, &refused) || refused.Status != status || !strings.Contains(err.Error(), "redirect") {
			t.Errorf("%v; want status %d", err, status)
		}
	}
	if leaked.Load() {
		t.Error("the other host was asked")
	}
}

func TestSecretsAreNotSentInTheClear(t *testing.T) {
	f := newFake(success)
	client := f.client()
	client.Provider = &auth.Provider{TokenEndpoint: "http://tenant.example.com/oauth/token"}
	_, err := client.Refresh(t.Context(), "refresh-1")
	var refused *auth.EndpointError
	if !errors.As(err, &refused) || len(f.calls) != 0 {
		t.Errorf("%v after %d requests; want a refusal before the first", err, len(f.calls))
	}
}

func TestSilentProviderIsNotWaitedForForever(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFake(reply{delay: time.Hour})
		client := f.client()
		client.HTTP.Timeout = 0
		begin := time.Now()
		_, err := client.Refresh(t.Context(), "refresh-1")
		var timeout net.Error
		if !errors.As(err, &timeout) || !timeout.Timeout() || time.Since(begin) != 30*time.Second {
			t.Errorf("%v after %v; want a timeout after 30 s", err, time.Since(begin))
		}
	})
}

func TestGivenClientIsNotChanged(t *testing.T) {
	f := newFake(success)
	client := f.client()
	client.HTTP.Timeout = 0
	if _, err := client.Refresh(t.Context(), "refresh-1"); err != nil {
		t.Fatal(err)
	}
	if client.HTTP.CheckRedirect != nil || client.HTTP.Timeout != 0 || client.HTTP.Transport != http.RoundTripper(f) {
		t.Error("the caller's *http.Client was changed")
	}
}

func TestRevoke(t *testing.T) {
	f := newFake(reply{})
	if err := f.client().Revoke(t.Context(), "refresh-1"); err != nil {
		t.Fatal(err)
	}
	want := url.Values{"token": {"refresh-1"}, "token_type_hint": {"refresh_token"}, "client_id": {"client-1"}}
	if got := f.calls[0].form; !reflect.DeepEqual(got, want) {
		t.Errorf("form %v, want %v", got, want)
	}

	f = newFake(reply{status: 401, body: `{"error":"invalid_client"}`})
	var refused *auth.Error
	if err := f.client().Revoke(t.Context(), "refresh-1"); !errors.As(err, &refused) || len(f.calls) != 1 {
		t.Errorf("%v after %d requests; want the refusal after 1", err, len(f.calls))
	}

	client := f.client()
	client.Provider = &auth.Provider{Issuer: issuer}
	var unsupported *auth.UnsupportedError
	if err := client.Revoke(t.Context(), "refresh-1"); !errors.As(err, &unsupported) {
		t.Errorf("%v; want an *UnsupportedError", err)
	}
}
