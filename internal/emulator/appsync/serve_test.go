package appsync_test

import (
	"compress/gzip"
	"io"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/google/uuid"
)

// The table of statuses and bodies that an AppSync engineer published in
// graphql/graphql-over-http#81, and what stands next to it.
func TestHTTP(t *testing.T) {
	s := serve(t, nil)
	tests := []struct {
		name, body, contentType string
		status                  int
		errorType               string
		want                    string
	}{
		{name: "empty", body: "", status: 400, errorType: "MalformedHttpRequestException", want: "Request body is empty."},
		{name: "a word", body: "meow", status: 400, errorType: "MalformedHttpRequestException", want: "Unable to parse GraphQL query."},
		{name: "an empty object", body: "{}", status: 400, errorType: "MalformedHttpRequestException", want: "Unable to parse GraphQL query."},
		{name: "an empty array", body: "[]", status: 400, errorType: "MalformedHttpRequestException", want: "Unable to parse GraphQL query."},
		{name: "a brace too many", body: "{}}", status: 400, errorType: "MalformedHttpRequestException", want: "Unable to parse GraphQL query."},
		{name: "a batch", body: `[{"query":"{__typename}"}]`, status: 400, errorType: "MalformedHttpRequestException", want: "Unable to parse GraphQL query."},
		{name: "only a fragment", body: `{"query":"fragment F on Customer { id }"}`, status: 400, errorType: "MalformedHttpRequestException", want: "Unable to parse GraphQL query."},
		{name: "two operations", body: `{"query":"query A {__typename} query B {__typename}"}`, status: 400, errorType: "BadRequestException", want: "Missing operation name."},
		{name: "an unknown operation", body: `{"query":"query A {__typename}","operationName":"B"}`, status: 400, errorType: "BadRequestException", want: "Unknown operation named 'B'."},
		{name: "a subscription", body: `{"query":"subscription {onCreateCustomer{id}}"}`, status: 400, errorType: "BadRequestException", want: "Subscriptions are served on the real-time endpoint."},
		{name: "too large", body: `{"query":"` + strings.Repeat(" ", 1<<20) + `"}`, status: 413, errorType: "MalformedHttpRequestException", want: "Request body is too large."},
		{name: "one of two operations", body: `{"query":"query A {__typename} query B {b: __typename}","operationName":"B"}`, status: 200, want: `{"data":{"b":"Query"}}`},
		{name: "a bare document", body: "query { __typename }", contentType: "application/graphql", status: 200, want: `{"data":{"__typename":"Query"}}`},
		{name: "a bare document in braces", body: "{ __typename }", contentType: "application/graphql", status: 200, want: `{"data":{"__typename":"Query"}}`},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			headers := map[string]string{"Authorization": s.auth}
			if tt.contentType != "" {
				headers["Content-Type"] = tt.contentType
			}
			got := s.send(t, http.MethodPost, s.endpoint, tt.body, headers)
			if got.status != tt.status {
				t.Errorf("status: got %d, want %d", got.status, tt.status)
			}
			if kind := got.header.Get("x-amzn-ErrorType"); kind != tt.errorType {
				t.Errorf("x-amzn-ErrorType: got %q, want %q", kind, tt.errorType)
			}
			want := tt.want
			if tt.errorType != "" {
				want = "{\n  \"errors\" : [ {\n    \"message\" : \"" + tt.want + "\",\n    \"errorType\" : \"" + tt.errorType + "\"\n  } ]\n}"
			}
			if got.body != want {
				t.Errorf("body:\ngot  %s\nwant %s", got.body, want)
			}
		})
	}
}

func TestHeaders(t *testing.T) {
	s := serve(t, nil)
	got := s.post(t, `{"query":"{__typename}"}`)
	for name, want := range map[string]string{
		"Content-Type":                  "application/json;charset=UTF-8",
		"X-Amzn-Appsync-Tokensconsumed": "1",
		"Vary":                          "accept-encoding",
		"X-Amzn-Errortype":              "",
	} {
		if value := got.header.Get(name); value != want {
			t.Errorf("%s: got %q, want %q", name, value, want)
		}
	}
	if _, err := uuid.Parse(got.header.Get("X-Amzn-Requestid")); err != nil {
		t.Errorf("x-amzn-requestid: %v", err)
	}
}

func TestMethods(t *testing.T) {
	s := serve(t, nil)
	got := s.send(t, http.MethodPut, s.endpoint, "{}", map[string]string{"Authorization": s.auth})
	if got.status != http.StatusMethodNotAllowed {
		t.Errorf("PUT: %d %s", got.status, got.body)
	}
	// A browser asks first, and without credentials.
	got = s.send(t, http.MethodOptions, s.endpoint, "", map[string]string{"Access-Control-Request-Headers": "authorization"})
	if got.status != http.StatusOK || got.header.Get("Access-Control-Allow-Headers") != "authorization" {
		t.Errorf("OPTIONS: %d %v", got.status, got.header)
	}
}

func TestGzip(t *testing.T) {
	s := serve(t, nil)
	tests := []struct {
		accept string
		packed bool
	}{
		{"gzip", true}, {"br, gzip;q=0.5", true}, {"identity", false}, {"gzip;q=0", false},
	}
	for _, tt := range tests {
		t.Run(tt.accept, func(t *testing.T) {
			got := s.send(t, http.MethodPost, s.endpoint, `{"query":"{__typename}"}`, map[string]string{"Authorization": s.auth, "Accept-Encoding": tt.accept})
			body := got.body
			if packed := got.header.Get("Content-Encoding") == "gzip"; packed != tt.packed {
				t.Fatalf("packed: got %v, want %v", packed, tt.packed)
			}
			if tt.packed {
				zip, err := gzip.NewReader(strings.NewReader(body))
				if err != nil {
					t.Fatal(err)
				}
				plain, err := io.ReadAll(zip)
				if err != nil {
					t.Fatal(err)
				}
				body = string(plain)
			}
			if want := `{"data":{"__typename":"Query"}}`; body != want {
				t.Errorf("got %s, want %s", body, want)
			}
		})
	}
}

func TestGET(t *testing.T) {
	s := serve(t, extended)
	s.call(t, `mutation { createCustomer(input: {id: "1", name: "a"}) { id } }`, nil)
	tests := []struct {
		name       string
		parameters url.Values
		status     int
		want       string
	}{
		{"query", url.Values{"query": {"query Q($id: ID!) {getCustomer(id: $id) {name}}"}, "variables": {`{"id":"1"}`}}, 200, `{"data":{"getCustomer":{"name":"a"}}}`},
		{"mutation", url.Values{"query": {`mutation {createCustomer(input: {id: "2"}) {id}}`}}, 200, `{"data":{"createCustomer":{"id":"2"}}}`},
		{"operation name", url.Values{"query": {"query A {a: __typename} query B {b: __typename}"}, "operationName": {"A"}}, 200, `{"data":{"a":"Query"}}`},
		{"broken variables", url.Values{"query": {"{__typename}"}, "variables": {"{"}}, 400, "Unable to parse GraphQL query."},
		{"nothing", url.Values{}, 400, "Request body is empty."},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got := s.send(t, http.MethodGet, s.endpoint+"?"+tt.parameters.Encode(), "", map[string]string{"Authorization": s.auth})
			if got.status != tt.status || !strings.Contains(got.body, tt.want) {
				t.Errorf("got %d %s, want %d %s", got.status, got.body, tt.status, tt.want)
			}
		})
	}
}
