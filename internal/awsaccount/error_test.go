package awsaccount_test

import (
	"context"
	"errors"
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/appsyncctl/appsyncctl/internal/awsaccount"
)

// expect wants an *Error with a reason, and texts in what it prints.
func expect(t *testing.T, err error, reason awsaccount.Reason, texts ...string) {
	t.Helper()
	failed, ok := errors.AsType[*awsaccount.Error](err)
	if !ok || failed.Reason != reason {
		t.Errorf("got %v, want the reason %q", err, reason)
		return
	}
	for _, text := range texts {
		if !strings.Contains(err.Error(), text) {
			t.Errorf("%q does not say %q", err, text)
		}
	}
	if strings.ContainsAny(err.Error(), "\r\n") {
		t.Errorf("%q is more than a line", err)
	}
}

func TestReasons(t *testing.T) {
	tests := []struct {
		name   string
		status int
		kind   string
		body   string
		want   awsaccount.Reason
		texts  []string
	}{
		{"no right", 400, "", `{"__type":"com.amazon.coral.service#AccessDeniedException","Message":"User: u is not authorized"}`,
			awsaccount.Denied, []string{"access denied: dynamodb:GetItem of table customers in eu-west-1", "User: u"}},
		{"unknown key", 400, "", `{"__type":"com.amazon.coral.service#UnrecognizedClientException","message":"The security token is invalid."}`,
			awsaccount.Refused, []string{"UnrecognizedClientException: The security token is invalid."}},
		{"expired session", 400, "", `{"__type":"com.amazon.coral.service#ExpiredTokenException","message":"expired"}`, awsaccount.Refused, nil},
		{"no table", 400, "", `{"__type":"com.amazonaws.dynamodb.v20120810#ResourceNotFoundException","message":"Requested resource not found"}`,
			awsaccount.NotFound, []string{"there is no table customers in eu-west-1"}},
		{"throttled table", 400, "", `{"__type":"com.amazonaws.dynamodb.v20120810#ProvisionedThroughputExceededException","message":"m"}`, awsaccount.Throttled, nil},
		{"throttled account", 429, "", `{"message":"Rate exceeded"}`, awsaccount.Throttled, nil},
		{"another key", 400, "", `{"__type":"com.amazon.coral.validate#ValidationException","message":"The provided key element does not match the schema"}`,
			awsaccount.Failed, []string{"does not match the schema"}},
		{"broken service", 500, "", `{"__type":"com.amazonaws.dynamodb.v20120810#InternalServerError","message":"m"}`, awsaccount.Unreachable, nil},
		{"a proxy's page", 502, "text/html", `<html>Bad Gateway</html>`, awsaccount.Unreachable, nil},
		{"a firewall's page", 403, "text/html", `<html>Forbidden</html>`, awsaccount.Failed, nil},
		{"another service", 200, "text/html", `<html>hello</html>`, awsaccount.Failed, nil},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			environment(t, credentials(serve(t, func(w http.ResponseWriter, _ *http.Request) {
				if tt.kind == "" {
					tt.kind = "application/x-amz-json-1.0"
				}
				w.Header().Set("Content-Type", tt.kind)
				w.WriteHeader(tt.status)
				_, _ = io.WriteString(w, tt.body)
			})))
			_, found, err := open(t, awsaccount.Options{}).Item(t.Context(), "customers", "1")
			expect(t, err, tt.want, tt.texts...)
			if found {
				t.Error("found an item")
			}
		})
	}
}

// TestSessionStaysSecret lets the service go on, after a wrong signature, with what it
// would have signed.
func TestSessionStaysSecret(t *testing.T) {
	environment(t, credentials(serve(t, func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("x-amzn-ErrorType", "InvalidSignatureException")
		w.WriteHeader(http.StatusForbidden)
		_, _ = io.WriteString(w, `{"message":"The signature does not match.\n\nThe Canonical String should have been\nx-amz-security-token:`+
			r.Header.Get("X-Amz-Security-Token")+`"}`)
	})))
	_, err := open(t, awsaccount.Options{}).API(t.Context(), "https://x.appsync-api.eu-west-1.amazonaws.com/graphql")
	expect(t, err, awsaccount.Refused, "does not match.")
	if err == nil || strings.Contains(err.Error(), "test-session") {
		t.Errorf("the session token is told: %v", err)
	}
}

func TestNothingIsAsked(t *testing.T) {
	server := serve(t, func(_ http.ResponseWriter, r *http.Request) { t.Errorf("asked: %s %s", r.Method, r.URL) })
	both := func(t *testing.T, want awsaccount.Reason) {
		t.Helper()
		account := open(t, awsaccount.Options{})
		_, _, err := account.Item(t.Context(), "customers", "1")
		expect(t, err, want)
		_, err = account.API(t.Context(), "https://api.example.com/graphql")
		expect(t, err, want)
	}
	t.Run("no credentials", func(t *testing.T) {
		environment(t, map[string]string{
			"AWS_REGION": "eu-west-1", "AWS_ENDPOINT_URL_DYNAMODB": server, "AWS_ENDPOINT_URL_APPSYNC": server,
		})
		both(t, awsaccount.NoCredentials)
	})
	t.Run("no region", func(t *testing.T) {
		environment(t, credentials(server))
		t.Setenv("AWS_REGION", "")
		both(t, awsaccount.NoRegion)
	})
}

func TestUnreachable(t *testing.T) {
	environment(t, credentials("http://127.0.0.1:1"))
	_, _, err := open(t, awsaccount.Options{}).Item(t.Context(), "customers", "1")
	expect(t, err, awsaccount.Unreachable, "no answer: dynamodb:GetItem of table customers in eu-west-1: ", "127.0.0.1:1")

	ctx, cancel := context.WithCancel(t.Context())
	environment(t, credentials(serve(t, func(_ http.ResponseWriter, r *http.Request) {
		cancel()
		<-r.Context().Done()
	})))
	_, err = open(t, awsaccount.Options{}).API(ctx, "https://x.appsync-api.eu-west-1.amazonaws.com/graphql")
	expect(t, err, awsaccount.Unreachable)
	if !errors.Is(err, context.Canceled) {
		t.Errorf("%v does not tell that it was cancelled", err)
	}
}
