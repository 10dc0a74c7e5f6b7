package doctor_test

import (
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"

	"github.com/appsyncctl/appsyncctl/internal/doctor"
)

const sampleToken = "sample-token-0123456789abcdef"

// refusal is AppSync's 401, to the byte.
func refusal(message string) reply {
	return reply{401, "{\n  \"errors\" : [ {\n    \"errorType\" : \"UnauthorizedException\",\n    \"message\" : \"" + message + "\"\n  } ]\n}", nil}
}

type reply struct {
	status int
	body   string
	header map[string]string
}

// replies are an API that says one thing to each kind of caller.
type replies struct {
	anonymous, own, turned, nonsense, list reply

	mu   sync.Mutex
	seen []string // the Authorization headers
}

var (
	accepted = reply{200, `{"data":{"__typename":"Query"}}`, nil}
	listed   = reply{200, `{"data":{"listCustomers":{"items":[{"id":"1"}]}}}`, nil}
)

func (r *replies) ServeHTTP(w http.ResponseWriter, req *http.Request) {
	body, _ := io.ReadAll(req.Body)
	authorization := req.Header.Get("Authorization")
	r.mu.Lock()
	r.seen = append(r.seen, authorization)
	r.mu.Unlock()
	answer := r.nonsense
	switch {
	case authorization == "":
		answer = r.anonymous
	case authorization == sampleToken && strings.Contains(string(body), "listCustomers(limit"):
		answer = r.list
	case authorization == sampleToken:
		answer = r.own
	case authorization == "Bearer "+sampleToken:
		answer = r.turned
	}
	if answer.status == 0 {
		panic(http.ErrAbortHandler)
	}
	w.Header().Set("Content-Type", "application/json")
	for name, value := range answer.header {
		w.Header().Set(name, value)
	}
	w.WriteHeader(answer.status)
	_, _ = io.WriteString(w, answer.body)
}

// TestAPIReplies wants the cause of answers that the emulator does not give.
func TestAPIReplies(t *testing.T) {
	noHeader := refusal("Valid authorization header not provided.")
	tests := []struct {
		name   string
		change func(*replies)
		mode   string
		id     doctor.ID
		want   doctor.Result
		words  []string
	}{
		{name: "as it should be", id: "API-011", want: doctor.OK},
		{
			name: "a page", change: func(r *replies) {
				r.anonymous = reply{200, "<!doctype html><title>Welcome</title>", map[string]string{"Content-Type": "text/html"}}
			},
			id: "API-001", want: doctor.Failure, words: []string{"a web page (HTML)", "graphqlApis[].uris.GRAPHQL"},
		},
		{
			name: "a redirect", change: func(r *replies) {
				r.anonymous = reply{302, "", map[string]string{"Location": "https://login.example.com/?to=x"}}
			},
			id: "API-001", want: doctor.Failure, words: []string{"a redirect to login.example.com"},
		},
		{
			name: "an API Gateway", change: func(r *replies) { r.anonymous = reply{403, `{"message":"Missing Authentication Token"}`, nil} },
			id: "API-001", want: doctor.Failure, words: []string{"API Gateway"},
		},
		{
			name: "a page of a firewall", change: func(r *replies) {
				r.anonymous = reply{403, "<html>Request blocked.</html>", map[string]string{"Content-Type": "text/html"}}
				r.own = r.anonymous
			},
			id: "API-001", want: doctor.Failure, words: []string{"firewall (AWS WAF)"},
		},
		{
			name: "a firewall for strangers", change: func(r *replies) { r.anonymous = reply{403, `{"message":"Forbidden"}`, nil} },
			mode: "lambda", id: "API-001", want: doctor.OK, words: []string{"others meet a firewall"},
		},
		{
			name: "a login in front", change: func(r *replies) {
				r.anonymous = reply{401, `{"message":"Unauthorized"}`, map[string]string{"WWW-Authenticate": "Basic"}}
			},
			id: "API-001", want: doctor.Failure, words: []string{"a login of its own"},
		},
		{name: "nothing there", change: func(r *replies) { r.anonymous = reply{404, `{"message":"Not Found"}`, nil} }, id: "API-001", want: doctor.Failure, words: []string{"404"}},
		{name: "too many calls", change: func(r *replies) { r.anonymous = reply{429, `{"message":"Rate limit exceeded"}`, nil} }, id: "API-001", want: doctor.Unknown, words: []string{"too many calls"}},
		{name: "out of order", change: func(r *replies) { r.anonymous = reply{503, "", nil} }, id: "API-001", want: doctor.Unknown, words: []string{"503"}},

		{name: "open to everyone", change: func(r *replies) { r.anonymous = accepted }, id: "API-002", want: doctor.Failure, words: []string{"open to everyone", "127.0.0.1"}},
		{
			name: "open, but for its fields", change: func(r *replies) {
				r.anonymous = reply{200, `{"data":null,"errors":[{"errorType":"Unauthorized","message":"Not Authorized to access x on type Query"}]}`, nil}
			}, id: "API-002", want: doctor.OK,
		},
		{name: "open to every token", change: func(r *replies) { r.nonsense = accepted }, id: "API-003", want: doctor.Failure, words: []string{"nobody has issued", "isAuthorized"}},
		{name: "no answer to a made-up token", change: func(r *replies) { r.nonsense = reply{} }, id: "API-003", want: doctor.Unknown},

		{
			name: "a bad request without credentials", change: func(r *replies) {
				r.anonymous = reply{400, `{"errors":[{"errorType":"BadRequestException","message":"no"}]}`, nil}
			}, id: "API-002", want: doctor.Unknown, words: []string{"neither accepts nor refuses", "BadRequestException"},
		},
		{
			name: "a page for a made-up token", change: func(r *replies) {
				r.nonsense = reply{403, "<html>no</html>", map[string]string{"Content-Type": "text/html"}}
			}, id: "API-003", want: doctor.Unknown, words: []string{"neither accepts nor refuses", "403"},
		},
		{
			name: "nothing of what was asked", mode: "lambda", change: func(r *replies) { r.own = reply{200, `{"data":{}}`, nil} },
			id: "API-011", want: doctor.Failure, words: []string{"__typename", "in front of the API"},
		},
		{
			name: "another type of answer", mode: "lambda", change: func(r *replies) { r.own = reply{200, `{"data":{"__typename":7}}`, nil} },
			id: "API-011", want: doctor.Failure, words: []string{"__typename"},
		},
		{
			name: "no list", mode: "lambda", change: func(r *replies) { r.list = reply{200, `{"data":{}}`, nil} },
			id: "API-012", want: doctor.Failure, words: []string{"does not hold the field"},
		},
		{
			name: "a list without items", mode: "lambda", change: func(r *replies) { r.list = reply{200, `{"data":{"listCustomers":{"items":null}}}`, nil} },
			id: "API-012", want: doctor.Failure, words: []string{"without items"},
		},
		{
			name: "Bearer wanted", change: func(r *replies) { r.own, r.turned = refusal("Unauthorized"), accepted },
			mode: "lambda", id: "API-010", want: doctor.Failure, words: []string{"accepts the token behind Bearer", "--auth-scheme bearer"},
		},
		{
			name: "a signature wanted", change: func(r *replies) {
				r.own = refusal("Authorization header requires 'Credential' parameter. Authorization header requires 'Signature' parameter.")
			},
			mode: "lambda", id: "API-005", want: doctor.Failure, words: []string{"a signature of AWS", "AWS_IAM"},
		},
		{
			name: "a signature wanted, by its type", change: func(r *replies) {
				r.own = reply{403, `{"errors":[{"errorType":"MissingAuthenticationTokenException","message":"Missing Authentication Token"}]}`, nil}
			},
			mode: "lambda", id: "API-005", want: doctor.Failure, words: []string{"AWS_IAM"},
		},
		{
			name: "the rights of a signature", mode: "iam", change: func(r *replies) { r.own = refusal("Permission denied") },
			id: "API-011", want: doctor.Failure, words: []string{"appsync:GraphQL", "aws sts get-caller-identity"},
		},
		{
			name: "the key of a signature", mode: "iam", change: func(r *replies) {
				r.own = refusal("The request signature we calculated does not match the signature you provided.")
			},
			id: "API-011", want: doctor.Failure, words: []string{"(1) the AWS credentials are wrong"},
		},
		{
			name: "the session of a signature", mode: "iam", change: func(r *replies) { r.own = refusal("The security token included in the request is expired") },
			id: "API-011", want: doctor.Failure, words: []string{"(1) the AWS session has expired"},
		},
		{
			name: "the region of a signature", mode: "iam", change: func(r *replies) {
				r.own = refusal("Credential should be scoped to a valid region, not 'us-east-1'.")
			},
			id: "API-011", want: doctor.Failure, words: []string{"(1) the region is not the API's"},
		},
		{
			name: "words that are new", mode: "lambda", change: func(r *replies) { r.own, r.turned = refusal("You shall not pass\\u001b[31m"), refusal("no") },
			id: "API-011", want: doctor.Failure, words: []string{"You shall not pass\ufffd[31m", "(1) the API's Lambda function"},
		},
		{name: "a firewall for the caller", change: func(r *replies) { r.own = reply{403, `{"message":"Forbidden"}`, nil} }, id: "API-011", want: doctor.Failure, words: []string{"firewall"}},
		{
			name: "a changed request", change: func(r *replies) {
				r.own = reply{400, `{"errors":[{"message":"Unable to parse GraphQL query.","errorType":"MalformedHttpRequestException"}]}`, nil}
			}, id: "API-011", want: doctor.Failure, words: []string{"changed it on its way"},
		},
		{
			name: "no schema", change: func(r *replies) {
				r.own = reply{502, `{"errors":[{"message":"No schema definition exists.","errorType":"GraphQLSchemaException"}]}`, nil}
			}, id: "API-011", want: doctor.Failure, words: []string{"no schema", "setup aws"},
		},
		{name: "too many calls of the caller", change: func(r *replies) { r.own = reply{429, `{}`, nil} }, id: "API-011", want: doctor.Unknown},
		{name: "no answer to the caller", change: func(r *replies) { r.own = reply{} }, id: "API-011", want: doctor.Unknown, words: []string{"did not answer"}},
		{
			name: "an echo", change: func(r *replies) {
				r.own, r.turned = refusal("bad token "+sampleToken), refusal("bad token "+sampleToken)
			}, mode: "lambda", id: "API-011", want: doctor.Failure, words: []string{"bad token [redacted]"},
		},
		{name: "no header", change: func(r *replies) { r.own, r.turned = noHeader, noHeader }, mode: "lambda", id: "API-005", want: doctor.Failure, words: []string{"asks no Lambda function"}},

		{
			name: "a closed type", change: func(r *replies) {
				r.list = reply{200, `{"data":{"listCustomers":{"items":[null]}},"errors":[{"path":["listCustomers","items",0,"id"],"errorType":"Unauthorized","message":"Not Authorized to access id on type Customer"}]}`, nil}
			},
			id: "API-012", want: doctor.Failure, words: []string{"Customer.id is closed", "type Customer @aws_lambda {"}, mode: "lambda",
		},
		{
			name: "a role", change: func(r *replies) {
				r.list = reply{200, `{"data":{"listCustomers":null},"errors":[{"errorType":"DynamoDB:AccessDeniedException","message":"User: arn:aws:sts::1:assumed-role/r is not authorized to perform: dynamodb:Scan"}]}`, nil}
			},
			id: "API-012", want: doctor.Failure, words: []string{"role of the API's data source", "dynamodb:Scan"}, mode: "lambda",
		},
		{
			name: "no table", change: func(r *replies) {
				r.list = reply{200, `{"data":{"listCustomers":null},"errors":[{"errorType":"DynamoDB:ResourceNotFoundException","message":"Requested resource not found"}]}`, nil}
			},
			id: "API-012", want: doctor.Failure, words: []string{"a table that is not there"}, mode: "lambda",
		},
		{name: "no resolver", change: func(r *replies) { r.list = reply{200, `{"data":{"listCustomers":null}}`, nil} }, id: "API-012", want: doctor.Failure, words: []string{"it has no resolver"}, mode: "lambda"},
		{
			name: "a slow table", change: func(r *replies) {
				r.list = reply{200, `{"data":{"listCustomers":null},"errors":[{"errorType":"ExecutionTimeout","message":"Execution timed out."}]}`, nil}
			},
			id: "API-012", want: doctor.Unknown, mode: "lambda",
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			api := &replies{
				anonymous: noHeader, own: accepted, turned: noHeader, nonsense: refusal("Unable to parse JWT token."), list: listed,
			}
			if tt.change != nil {
				tt.change(api)
			}
			findings, _ := examine(t, api.setup(t, tt.mode).Subject)
			wantFinding(t, findings[tt.id], tt.want, tt.words...)
			wantTokenUnseen(t, findings, sampleToken)
		})
	}
}

// setup is a set-up for the API. Without a mode the token is that of a provider which
// nobody looks at: the caller is one of API-001 to API-011 only.
func (r *replies) setup(t *testing.T, mode string) *setup {
	t.Helper()
	server := httptest.NewServer(r)
	t.Cleanup(server.Close)
	if mode == "" {
		mode = "oidc"
	}
	s := &setup{t: t, env: map[string]string{"APPSYNCCTL_ENDPOINT": server.URL + "/graphql"}}
	s.Subject = newSubject(server.URL+"/graphql", "", mode, nil)
	s.Grant = ""
	s.give(sampleToken, "")
	if mode == "iam" || mode == "api-key" {
		s.Token = nil
	}
	return s
}
