package main

import (
	"bytes"
	"io"
	"net/http"
	"strings"
	"time"

	"github.com/appsyncctl/appsyncctl/internal/emulator"
	"github.com/appsyncctl/appsyncctl/internal/emulator/appsync"
	"github.com/appsyncctl/appsyncctl/internal/redact"
)

// edgeRows are addresses where AppSync does not answer, or answers everybody.
func edgeRows() []accuracyRow {
	graphql := func(status int, body string, headers ...string) []change {
		return all(answers(graphqlPath, status, body, headers...))
	}
	return []accuracyRow{
		{wrong: "the endpoint's path is another's", id: "API-001", says: "no API at this address (404)", by: all(respelled("APPSYNCCTL_ENDPOINT", func(s string) string { return s + "ql" }))},
		{wrong: "the endpoint is a web site", id: "API-001", says: "no GraphQL API", by: graphql(200, "<!doctype html>", "Content-Type", "text/html")},
		{wrong: "the endpoint redirects to a login page", id: "API-001", says: "no GraphQL API", by: graphql(302, "", "Location", "https://login.example.com/")},
		{wrong: "a firewall (AWS WAF) stands in front of the API", id: "API-001", says: "firewall", by: all(faults("forbidden"))},
		{wrong: "the endpoint is an API Gateway", id: "API-001", says: "API Gateway", by: graphql(403, `{"message":"Missing Authentication Token"}`)},
		{wrong: "the endpoint is some other JSON API", id: "API-001", says: "neither data nor errors", by: graphql(200, `{}`)},
		{wrong: "a portal in front of the API wants a login of its own", id: "API-001", says: "login of its own", by: graphql(401, "<html>login</html>", "Content-Type", "text/html")},
		{wrong: "the API is open to everybody", id: "API-002", says: "without any credentials", by: all(faults("open"))},
		{wrong: "the API's Lambda function allows every token", id: "API-003", says: "nobody has issued", by: all(lambda, behind(func(next http.Handler) http.Handler {
			return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				if r.Header.Get("Authorization") != "" {
					r.Header.Set("Authorization", "function-token")
				}
				next.ServeHTTP(w, r)
			})
		}))},
	}
}

// refusalRows are APIs that refuse a sound token, each of another cause.
func refusalRows() []accuracyRow {
	const hour = time.Hour
	lambdaOnly := atAPI(func(a *appsync.Config) { a.LambdaToken, a.Issuer = "function-token", "" })
	keyOnly := atAPI(func(a *appsync.Config) { a.APIKeys, a.Issuer = []redact.Secret{"da2-otherotherotherotherother"}, "" })
	pattern := func(expression string) change {
		return configured(func(c *emulator.Config) { c.ClientIDPattern = expression })
	}
	ttl := func(iat, auth time.Duration) change {
		return configured(func(c *emulator.Config) { c.IatTTL, c.AuthTTL = iat, auth })
	}
	ofOther := func(s *scene) {
		atAPI(func(a *appsync.Config) { a.Issuer = s.stage.other.URL() + "/" })(s)
	}
	strict := atAPI(func(a *appsync.Config) { a.StrictRaw = true })
	return []accuracyRow{
		{wrong: "the API takes API keys only, and a token is sent", id: "API-005", says: "OPENID_CONNECT is not one of the API's modes", by: all(keyOnly)},
		{wrong: "the API takes API keys only, and the account says so", id: "API-005", says: "API_KEY", by: all(account("api-key", "iam"), env("APPSYNCCTL_AUTH", ""))},
		{wrong: "the API is in the mode AWS_IAM only, and the account says so", id: "API-005", says: "AWS_IAM", by: all(account("iam"), env("APPSYNCCTL_AUTH", ""))},
		{wrong: "the API asks for a signature of AWS, and a token is sent", id: "API-005", says: "signature of AWS", by: all(answers(graphqlPath, 403,
			`{"errors":[{"errorType":"MissingAuthenticationTokenException","message":"Missing Authentication Token"}]}`))},
		{wrong: "the API is in no mode AWS_IAM, and a signature is sent", id: "API-005", says: "takes no signatures", by: all(env("APPSYNCCTL_AUTH", "iam"), env("AWS_ACCESS_KEY_ID", "AKIAABCDEFGHIJKLMNOP"),
			env("AWS_SECRET_ACCESS_KEY", "secret"), env("AWS_REGION", "eu-west-1"), env("AWS_ENDPOINT_URL_APPSYNC", "http://127.0.0.1:1"))},
		{wrong: "the API has no Lambda function, and the mode AWS_LAMBDA is set", id: "API-005", says: "asks no Lambda function", by: all(env("APPSYNCCTL_AUTH", "lambda"), env("APPSYNCCTL_TOKEN", "function-token"))},
		{wrong: "the API's issuer is another tenant", id: "API-006", says: "is configured for an issuer other than", by: all(ofOther)},
		{wrong: "the API's issuer is another tenant, and the account says so", id: "API-006", says: "the API's issuer is", by: all(account(), ofOther)},
		{wrong: "the API's issuer has the wrong path", id: "API-006", says: "is configured for an issuer other than", by: all(atAPI(func(a *appsync.Config) { a.Issuer += "realms/demo" }))},
		{wrong: "the API's issuer has the wrong path, and the account says so", id: "API-006", says: "realms/demo", by: all(account(), atAPI(func(a *appsync.Config) { a.Issuer += "realms/demo" }))},
		{wrong: "the API's client ID expression is another client's", id: "API-011", says: "API-007; (2) the API bounds the time since the login (authTTL), and the token has no auth_time, API-009", fix: "AWS_PROFILE=NAME appsyncctl doctor", by: all(pattern("somebody-else"))},
		{wrong: "the API's client ID expression is another client's, and the account says so", id: "API-007", says: "client ID expression", by: all(account(), pattern("somebody-else"))},
		{wrong: "the API's client ID expression has two clients with a comma", id: "API-007", says: "client ID expression", by: all(account(), pattern("demo-machine,demo-device"))},
		{wrong: "the API's client ID expression is only the start of the client ID", id: "API-007", says: "client ID expression", by: all(account(), pattern("demo-"))},
		{wrong: "the API's client ID expression is the people's application, and a machine calls", id: "API-011", says: "API-007; (2) the API bounds the time since the login (authTTL), and the token has no auth_time, API-009", by: all(pattern(emulator.DeviceClientID))},
		{wrong: "an iatTTL of 3600 (seconds taken for milliseconds)", id: "API-008", says: "iatTTL", by: all(ttl(3600*time.Millisecond, 0), claims(`{"iat":`+ago(10*time.Second)+`}`))},
		{wrong: "an iatTTL of 3600 (seconds taken for milliseconds), and the account says so", id: "API-008", says: "3.6s", fix: "milliseconds", by: all(account(), ttl(3600*time.Millisecond, 0), claims(`{"iat":`+ago(10*time.Second)+`}`))},
		{wrong: "an iatTTL of an hour, and tokens that live for a day", id: "API-008", says: "iatTTL", by: all(ttl(hour, 0), claims(`{"iat":`+ago(2*hour)+`}`))},
		{wrong: "an authTTL, and a token without auth_time", id: "API-009", says: "auth_time", fix: "remove the authentication time", by: all(account(), ttl(0, hour))},
		{wrong: "an authTTL, and a login that is older", id: "API-009", says: "login", by: all(account(), ttl(0, hour), claims(`{"auth_time":`+ago(2*hour)+`}`))},
		{wrong: "an authTTL, and nobody with the account's credentials to see it", id: "API-011", says: "API-007; (2) the API bounds the time since the login (authTTL), and the token has no auth_time, API-009", fix: "AWS_PROFILE=NAME appsyncctl doctor", by: all(ttl(0, hour))},
		{wrong: "the token is sent behind Bearer, and the API reads it raw", id: "API-010", says: "accepts the bare token", fix: "--auth-scheme raw", by: all(strict, flags("--auth-scheme", "bearer"))},
		{wrong: "the token is sent raw, and what is in front of the API reads it behind Bearer", id: "API-010", says: "accepts the token behind Bearer", by: all(behind(bearerOnly))},
		{wrong: "the API takes tokens only, and an API key is sent", id: "API-011", says: "API_KEY is not one of the API's modes, API-005", by: all(env("APPSYNCCTL_AUTH", "api-key"), env("APPSYNCCTL_API_KEY", "da2-abcdefghijklmnopqrstuvwxyz"))},
		{wrong: "the API takes tokens only, an API key is sent, and the account says so", id: "API-005", says: "API_KEY is not one of them", fix: "APPSYNCCTL_AUTH=oidc", by: all(account(), env("APPSYNCCTL_AUTH", "api-key"), env("APPSYNCCTL_API_KEY", "da2-abcdefghijklmnopqrstuvwxyz"))},
		{wrong: "the mode is Cognito's, the API's is OpenID Connect, and it works", id: "API-005", says: "but the API accepts the call", result: warned, by: all(account(), env("APPSYNCCTL_AUTH", "cognito"))},
		{wrong: "what is in front of the API takes the Authorization header away", id: "API-011", says: "(1) the Authorization header does not reach the API", by: all(behind(func(next http.Handler) http.Handler {
			return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				r.Header.Del("Authorization")
				next.ServeHTTP(w, r)
			})
		}))},
		{wrong: "a firewall refuses calls with a token", id: "API-011", says: "a firewall (AWS WAF) refuses the call with credentials", by: all(behind(tokensAnswered(http.StatusForbidden)))},
		{wrong: "the AWS identity lacks the right to call the API", id: "API-011", says: "(1) the AWS identity lacks appsync:GraphQL", by: all(account("iam"), answers(graphqlPath, 401, `{"errors":[{"errorType":"UnauthorizedException","message":"Permission denied"}]}`))},
		{wrong: "the AWS session has expired", id: "API-011", says: "(1) the AWS session has expired", by: all(account("iam"), answers(graphqlPath, 403, `{"errors":[{"errorType":"UnrecognizedClientException","message":"The security token included in the request is expired"}]}`))},
		{wrong: "the region that is signed for is not the API's", id: "API-011", says: "(1) the region is not the API's", by: all(account("iam"), atAPI(func(a *appsync.Config) { a.IAM.Region = "us-east-1" }), flags("--region", "eu-west-1"))},
		{wrong: "a saved answer says that the token expired, and nobody has the token", id: "API-011", says: "the token had expired", by: saved(`{"errors":[{"errorType":"UnauthorizedException","message":"Token has expired."}]}`)},
		{wrong: "a saved answer says that the token is none", id: "API-011", says: "no JWT", by: saved(`{"errors":[{"errorType":"UnauthorizedException","message":"Unable to parse JWT token."}]}`)},
		{wrong: "a saved answer says Unauthorized and no more", id: "API-011", says: "(1) the API's client ID expression does not match the token, API-007; (2)", by: saved(`{"errors":[{"errorType":"UnauthorizedException","message":"Unauthorized"}]}`)},
		{wrong: "a saved answer is a firewall's", id: "API-001", says: "firewall", by: saved(`{"message":"Forbidden"}`)},
		{wrong: "the API key is another API's", id: "API-011", says: "another API's key", by: all(keyOnly, env("APPSYNCCTL_AUTH", "api-key"), env("APPSYNCCTL_API_KEY", "da2-abcdefghijklmnopqrstuvwxyz"))},
		{wrong: "the AWS credentials are wrong", id: "API-011", says: "credentials are wrong", by: all(account("iam"), env("AWS_SECRET_ACCESS_KEY", "wrong"), env("AWS_ENDPOINT_URL_APPSYNC", "http://127.0.0.1:1"))},
		{wrong: "there are no AWS credentials, and the mode AWS_IAM is set", id: "API-011", says: "no AWS credentials", by: all(account("iam"), without("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"))},
		{wrong: "there is no API key, and the mode API_KEY is set", id: "API-011", says: "no API key is set", by: all(keyOnly, env("APPSYNCCTL_AUTH", "api-key"))},
		{wrong: "the API's Lambda function does not allow the token", id: "API-011", says: "does not allow this token", by: all(lambdaOnly, env("APPSYNCCTL_AUTH", "lambda"), env("APPSYNCCTL_TOKEN", "another-token"))},
	}
}

// useRows are APIs that let the caller in, and are of no use nevertheless.
func useRows() []accuracyRow {
	return []accuracyRow{
		{wrong: "the fields lack @aws_oidc", id: "API-012", says: "closed to the mode OPENID_CONNECT", fix: "@aws_oidc", by: all(faults("field-unauthorized"))},
		{wrong: "the data source's role may not read the table", id: "API-012", says: "role of the API's data source", by: all(fieldAnswers("listCustomers",
			`{"data":{"listCustomers":null},"errors":[{"path":["listCustomers"],"errorType":"DynamoDB:AccessDeniedException","message":"User: arn:aws:sts::123456789012:assumed-role/customers is not authorized to perform: dynamodb:Scan on resource: Customer"}]}`))},
		{wrong: "the data source's table was deleted", id: "API-012", says: "table that is not there", by: all(fieldAnswers("listCustomers",
			`{"data":{"listCustomers":null},"errors":[{"path":["listCustomers"],"errorType":"DynamoDB:ResourceNotFoundException","message":"Requested resource not found"}]}`))},
		{wrong: "a field has no resolver", id: "API-012", says: "no resolver", by: all(fieldAnswers("listCustomers", `{"data":{"listCustomers":null}}`))},
		{wrong: "a resolver fails", id: "API-012", says: "answers with an error", by: all(fieldAnswers("listCustomers",
			`{"data":{"listCustomers":null},"errors":[{"path":["listCustomers"],"errorType":"MappingTemplate","message":"Template transformation yielded an empty response."}]}`))},
		{wrong: "the API bounds how deep a query may go", id: "API-012", says: "although its schema has all operations", fix: "queryDepthLimit", by: all(fieldAnswers("listCustomers",
			`{"data":null,"errors":[{"message":"Validation error of type QueryDepthLimit: too deep"}]}`))},
		{wrong: "what is in front of the API answers calls with a token with nothing", id: "API-011", says: "__typename", by: all(behind(func(next http.Handler) http.Handler {
			return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				if !strings.HasPrefix(r.Header.Get("Authorization"), "eyJ") || r.URL.Path != graphqlPath {
					next.ServeHTTP(w, r)
					return
				}
				w.Header().Set("Content-Type", "application/json")
				_, _ = io.WriteString(w, `{"data":{}}`)
			})
		}))},
		{wrong: "the schema is another model's", id: "API-013", says: "listCustomers", by: all(schemaWith("listCustomers", "listTodos"))},
		{wrong: "the schema has no mutations for customers", id: "API-013", says: "createCustomer", by: all(schemaWith("createCustomer", "addCustomer"))},
		{wrong: "the schema has other operations, and introspection is off", id: "API-013", says: "do not fit", by: all(
			configured(func(c *emulator.Config) { c.NoIntrospection = true }), schemaWith("listCustomers", "listTodos"))},
		{wrong: "the schema names a field otherwise", id: "API-013", says: "country", by: all(schemaWith("country", "nation"))},
		{wrong: "the API has no schema yet", id: "API-011", says: "no schema", by: all(answers(graphqlPath, 502, `{"errors":[{"errorType":"GraphQLSchemaException","message":"No schema definition exists."}]}`))},
		{wrong: "a firewall lets no WebSockets pass", id: "API-014", says: "no WebSocket can be opened", by: all(answers("/graphql/realtime", 403, `{"message":"Forbidden"}`))},
		{wrong: "a proxy opens TLS on the way to the real-time host", id: "API-014", says: "other names", by: all(named(tenantHost, apiHost))},
		{wrong: "a proxy does not know the real-time host", id: "API-014", says: "no WebSocket can be opened", by: all(answers("/graphql/realtime", 404, "<html>"))},
	}
}

// saved lets doctor explain an answer, with no more settings than the mode.
func saved(body string) []change {
	return all(
		without("APPSYNCCTL_ENDPOINT", "APPSYNCCTL_ISSUER", "APPSYNCCTL_CLIENT_ID", "APPSYNCCTL_CLIENT_SECRET", "APPSYNCCTL_AUDIENCE"),
		then(func(s *scene) { s.arguments = append(s.arguments, "--response", s.file("answer.json", body)) }),
	)
}

// lambda is a set-up for an API that asks a function.
func lambda(s *scene) {
	atAPI(func(a *appsync.Config) { a.LambdaToken, a.Issuer = "function-token", "" })(s)
	env("APPSYNCCTL_AUTH", "lambda")(s)
	env("APPSYNCCTL_TOKEN", "function-token")(s)
}

// bearerOnly takes no token that does not stand behind Bearer.
func bearerOnly(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if shown := r.Header.Get("Authorization"); shown != "" && !strings.HasPrefix(shown, "Bearer ") {
			r.Header.Del("Authorization")
		}
		next.ServeHTTP(w, r)
	})
}

// schemaWith gives a name in the API's schema another, to all appearances: what asks
// for the old one asks for a field that is not there.
func schemaWith(old, renamed string) change {
	return then(func(s *scene) {
		proxy := s.upstream(nil)
		proxy.ModifyResponse = func(resp *http.Response) error {
			if resp.StatusCode == http.StatusSwitchingProtocols {
				return nil
			}
			body, err := io.ReadAll(resp.Body)
			if err != nil {
				return err
			}
			body = bytes.ReplaceAll(body, []byte(old), []byte(renamed))
			resp.Body, resp.ContentLength = io.NopCloser(bytes.NewReader(body)), int64(len(body))
			resp.Header.Del("Content-Length")
			return nil
		}
		s.lead(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			body, err := io.ReadAll(r.Body)
			if err != nil {
				w.WriteHeader(http.StatusBadRequest)
				return
			}
			body = bytes.ReplaceAll(body, []byte(old), []byte("nothingLikeIt"))
			r.Body, r.ContentLength = io.NopCloser(bytes.NewReader(body)), int64(len(body))
			r.Header.Del("Accept-Encoding")
			proxy.ServeHTTP(w, r)
		}))
	})
}

// tokensAnswered answers whoever shows a token with one status.
func tokensAnswered(code int) func(http.Handler) http.Handler {
	return func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if r.Header.Get("Authorization") != "" {
				w.WriteHeader(code)
				return
			}
			next.ServeHTTP(w, r)
		})
	}
}
