package auth_test

import (
	"errors"
	"net/http"
	"reflect"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/appsyncctl/appsyncctl/internal/auth"
)

func TestError(t *testing.T) {
	const place = "tenant.example.com/oauth/token answered "
	tests := []struct {
		name   string
		status int
		body   string
		code   string
		want   string
	}{
		{
			"OAuth", 401, `{"error":"invalid_client","error_description":"Unauthorized"}`,
			"invalid_client", "401 invalid_client: Unauthorized",
		},
		{"no description", 403, `{"error":"access_denied"}`, "access_denied", "403 access_denied"},
		{"a page", 502, `<html>token=abc</html>`, "", "502 Bad Gateway"},
		{"plain text", 429, `Global limit has been reached`, "", "429 Too Many Requests"},
		{"nothing", 418, ``, "", "418 I'm a teapot"},
		{"form", 400, `error=invalid_grant&access_token=abc`, "", "400 Bad Request"},
		{
			"status text for a code", 503, `{"statusCode":503,"error":"Service Unavailable","message":"try later"}`,
			"", "503 Service Unavailable: try later",
		},
		{"status text alone", 400, `{"error":"Bad Thing"}`, "", "400 Bad Request: Bad Thing"},
		{"error of another type", 400, `{"error":{"code":3},"error_description":7}`, "", "400 Bad Request"},
		{
			"several lines", 400, `{"error":"invalid_request","error_description":"one\n two\r\n\tthree"}`,
			"invalid_request", "400 invalid_request: one two three",
		},
		{"unknown members", 400, `{"error":"x","access_token":"abc"}`, "x", "400 x"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			_, err := newFake(reply{status: tt.status, body: tt.body}).client().Refresh(t.Context(), "refresh-1")
			var got *auth.Error
			if !errors.As(err, &got) {
				t.Fatalf("%v; want an *Error", err)
			}
			if got.Status != tt.status || got.Code != tt.code || got.Error() != place+tt.want {
				t.Errorf("%d %q %q\nwant %d %q %q", got.Status, got.Code, got, tt.status, tt.code, place+tt.want)
			}
			if got, want := got.Transient(), tt.status == 429 || tt.status >= 500; got != want {
				t.Errorf("transient %t, want %t", got, want)
			}
		})
	}
}

func TestRefusesClient(t *testing.T) {
	tests := []struct {
		name   string
		status int
		code   string
		want   bool
	}{
		{"RFC 6749", 400, auth.InvalidClient, true},
		{"RFC 6749, by a header", 401, auth.InvalidClient, true},
		{"Auth0", 401, auth.AccessDenied, true},
		{"a page", 401, "", true},
		{"a right that lacks", 403, auth.AccessDenied, false},
		{"a login that has ended", 403, auth.InvalidGrant, false},
		{"throttled", 429, auth.TooManyRequests, false},
		{"out of order", 500, auth.InvalidClient, false},
	}
	for _, tt := range tests {
		if got := (&auth.Error{Status: tt.status, Code: tt.code}).RefusesClient(); got != tt.want {
			t.Errorf("%s: got %t, want %t", tt.name, got, tt.want)
		}
	}
}

func TestErrorsEchoNoSecret(t *testing.T) {
	body := `{"error":"invalid_request","error_description":"bad refresh-secret, bad post&secret, bad basic%secret"}`
	for _, authentication := range []auth.Authentication{
		auth.SecretPost{Secret: "post&secret"}, auth.SecretBasic{Secret: "basic%secret"},
	} {
		client := newFake(reply{status: 400, body: body}).client()
		client.Authentication = authentication
		_, err := client.Refresh(t.Context(), "refresh-secret")
		if err == nil || strings.Contains(err.Error(), "refresh-secret") || strings.Count(err.Error(), "[redacted]") != 2 {
			t.Errorf("%v; want the refresh token and the client's secret redacted", err)
		}
	}
}

func TestLongDescriptionsAreCut(t *testing.T) {
	body := `{"error":"x","error_description":"` + strings.Repeat("é", 5000) + `"}`
	_, err := newFake(reply{status: 400, body: body}).client().Refresh(t.Context(), "refresh-1")
	var got *auth.Error
	if !errors.As(err, &got) || len(got.Description) > 300 || !strings.HasSuffix(got.Description, "é…") {
		t.Errorf("%v; want at most 300 bytes of whole characters", err)
	}
}

func TestQuotas(t *testing.T) {
	client := []string{"Auth0-Client-Quota-Limit", "b=per_hour;q=10;r=7;t=3540,b=per_day;q=100;r=0;t=82800"}
	tests := []struct {
		name   string
		header [][]string
		quotas []auth.Quota
		wait   time.Duration
	}{
		{"none", nil, nil, 0},
		{
			"client", [][]string{client}, []auth.Quota{
				{Owner: "client", Bucket: "per_hour", Limit: 10, Remaining: 7, Reset: 59 * time.Minute},
				{Owner: "client", Bucket: "per_day", Limit: 100, Remaining: 0, Reset: 23 * time.Hour},
			}, 23 * time.Hour,
		},
		{
			"organization, with spaces", [][]string{{"Auth0-Organization-Quota-Limit", "b=per_hour; q=5; r=5; t=60"}},
			[]auth.Quota{{Owner: "organization", Bucket: "per_hour", Limit: 5, Remaining: 5, Reset: time.Minute}}, 0,
		},
		{
			"rate limit, reset in seconds since 1970",
			[][]string{{"X-RateLimit-Limit", "300"}, {"X-RateLimit-Remaining", "0"}, {"X-RateLimit-Reset", "946684830"}},
			[]auth.Quota{{Owner: "tenant", Limit: 300, Remaining: 0, Reset: 30 * time.Second}}, 30 * time.Second,
		},
		{
			"rate limit, reset in seconds",
			[][]string{{"X-RateLimit-Limit", "300"}, {"X-RateLimit-Remaining", "0"}, {"X-RateLimit-Reset", "12"}},
			[]auth.Quota{{Owner: "tenant", Limit: 300, Remaining: 0, Reset: 12 * time.Second}}, 12 * time.Second,
		},
		{"Retry-After beats the quota", [][]string{client, {"Retry-After", "30"}}, []auth.Quota{
			{Owner: "client", Bucket: "per_hour", Limit: 10, Remaining: 7, Reset: 59 * time.Minute},
			{Owner: "client", Bucket: "per_day", Limit: 100, Remaining: 0, Reset: 23 * time.Hour},
		}, 30 * time.Second},
		{"Retry-After as a date", [][]string{{"Retry-After", "Sat, 01 Jan 2000 00:01:00 GMT"}}, nil, time.Minute},
		{"Retry-After in the past", [][]string{{"Retry-After", "Fri, 31 Dec 1999 23:00:00 GMT"}}, nil, 0},
		{"nonsense", [][]string{{"Retry-After", "soon"}, {"Auth0-Client-Quota-Limit", "b=per_hour;q=x;r=1, ;;,=="}, {"X-RateLimit-Limit", "-1"}}, nil, 0},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) { // whose clock begins with the year 2000
				header := map[string]string{}
				for _, h := range tt.header {
					header[http.CanonicalHeaderKey(h[0])] = h[1]
				}
				_, err := newFake(reply{status: 429, header: header}).client().Refresh(t.Context(), "refresh-1")
				var got *auth.Error
				if !errors.As(err, &got) || !reflect.DeepEqual(got.Quotas, tt.quotas) || got.RetryAfter != tt.wait {
					t.Fatalf("%+v; want %+v and %v", got, tt.quotas, tt.wait)
				}
			})
		})
	}
}
