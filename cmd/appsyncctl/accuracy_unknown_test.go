package main

import (
	"net/http"

	"github.com/appsyncctl/appsyncctl/internal/emulator"
	"github.com/appsyncctl/appsyncctl/internal/emulator/auth0"
)

// unknownRows are set-ups with nothing wrong in them, at a bad time: no failure may be
// named, least of all of the token.
func unknownRows() []accuracyRow {
	at := func(name, path string) change { return fault(emulator.Fault{Name: name, Path: path}) }
	return []accuracyRow{
		{wrong: "the token endpoint throttles (429)", id: "AUTH-001", says: "throttles", by: all(at("throttled", tokenPath))},
		{wrong: "the client's quota of tokens is used up", id: "AUTH-001", says: "quota", by: all(
			atMachine(func(c *auth0.Client) { c.Quota = auth0.Quota{PerHour: 1} }), halfPast, then(func(s *scene) { s.token(s.emulator) }))},
		{wrong: "the token endpoint is out of order (503)", id: "AUTH-001", says: "out of order", by: all(at("unavailable", tokenPath))},
		{wrong: "the token endpoint hangs", id: "AUTH-001", says: "no token within", by: all(hung(tokenPath, "AUTH-001"))},
		{wrong: "the token endpoint's connection breaks", id: "AUTH-001", says: "gave no answer", by: all(at("closed-before-execution", tokenPath))},
		{wrong: "something in front of the token endpoint refuses (403 without an OAuth error)", id: "AUTH-001", says: "in front of the provider", by: all(answers(tokenPath, 403, "<html>blocked</html>"))},
		{wrong: "something in front of the token endpoint wants a login (401 without an OAuth error)", id: "AUTH-001", says: "in front of the provider", by: all(answers(tokenPath, 401, "<html>login</html>"))},
		{wrong: "the provider asks to try later (400 temporarily_unavailable)", id: "AUTH-001", says: "try again later", by: all(answers(tokenPath, 400, `{"error":"temporarily_unavailable"}`))},
		{wrong: "the provider asks to try later (403 too_many_attempts)", id: "AUTH-001", says: "try again later", by: all(answers(tokenPath, 403, `{"error":"too_many_attempts"}`))},
		{wrong: "discovery is out of order (503)", id: "OIDC-001", says: "503", by: all(at("unavailable", metadataPath))},
		{wrong: "discovery throttles (429)", id: "OIDC-001", says: "429", by: all(at("throttled", metadataPath))},
		{wrong: "discovery hangs", id: "NET-006", says: "did not answer within", by: all(hung(metadataPath, "NET-006", "AUTH-001"))},
		{wrong: "discovery's connection breaks", id: "NET-006", says: "broke the connection off", by: all(at("closed-before-execution", metadataPath))},
		{wrong: "discovery's answer is cut short", id: "NET-006", says: "broke the connection off", by: all(at("truncated-body", metadataPath))},
		{wrong: "the provider takes connections and says nothing", id: "NET-006", says: "did not answer within", by: all(then(func(s *scene) {
			asked := s.givesUp("NET-006", "AUTH-001")
			s.variables["APPSYNCCTL_ISSUER"] = "http://" + s.listening("", asked) + "/"
		}))},
		{wrong: "the provider's keys are out of order (503)", id: "OIDC-004", says: "503", by: all(kept, at("unavailable", keysPath))},
		{wrong: "the provider throttles when asked for its keys (429)", id: "OIDC-004", says: "429", by: all(at("throttled", keysPath))},
		{wrong: "the token endpoint redirects to a portal", id: "AUTH-001", says: "redirect", by: all(answers(tokenPath, 302, "", "Location", "https://login.example.com/"))},
		{wrong: "the provider's keys hang", id: "OIDC-004", says: "no answer", by: all(hung(keysPath, "OIDC-004"))},
		{wrong: "the provider is out of order, and the token is in the store", id: "OIDC-001", says: "503", by: all(configured(nothing), then(func(s *scene) {
			s.must("login")
			s.must("customers", "list")
			s.arm(emulator.Fault{Name: "unavailable", Path: metadataPath})
			s.arm(emulator.Fault{Name: "unavailable", Path: tokenPath})
		}))},
		{wrong: "the API throttles (429)", id: "API-001", says: "too many calls", by: all(at("throttled", graphqlPath))},
		{wrong: "the API is out of order (503)", id: "API-001", says: "out of order", by: all(at("unavailable", graphqlPath))},
		{wrong: "the API is out of order (502 with a page)", id: "API-001", says: "out of order", by: all(at("bad-gateway", graphqlPath))},
		{wrong: "the API hangs", id: "NET-003", says: "did not answer within", by: all(hung(graphqlPath, "NET-003"))},
		{wrong: "the API's connection breaks", id: "NET-003", says: "broke the connection off", by: all(at("closed-before-execution", graphqlPath))},
		{wrong: "the API throttles those who show a token (429)", id: "API-003", says: "429", by: all(behind(tokensAnswered(http.StatusTooManyRequests)))},
		{wrong: "the API is out of order for those who show a token (503)", id: "API-003", says: "503", by: all(behind(tokensAnswered(http.StatusServiceUnavailable)))},
		{wrong: "the API's data source is too slow", id: "API-012", says: "too slow", by: all(faults("execution-timeout"))},
		{wrong: "the real-time endpoint is out of order (503)", id: "API-014", says: "could not answer", by: all(at("unavailable", "/graphql/realtime"))},
		{wrong: "the proxy does not reach the host (502)", id: "NET-003", says: "made no connection", by: all(cloud(), nowhere)},
		{wrong: "AWS denies the right to read the API's configuration", id: "API-004", says: "are not allowed to read it", by: all(account(), faults("access-denied"))},
		{wrong: "AWS is not reached", id: "API-004", says: "no answer", by: all(account(), env("AWS_ENDPOINT_URL_APPSYNC", "http://127.0.0.1:1"))},
		{wrong: "AWS does not know the credentials", id: "API-004", says: "AWS refuses the credentials", by: all(account(), env("AWS_SECRET_ACCESS_KEY", "another-account's"))},
		{wrong: "AWS throttles (429)", id: "API-004", says: "throttled", by: all(account(), env("AWS_MAX_ATTEMPTS", "1"), at("throttled", "/v1/apis"))},
	}
}

// kept is nothing but an emulator of the row's own.
var kept = configured(nothing)
