package main

import (
	"strings"
	"time"

	"github.com/appsyncctl/appsyncctl/internal/emulator"
)

// settingsRows are set-ups whose settings are wrong by themselves.
func settingsRows() []accuracyRow {
	const endpoint, issuer = "APPSYNCCTL_ENDPOINT", "APPSYNCCTL_ISSUER"
	return []accuracyRow{
		{wrong: "nothing is set at all", id: "SET-001", says: "no endpoint", by: all(without(endpoint, issuer, "APPSYNCCTL_CLIENT_ID", "APPSYNCCTL_CLIENT_SECRET", "APPSYNCCTL_AUDIENCE"))},
		{wrong: "no endpoint is set", id: "SET-001", says: "no endpoint", by: all(without(endpoint))},
		{wrong: "no issuer is set", id: "SET-001", says: "no issuer", by: all(without(issuer))},
		{wrong: "no client ID is set", id: "SET-001", says: "no client ID", by: all(without("APPSYNCCTL_CLIENT_ID"))},
		{wrong: "the profile's name is misspelled", id: "SET-001", says: `there is no profile "prdo"`, fix: "--profile prod", by: all(flags("--profile", "prdo"), then(func(s *scene) {
			s.variables["APPSYNCCTL_CONFIG"] = s.file("config.yaml", "profiles:\n  prod: {token_store: keyring}\n")
		}))},
		{wrong: "a setting in the profile is misspelled", id: "SET-001", says: "isuer", by: all(then(func(s *scene) {
			s.variables["APPSYNCCTL_CONFIG"] = s.file("config.yaml", "profiles:\n  prod: {isuer: https://tenant.eu.auth0.com/}\n")
		}))},
		{wrong: "the file of profiles is broken off", id: "SET-001", says: "config.yaml", by: all(then(func(s *scene) {
			s.variables["APPSYNCCTL_CONFIG"] = s.file("config.yaml", "profiles: [")
		}))},
		{wrong: "the authorization mode is called by AppSync's name", id: "SET-001", says: "unknown auth", fix: "APPSYNCCTL_AUTH=oidc", by: all(env("APPSYNCCTL_AUTH", "OPENID_CONNECT"))},
		{wrong: "the endpoint stands in quotation marks, as docker run --env-file leaves them", id: "SET-001", says: "quotation marks", fix: "APPSYNCCTL_ENDPOINT=http://127.0.0.1:", by: all(respelled(endpoint, quotedValue))},
		{wrong: "the audience stands in quotation marks", id: "SET-001", says: "the audience stands in quotation marks", fix: "APPSYNCCTL_AUDIENCE=" + emulator.Audience, by: all(respelled("APPSYNCCTL_AUDIENCE", quotedValue))},
		{wrong: "the endpoint and the issuer are swapped", id: "SET-003", says: "tenant at Auth0", by: all(cloud(), then(func(s *scene) {
			s.variables[endpoint], s.variables[issuer] = s.variables[issuer], s.variables[endpoint]
		}))},
		{wrong: "the issuer is the GraphQL endpoint", id: "SET-004", says: "endpoint of an API in AppSync", by: all(cloud(), then(func(s *scene) { s.variables[issuer] = s.variables[endpoint] }))},
		{wrong: "the endpoint is http and on another machine", id: "SET-002", says: "http", fix: "=https://" + apiHost + "/graphql", by: all(env(endpoint, "http://"+apiHost+"/graphql"), nowhere)},
		{wrong: "the endpoint is a host without https://", id: "SET-002", says: "it lacks https://", fix: "=https://" + apiHost + "/graphql", by: all(env(endpoint, apiHost+"/graphql"), nowhere)},
		{wrong: "the endpoint is the API's ID", id: "SET-002", says: "endpoint", by: all(env(endpoint, "abcdefghijklmnopqrstuvwxyz"), nowhere)},
		{wrong: "the endpoint has a password in it", id: "SET-002", says: "password", by: all(env(endpoint, "https://user:secret@"+apiHost+"/graphql"), nowhere)},
		{wrong: "the endpoint is the API's real-time address", id: "SET-003", says: "real-time", fix: "=https://" + apiHost + "/graphql", by: all(env(endpoint, "https://"+realtimeHost+"/graphql"), nowhere)},
		{wrong: "the endpoint is a page of the AWS console", id: "SET-002", says: "console", by: all(env(endpoint, "https://eu-west-1.console.aws.amazon.com/appsync/home#/abcdefg/v1/home"), nowhere)},
		{wrong: "the endpoint is the address of the AWS console", id: "SET-003", says: "console", by: all(env(endpoint, "https://eu-west-1.console.aws.amazon.com/appsync/home"), nowhere)},
		{wrong: "the endpoint is the address of the WebSocket", id: "SET-002", says: "real-time", fix: "=https://" + apiHost + "/graphql", by: all(env(endpoint, "wss://"+realtimeHost+"/graphql"), nowhere)},
		{wrong: "the endpoint lacks /graphql", id: "SET-003", says: "/graphql", fix: "=https://" + apiHost + "/graphql", by: all(env(endpoint, "https://"+apiHost+"/"), nowhere)},
		{wrong: "the region is not the endpoint's", id: "SET-003", says: "the API is in eu-west-1", fix: "--region eu-west-1", by: all(cloud(), flags("--region", "us-east-1"))},
		{wrong: "the issuer is http and on another machine", id: "SET-004", says: "http", by: all(env(issuer, "http://tenant.eu.auth0.com/"), nowhere)},
		{wrong: "the issuer is the login page's address", id: "SET-004", says: "query", by: all(env(issuer, "https://tenant.eu.auth0.com/authorize?client_id=abc"), nowhere)},
		{wrong: "no audience is set, and the tenant at Auth0 happens to have a default one", id: "SET-005", says: "opaque", result: warned, by: all(cloud(), then(func(s *scene) {
			s.arm(emulator.Fault{Name: "answer", Path: tokenPath, Status: 200, Body: `{"access_token":"` + s.token(s.emulator) + `","token_type":"Bearer","expires_in":3600}`})
			s.variables["APPSYNCCTL_AUDIENCE"] = ""
		}))},
	}
}

// networkRows are set-ups that do not get to the other side, or meet it at another time.
func networkRows() []accuracyRow {
	const endpoint, issuer = "APPSYNCCTL_ENDPOINT", "APPSYNCCTL_ISSUER"
	const noSuchHost = "customers..example.com" // a typo that no resolver needs to be asked about
	proxy := func(address string) change { return both(cloud(), env("HTTPS_PROXY", address)) }
	ahead := func(d time.Duration) change { return env("TEST_AHEAD", d.String()) }
	return []accuracyRow{
		{wrong: "HTTPS_PROXY is not a URL", id: "NET-001", says: "not a URL", by: all(proxy("proxy.example.com:port"))},
		{wrong: "HTTPS_PROXY is of a kind that is none", id: "NET-001", says: "ftp", by: all(proxy("ftp://127.0.0.1:21"))},
		{wrong: "HTTPS_PROXY is left over from another network, where its name exists", id: "NET-001", says: "does not exist", by: all(proxy("http://proxy..corp.example:3128"))},
		{wrong: "the endpoint's host is misspelled", id: "NET-002", says: "does not exist", by: all(env(endpoint, "https://"+noSuchHost+"/graphql"))},
		{wrong: "nothing listens at the endpoint's port", id: "NET-003", says: "refuses connections", by: all(env(endpoint, "http://127.0.0.1:1/graphql"))},
		{wrong: "the proxy is not running", id: "NET-003", says: "the proxy 127.0.0.1:1 refuses", by: all(proxy("http://127.0.0.1:1"))},
		{wrong: "the proxy wants a password", id: "NET-003", says: "407", fix: "USER:PASSWORD@127.0.0.1", by: all(cloud(), proxied(status(407)))},
		{wrong: "the proxy lets nobody through to the API", id: "NET-003", says: "403", by: all(cloud(), proxied(status(403)))},
		{wrong: "HTTPS_PROXY is a web server and no proxy", id: "NET-003", says: "does not connect to", fix: "unset HTTPS_PROXY", by: all(cloud(), proxied(status(405)))},
		{wrong: "the proxy opens TLS, and its authority is not trusted", id: "NET-003", says: "a proxy opens TLS", by: all(cloud(), without("SSL_CERT_FILE"))},
		{wrong: "the API's certificate is of an authority that is not trusted", id: "NET-003", says: "authority that is not known", by: all(tlsAt(endpoint, nextMonth(), "127.0.0.1"), without("SSL_CERT_FILE"))},
		{wrong: "the API's certificate has ended", id: "NET-003", says: "ended on", by: all(tlsAt(endpoint, time.Now().AddDate(0, -1, 0), "127.0.0.1"))},
		{wrong: "the API's certificate is for other names", id: "NET-003", says: "other names", by: all(tlsAt(endpoint, nextMonth(), "www.example.com"))},
		{wrong: "the endpoint is http, and the host speaks TLS", id: "NET-003", says: "speaks TLS", by: all(tlsAt(endpoint, nextMonth(), "127.0.0.1"), respelled(endpoint, func(s string) string { return strings.Replace(s, "https:", "http:", 1) }))},
		{wrong: "the endpoint is https, and the host speaks no TLS", id: "NET-003", says: "without TLS", by: all(respelled(endpoint, func(s string) string { return strings.Replace(s, "http:", "https:", 1) }))},
		{wrong: "something else listens at the endpoint's port", id: "NET-003", says: "not HTTP", by: all(then(func(s *scene) {
			s.variables[endpoint] = "http://" + s.listening("SSH-2.0-OpenSSH_9.6\r\n", nil) + "/graphql"
		}))},
		{wrong: "this machine's clock is an hour ahead", id: "NET-004", says: "60 minutes ahead of the API's", by: all(ahead(time.Hour))},
		{wrong: "this machine's clock is an hour behind", id: "NET-004", says: "60 minutes behind the API's", by: all(ahead(-time.Hour))},
		{wrong: "this machine's clock is a day behind", id: "NET-004", says: "24 hours behind the API's", by: all(ahead(-24 * time.Hour))},
		{wrong: "this machine's clock is slow, so that it sends a token that has expired", id: "NET-004", says: "25 hours behind", by: all(
			configured(nothing), then(func(s *scene) { s.must("login") }), later(25*time.Hour), env("TEST_AHEAD", ""))},
		{wrong: "this machine's clock is four minutes ahead", id: "NET-004", says: "4 minutes ahead", result: warned, by: all(ahead(4 * time.Minute))},
		{wrong: "the issuer's host is misspelled", id: "NET-005", says: "does not exist", by: all(env(issuer, "https://"+noSuchHost+"/"))},
		{wrong: "nothing listens at the issuer's port", id: "NET-006", says: "refuses connections", by: all(env(issuer, "http://127.0.0.1:1/"))},
		{wrong: "the provider's certificate is for other names", id: "NET-006", says: "other names", by: all(tlsAt(issuer, nextMonth(), "www.example.com"))},
		{wrong: "the provider's certificate has ended", id: "NET-006", says: "ended on", by: all(tlsAt(issuer, time.Now().AddDate(0, -1, 0), "127.0.0.1"))},
		{wrong: "the issuer is https, and the provider speaks no TLS", id: "NET-006", says: "without TLS", by: all(respelled(issuer, func(s string) string { return strings.Replace(s, "http:", "https:", 1) }))},
		{wrong: "the provider's clock is an hour ahead", id: "NET-007", says: "the provider's is wrong", by: all(elsewhere(time.Hour))},
		{wrong: "the provider's clock is a day behind", id: "NET-007", says: "the provider's is wrong", by: all(elsewhere(-25 * time.Hour))},
	}
}

func quotedValue(value string) string { return `"` + value + `"` }
