package main

import "path/filepath"

// providerRows are set-ups whose provider is another one, or says other things.
func providerRows() []accuracyRow {
	const issuer = "APPSYNCCTL_ISSUER"
	below := func(path string) change { return respelled(issuer, func(s string) string { return s + path }) }
	return []accuracyRow{
		{wrong: "the issuer is the address of the token endpoint", id: "OIDC-001", says: "there is no OpenID metadata", by: all(below("oauth/token"))},
		{wrong: "the issuer's realm is misspelled", id: "OIDC-001", says: "there is no OpenID metadata", by: all(below("realms/demmo"))},
		{wrong: "Auth0 has no such tenant", id: "OIDC-001", says: "no tenant called tennant.eu", by: all(cloud("tennant.eu.auth0.com"), env(issuer, "https://tennant.eu.auth0.com/"), answers(metadataPath, 404, `{"error":"Not Found"}`))},
		{wrong: "the issuer is a web site", id: "OIDC-001", says: "is a page", by: all(answers(metadataPath, 200, "<!doctype html><title>Welcome</title>", "Content-Type", "text/html"))},
		{wrong: "the issuer has moved", id: "OIDC-001", says: "somewhere else", by: all(answers(metadataPath, 301, "", "Location", "https://login.example.com/.well-known/openid-configuration"))},
		{wrong: "the provider shows its metadata to nobody", id: "OIDC-001", says: "403", by: all(answers(metadataPath, 403, `{"message":"Forbidden"}`))},
		{wrong: "the provider wants a login for its metadata", id: "OIDC-001", says: "401", by: all(answers(metadataPath, 401, `{"error":"unauthorized"}`))},
		{wrong: "the tenant's custom domain is set, and the tenant goes by its own name", id: "OIDC-002", says: "another name for it", fix: "APPSYNCCTL_ISSUER=https://" + tenantHost + "/", by: all(cloud("login.example.com"), env(issuer, "https://login.example.com/"))},
		{wrong: "the issuer differs in upper and lower case", id: "OIDC-002", says: "upper and lower case", fix: "realms/demo", by: all(below("realms/Demo"), metadata("realms/Demo", "realms/demo"))},
		{wrong: "the provider calls itself http", id: "OIDC-002", says: "begins with https", by: all(cloud(), metadata(`"issuer":"https`, `"issuer":"http`))},
		{wrong: "the provider knows no device codes", id: "OIDC-003", says: "does not offer the grant device", by: all(device, metadata("device_authorization_endpoint", "something_else"))},
		{wrong: "the provider does not list the grant of machines", id: "OIDC-003", says: "does not list", result: warned, by: all(metadata(`"client_credentials",`, ""))},
		{wrong: "the provider shows its keys to nobody", id: "OIDC-004", says: "404", by: all(answers(keysPath, 404, ""))},
		{wrong: "the provider's keys are a page", id: "OIDC-004", says: "cannot be read", by: all(answers(keysPath, 200, "<html>", "Content-Type", "text/html"))},
		{wrong: "the provider's metadata names no keys", id: "OIDC-004", says: "no place for its keys", by: all(metadata("jwks_uri", "something_else"))},
		{wrong: "the provider has a key for EdDSA only", id: "OIDC-005", says: "none of the provider's keys", by: all(answers(keysPath, 200, `{"keys":[{"kty":"OKP","crv":"Ed25519","alg":"EdDSA","kid":"1","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}]}`))},
		{wrong: "the provider's key has no kid", id: "OIDC-005", says: "no kid", by: all(answers(keysPath, 200, `{"keys":[{"kty":"RSA","alg":"RS256","n":"AQAB","e":"AQAB"}]}`))},
		{wrong: "the provider publishes no key at all", id: "OIDC-005", says: "publishes no key", by: all(answers(keysPath, 200, `{"keys":[]}`))},
	}
}

// storageRows are machines whose token store does not keep anything.
func storageRows() []accuracyRow {
	const store = "APPSYNCCTL_TOKEN_STORE"
	return []accuracyRow{
		{wrong: "there is no keyring, and one is asked for", id: "STORE-001", says: "no keyring", by: all(env("TEST_KEYRING", ""), env(store, "keyring"))},
		{wrong: "a person logs in on a server without a keyring", id: "STORE-001", says: "no keyring", by: all(device, env("TEST_KEYRING", ""))},
		{wrong: "there is nothing to seal the token file with", id: "STORE-001", says: "nothing to seal", by: all(device, env(store, "file"))},
		{wrong: "the keyring is locked", id: "STORE-002", says: "no access", by: all(env("TEST_KEYRING", "locked"))},
		{wrong: "the keyring takes a value and forgets it", id: "STORE-003", says: "does not keep", by: all(env("TEST_KEYRING", "forgetful"))},
		{wrong: "the token file can be read by others", id: "AUTH-001", says: "others can read it", fix: "chmod 600", by: all(env(store, "file"), then(func(s *scene) {
			s.must("login")
			s.open(filepath.Join(".local", "state", "appsyncctl", "tokens"))
		}))},
		{wrong: "the folder for the token file is a file", id: "STORE-003", says: "cannot be written", by: all(env(store, "file"), then(func(s *scene) {
			s.variables["XDG_STATE_HOME"] = s.file("state", "")
		}))},
	}
}
