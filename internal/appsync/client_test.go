package appsync_test

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/Khan/genqlient/graphql"

	"github.com/appsyncctl/appsyncctl/internal/appsync"
	"github.com/appsyncctl/appsyncctl/internal/failure"
	"github.com/appsyncctl/appsyncctl/internal/retry"
)

const requestID = "5d0ad4e8-0c3f-4f5c-9ae2-7f0e2a1b3c4d"

// api stands in for AppSync: it gives its replies in turn, the last one for
// ever, and keeps the requests.
type api struct {
	replies  []reply
	requests []*http.Request
	bodies   []string
}

type reply struct {
	status int // 200 if 0
	header http.Header
	body   string
	err    error
}

func (a *api) RoundTrip(req *http.Request) (*http.Response, error) {
	body, err := io.ReadAll(req.Body)
	if err != nil {
		return nil, err
	}
	a.requests = append(a.requests, req)
	a.bodies = append(a.bodies, string(body))
	r := a.replies[min(len(a.bodies), len(a.replies))-1]
	if r.err != nil {
		return nil, r.err
	}
	if r.status == 0 {
		r.status = http.StatusOK
	}
	header := r.header.Clone()
	if header == nil {
		header = http.Header{"Content-Type": {"application/json;charset=UTF-8"}}
	}
	header.Set("X-Amzn-Requestid", requestID)
	return &http.Response{StatusCode: r.status, Header: header, Body: io.NopCloser(strings.NewReader(r.body)), Request: req}, nil
}

func (a *api) client() *appsync.Client {
	return &appsync.Client{Endpoint: "https://api.example.com/graphql", HTTP: &http.Client{Transport: a}}
}

// list asks for a page and returns what came with the error.
func list(t *testing.T, r reply) (*appsync.CustomerConnection, error) {
	t.Helper()
	resp, err := appsync.ListCustomers(t.Context(), (&api{replies: []reply{r}}).client(), nil, nil, nil)
	return resp.ListCustomers, err
}

// failed is list for an answer that must not count as success.
func failed(t *testing.T, r reply) *appsync.ResponseError {
	t.Helper()
	_, err := list(t, r)
	var failed *appsync.ResponseError
	if !errors.As(err, &failed) {
		t.Fatalf("got error %v, want a ResponseError", err)
	}
	if failed.RequestID != requestID {
		t.Errorf("got request id %q, want %q", failed.RequestID, requestID)
	}
	return failed
}

func errorType(name string) http.Header {
	return http.Header{"X-Amzn-Errortype": {name}, "Content-Type": {"application/json;charset=UTF-8"}}
}

// edge is a body as AppSync's edge prints it.
func edge(kind, message string) string {
	return "{\n  \"errors\" : [ {\n    \"errorType\" : \"" + kind + "\",\n    \"message\" : \"" + message + "\"\n  } ]\n}"
}

func TestRefusals(t *testing.T) {
	const unauthorized = "UnauthorizedException"
	tests := []struct {
		name         string
		reply        reply
		want         string
		unauthorized bool
		throttled    bool
	}{
		{
			"no header", reply{status: 401, header: errorType(unauthorized), body: edge(unauthorized, "Valid authorization header not provided.")},
			"UnauthorizedException: Valid authorization header not provided.", true, false,
		},
		{
			"expired", reply{status: 401, header: errorType(unauthorized), body: edge(unauthorized, "Token has expired.")},
			"UnauthorizedException: Token has expired.", true, false,
		},
		{
			"opaque token", reply{status: 401, header: errorType(unauthorized), body: edge(unauthorized, "Unable to parse JWT token.")},
			"UnauthorizedException: Unable to parse JWT token.", true, false,
		},
		{
			"client id mismatch", reply{status: 401, header: errorType(unauthorized), body: edge(unauthorized, "Unauthorized")},
			"UnauthorizedException: Unauthorized", true, false,
		},
		{"401 without a body", reply{status: 401}, "the API answered 401 Unauthorized with an empty body", true, false},
		{
			"type under another 4xx", reply{status: 403, body: edge("Unauthorized", "no")},
			"Unauthorized: no", true, false,
		},
		{
			"type in the header only", reply{status: 400, header: errorType(unauthorized + ":http://internal.amazon.com/coral/"), body: `{}`},
			"the API answered 400 Bad Request", true, false,
		},
		{
			"long type in the header", reply{status: 400, header: errorType("com.amazonaws.deepdish.graphql.auth#" + unauthorized), body: `{}`},
			"the API answered 400 Bad Request", true, false,
		},
		{
			"denied field", reply{body: `{"data":{"listCustomers":null},"errors":[{"path":["listCustomers"],"data":null,"errorType":"Unauthorized","errorInfo":null,"locations":[{"line":1,"column":2,"sourceName":null}],"message":"Not Authorized to access listCustomers on type Query"}]}`},
			"Unauthorized: Not Authorized to access listCustomers on type Query", false, false,
		},
		{
			"gateway or firewall", reply{status: 403, header: errorType("ForbiddenException"), body: `{"message":"Forbidden"}`},
			"the API answered 403 Forbidden: Forbidden", false, false,
		},
		{
			"gateway, capital letter", reply{status: 403, body: `{"Message":"User is not authorized"}`},
			"the API answered 403 Forbidden: User is not authorized", false, false,
		},
		{"429 without errors", reply{status: 429, body: `{"message":"Too many"}`}, "the API answered 429 Too Many Requests: Too many", false, true},
		{"429 with nothing", reply{status: 429}, "the API answered 429 Too Many Requests with an empty body", false, true},
		{"limit under another 4xx", reply{status: 400, body: edge("LimitExceededError", "Rate limit exceeded")}, "LimitExceededError: Rate limit exceeded", false, true},
		{
			"empty request", reply{status: 400, header: errorType("MalformedHttpRequestException"), body: `{"errors":[{"message":"Request body is empty.","errorType":"MalformedHttpRequestException"}]}`},
			"MalformedHttpRequestException: Request body is empty.", false, false,
		},
		{
			"no operation name", reply{status: 400, body: edge("BadRequestException", "Missing operation name.")},
			"BadRequestException: Missing operation name.", false, false,
		},
		{
			"no schema", reply{status: 502, body: edge("GraphQLSchemaException", "No schema definition exists.")},
			"GraphQLSchemaException: No schema definition exists.", false, false,
		},
		{
			"500 page", reply{status: 500, header: http.Header{"Content-Type": {"text/html; charset=utf-8"}}, body: "<html>planted</html>"},
			"the API answered 500 Internal Server Error with a web page (HTML)", false, false,
		},
		{"500 with data", reply{status: 500, body: `{"data":{"listCustomers":{"items":[]}}}`}, "the API answered 500 Internal Server Error", false, false},
		{"unknown status", reply{status: 599, body: `{}`}, "the API answered 599", false, false},
		{"redirect", reply{status: 302, header: http.Header{}, body: ""}, "the API answered 302 Found with an empty body", false, false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got := failed(t, tt.reply)
			if got.Error() != tt.want {
				t.Errorf("got %q, want %q", got, tt.want)
			}
			if want := max(tt.reply.status, 200); tt.reply.status != 0 && got.Status != want {
				t.Errorf("got status %d, want %d", got.Status, want)
			}
			if got.Unauthorized() != tt.unauthorized || got.Throttled() != tt.throttled {
				t.Errorf("unauthorized %t, throttled %t; want %t, %t", got.Unauthorized(), got.Throttled(), tt.unauthorized, tt.throttled)
			}
			transient := tt.throttled || tt.reply.status >= 500
			if retry.Transient(got) != transient {
				t.Errorf("transient %t, want %t", !transient, transient)
			}
			kind := failure.Other
			switch {
			case transient:
				kind = failure.Network
			case tt.unauthorized:
				kind = failure.Login
			case len(got.Errors) > 0:
				kind = failure.GraphQL
			}
			if failure.Of(got) != kind {
				t.Errorf("got kind %d, want %d", failure.Of(got), kind)
			}
		})
	}
}

func TestErrorOfAField(t *testing.T) {
	tests := []struct {
		name                 string
		throttled, transient bool
	}{
		{"", false, false},
		{"LimitExceededError", true, false},
		{"DynamoDB:ThrottlingException", true, true},
		{"DynamoDB:ProvisionedThroughputExceededException", true, true},
		{"RequestLimitExceeded", true, true},
		{"ExecutionTimeout", false, true},
		{"DynamoDB:InternalServerError", false, true},
		{"DynamoDB:ConditionalCheckFailedException", false, false},
		{"Lambda:Unhandled", false, false},
		{"ThrottlingException:of another thing", false, false},
	}
	for _, tt := range tests {
		got := &appsync.Error{Type: tt.name}
		if got.Throttled() != tt.throttled || got.Transient() != tt.transient {
			t.Errorf("%q: throttled %t, transient %t; want %t, %t", tt.name, got.Throttled(), got.Transient(), tt.throttled, tt.transient)
		}
	}
}

// Nothing that is not an answer may pass for an empty list.
func TestNoSilentSuccess(t *testing.T) {
	tests := []struct {
		name string
		body string
		want string
	}{
		{"nothing", ``, "an empty body"},
		{"blank", " \n", "2 bytes of application/json that are not a GraphQL answer"},
		{"empty object", `{}`, "neither data nor errors"},
		{"null", `null`, "neither data nor errors"},
		{"null data", `{"data":null}`, "neither data nor errors"},
		{"null data and errors", `{"data":null,"errors":null}`, "neither data nor errors"},
		{"null data, no errors", `{"data":null,"errors":[]}`, "neither data nor errors"},
		{"other members", `{"errorMessage":"planted"}`, "neither data nor errors"},
		{"a list", `[{"data":{}}]`, "13 bytes of application/json that are not a GraphQL answer"},
		{"a string", `"planted"`, "9 bytes of application/json that are not a GraphQL answer"},
		{"cut short", `{"data":{"listCustomers":`, "25 bytes of application/json that are not a GraphQL answer"},
		{"two documents", `{"data":{}}{}`, "13 bytes of application/json that are not a GraphQL answer"},
		{"a web page", "\n<!DOCTYPE html><p>planted", "a web page (HTML)"},
		{"data a list", `{"data":[]}`, "data of another shape than asked for"},
		{"data a string", `{"data":"planted"}`, "data of another shape than asked for"},
		{"items a string", `{"data":{"listCustomers":{"items":"planted"}}}`, "data of another shape than asked for"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got := failed(t, reply{body: tt.body})
			if !strings.Contains(got.NotGraphQL, tt.want) || !strings.Contains(got.Error(), "200 OK with "+tt.want) {
				t.Errorf("got %q, %q; want in it %q", got.NotGraphQL, got, tt.want)
			}
			if strings.Contains(got.Error(), "planted") {
				t.Errorf("the error quotes the body: %v", got)
			}
		})
	}
	got := failed(t, reply{body: `{"message":"not here"}`})
	if want := "the API answered 200 OK: not here"; got.Error() != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

func TestGraphQLErrors(t *testing.T) {
	tests := []struct {
		name string
		body string // of errors
		want []appsync.Error
	}{
		{
			"resolver",
			`[{"path":["listCustomers","items",0],"data":{"id":"1"},"errorType":"DynamoDB:ConditionalCheckFailedException","errorInfo":{"a":1},"locations":[{"line":2,"column":3,"sourceName":null}],"message":"The conditional request failed"}]`,
			[]appsync.Error{{
				Message: "The conditional request failed", Type: "DynamoDB:ConditionalCheckFailedException",
				Path: []any{"listCustomers", "items", 0.0}, Info: json.RawMessage(`{"a":1}`), Data: json.RawMessage(`{"id":"1"}`),
			}},
		},
		{
			"validation",
			`[{"path":null,"locations":[{"line":1,"column":2,"sourceName":null}],"message":"Validation error of type FieldUndefined: Field 'x' in type 'Query' is undefined @ 'x'"}]`,
			[]appsync.Error{{Message: "Validation error of type FieldUndefined: Field 'x' in type 'Query' is undefined @ 'x'"}},
		},
		{
			"variables",
			`[{"path":null,"locations":null,"message":"Variable 'input' has coerced Null value for NonNull type 'CreateCustomerInput!'"}]`,
			[]appsync.Error{{Message: "Variable 'input' has coerced Null value for NonNull type 'CreateCustomerInput!'"}},
		},
		{"long type", `[{"errorType":"com.amazonaws.deepdish.graphql.auth#BadRequestException","message":"m"}]`, []appsync.Error{{Message: "m", Type: "BadRequestException"}}},
		{"type in extensions", `[{"message":"m","extensions":{"errorType":"T"}}]`, []appsync.Error{{Message: "m", Type: "T"}}},
		{"type in both", `[{"message":"m","errorType":"A","extensions":{"errorType":"B"}}]`, []appsync.Error{{Message: "m", Type: "A"}}},
		{"type a number", `[{"message":"m","errorType":5}]`, []appsync.Error{{Message: "m"}}},
		{"type null", `[{"message":"m","errorType":null}]`, []appsync.Error{{Message: "m"}}},
		{"message an object", `[{"message":{"a":1},"errorType":"T"}]`, []appsync.Error{{Type: "T"}}},
		{"path a string", `[{"message":"m","path":"a/b"}]`, []appsync.Error{{Message: "m"}}},
		{"path with an object", `[{"message":"m","path":["a",{"b":1}]}]`, []appsync.Error{{Message: "m", Path: []any{"a", map[string]any{"b": 1.0}}}}},
		{"line a string", `[{"message":"m","locations":[{"line":"1"}]}]`, []appsync.Error{{Message: "m"}}},
		{"extensions a string", `[{"message":"m","extensions":"x"}]`, []appsync.Error{{Message: "m"}}},
		{"a single object", `{"message":"m","errorType":"T"}`, []appsync.Error{{Message: "m", Type: "T"}}},
		{"an empty object", `{}`, []appsync.Error{{Message: "an error without a message"}}},
		{"a string in the list", `["m"]`, []appsync.Error{{Message: "m"}}},
		{"a list in the list", `[["m"]]`, []appsync.Error{{Message: "an error of unknown shape"}}},
		{"a number in the list", `[5,{"message":"m"}]`, []appsync.Error{{Message: "an error of unknown shape"}, {Message: "m"}}},
		{"null in the list", `[null,{"message":"m"}]`, []appsync.Error{{Message: "an error of unknown shape"}, {Message: "m"}}},
		{"only null in the list", `[null]`, []appsync.Error{{Message: "an error of unknown shape"}}},
		{"a string", `"m"`, []appsync.Error{{Message: "errors of unknown shape"}}},
		{"a number", `5`, []appsync.Error{{Message: "errors of unknown shape"}}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			// Data beside it must neither hide the errors nor be lost.
			page, err := list(t, reply{body: `{"data":{"listCustomers":{"items":[{"id":"1"}],"nextToken":"t"}},"errors":` + tt.body + `}`})
			var failed *appsync.ResponseError
			if !errors.As(err, &failed) {
				t.Fatalf("got error %v, want a ResponseError", err)
			}
			var got []appsync.Error
			for _, single := range failed.Errors {
				got = append(got, *single)
			}
			if !reflect.DeepEqual(trimNull(got), tt.want) {
				t.Errorf("got %+v, want %+v", got, tt.want)
			}
			var first *appsync.Error
			if !errors.As(err, &first) || first != failed.Errors[0] {
				t.Errorf("errors.As found %v", first)
			}
			if page == nil || len(page.Items) != 1 || page.Items[0].Id != "1" || *page.NextToken != "t" {
				t.Errorf("got partial data %+v", page)
			}
		})
	}
}

// trimNull makes a null member equal to a missing one.
func trimNull(all []appsync.Error) []appsync.Error {
	for i := range all {
		if string(all[i].Info) == "null" {
			all[i].Info = nil
		}
		if string(all[i].Data) == "null" {
			all[i].Data = nil
		}
	}
	return all
}

func TestErrorsBesideDataOfAnotherShape(t *testing.T) {
	got := failed(t, reply{body: `{"data":{"listCustomers":"x"},"errors":[{"message":"m"}]}`})
	if got.Error() != "m" || got.NotGraphQL == "" {
		t.Errorf("got %q and %q, want both faults", got, got.NotGraphQL)
	}
}

// A server's text must not flood the terminal of whoever reads the error.
func TestErrorsAreShort(t *testing.T) {
	long := strings.Repeat("ä", 1<<20)
	tests := []struct{ name, body string }{
		{"message", `{"message":"` + long + `"}`},
		{"error", `{"errors":[{"message":"` + long + `"}]}`},
		{"type", `{"errors":[{"message":"m","errorType":"` + long + `"}]}`},
		{"many errors", `{"errors":[` + strings.Repeat(`{"message":"`+long[:1000]+`"},`, 5000) + `{}]}`},
		{"number", `{"data":{"listCustomers":` + strings.Repeat("1", 1<<20) + `}}`},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got := failed(t, reply{status: 400, body: tt.body}).Error()
			if len(got) > 3000 || got != strings.ToValidUTF8(got, "?") {
				t.Errorf("got an error of %d bytes: %.100s…", len(got), got)
			}
		})
	}
	many := failed(t, reply{body: `{"errors":[{"message":"a"},{"message":"b"},{"message":"c"},{"message":"d"},{"message":"e"},{"message":"f"},{"message":"g"}]}`})
	if want := "a; b; c; d; e; and 2 more"; many.Error() != want {
		t.Errorf("got %q, want %q", many, want)
	}
}

func TestServerDate(t *testing.T) {
	header := errorType("UnauthorizedException")
	header.Set("Date", "Thu, 01 Jan 2026 12:00:00 GMT")
	if got, want := failed(t, reply{status: 401, header: header, body: "{}"}).Date, time.Date(2026, 1, 1, 12, 0, 0, 0, time.UTC); !got.Equal(want) {
		t.Errorf("got %s, want %s", got, want)
	}
	header.Set("Date", "soon")
	if got := failed(t, reply{status: 401, header: header, body: "{}"}).Date; !got.IsZero() {
		t.Errorf("got %s, want none", got)
	}
}

func TestNoAnswer(t *testing.T) {
	broken := errors.New("broken on purpose")
	_, err := list(t, reply{err: broken})
	if !errors.Is(err, broken) || err.Error() != broken.Error() {
		t.Errorf("got %v, want the error of the chain as it is", err)
	}
}

func TestRequest(t *testing.T) {
	tests := []struct {
		name      string
		send      func(context.Context, graphql.Client) error
		operation string
		variables string
		twice     bool // may run twice
	}{
		{
			"create, unset fields are left out",
			func(ctx context.Context, c graphql.Client) error {
				_, err := appsync.CreateCustomer(ctx, c, appsync.CreateCustomerInput{Name: new("Ann"), City: new("")})
				return err
			},
			"CreateCustomer", `{"input":{"name":"Ann","city":""}}`, false,
		},
		{
			"create, nothing set",
			func(ctx context.Context, c graphql.Client) error {
				_, err := appsync.CreateCustomer(ctx, c, appsync.CreateCustomerInput{})
				return err
			},
			"CreateCustomer", `{"input":{}}`, false,
		},
		{
			"delete",
			func(ctx context.Context, c graphql.Client) error {
				_, err := appsync.DeleteCustomer(ctx, c, "1")
				return err
			},
			"DeleteCustomer", `{"id":"1"}`, false,
		},
		{
			"list",
			func(ctx context.Context, c graphql.Client) error {
				_, err := appsync.ListCustomers(ctx, c, nil, new(20), new("t"))
				return err
			},
			"ListCustomers", `{"limit":20,"nextToken":"t"}`, true,
		},
		{
			"list, nothing set",
			func(ctx context.Context, c graphql.Client) error {
				_, err := appsync.ListCustomers(ctx, c, nil, nil, nil)
				return err
			},
			"ListCustomers", `{}`, true,
		},
		{
			"mutation behind a comment and a fragment",
			func(ctx context.Context, c graphql.Client) error {
				return c.MakeRequest(ctx, &graphql.Request{
					OpName: "M", Query: "# note\nfragment F on C { id }\nmutation M { a }", Variables: struct{}{},
				}, &graphql.Response{Data: &struct{}{}})
			},
			"M", `{}`, false,
		},
		{
			"mutation beside a query",
			func(ctx context.Context, c graphql.Client) error {
				return c.MakeRequest(ctx, &graphql.Request{
					OpName: "M", Query: "query Q { a } mutation M { a }", Variables: struct{}{},
				}, &graphql.Response{Data: &struct{}{}})
			},
			"M", `{}`, false,
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			server := &api{replies: []reply{{body: `{"data":{"a":1}}`}}}
			if err := tt.send(t.Context(), server.client()); err != nil {
				t.Fatal(err)
			}
			req := server.requests[0]
			if req.Method != http.MethodPost || req.URL.String() != "https://api.example.com/graphql" {
				t.Errorf("got %s %s", req.Method, req.URL)
			}
			if got := req.Header.Get("Content-Type"); got != "application/json" {
				t.Errorf("got Content-Type %q", got)
			}
			var body struct {
				Query         string
				OperationName string
				Variables     json.RawMessage
			}
			if err := json.Unmarshal([]byte(server.bodies[0]), &body); err != nil {
				t.Fatal(err)
			}
			if body.OperationName != tt.operation || string(body.Variables) != tt.variables || body.Query == "" {
				t.Errorf("got %s, want operation %s with %s", server.bodies[0], tt.operation, tt.variables)
			}
			key, twice := req.Header["Idempotency-Key"]
			if twice != tt.twice || len(key) > 0 {
				t.Errorf("may run twice: got %t (%q), want %t", twice, key, tt.twice)
			}
			if again, err := req.GetBody(); err != nil {
				t.Errorf("the body cannot be sent again: %v", err)
			} else if text, _ := io.ReadAll(again); string(text) != server.bodies[0] {
				t.Errorf("the body again is %q", text)
			}
		})
	}
}

// A subscriber gets only the fields that the mutation selects.
func TestCreateSelectsEveryField(t *testing.T) {
	server := &api{replies: []reply{{body: `{"data":{"createCustomer":{"id":"1","name":"n","city":"c","state":"s","country":"u"}}}`}}}
	resp, err := appsync.CreateCustomer(t.Context(), server.client(), appsync.CreateCustomerInput{})
	if err != nil {
		t.Fatal(err)
	}
	want := appsync.Customer{Id: "1", Name: new("n"), City: new("c"), State: new("s"), Country: new("u")}
	if !reflect.DeepEqual(*resp.CreateCustomer, want) {
		t.Errorf("got %+v, want %+v", resp.CreateCustomer, want)
	}
	words := strings.Fields(strings.ReplaceAll(server.bodies[0], `\n`, " "))
	for _, field := range []string{"id", "name", "city", "state", "country"} {
		if !slices.ContainsFunc(words, func(word string) bool { return strings.ReplaceAll(word, `\t`, "") == field }) {
			t.Errorf("%s is not selected in %s", field, server.bodies[0])
		}
	}
}

func FuzzDecode(f *testing.F) {
	for _, seed := range []string{
		`{"data":{"listCustomers":{"items":[{"id":"1"},null],"nextToken":"t"}}}`,
		`{"data":null,"errors":[{"message":"m","errorType":"T#a:http","path":["a",0],"extensions":{}}]}`,
		`{"errors":{"message":5}}`, `{"errors":[null,[],5,"a"]}`, `{"message":"Forbidden"}`, `[]`, `<html>`, ``,
	} {
		f.Add(200, seed)
	}
	f.Add(401, `{"errors":"x"}`)
	f.Fuzz(func(t *testing.T, status int, body string) {
		if status < 200 || status > 599 {
			t.Skip()
		}
		page, err := list(t, reply{status: status, header: errorType(strings.ToValidUTF8(body[:min(20, len(body))], "")), body: body})
		if err == nil {
			if status != 200 {
				t.Fatalf("status %d counts as success", status)
			}
			var envelope map[string]json.RawMessage
			if json.Unmarshal([]byte(body), &envelope) != nil || len(envelope) == 0 {
				t.Fatalf("%q counts as success", body)
			}
			return
		}
		var failed *appsync.ResponseError
		if !errors.As(err, &failed) || failed.Error() == "" || len(failed.Error()) > 3000 {
			t.Fatalf("got %.200v, want a ResponseError with a short text", err)
		}
		for _, single := range failed.Errors {
			if single == nil || single.Error() == "" {
				t.Fatalf("got an error without text: %+v", single)
			}
		}
		_ = page
	})
}
