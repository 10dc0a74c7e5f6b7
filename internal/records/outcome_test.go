package records_test

import (
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/appsyncctl/appsyncctl/internal/appsync"
	"github.com/appsyncctl/appsyncctl/internal/auth"
	"github.com/appsyncctl/appsyncctl/internal/bulk"
	"github.com/appsyncctl/appsyncctl/internal/failure"
	"github.com/appsyncctl/appsyncctl/internal/records"
	"github.com/appsyncctl/appsyncctl/internal/tokencache"
	"github.com/appsyncctl/appsyncctl/internal/transport"
)

// createTwo returns what an import makes of an API's answer to two customers.
func createTwo(ctx context.Context, endpoint string) []bulk.Outcome {
	chain := &records.ThrottleTransport{Endpoint: endpoint, Base: &http.Transport{}}
	api := &records.Customers{Client: &appsync.Client{Endpoint: endpoint, HTTP: &http.Client{Transport: chain}}}
	return api.Create(ctx, []bulk.Record{{"name": "a"}, {"name": "b"}})
}

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
			got := createTwo(t.Context(), server.URL)
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
	if got := createTwo(t.Context(), server.URL); got[0].Verdict != bulk.NotSent {
		t.Errorf("nobody listens: got %d, want %d", got[0].Verdict, bulk.NotSent)
	}
}

// TestUnanswered judges requests that the API has not answered. A row is lost unless it is
// clear that its request did not leave.
func TestUnanswered(t *testing.T) {
	broken := &net.OpError{Op: "read", Err: errors.New("connection reset")}
	tests := []struct {
		name string
		err  error
		want bulk.Verdict
	}{
		{"no such host", &transport.NoAnswerError{Err: &net.OpError{Op: "dial", Err: &net.DNSError{IsNotFound: true}}}, bulk.Fatal},
		{"nobody listens", &transport.NoAnswerError{Err: &net.OpError{Op: "dial", Err: errors.New("refused")}}, bulk.NotSent},
		{"broken off", &transport.NoAnswerError{Err: broken}, bulk.Lost},
		{"unknown", errors.New("odd"), bulk.Lost},
		{"the provider does not answer", &auth.TransportError{Err: broken}, bulk.NotSent},
		{"the provider does not renew the token", &transport.RenewalError{Err: &auth.TransportError{Err: broken}}, bulk.NotSent},
		{"the provider is out of order", &auth.Error{Status: 503}, bulk.NotSent},
		{"the provider throttles", &auth.Error{Status: 429}, bulk.NotSent},
		{"the provider refuses", &auth.Error{Status: 401}, bulk.Fatal},
		{"the token is refused", &transport.RenewalError{Err: errors.New("none")}, bulk.Fatal},
		{"the token is refused, and another process renews it for too long", &transport.RenewalError{Err: &tokencache.LockTimeoutError{}}, bulk.Fatal},
		{"a login is needed", failure.Errorf(failure.Login, "log in"), bulk.Fatal},
		{"a setting is missing", failure.Errorf(failure.Usage, "no secret"), bulk.Fatal},
		{"the keyring is locked", &tokencache.LockedError{}, bulk.Fatal},
		{"the keyring is gone", &tokencache.UnavailableError{}, bulk.Fatal},
		{"the file has no seal", tokencache.NoSealError{}, bulk.Fatal},
		{"throttled", &records.ThrottledError{After: time.Second}, bulk.Throttled},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			api := &records.Customers{Client: client(func(string, any) error { return tt.err })}
			got := api.Create(t.Context(), []bulk.Record{{"name": "a"}})
			if got[0].Verdict != tt.want || !errors.Is(got[0].Err, tt.err) {
				t.Errorf("got %d with %v, want %d", got[0].Verdict, got[0].Err, tt.want)
			}
		})
	}
}

func TestOrderedWait(t *testing.T) {
	tests := []struct {
		name, date, after string
		want              time.Duration
	}{
		{"none", "", "", 0},
		{"seconds", "", "7", 7 * time.Second},
		{"a date by the server's clock", "Fri, 02 Jan 2026 03:04:05 GMT", "Fri, 02 Jan 2026 03:04:35 GMT", 30 * time.Second},
		{"a date that is over", "Fri, 02 Jan 2026 03:04:05 GMT", "Fri, 02 Jan 2026 03:04:00 GMT", 0},
		{"a day", "", "86400", 10 * time.Minute},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
				w.Header().Set("Retry-After", tt.after)
				if tt.date != "" {
					w.Header().Set("Date", tt.date)
				}
				w.WriteHeader(http.StatusTooManyRequests)
			}))
			defer server.Close()
			if got := createTwo(t.Context(), server.URL); got[0].Verdict != bulk.Throttled || got[0].After != tt.want {
				t.Errorf("got %d after %s, want it throttled for %s", got[0].Verdict, got[0].After, tt.want)
			}
		})
	}
}
