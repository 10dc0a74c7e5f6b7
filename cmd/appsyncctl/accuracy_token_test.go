package main

import (
	"strings"
	"time"

	"github.com/appsyncctl/appsyncctl/internal/emulator"
	"github.com/appsyncctl/appsyncctl/internal/emulator/auth0"
)

// grantRows are clients that get no token.
func grantRows() []accuracyRow {
	const client, secret, audience = "APPSYNCCTL_CLIENT_ID", "APPSYNCCTL_CLIENT_SECRET", "APPSYNCCTL_AUDIENCE"
	method := func(m auth0.AuthMethod) change { return atMachine(func(c *auth0.Client) { c.Method = m }) }
	return []accuracyRow{
		{wrong: "the client secret is wrong", id: "AUTH-001", says: "secret is wrong", by: all(env(secret, "another-client's"))},
		{wrong: "the file with the client secret holds an old one", id: "AUTH-001", says: "secret is wrong", by: all(env(secret, ""), then(func(s *scene) {
			s.variables["APPSYNCCTL_CLIENT_SECRET_FILE"] = s.file("secret", "one-that-was-rotated\n")
		}))},
		{wrong: "the client ID is misspelled", id: "AUTH-001", says: "ID or its secret", by: all(env(client, "demo-machien"))},
		{wrong: "a machine has no secret", id: "AUTH-001", says: "no client secret is set", by: all(env(secret, ""), flags("--grant", "client-credentials"))},
		{wrong: "the file with the client secret is not there", id: "AUTH-001", says: "secret cannot be read", by: all(env(secret, ""), env("APPSYNCCTL_CLIENT_SECRET_FILE", "absent"))},
		{wrong: "the password manager does not give the client secret", id: "AUTH-001", says: "secret cannot be read", by: all(env(secret, ""), env("APPSYNCCTL_SECRET_COMMAND", "exit 3"))},
		{wrong: "the file with the client's key is not there", id: "AUTH-001", says: "key cannot be read", by: all(env(secret, ""), env("APPSYNCCTL_CLIENT_KEY_FILE", "absent.pem"))},
		{wrong: "the file with the client's key holds none", id: "AUTH-001", says: "key cannot be used", by: all(env(secret, ""), then(func(s *scene) {
			s.variables["APPSYNCCTL_CLIENT_KEY_FILE"] = s.file("client.pem", "nothing")
		}))},
		{wrong: "the client's key is not the one that the provider has", id: "AUTH-001", says: "does not have this key", by: all(clientKey, then(func(s *scene) {
			s.variables["APPSYNCCTL_CLIENT_KEY_FILE"], _ = s.keyPair("another.pem")
		}))},
		{wrong: "the secret is sent in the body, and the application has basic authentication", id: "AUTH-001", says: "sent in another way", by: all(method(auth0.SecretBasic))},
		{wrong: "the secret is sent by basic authentication, and the application has it in the body", id: "AUTH-001", says: "sent in another way", by: all(method(auth0.SecretPost), flags("--client-auth", "basic"))},
		{wrong: "the provider takes no secrets in the way that is set", id: "AUTH-001", says: "does not offer the way", by: all(method(auth0.SecretPost), flags("--client-auth", "basic"),
			metadata(`"issuer"`, `"token_endpoint_auth_methods_supported":["client_secret_post"],"issuer"`))},
		{wrong: "the audience is misspelled", id: "AUTH-001", says: "no API with this audience", by: all(respelled(audience, func(s string) string { return s + "x" }))},
		{wrong: "the audience lacks its slash", id: "AUTH-001", says: "slash included", by: all(
			atTenant(func(t *auth0.Config) { t.APIs[0].Identifier += "/" }), respelled(audience, func(s string) string { return strings.TrimSuffix(s, "/") }))},
		{wrong: "the audience is the GraphQL endpoint", id: "AUTH-001", says: "it is the GraphQL endpoint", by: all(then(func(s *scene) { s.variables[audience] = s.variables["APPSYNCCTL_ENDPOINT"] }))},
		{wrong: "the audience is the client ID", id: "AUTH-001", says: "it is the client ID", by: all(then(func(s *scene) { s.variables[audience] = s.variables[client] }))},
		{wrong: "a machine asks for no audience", id: "AUTH-001", says: "wants an audience", by: all(env(audience, ""))},
		{wrong: "the application is not authorized for the API", id: "AUTH-001", says: "not authorized for this API", fix: "Authorize", by: all(atMachine(func(c *auth0.Client) { c.Audiences = map[string][]string{} }))},
		{wrong: "the application may not use client credentials", id: "AUTH-001", says: "may not use the grant client-credentials", by: all(atMachine(func(c *auth0.Client) { c.Grants = []string{auth0.GrantDeviceCode} }),
			atMachine(func(c *auth0.Client) { c.Secret = "one-that-is-known" }), env(client, emulator.MachineClientID), env(secret, "one-that-is-known"))},
		{wrong: "the people's application is set, with a machine's secret", id: "AUTH-001", says: "may not use the grant client-credentials", by: all(env(client, emulator.DeviceClientID))},
		{wrong: "the token endpoint is a page", id: "AUTH-001", says: "not a JSON object", by: all(answers(tokenPath, 200, "<html>", "Content-Type", "text/html"))},
		{wrong: "a scope is asked for that the application has not", id: "AUTH-001", says: "may not have all scopes", by: all(flags("--scope", "write:customers"),
			atTenant(func(t *auth0.Config) {
				t.APIs[0].Scopes = []string{"read:customers", "write:customers"}
				t.Clients[0].Audiences = map[string][]string{t.APIs[0].Identifier: {"read:customers"}}
			}))},
		{wrong: "the organization is not one of the application's", id: "AUTH-001", says: "organization", by: all(flags("--organization", "org_other"))},
		{wrong: "the application may name no organization, and one is set", id: "AUTH-001", says: "may name no organization", by: all(flags("--organization", "org_demo"), atMachine(func(c *auth0.Client) { c.Organization = auth0.OrganizationDeny }))},
		{wrong: "the application needs an organization, and none is set", id: "AUTH-001", says: "none is set", by: all(atMachine(func(c *auth0.Client) { c.Organization = auth0.OrganizationRequire }))},
		{wrong: "nobody has logged in yet", id: "AUTH-001", says: "log", fix: "appsyncctl login", by: all(device)},
		{wrong: "the login has ended, and nothing was kept to renew it with", id: "AUTH-001", says: "the login has expired", by: all(loggedIn, later(25*time.Hour))},
		{wrong: "the login was revoked at the provider", id: "AUTH-001", says: "login has ended", by: all(env("APPSYNCCTL_SCOPES", "openid offline_access"), loggedIn, later(25*time.Hour), then(func(s *scene) {
			s.arm(emulator.Fault{Name: "answer", Path: tokenPath, Status: 403, Body: `{"error":"invalid_grant","error_description":"Unknown or invalid refresh token."}`})
		}))},
		{wrong: "an Action at the provider denies the token", id: "AUTH-001", says: "Action", by: all(answers(tokenPath, 403, `{"error":"access_denied","error_description":"Access denied by policy."}`))},
	}
}

// tokenRows are tokens that AppSync does not take, or not for long.
func tokenRows() []accuracyRow {
	const hour = time.Hour
	return []accuracyRow{
		{wrong: "the provider gives an opaque token", id: "AUTH-002", says: "opaque", by: all(faults("opaque-token"))},
		{wrong: "the token that is given is opaque", id: "AUTH-002", says: "opaque", by: all(env("APPSYNCCTL_TOKEN", "Zq3vX0d8kL2mN4pR6tV8xZ0bD2fH4jK6"))},
		{wrong: "the token is encrypted", id: "AUTH-002", says: "encrypted", by: all(faults("encrypted-token"))},
		{wrong: "the word Bearer was copied along with the token", id: "AUTH-002", says: "Bearer", fix: "${APPSYNCCTL_TOKEN#Bearer }", by: all(given(func(t string) string { return "Bearer " + t }))},
		{wrong: "quotes were copied along with the token", id: "AUTH-002", says: "quot", by: all(given(func(t string) string { return `"` + t + `"` }))},
		{wrong: "the token is an API key", id: "AUTH-002", says: "API key", by: all(env("APPSYNCCTL_TOKEN", "da2-abcdefghijklmnopqrstuvwxyz"))},
		{wrong: "only the first two parts of the token were copied", id: "AUTH-002", says: "not copied whole", by: all(given(func(t string) string { return t[:strings.LastIndex(t, ".")] }))},
		{wrong: "the token is bound to a key (DPoP)", id: "AUTH-003", says: "DPoP", by: all(claims(`{"cnf":{"jkt":"0ZcOCORZNYy-DWpqq30jZyJGHTN0d2HglBV3uiguA4I"}}`))},
		{wrong: "the token is not signed at all", id: "AUTH-004", says: "not signed", by: all(header(`{"alg":"none"}`))},
		{wrong: "the token is signed with EdDSA", id: "AUTH-004", says: "does not take the algorithm", by: all(header(`{"alg":"EdDSA"}`))},
		{wrong: "the token is signed with a secret (HS256)", id: "AUTH-005", says: "signed with a secret", fix: "RS256", by: all(atTenant(func(t *auth0.Config) { t.APIs[0].Algorithm = auth0.HS256 }))},
		{wrong: "the provider's keys were rotated and the old one was revoked", id: "AUTH-005", says: "revoked", by: all(configured(nothing), given(unchanged), then(func(s *scene) {
			s.arm(emulator.Fault{Name: "revoke-keys", Count: 1})
			s.token(s.emulator)
		}))},
		{wrong: "the token is of a key that nobody published", id: "AUTH-005", says: "does not publish the key", by: all(header(`{"kid":"other"}`))},
		{wrong: "the token does not say which key signed it", id: "AUTH-005", says: "does not name the key", by: all(header(`{"kid":null}`))},
		{wrong: "the token's signature is of another key, and this machine's clock is 20 minutes ahead", id: "AUTH-006", says: "signature", by: all(
			env("TEST_AHEAD", "20m"), faults("tampered-token"))},
		{wrong: "the token's signature is of another key", id: "AUTH-006", says: "signature", by: all(faults("tampered-token"))},
		{wrong: "the end of the token was lost in copying", id: "AUTH-006", says: "changed", by: all(given(func(t string) string { return t[:len(t)-4] }))},
		{wrong: "a token of another tenant is given", id: "AUTH-007", says: "another", by: all(then(func(s *scene) { s.variables["APPSYNCCTL_TOKEN"] = s.token(s.stage.other) }))},
		{wrong: "the token's issuer lacks its slash", id: "AUTH-007", says: "slash", by: all(configured(nothing), then(func(s *scene) {
			s.armClaims(`{"iss":"` + strings.TrimSuffix(s.variables["APPSYNCCTL_ISSUER"], "/") + `"}`)
		}))},
		{wrong: "the token's issuer is the tenant's own name, and the custom domain is set", id: "AUTH-007", says: "custom domain", by: all(configured(nothing), then(func(s *scene) {
			s.armClaims(`{"iss":"https://tenant.eu.auth0.com/"}`)
		}))},
		{wrong: "the token names no issuer", id: "AUTH-007", says: "no issuer", by: all(claims(`{"iss":null}`))},
		{wrong: "the token is for another API", id: "AUTH-008", says: "another audience", by: all(faults("wrong-audience"))},
		{wrong: "the token's audience differs by a slash", id: "AUTH-008", says: "slash", fix: "APPSYNCCTL_AUDIENCE=" + emulator.Audience + "/", by: all(claims(`{"aud":"` + emulator.Audience + `/"}`))},
		{wrong: "the token is for /userinfo only", id: "AUTH-008", says: "/userinfo", by: all(claims(`{"aud":["https://tenant.eu.auth0.com/userinfo"]}`))},
		{wrong: "the token is for Auth0's Management API", id: "AUTH-008", says: "Management API", by: all(claims(`{"aud":"https://tenant.eu.auth0.com/api/v2/"}`))},
		{wrong: "the token is an ID token", id: "AUTH-008", says: "ID token", by: all(claims(`{"aud":"` + emulator.MachineClientID + `","nonce":"n","azp":null,"gty":null}`))},
		{wrong: "the token names no audience", id: "AUTH-008", says: "no audience", by: all(claims(`{"aud":null}`))},
		{wrong: "the token was issued to another client", id: "AUTH-009", says: "another client", by: all(claims(`{"azp":"somebody-else"}`))},
		{wrong: "the token that is given has expired", id: "AUTH-010", says: "expired 1h0m", by: all(standing, faults("expired-token"), given(unchanged))},
		{wrong: "the provider gives tokens that have expired", id: "AUTH-010", says: "expired", by: all(faults("expired-token"))},
		{wrong: "the token that is given ends in seconds", id: "AUTH-010", says: "nothing renews it", result: warned, by: all(standing, claims(`{"iat":`+ago(hour)+`,"exp":`+ago(-45*time.Second)+`}`), given(unchanged))},
		{wrong: "the token is for later", id: "AUTH-011", says: "for later", by: all(claims(`{"nbf":` + ago(-hour) + `}`))},
		{wrong: "the token was issued in the future", id: "AUTH-011", says: "in the future", by: all(claims(`{"iat":` + ago(-hour) + `}`))},
		{wrong: "the token does not say when it was issued", id: "AUTH-011", says: "when it was issued", by: all(claims(`{"iat":null}`))},
		{wrong: "the token has not all scopes that were asked for", id: "AUTH-012", says: "write:customers", result: warned, by: all(flags("--scope", "read:customers", "--scope", "write:customers"),
			atTenant(func(t *auth0.Config) { t.APIs[0].Scopes = []string{"read:customers", "write:customers"} }), claims(`{"scope":"read:customers"}`))},
		{wrong: "the token is an ID token, and no audience is set to tell it by", id: "AUTH-013", says: "ID token", result: warned, by: all(
			claims(`{"aud":"`+emulator.MachineClientID+`","nonce":"n","azp":null,"gty":null}`), given(unchanged), env("APPSYNCCTL_AUDIENCE", ""))},
	}
}

func unchanged(token string) string { return token }
