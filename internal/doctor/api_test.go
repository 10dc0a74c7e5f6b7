package doctor_test

import (
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/appsyncctl/appsyncctl/internal/doctor"
	"github.com/appsyncctl/appsyncctl/internal/emulator"
	"github.com/appsyncctl/appsyncctl/internal/emulator/appsync"
	"github.com/appsyncctl/appsyncctl/internal/schema"
)

// TestAPISound finds nothing about set-ups that work.
func TestAPISound(t *testing.T) {
	tests := []struct {
		name   string
		config emulator.Config
		change func(*setup)
	}{
		{name: "as it is"},
		{name: "among several modes", config: emulator.Config{Modes: []string{"oidc", "api-key", "iam"}}},
		{name: "beside a function", config: emulator.Config{Modes: []string{"oidc", "lambda"}}},
		{name: "Cognito", config: emulator.Config{Modes: []string{"cognito"}}},
		{name: "function", config: emulator.Config{Modes: []string{"lambda"}}},
		{name: "API key", config: emulator.Config{Modes: []string{"api-key"}}},
		{name: "no introspection", config: emulator.Config{NoIntrospection: true}},
		{name: "another schema that fits", config: emulator.Config{Schema: schema.Extended()}},
		{name: "TLS", config: emulator.Config{TLS: true}},
		{name: "client ID expression", config: emulator.Config{ClientIDPattern: "other|demo-machine"}},
		{name: "bounded age", config: emulator.Config{IatTTL: 48 * time.Hour}},
		{name: "with Bearer", change: func(s *setup) { s.give(s.token, "Bearer") }},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			s := newSetup(t, tt.config)
			if tt.change != nil {
				tt.change(s)
			}
			findings, _ := examine(t, s.Subject)
			for _, f := range findings {
				if f.Category == doctor.API && f.Result != doctor.OK && f.Result != doctor.Skipped {
					t.Errorf("%s: %s: %s", f.ID, f.Result, f.Message)
				}
			}
			for _, id := range []doctor.ID{"API-001", "API-002", "API-003", "API-005", "API-011", "API-012", "API-013", "API-014"} {
				wantFinding(t, findings[id], doctor.OK)
			}
			wantTokenUnseen(t, findings, s.token)
		})
	}
}

// TestAPICause misconfigures the emulator, and wants the cause named first.
func TestAPICause(t *testing.T) {
	tests := []struct {
		name   string
		config emulator.Config
		change func(*setup)
		want   doctor.ID // the first check that fails
		words  []string  // of what it says
		result string    // of API-011, with what it is because of
	}{
		{
			name: "the API has keys only", config: emulator.Config{Modes: []string{"api-key"}}, change: person,
			want: "API-005", words: []string{"OPENID_CONNECT is not one of the API's modes", "list-graphql-apis"}, result: "failure API-005",
		},
		{
			name: "the API has a function only", config: emulator.Config{Modes: []string{"lambda"}}, change: person,
			want: "API-005", words: []string{"OPENID_CONNECT"}, result: "failure API-005",
		},
		{
			name: "the API wants signatures", config: emulator.Config{Modes: []string{"iam"}}, change: person,
			want: "API-005", words: []string{"not one of the API's modes"}, result: "failure API-005",
		},
		{
			name: "the function does not know the token", config: emulator.Config{Modes: []string{"lambda"}}, change: func(s *setup) { s.give("function-does-not-know", "") },
			want: "API-011", words: []string{"(1) the API's Lambda function does not allow this token", "API-005"}, result: "failure ",
		},
		{
			name: "a JWT for a function", config: emulator.Config{Modes: []string{"oidc", "lambda"}, API: func(c *appsync.Config) { c.Issuer = "https://127.0.0.1:1/" }}, change: func(s *setup) { person(s); s.Mode = "lambda" },
			want: "API-005", words: []string{"as an OpenID provider's"}, result: "failure API-005",
		},
		{
			name: "another API's key", config: emulator.Config{Modes: []string{"api-key"}}, change: func(s *setup) { s.show("x-api-key", "da2-of-another-api") },
			want: "API-011", words: []string{"the key has expired", "another API's key", "You are not authorized to make this call"}, result: "failure ",
		},
		{
			name: "another issuer", config: emulator.Config{API: func(c *appsync.Config) { c.Issuer = "https://127.0.0.1:1/" }},
			want: "API-006", words: []string{"an issuer other than http://127.0.0.1:", "set the API's OpenID Connect provider", "http://127.0.0.1:"}, result: "failure API-006",
		},
		{
			name: "another issuer among several modes", config: emulator.Config{Modes: []string{"oidc", "api-key"}, API: func(c *appsync.Config) { c.Issuer = "https://127.0.0.1:1/" }},
			want: "API-006", words: []string{"an issuer other than"}, result: "failure API-006",
		},
		{
			name: "another client", config: emulator.Config{ClientIDPattern: "other"},
			want: "API-011", words: []string{"(1) the API's client ID expression does not match the token, API-007; (2)", "no auth_time, API-009", "AWS_PROFILE=NAME appsyncctl doctor"}, result: "failure ",
		},
		{
			name: "a client ID in part", config: emulator.Config{ClientIDPattern: "demo"},
			want: "API-011", words: []string{"API-007"}, result: "failure ",
		},
		{
			name: "too old for the API", config: emulator.Config{IatTTL: time.Nanosecond},
			want: "API-008", words: []string{"the API rejects a ", "s-old token as expired, though it is valid for 24h: its iatTTL is shorter", "to 86400000"}, result: "failure API-008",
		},
		{
			name: "expired for the API, and our own clock is fast", config: emulator.Config{IatTTL: time.Nanosecond}, change: func(s *setup) { s.clockAhead(10 * time.Minute) },
			want: "NET-004", words: []string{"this machine's clock is 10 minutes ahead of the API's"}, result: "failure NET-004",
		},
		{
			name: "expired for the API, and our own clock is slow", config: emulator.Config{IatTTL: time.Nanosecond}, change: func(s *setup) { s.clockAhead(-10 * time.Minute) },
			want: "NET-004", words: []string{"this machine's clock is 10 minutes behind the API's"}, result: "failure NET-004",
		},
		{
			name: "no time of a login", config: emulator.Config{AuthTTL: time.Hour},
			want: "API-011", words: []string{"API-007", "API-009"}, result: "failure ", // nobody can tell from outside
		},
		{
			name: "not behind Bearer", config: emulator.Config{API: func(c *appsync.Config) { c.StrictRaw = true }}, change: func(s *setup) { s.give(s.token, "Bearer") },
			want: "API-010", words: []string{"accepts the bare token", "appsyncctl profile set default --auth-scheme raw"}, result: "failure API-010",
		},
		{
			name: "a broken signature", change: func(s *setup) { s.give(s.token[:len(s.token)-8]+"AAAAAAAA", "") },
			want: "AUTH-006", result: "failure AUTH-006",
		},
		{
			name: "opaque", change: func(s *setup) { s.give("hN3vT0pAqu3hN3vT0pAqu3", "") },
			want: "AUTH-002", result: "failure AUTH-002",
		},
		{
			name: "a firewall", config: emulator.Config{Faults: []emulator.Fault{{Name: "forbidden", Path: "/graphql"}}},
			want: "API-001", words: []string{"firewall", "VPC", "wafWebAclArn"}, result: "skipped API-001",
		},
		{
			name: "no path", change: func(s *setup) { s.Settings[0].Value += "l" },
			want: "API-001", words: []string{"404", "list-graphql-apis"}, result: "skipped API-001",
		},
		{
			name: "an empty object", config: emulator.Config{Faults: []emulator.Fault{{Name: "empty-object", Path: "/graphql"}}},
			want: "API-001", words: []string{"neither data nor errors"}, result: "skipped API-001",
		},
		{name: "throttled", config: emulator.Config{Faults: []emulator.Fault{{Name: "throttled", Path: "/graphql"}}}, result: "skipped API-001"},
		{name: "out of order", config: emulator.Config{Faults: []emulator.Fault{{Name: "bad-gateway", Path: "/graphql"}}}, result: "skipped API-001"},
		{
			name: "throttled for the caller", change: func(s *setup) { s.fail(`{"name":"throttled","path":"/graphql"}`) },
			result: "unknown ",
		},
		{
			name: "an interrupted answer", change: func(s *setup) {
				s.fail(`{"name":"closed-before-execution","path":"/graphql"}`)
			}, result: "unknown ",
		},
		{
			name: "a closed field", config: emulator.Config{Modes: []string{"oidc", "api-key"}, API: func(c *appsync.Config) { c.DefaultMode = appsync.ModeAPIKey }},
			want: "API-012", words: []string{"Query.listCustomers is closed to the mode OPENID_CONNECT", "CustomerConnection @aws_oidc"}, result: "ok ",
		},
		{
			name: "a closed field for keys", config: emulator.Config{Modes: []string{"api-key", "oidc"}, API: func(c *appsync.Config) { c.DefaultMode = appsync.ModeOpenID }},
			want: "API-012", words: []string{"@aws_api_key"}, result: "ok ",
		},
		{
			name: "a closed type", config: emulator.Config{Faults: []emulator.Fault{{Name: "field-unauthorized", Operation: "listCustomers"}}},
			want: "API-012", words: []string{"closed"}, result: "ok ",
		},
		{
			name: "a field with an error", config: emulator.Config{Faults: []emulator.Fault{{Name: "partial-data", Operation: "listCustomers"}}},
			want: "API-012", words: []string{"partial data on demand"}, result: "ok ",
		},
		{
			name: "no field country", config: emulator.Config{Schema: strings.ReplaceAll(schema.Wizard(), "\tcountry: String\n", "")},
			want: "API-013", words: []string{"Customer has no field country", "CreateCustomerInput has no field country", "setup aws"}, result: "ok ",
		},
		{
			name: "no mutation", config: emulator.Config{Schema: strings.ReplaceAll(schema.Wizard(), "\tupdateCustomer(input: UpdateCustomerInput!): Customer\n", "")},
			want: "API-013", words: []string{"Mutation has no field updateCustomer"}, result: "ok ",
		},
		{
			name: "no list", config: emulator.Config{Schema: strings.ReplaceAll(schema.Wizard(), "\tlistCustomers(filter: TableCustomerFilterInput, limit: Int, nextToken: String): CustomerConnection\n", "")},
			want: "API-013", words: []string{"Query has no field listCustomers"}, result: "ok ",
		},
		{
			name: "no field country, hidden", config: emulator.Config{NoIntrospection: true, Schema: strings.ReplaceAll(schema.Wizard(), "\tcountry: String\n", "")},
			want: "API-013", words: []string{"Field 'country' in type 'Customer' is undefined"}, result: "ok ",
		},
		{
			name: "a bound to queries", change: func(s *setup) {
				base := s.Authorized
				s.Authorized = tripper(func(req *http.Request) (*http.Response, error) {
					if asks(t, req, "listCustomers(limit") {
						return static{200, `{"data":null,"errors":[{"message":"Validation error of type QueryDepthLimit: too deep"}]}`}.RoundTrip(req)
					}
					return base.RoundTrip(req)
				})
			},
			want: "API-012", words: []string{"although its schema has all operations", "too deep", "queryDepthLimit"}, result: "ok ",
		},
		{
			name: "no subscription for this caller", change: func(s *setup) {
				authorized := s.Authorized
				s.show("Authorization", "nobody")
				s.Authorized = authorized
			},
			want: "API-014", words: []string{"refuses a caller whom the API accepts"}, result: "ok ",
		},
		{
			name: "no WebSockets", change: func(s *setup) { s.Realtime.HTTP.Transport = static{403, "<html>no</html>"} },
			want: "API-014", words: []string{"no WebSocket can be opened", "proxy", "/graphql/realtime"}, result: "ok ",
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			s := newSetup(t, tt.config)
			if tt.change != nil {
				tt.change(s)
			}
			findings, first := examine(t, s.Subject)
			if first != tt.want {
				t.Fatalf("%q is named first (%s), want %q", first, findings[first].Message, tt.want)
			}
			if first != "" {
				wantFinding(t, findings[first], doctor.Failure, tt.words...)
				if findings[first].Fix == "" {
					t.Errorf("%s knows nothing to do", first)
				}
			}
			accepted := findings["API-011"]
			if got := string(accepted.Result) + " " + string(accepted.Because); got != tt.result {
				t.Errorf("API-011: %s %q, want %s", got, accepted.Message, tt.result)
			}
			wantTokenUnseen(t, findings, s.token)
		})
	}
}

// A clock that is wrong is not why a broken signature is refused.
func TestAPIClockIsNotToBlame(t *testing.T) {
	s := newSetup(t, emulator.Config{})
	s.give(s.token[:len(s.token)-8]+"AAAAAAAA", "")
	s.clockAhead(20 * time.Minute)
	findings, _ := examine(t, s.Subject)
	wantFinding(t, findings["NET-004"], doctor.Failure, "20 minutes ahead")
	wantFinding(t, findings["API-011"], doctor.Failure, "see AUTH-006")
}

// asks tells whether a request has a text in its query.
func asks(t *testing.T, req *http.Request, text string) bool {
	t.Helper()
	body, err := req.GetBody()
	if err != nil {
		t.Fatal(err)
	}
	query, err := io.ReadAll(body)
	if err != nil {
		t.Fatal(err)
	}
	return strings.Contains(string(query), text)
}

// person makes the set-up that of a client with a token, whatever the API takes.
func person(s *setup) {
	s.Mode = "oidc"
	s.give(s.issue(), "")
}

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
