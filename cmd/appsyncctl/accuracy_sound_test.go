package main

import (
	"time"

	"github.com/appsyncctl/appsyncctl/internal/emulator"
	"github.com/appsyncctl/appsyncctl/internal/emulator/appsync"
	"github.com/appsyncctl/appsyncctl/internal/emulator/auth0"
	"github.com/appsyncctl/appsyncctl/internal/schema"
)

// soundRows are set-ups in which nothing is wrong, and of which nothing may be said.
func soundRows() []accuracyRow {
	const store = "APPSYNCCTL_TOKEN_STORE"
	dialect := func(d auth0.Dialect) change {
		return atTenant(func(t *auth0.Config) {
			t.APIs[0].Dialect, t.APIs[0].Scopes = d, []string{"read:customers", "write:customers"}
		})
	}
	return []accuracyRow{
		{wrong: "a machine, whose token rests in the keyring", by: all()},
		{wrong: "a machine that has been at work already", by: all(then(func(s *scene) { s.must("login"); s.must("customers", "list") }))},
		{wrong: "a machine in a profile, without variables", by: all(then(func(s *scene) { s.must("login") }), without(
			"APPSYNCCTL_ENDPOINT", "APPSYNCCTL_ISSUER", "APPSYNCCTL_CLIENT_ID", "APPSYNCCTL_CLIENT_SECRET", "APPSYNCCTL_AUDIENCE"))},
		{wrong: "a machine on a runner without a keyring: a sealed file", by: all(env("TEST_KEYRING", ""))},
		{wrong: "a sealed file that is asked for", by: all(env(store, "file"))},
		{wrong: "a file sealed with a passphrase, and a person's login in it", by: all(env("TEST_KEYRING", ""), env("APPSYNCCTL_PASSPHRASE", "correct-horse-battery"), loggedIn)},
		{wrong: "tokens in memory", by: all(env(store, "memory"), env("TEST_KEYRING", ""))},
		{wrong: "a machine with a private key", by: all(clientKey)},
		{wrong: "a machine with basic authentication", by: all(atMachine(func(c *auth0.Client) { c.Method = auth0.SecretBasic }), flags("--client-auth", "basic"))},
		{wrong: "a person who has logged in by a device code", by: all(loggedIn)},
		{wrong: "a token from the environment (APPSYNCCTL_TOKEN)", by: all(given(unchanged))},
		{wrong: "a token from standard input (--token -)", by: all(then(func(s *scene) { s.stdin = s.token(s.emulator) }), flags("--token", "-"))},
		{wrong: "the token behind Bearer", by: all(flags("--auth-scheme", "bearer"))},
		{wrong: "an issuer that is written without its slash", by: all(respelled("APPSYNCCTL_ISSUER", func(s string) string { return s[:len(s)-1] }))},
		{wrong: "an issuer that is the address of the metadata", by: all(respelled("APPSYNCCTL_ISSUER", func(s string) string { return s + metadataPath[1:] }))},
		{wrong: "an issuer that is a host alone", by: all(cloud(), env("APPSYNCCTL_ISSUER", tenantHost))},
		{wrong: "settings with a line break at their end, as from files", by: all(then(func(s *scene) {
			for _, name := range []string{"ENDPOINT", "ISSUER", "CLIENT_ID", "CLIENT_SECRET", "AUDIENCE"} {
				s.variables["APPSYNCCTL_"+name] += "\n"
			}
		}))},
		{wrong: "scopes that are granted", by: all(dialect(auth0.DialectAccessToken), flags("--scope", "read:customers"))},
		{wrong: "tokens with permissions", by: all(dialect(auth0.DialectAccessTokenAuthz))},
		{wrong: "tokens after RFC 9068", by: all(dialect(auth0.DialectRFC9068))},
		{wrong: "tokens after RFC 9068 with permissions", by: all(dialect(auth0.DialectRFC9068Authz))},
		{wrong: "an organization", by: all(flags("--organization", "org_demo"))},
		{wrong: "keys that were rotated, with the old one still published", by: all(configured(nothing), then(func(s *scene) {
			s.must("login")
			s.arm(emulator.Fault{Name: "rotate-keys", Count: 1})
			s.token(s.emulator)
		}))},
		{wrong: "the extended schema", by: all(configured(func(c *emulator.Config) { c.Schema = schema.Extended() }))},
		{wrong: "introspection that is turned off", by: all(configured(func(c *emulator.Config) { c.NoIntrospection = true }))},
		{wrong: "a client ID expression that fits", by: all(configured(func(c *emulator.Config) { c.ClientIDPattern = "demo-machine|demo-device" }))},
		{wrong: "an API key", by: all(configured(func(c *emulator.Config) { c.Modes = []string{"api-key"} }))},
		{wrong: "AWS_IAM", by: all(account("iam"))},
		{wrong: "a user pool of Cognito's", by: all(configured(func(c *emulator.Config) { c.Modes = []string{"cognito"} }))},
		{wrong: "a Lambda function", by: all(lambda)},
		{wrong: "an API in five modes", by: all(configured(func(c *emulator.Config) { c.Modes = []string{"oidc", "api-key", "iam", "cognito", "lambda"} }))},
		{wrong: "AWS credentials of the API's account", by: all(account())},
		{wrong: "AWS credentials of another account", by: all(env("AWS_ACCESS_KEY_ID", "AKIAABCDEFGHIJKLMNOP"), env("AWS_SECRET_ACCESS_KEY", "secret"), env("AWS_REGION", "eu-west-1"),
			emptyAccount)},
		{wrong: "bounds to the token's age and the login's that fit", by: all(account(), claims(`{"auth_time":`+ago(0)+`}`),
			configured(func(c *emulator.Config) { c.IatTTL, c.AuthTTL = 24*time.Hour, time.Hour }))},
		{wrong: "an API whose issuer is written without the slash", by: all(account(), atAPI(func(a *appsync.Config) { a.Issuer = a.Issuer[:len(a.Issuer)-1] }))},
		{wrong: "an API that is strict about the raw token", by: all(atAPI(func(a *appsync.Config) { a.StrictRaw = true }))},
		{wrong: "TLS with an authority of one's own", by: all(configured(func(c *emulator.Config) { c.TLS = true }), then(func(s *scene) {
			s.needsCertificateFile()
			s.variables["SSL_CERT_FILE"] = s.file("authority.pem", string(s.emulator.CA()))
		}))},
		{wrong: "Auth0 and AppSync by their own names, behind a proxy", by: all(cloud())},
		{wrong: "custom domains of both, behind a proxy", by: all(custom)},
	}
}
