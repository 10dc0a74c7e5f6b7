package doctor_test

import (
	"context"
	"errors"
	"io"
	"net/http"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/appsyncctl/appsyncctl/internal/doctor"
	"github.com/appsyncctl/appsyncctl/internal/emulator"
)

func TestReadAnswer(t *testing.T) {
	tests := []struct {
		name   string
		text   string
		status int
		header string // of Content-Type
		body   string
		reason string // of the error
	}{
		{"as curl -i writes it", "HTTP/1.1 401 Unauthorized\r\nContent-Type: application/json\r\n\r\n{\"errors\":[]}", 401, "application/json", `{"errors":[]}`, ""},
		{"HTTP/2", "HTTP/2 200 \r\ncontent-type: application/json\r\n\r\n{}", 200, "application/json", "{}", ""},
		{"line feeds only", "HTTP/2 403\ncontent-type: text/html\n\n<html>", 403, "text/html", "<html>", ""},
		{"after a redirect", "HTTP/1.1 302 Found\r\nLocation: /x\r\n\r\nHTTP/1.1 200 OK\r\nContent-Type: a/b\r\n\r\n{}", 200, "a/b", "{}", ""},
		{"after a proxy and 100", "HTTP/1.1 200 Connection established\r\n\r\nHTTP/1.1 100 Continue\r\n\r\nHTTP/2 401\r\ncontent-type: c\r\n\r\n{}\n", 401, "c", "{}\n", ""},
		{"a header alone", "HTTP/1.1 204 No Content\r\nContent-Type: x\r\n\r\n", 204, "x", "", ""},
		{"a header that ends early", "HTTP/1.1 503 Service Unavailable\r\nContent-Type: x\r\n", 503, "x", "", ""},
		{"a status line alone", "HTTP/1.1 503", 503, "", "", ""},
		{"a body that speaks of HTTP", "HTTP/1.1 200 OK\n\nHTTP/ is a protocol", 200, "", "HTTP/ is a protocol", ""},
		{"a body alone", "\n {\"data\":null}\n", 0, "", "{\"data\":null}\n", ""},
		{"a body behind a mark", "\ufeff{}", 0, "", "{}", ""},
		{"a page", "<html></html>", 0, "", "<html></html>", ""},

		{"nothing", " \r\n\t", 0, "", "", "it is empty"},
		{"no status", "HTTP/1.1\r\n\r\n{}", 0, "", "", "its status line has no status"},
		{"a status of another kind", "HTTP/1.1 abc\r\n\r\n{}", 0, "", "", "its status line has no status"},
		{"a status out of range", "HTTP/1.1 999 No\r\n\r\n{}", 0, "", "", "its status line has no status"},
		{"a header that is none", "HTTP/1.1 200 OK\r\nno header\r\n\r\n{}", 0, "", "", "its header is not HTTP's"},
		{"a status line without an end", "HTTP/1.1 200 " + strings.Repeat("x", 1<<16), 0, "", "", "its status line is too long"},
		{"too many", strings.Repeat("HTTP/1.1 100 Continue\r\n\r\n", 21), 0, "", "", "it has more than 20 answers"},
		{"too much", strings.Repeat("x", 8<<20+1), 0, "", "", "it has more than 8 MiB"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got, err := doctor.ReadAnswer(strings.NewReader(tt.text))
			if tt.reason != "" {
				wrong, typed := errors.AsType[*doctor.AnswerError](err)
				if !typed || wrong.Reason != tt.reason {
					t.Errorf("got %v, want %q", err, tt.reason)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			if got.Status != tt.status || string(got.Body) != tt.body || got.Header.Get("Content-Type") != tt.header {
				t.Errorf("got %d %v %q", got.Status, got.Header, got.Body)
			}
		})
	}
	_, err := doctor.ReadAnswer(iotest.ErrReader(io.ErrUnexpectedEOF))
	if !errors.Is(err, io.ErrUnexpectedEOF) {
		t.Errorf("got %v, want the reader's error", err)
	}
}

// TestReadTold recognises what commands write with -o json: it is no answer of the API.
func TestReadTold(t *testing.T) {
	tests := []struct {
		name    string
		text    string
		message string // empty if it is an answer
	}{
		{"refused", `{"error":{"type":"UnauthorizedException","message":"UnauthorizedException: Token has expired.","request_id":"1","status":401,"retryable":false,"exit_code":4}}`, "UnauthorizedException: Token has expired."},
		{"a firewall", `{"error":{"type":"login","message":"the API answered 403 Forbidden: Forbidden","status":403,"retryable":false,"exit_code":4}}`, "the API answered 403 Forbidden: Forbidden"},
		{"a page", `{"error":{"type":"graphql","message":"the API answered 404 Not Found with a web page (HTML)","status":404,"retryable":false,"exit_code":3}}`, "the API answered 404 Not Found with a web page (HTML)"},
		{"after notices", "waiting\n{\"a\":1}\n{\"error\":{\"type\":\"graphql\",\"message\":\"no such field\",\"status\":200,\"exit_code\":3}}\n", "no such field"},
		{"formatted", "{\n  \"error\": {\n    \"type\": \"graphql\",\n    \"message\": \"no such field\",\n    \"status\": 200,\n    \"exit_code\": 3\n  }\n}\n", "no such field"},
		{"no answer", `{"error":{"type":"network","message":"no answer from the API","retryable":true,"exit_code":5}}`, "no answer from the API"},
		{"somebody else's", `{"error":{"type":"x","message":"y","status":401}}`, ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got, err := doctor.ReadAnswer(strings.NewReader(tt.text))
			if tt.message != "" {
				wrong, typed := errors.AsType[*doctor.AnswerError](err)
				if want := "it is an error of this program: " + tt.message; !typed || wrong.Reason != want {
					t.Errorf("got %v, want %q", err, want)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			if string(got.Body) != tt.text {
				t.Errorf("got %q", got.Body)
			}
		})
	}
}

// FuzzReadAnswer reads whatever somebody has saved, and never more than there is.
func FuzzReadAnswer(f *testing.F) {
	f.Add("HTTP/1.1 302 Found\r\nLocation: /x\r\n\r\nHTTP/2 401\r\nx-amzn-errortype: UnauthorizedException\r\n\r\n{\"errors\":[{\"message\":\"Unauthorized\"}]}")
	f.Add("HTTP/1.1 200 OK\n\nHTTP/1.1")
	f.Add("{\"data\":{}}")
	f.Add("HTTP/1.1 100 Continue\r\n\r\n")
	f.Fuzz(func(t *testing.T, text string) {
		got, err := doctor.ReadAnswer(strings.NewReader(text))
		if err != nil {
			if _, typed := errors.AsType[*doctor.AnswerError](err); !typed || got != nil {
				t.Fatalf("%v, %v", got, err)
			}
			return
		}
		if got.Status != 0 && (got.Status < 100 || got.Status > 599) {
			t.Errorf("status %d", got.Status)
		}
		if !strings.HasSuffix(text, string(got.Body)) {
			t.Errorf("the body is not the end of the file: %q", got.Body)
		}
	})
}

// TestAPIAnswer explains saved answers, whole and without their header, and sends
// nothing to the API.
func TestAPIAnswer(t *testing.T) {
	unauthorized := func(message string) string {
		return `{"errors":[{"errorType":"UnauthorizedException","message":"` + message + `"}]}`
	}
	const longAgo = "HTTP/2 401\r\ndate: Wed, 01 Jan 2020 00:00:00 GMT\r\n\r\n"
	tests := []struct {
		name  string
		text  string
		token bool // the token is there, too
		id    doctor.ID
		want  doctor.Result
		words []string
	}{
		{"success", "HTTP/2 200\r\n\r\n" + `{"data":{"__typename":"Query"}}`, true, "API-011", doctor.OK, nil},
		{"success, the body", `{"data":{"listCustomers":null}}`, false, "API-012", doctor.OK, nil},
		{"not this client", unauthorized("Unauthorized"), true, "API-011", doctor.Failure, []string{"(1) the API's client ID expression", "API-007; (2)", "API-009", "AWS_PROFILE=NAME"}},
		{"not this client, in between", unauthorized("Unauthorized"), true, "API-007", doctor.Unknown, []string{"only the API's configuration can tell"}},
		{"no login, in between", unauthorized("Unauthorized"), true, "API-009", doctor.Unknown, []string{"no auth_time"}},
		{"not this client, without the token", unauthorized("Unauthorized"), false, "API-011", doctor.Failure, []string{"client ID expression"}},
		{"refused before the token was issued", longAgo + unauthorized("Token has expired."), true, "API-011", doctor.Failure, []string{"(1) the token had expired", "API-008"}},
		{"refused before the token was issued, its age", longAgo + unauthorized("Token has expired."), true, "API-008", doctor.Unknown, nil},
		{"no header before the token was issued", longAgo + unauthorized("Valid authorization header not provided."), true, "API-011", doctor.Failure, []string{"the token's signature is wrong"}},
		{"no JWT before the token was issued", longAgo + unauthorized("Unable to parse JWT token."), true, "API-011", doctor.Failure, []string{"(1) the token that was sent is no JWT"}},
		{"no token to look at", unauthorized("Token has expired."), false, "AUTH-001", doctor.Skipped, []string{"--token"}},
		{"no mode", "HTTP/1.1 401 Unauthorized\r\nx-amzn-ErrorType: UnauthorizedException\r\n\r\n" + unauthorized("You are not authorized to make this call."), false, "API-005", doctor.Failure, []string{"OPENID_CONNECT is not one"}},
		{"another issuer", unauthorized("Valid authorization header not provided."), true, "API-006", doctor.Failure, nil},
		{
			"another issuer, without the token", unauthorized("Valid authorization header not provided."), false, "API-011", doctor.Failure,
			[]string{"(1) the API's issuer is another than the token's", "API-006", "did not reach the API"},
		},
		{"expired by its own time", "HTTP/2 401\r\ndate: Fri, 01 Jan 2100 00:00:00 GMT\r\n\r\n" + unauthorized("Token has expired."), true, "AUTH-010", doctor.Failure, nil},
		{"expired by its own time, in the end", "HTTP/2 401\r\ndate: Fri, 01 Jan 2100 00:00:00 GMT\r\n\r\n" + unauthorized("Token has expired."), true, "API-011", doctor.Failure, []string{"see AUTH-010"}},
		{"too old", unauthorized("Token has expired."), true, "API-008", doctor.Failure, []string{"iatTTL"}},
		{"expired, without the token", unauthorized("Token has expired."), false, "API-011", doctor.Failure, []string{"(1) the token had expired", "API-008"}},
		{"no JWT", unauthorized("Unable to parse JWT token."), false, "API-011", doctor.Failure, []string{"(1) the token that was sent is no JWT", `behind "Bearer"`}},
		{"no JWT, though it is one", unauthorized("Unable to parse JWT token"), true, "API-011", doctor.Failure, []string{"changed on its way"}},
		{"a firewall", "HTTP/1.1 403 Forbidden\r\n\r\n" + `{"message":"Forbidden"}`, false, "API-001", doctor.Failure, []string{"firewall"}},
		{"a firewall, the body", `{"message":"Forbidden"}`, false, "API-001", doctor.Failure, []string{"firewall"}},
		{"throttled, the body", `{"message":"Rate limit exceeded"}`, false, "API-001", doctor.Unknown, nil},
		{"throttled by its type", `{"errors":[{"errorType":"LimitExceededError","message":"Rate exceeded"}]}`, false, "API-001", doctor.Unknown, nil},
		{"out of order", "HTTP/1.1 500 Internal Server Error\r\n\r\n", false, "API-001", doctor.Unknown, nil},
		{"a page", "<html>Sign in</html>", false, "API-001", doctor.Failure, []string{"web page"}},
		{"a redirect", "HTTP/1.1 301 Moved Permanently\r\nLocation: https://other.example/\r\n\r\n", false, "API-001", doctor.Failure, []string{"redirect to other.example"}},
		{
			"a closed field", `{"data":{"getCustomer":null},"errors":[{"path":["getCustomer"],"data":null,"errorType":"Unauthorized","message":"Not Authorized to access getCustomer on type Query"}]}`,
			false, "API-012", doctor.Failure, []string{"Query.getCustomer is closed", "@aws_oidc"},
		},
		{
			"an unknown field", `{"data":null,"errors":[{"message":"Validation error of type FieldUndefined: Field 'country' in type 'Customer' is undefined"}]}`,
			false, "API-012", doctor.Failure, []string{"Field 'country'"},
		},
		{"a bad request", `{"errors":[{"message":"Unable to parse GraphQL query.","errorType":"MalformedHttpRequestException"}]}`, false, "API-011", doctor.Failure, []string{"cannot read the request"}},
		{"no schema", `{"errors":[{"message":"No schema definition exists.","errorType":"GraphQLSchemaException"}]}`, false, "API-011", doctor.Failure, []string{"no schema"}},
	}
	sound := newSetup(t, emulator.Config{})
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			answer, err := doctor.ReadAnswer(strings.NewReader(tt.text))
			if err != nil {
				t.Fatal(err)
			}
			s := sound.again()
			s.Answer = answer
			s.Grant = "" // the token was given
			if !tt.token {
				s.Grant = "client-credentials"
				s.Token = func(context.Context) (string, error) {
					t.Error("a token was asked for, which cannot be the one that was sent")
					return s.token, nil
				}
			}
			s.Authorized = tripper(func(req *http.Request) (*http.Response, error) {
				t.Errorf("sent to %s", req.URL)
				return nil, http.ErrServerClosed
			})
			plain := s.Plain
			s.Plain = tripper(func(req *http.Request) (*http.Response, error) {
				if req.URL.Path == "/graphql" {
					t.Errorf("sent to %s", req.URL)
				}
				return plain.RoundTrip(req)
			})
			findings, _ := examine(t, s.Subject)
			wantFinding(t, findings[tt.id], tt.want, tt.words...)
			for _, id := range []doctor.ID{"API-002", "API-003", "API-013", "API-014"} {
				wantFinding(t, findings[id], doctor.Skipped)
			}
			if tt.token {
				wantTokenUnseen(t, findings, s.token)
			}
		})
	}
}
