package appsync_test

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/appsyncctl/appsyncctl/internal/appsync"
	"github.com/appsyncctl/appsyncctl/internal/failure"
)

func TestParseOperation(t *testing.T) {
	tests := []struct {
		name, text, operation string
		want                  appsync.AnyOperation // what is exported
		pages                 bool
		problem               string
	}{
		{name: "shorthand", text: "{ __typename }"},
		{name: "a name", text: "query Q { a }", want: appsync.AnyOperation{Name: "Q"}},
		{name: "pages", text: "query Q($nextToken: String) { a(nextToken: $nextToken) }", want: appsync.AnyOperation{Name: "Q"}, pages: true},
		{name: "a mutation never pages", text: "mutation M($nextToken: String) { a }", want: appsync.AnyOperation{Name: "M", Mutation: true}},
		{name: "a subscription", text: "subscription S { a }", want: appsync.AnyOperation{Name: "S", Subscription: true}},
		{name: "one of several", text: "query Q { a } mutation M { b }", operation: "M", want: appsync.AnyOperation{Name: "M", Mutation: true}},
		{name: "several", text: "query Q { a } mutation M { b }", problem: "it has several operations: choose one of Q, M"},
		{name: "no such", text: "query Q { a }", operation: "R", problem: `it has no operation "R"`},
		{name: "fragments only", text: "fragment F on T { a }", problem: "it has no operation"},
		{name: "a mistake", text: "query Q {\n  a(\n}", problem: "line 3, column 1: "},
		{name: "empty", text: "", problem: "it has no operation"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got, err := appsync.ParseOperation(tt.text, tt.operation)
			if tt.problem != "" {
				if failure.Of(err) != failure.Usage || !strings.Contains(err.Error(), tt.problem) {
					t.Fatalf("got %v, want a usage error with %q", err, tt.problem)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			if got.Name != tt.want.Name || got.Mutation != tt.want.Mutation || got.Subscription != tt.want.Subscription || got.Pages() != tt.pages {
				t.Errorf("got %+v, pages %t; want %+v, pages %t", got, got.Pages(), tt.want, tt.pages)
			}
		})
	}
}

func TestAnyOperationRequest(t *testing.T) {
	operation, err := appsync.ParseOperation("query Q($id: ID!) { a(id: $id) }", "")
	if err != nil {
		t.Fatal(err)
	}
	request, err := operation.Request(map[string]any{"id": "1"})
	if err != nil || request.OpName != "Q" {
		t.Errorf("got %+v, %v", request, err)
	}
	_, err = operation.Request(map[string]any{"name": "1"})
	if failure.Of(err) != failure.Usage || !strings.Contains(err.Error(), "no variable $name") {
		t.Errorf("got %v, want a usage error", err)
	}
}

func TestFindNextToken(t *testing.T) {
	tests := []struct{ data, want string }{
		{`{"listCustomers":{"items":[],"nextToken":"1"}}`, "1"},
		{`{"a":{"b":[{"nextToken":"deep","c":{"nextToken":"deeper"}}]}}`, "deep"},
		{`{"a":{"items":[{"nextToken":"inner"}],"nextToken":"outer"}}`, "outer"},
		{`{"a":{"nextToken":null}}`, ""},
		{`{"a":{"nextToken":""}}`, ""},
		{`{"a":{"nextToken":7}}`, ""},
		{`null`, ""},
	}
	for _, tt := range tests {
		got, err := appsync.FindNextToken(json.RawMessage(tt.data))
		if err != nil || got != tt.want {
			t.Errorf("%s: got %q, %v; want %q", tt.data, got, err, tt.want)
		}
	}
}
