package doctor_test

import (
	"io"
	"net/http"
	"strings"
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
