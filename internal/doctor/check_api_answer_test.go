package doctor_test

import (
	"context"
	"net/http"
	"strings"
	"testing"

	"github.com/appsyncctl/appsyncctl/internal/doctor"
	"github.com/appsyncctl/appsyncctl/internal/emulator"
)

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
