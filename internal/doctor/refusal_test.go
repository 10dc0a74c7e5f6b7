package doctor_test

import (
	"testing"
	"time"

	"github.com/appsyncctl/appsyncctl/internal/auth"
	"github.com/appsyncctl/appsyncctl/internal/doctor"
)

// oauthError is what Auth0's token endpoint says.
func oauthError(status int, code, description string) *auth.Error {
	return &auth.Error{Endpoint: "tenant.eu.auth0.com/oauth/token", Status: status, Code: code, Description: description}
}

// TestTokenRefused goes through the provider's refusals. The descriptions of Auth0's
// are as people report them.
func TestTokenRefused(t *testing.T) {
	quota := oauthError(429, "too_many_requests", "Client quota exceeded")
	quota.Quotas = []auth.Quota{{Owner: "client", Bucket: "per_hour", Limit: 10, Reset: 22 * time.Minute}}
	wait := oauthError(429, "", "Too Many Requests")
	wait.RetryAfter = 30 * time.Second
	runTokenless(t, []tokenlessCase{
		{
			"no audience", oauthError(403, "access_denied", "No audience parameter was provided, and no default audience has been configured"), map[string]string{"audience": ""}, nil,
			"failure: the provider wants an audience, and none is asked for", "appsyncctl profile set staging --audience IDENTIFIER",
		},
		{
			"unknown audience, for a machine", oauthError(403, "access_denied", "Service not enabled within domain: https://customers.example.com"), nil, nil,
			"failure: the provider has no API with this audience: the identifier must be the same to the letter, slash included", "appsyncctl profile set staging --audience IDENTIFIER",
		},
		{
			"the client ID as the audience", oauthError(403, "access_denied", "Service not found: client"), map[string]string{"audience": "the-client", "client_id": "the-client"}, nil,
			"failure: the provider has no API with this audience: it is the client ID, and must be the identifier of the API", "appsyncctl profile set staging --audience IDENTIFIER",
		},
		{
			"unknown audience, for a person", oauthError(400, "access_denied", "Service not found: https://customers.example.com"), nil, nil,
			"failure: the provider has no API with this audience: the identifier must be the same to the letter, slash included", "appsyncctl profile set staging --audience IDENTIFIER",
		},
		{
			"API not authorized", oauthError(403, "access_denied", `Client is not authorized to access "https://customers.example.com". You need to create a "client-grant" associated to this API.`), nil, nil,
			"failure: the application is not authorized for this API", "Auth0 dashboard → Applications → machine → APIs → https://customers.example.com → Authorize",
		},
		{
			"scopes", oauthError(403, "access_denied", "Client has not been granted scopes: write:customers"), nil, nil,
			"failure: the application may not have all scopes that are asked for", "Auth0 dashboard → Applications → machine → APIs → https://customers.example.com → select the permissions",
		},
		{
			"organization needed", oauthError(400, "invalid_request", "parameter organization is required for this client"), nil, nil,
			"failure: the application needs an organization, and none is set", "appsyncctl profile set staging --organization ORGANIZATION",
		},
		{
			"organization not allowed", oauthError(400, "invalid_request", "parameter organization is not allowed for this client"), map[string]string{"organization": "org_1"}, nil,
			"failure: the application may name no organization, and one is set", "Auth0 dashboard → Applications → machine → Organizations",
		},
		{
			"another organization", oauthError(400, "invalid_request", "parameter organization is invalid"), map[string]string{"organization": "org_1"}, nil,
			"failure: the provider does not take this organization for this application", "Auth0 dashboard → Organizations → org_1 → Machine-to-Machine Access",
		},
		{
			"grant type", oauthError(403, "unauthorized_client", "Grant type 'client_credentials' not allowed for the client."), nil, nil,
			"failure: this application may not use the grant client-credentials", "Auth0 dashboard → Applications → machine → Settings → Advanced Settings → Grant Types",
		},
		{
			"wrong secret", oauthError(401, "access_denied", "Unauthorized"), nil, nil,
			"failure: the provider rejects the client's credentials: its ID or its secret is wrong, or the secret is sent in another way than the application has", "read -rs APPSYNCCTL_CLIENT_SECRET && export APPSYNCCTL_CLIENT_SECRET",
		},
		{
			"wrong secret, from a file", oauthError(401, "invalid_client", ""), map[string]string{"client_secret": "", "client_secret_file": "/run/secret"}, nil,
			"failure: the provider rejects the client's credentials: its ID or its secret is wrong, or the secret is sent in another way than the application has", "Auth0 dashboard → Applications → machine → Settings → Client Secret: copy it into /run/secret",
		},
		{
			"wrong secret, from a command", oauthError(401, "invalid_client", ""), map[string]string{"client_secret": "", "secret_command": "pass"}, nil,
			"failure: the provider rejects the client's credentials: its ID or its secret is wrong, or the secret is sent in another way than the application has", "Auth0 dashboard → Applications → machine → Settings → Client Secret: copy it to where the command of profile staging has it from",
		},
		{
			"wrong secret, kept", oauthError(401, "access_denied", "Unauthorized"), map[string]string{"client_secret": ""}, nil,
			"failure: the provider rejects the client's credentials: its ID or its secret is wrong, or the secret is sent in another way than the application has", "appsyncctl login --client-secret-stdin",
		},
		{
			"a method that is not offered", oauthError(401, "invalid_client", ""), map[string]string{"client_auth": "basic"}, nil,
			"failure: the provider does not offer the way in which the client proves itself", "appsyncctl profile set staging --client-auth post",
		},
		{
			"wrong key", oauthError(401, "invalid_client", "The client assertion signature is invalid"), map[string]string{"client_key_file": "key.pem"}, nil,
			"failure: the provider does not take the client's signature: it does not have this key, or not for this client", "Auth0 dashboard → Applications → machine → Credentials → add the public key",
		},
		{
			"a confidential client of a person", oauthError(401, "invalid_client", ""), nil, forPerson,
			"failure: the provider wants this client to prove itself, which a program on a person's machine cannot", "Auth0 dashboard → Applications → machine → Credentials → Authentication Method → None",
		},
		{
			"spent login", &doctor.TokenError{Kind: doctor.LoginNeeded, Err: oauthError(403, "invalid_grant", "Unknown or invalid refresh token.")}, nil, forPerson,
			"failure: the login has ended: it expired, was revoked, or was renewed elsewhere", "appsyncctl login",
		},
		{
			"second factor", &doctor.TokenError{Kind: doctor.LoginNeeded, Err: oauthError(403, "mfa_required", "Multifactor authentication required")}, nil, forPerson,
			"failure: the provider asks for a second factor", "appsyncctl login",
		},
		{
			"an Action", oauthError(403, "access_denied", "not on Sundays"), nil, nil,
			"failure: a rule of the provider's own denies the token, such as an Action", "Auth0 dashboard → Monitoring → Logs",
		},
		{
			"unheard of", oauthError(400, "invalid_request", "no"), nil, nil,
			"failure: the provider refuses to give a token", "Auth0 dashboard → Monitoring → Logs",
		},
		// What says nothing about the token
		{"quota", quota, nil, nil, "unknown: the provider's client quota of 10 tokens per hour is used up until 2026-05-06T07:30:00Z", ""},
		{"throttled", wait, nil, nil, "unknown: the provider throttles until 2026-05-06T07:08:30Z", ""},
		{"throttled for no time", oauthError(429, "", ""), nil, nil, "unknown: the provider throttles (429)", ""},
		{"out of order", oauthError(503, "", ""), nil, nil, "unknown: the provider is out of order", ""},
		{"a portal", oauthError(302, "", ""), nil, nil, "unknown: the token endpoint answers with a redirect, as a portal or a proxy does", ""},
		{"a page with 401", oauthError(401, "", ""), nil, nil, "unknown: something in front of the provider refused the request, a firewall or a proxy", ""},
		{"later", oauthError(400, "temporarily_unavailable", "try again"), nil, nil, "unknown: the provider asks to try again later: 400 temporarily_unavailable: try again", ""},
		{"too many attempts", oauthError(403, "too_many_attempts", "blocked"), nil, nil, "unknown: the provider asks to try again later: 403 too_many_attempts: blocked", ""},
		{"a firewall", oauthError(403, "", ""), nil, nil, "unknown: something in front of the provider refused the request, a firewall or a proxy", ""},
	})
}
