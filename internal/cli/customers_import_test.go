package cli_test

import (
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/appsyncctl/appsyncctl/internal/bulk"
	"github.com/appsyncctl/appsyncctl/internal/cli"
)

// TestOutcomes judges answers of AppSync. What is not surely done or undone is lost: it
// will be looked into, and not sent again blindly.
func TestOutcomes(t *testing.T) {
	entry := func(path, kind, message string) string {
		return `{"path":` + path + `,"data":null,"errorType":` + kind + `,"message":"` + message + `"}`
	}
	const both = `"c0":{"id":"1"},"c1":{"id":"2"}`
	tests := []struct {
		name   string
		status int
		body   string
		want   [2]bulk.Verdict
	}{
		{"created", 200, `{"data":{` + both + `}}`, [2]bulk.Verdict{bulk.Done, bulk.Done}},
		{"created, with an error beside", 200, `{"data":{` + both + `},"errors":[` + entry(`["c0"]`, `"Lambda:Unhandled"`, "x") + `]}`, [2]bulk.Verdict{bulk.Done, bulk.Done}},
		{"one taken", 200, `{"data":{"c0":{"id":"1"},"c1":null},"errors":[` + entry(`["c1"]`, `"DynamoDB:ConditionalCheckFailedException"`, "x") + `]}`, [2]bulk.Verdict{bulk.Done, bulk.Taken}},
		{"one throttled, one refused", 200, `{"data":null,"errors":[` + entry(`["c0"]`, `"DynamoDB:ProvisionedThroughputExceededException"`, "x") + `,` + entry(`["c1"]`, `"DynamoDB:ValidationException"`, "x") + `]}`, [2]bulk.Verdict{bulk.Throttled, bulk.Refused}},
		{"an error of reading the result", 200, `{"data":{"c0":null,"c1":{"id":"2"}},"errors":[` + entry(`["c0"]`, `"MappingTemplate"`, "x") + `]}`, [2]bulk.Verdict{bulk.Lost, bulk.Done}},
		{"timed out", 200, `{"data":{"c0":null,"c1":null},"errors":[` + entry(`["c0"]`, `"ExecutionTimeout"`, "x") + `]}`, [2]bulk.Verdict{bulk.Lost, bulk.Lost}},
		{"denied", 200, `{"data":{"c0":null,"c1":null},"errors":[` + entry(`["c0"]`, `"Unauthorized"`, "x") + `,` + entry(`["c1"]`, `"Unauthorized"`, "x") + `]}`, [2]bulk.Verdict{bulk.Fatal, bulk.Fatal}},
		{"no id", 200, `{"data":null,"errors":[{"path":null,"message":"The variables input contains a field name 'id' that is not defined for input object type 'CreateCustomerInput' "}]}`, [2]bulk.Verdict{bulk.NoID, bulk.NoID}},
		{"another schema", 200, `{"data":null,"errors":[{"path":null,"message":"Validation error of type FieldUndefined: Field 'createCustomer' in type 'Mutation' is undefined @ 'createCustomer'"}]}`, [2]bulk.Verdict{bulk.Fatal, bulk.Fatal}},
		{"a value that one of them lacks", 200, `{"data":null,"errors":[{"path":null,"message":"Variable 'c1' has coerced Null value for NonNull type 'String!'"}]}`, [2]bulk.Verdict{bulk.Split, bulk.Split}},
		{"nothing", 200, `{}`, [2]bulk.Verdict{bulk.Lost, bulk.Lost}},
		{"null", 200, `{"data":null}`, [2]bulk.Verdict{bulk.Lost, bulk.Lost}},
		{"half an answer", 200, `{"data":{"c0":{"id":"1"`, [2]bulk.Verdict{bulk.Lost, bulk.Lost}},
		{"one missing", 200, `{"data":{"c0":{"id":"1"}}}`, [2]bulk.Verdict{bulk.Done, bulk.Lost}},
		{"401", 401, `{"errors":[{"errorType":"UnauthorizedException","message":"Token has expired."}]}`, [2]bulk.Verdict{bulk.Fatal, bulk.Fatal}},
		{"403", 403, `{"message":"Forbidden"}`, [2]bulk.Verdict{bulk.Fatal, bulk.Fatal}},
		{"too large", 413, ``, [2]bulk.Verdict{bulk.Split, bulk.Split}},
		{"429", 429, `{"message":"Rate limit exceeded"}`, [2]bulk.Verdict{bulk.Throttled, bulk.Throttled}},
		{"500", 500, `{"message":"Internal Server Error"}`, [2]bulk.Verdict{bulk.Lost, bulk.Lost}},
		{"502", 502, `<html>`, [2]bulk.Verdict{bulk.Lost, bulk.Lost}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
				w.Header().Set("Retry-After", "7")
				w.WriteHeader(tt.status)
				_, _ = io.WriteString(w, tt.body)
			}))
			defer server.Close()
			got := cli.CreateTwo(t.Context(), server.URL)
			if [2]bulk.Verdict{got[0].Verdict, got[1].Verdict} != tt.want {
				t.Errorf("got %d and %d, want %d", got[0].Verdict, got[1].Verdict, tt.want)
			}
			if tt.status == 429 && got[0].After != 7*time.Second {
				t.Errorf("Retry-After is %s", got[0].After)
			}
			for i, outcome := range got {
				if fails := outcome.Verdict >= bulk.Throttled; fails && outcome.Err == nil {
					t.Errorf("outcome %d has no error", i)
				}
				if outcome.Verdict == bulk.Refused && !strings.Contains(outcome.Fault.Code, "Validation") {
					t.Errorf("the fault is %+v", outcome.Fault)
				}
			}
		})
	}
	server := httptest.NewServer(http.NotFoundHandler())
	server.Close()
	if got := cli.CreateTwo(t.Context(), server.URL); got[0].Verdict != bulk.NotSent {
		t.Errorf("nobody listens: got %d, want %d", got[0].Verdict, bulk.NotSent)
	}
}
