package checkup_test

import (
	"context"
	"errors"
	"io"
	"io/fs"
	"strings"
	"testing"
	"time"

	"github.com/appsyncctl/appsyncctl/internal/auth"
	"github.com/appsyncctl/appsyncctl/internal/checkup"
	"github.com/appsyncctl/appsyncctl/internal/tokencache"
)

// refusal is what Auth0's token endpoint says.
func refusal(status int, code, description string) *auth.Error {
	return &auth.Error{Endpoint: "tenant.eu.auth0.com/oauth/token", Status: status, Code: code, Description: description}
}

// TestTokenless goes through the causes of having no token. The descriptions of
// Auth0's are as people report them.
func TestTokenless(t *testing.T) {
	person := func(s *checkup.Subject) { s.Grant = "device" }
	quota := refusal(429, "too_many_requests", "Client quota exceeded")
	quota.Quotas = []auth.Quota{{Owner: "client", Bucket: "per_hour", Limit: 10, Reset: 22 * time.Minute}}
	wait := refusal(429, "", "Too Many Requests")
	wait.RetryAfter = 30 * time.Second
	tests := []struct {
		name     string
		err      error
		settings map[string]string
		change   func(*checkup.Subject)
		want     string
		fix      string
	}{
		// The provider's refusals
		{
			"no audience", refusal(403, "access_denied", "No audience parameter was provided, and no default audience has been configured"), map[string]string{"audience": ""}, nil,
			"failure: the provider wants an audience, and none is asked for", "appsyncctl profile set staging --audience IDENTIFIER",
		},
		{
			"unknown audience, for a machine", refusal(403, "access_denied", "Service not enabled within domain: https://customers.example.com"), nil, nil,
			"failure: the provider has no API with this audience: the identifier must be the same to the letter, slash included", "appsyncctl profile set staging --audience IDENTIFIER",
		},
		{
			"unknown audience, for a person", refusal(400, "access_denied", "Service not found: https://customers.example.com"), nil, nil,
			"failure: the provider has no API with this audience: the identifier must be the same to the letter, slash included", "appsyncctl profile set staging --audience IDENTIFIER",
		},
		{
			"API not authorized", refusal(403, "access_denied", `Client is not authorized to access "https://customers.example.com". You need to create a "client-grant" associated to this API.`), nil, nil,
			"failure: the application is not authorized for this API", "Auth0 dashboard → Applications → machine → APIs → https://customers.example.com → Authorize",
		},
		{
			"scopes", refusal(403, "access_denied", "Client has not been granted scopes: write:customers"), nil, nil,
			"failure: the application may not have all scopes that are asked for", "Auth0 dashboard → Applications → machine → APIs → https://customers.example.com → select the permissions",
		},
		{
			"organization needed", refusal(400, "invalid_request", "parameter organization is required for this client"), nil, nil,
			"failure: the application needs an organization, and none is set", "appsyncctl profile set staging --organization ORGANIZATION",
		},
		{
			"organization not allowed", refusal(400, "invalid_request", "parameter organization is not allowed for this client"), map[string]string{"organization": "org_1"}, nil,
			"failure: the application may name no organization, and one is set", "Auth0 dashboard → Applications → machine → Organizations",
		},
		{
			"another organization", refusal(400, "invalid_request", "parameter organization is invalid"), map[string]string{"organization": "org_1"}, nil,
			"failure: the provider does not take this organization for this application", "Auth0 dashboard → Organizations → org_1 → Machine-to-Machine Access",
		},
		{
			"grant type", refusal(403, "unauthorized_client", "Grant type 'client_credentials' not allowed for the client."), nil, nil,
			"failure: this application may not use the grant client-credentials", "Auth0 dashboard → Applications → machine → Settings → Advanced Settings → Grant Types",
		},
		{
			"wrong secret", refusal(401, "access_denied", "Unauthorized"), nil, nil,
			"failure: the provider does not believe the client: its ID or its secret is wrong, or the secret is sent in another way than the application has", "read -rs APPSYNCCTL_CLIENT_SECRET && export APPSYNCCTL_CLIENT_SECRET",
		},
		{
			"wrong secret, from a file", refusal(401, "invalid_client", ""), map[string]string{"client_secret": "", "client_secret_file": "/run/secret"}, nil,
			"failure: the provider does not believe the client: its ID or its secret is wrong, or the secret is sent in another way than the application has", "Auth0 dashboard → Applications → machine → Settings → Client Secret: copy it into /run/secret",
		},
		{
			"wrong secret, from a command", refusal(401, "invalid_client", ""), map[string]string{"client_secret": "", "secret_command": "pass"}, nil,
			"failure: the provider does not believe the client: its ID or its secret is wrong, or the secret is sent in another way than the application has", "Auth0 dashboard → Applications → machine → Settings → Client Secret: copy it to where the command of profile staging has it from",
		},
		{
			"wrong secret, kept", refusal(401, "", "Unauthorized"), map[string]string{"client_secret": ""}, nil,
			"failure: the provider does not believe the client: its ID or its secret is wrong, or the secret is sent in another way than the application has", "appsyncctl login --client-secret-stdin",
		},
		{
			"a method that is not offered", refusal(401, "invalid_client", ""), map[string]string{"client_auth": "basic"}, nil,
			"failure: the provider does not offer the way in which the client proves itself", "appsyncctl profile set staging --client-auth post",
		},
		{
			"wrong key", refusal(401, "invalid_client", "The client assertion signature is invalid"), map[string]string{"client_key_file": "key.pem"}, nil,
			"failure: the provider does not take the client's signature: it does not have this key, or not for this client", "Auth0 dashboard → Applications → machine → Credentials → add the public key",
		},
		{
			"a confidential client of a person", refusal(401, "invalid_client", ""), nil, person,
			"failure: the provider wants this client to prove itself, which a program on a person's machine cannot", "Auth0 dashboard → Applications → machine → Credentials → Authentication Method → None",
		},
		{
			"spent login", &checkup.TokenError{Kind: checkup.LoginNeeded, Err: refusal(403, "invalid_grant", "Unknown or invalid refresh token.")}, nil, person,
			"failure: the login has ended: it expired, was revoked, or was renewed elsewhere", "appsyncctl login",
		},
		{
			"second factor", &checkup.TokenError{Kind: checkup.LoginNeeded, Err: refusal(403, "mfa_required", "Multifactor authentication required")}, nil, person,
			"failure: the provider asks for a second factor", "appsyncctl login",
		},
		{
			"an Action", refusal(403, "access_denied", "not on Sundays"), nil, nil,
			"failure: a rule of the provider's own denies the token, such as an Action", "Auth0 dashboard → Monitoring → Logs",
		},
		{
			"unheard of", refusal(400, "invalid_request", "no"), nil, nil,
			"failure: the provider refuses to give a token", "Auth0 dashboard → Monitoring → Logs",
		},
		// What says nothing about the token
		{"quota", quota, nil, nil, "unknown: the provider's client quota of 10 tokens per hour is used up until 2026-05-06T07:30:00Z", ""},
		{"throttled", wait, nil, nil, "unknown: the provider throttles until 2026-05-06T07:08:30Z", ""},
		{"throttled for no time", refusal(429, "", ""), nil, nil, "unknown: the provider throttles", ""},
		{"out of order", refusal(503, "", ""), nil, nil, "unknown: the provider is out of order", ""},
		{"a portal", refusal(302, "", ""), nil, nil, "unknown: the token endpoint answers with a redirect, as a portal or a proxy does", ""},
		{"a firewall", refusal(403, "", ""), nil, nil, "unknown: something in front of the provider refused the request, a firewall or a proxy", ""},
		{"no network", &auth.TransportError{Endpoint: "tenant.eu.auth0.com/oauth/token", Err: io.ErrUnexpectedEOF}, nil, nil, "unknown: the provider gave no answer", ""},
		{"something else", errors.New("the cat sits on the keyboard"), nil, nil, "unknown: the cat sits on the keyboard", ""},
		{"far too long", errors.New(strings.Repeat("long ", 1000)), nil, nil, "unknown: " + strings.Repeat("long ", 39) + "lo…", ""},
		// What never gets to the provider, or not to the end
		{
			"not logged in", &checkup.TokenError{Kind: checkup.LoginNeeded, Err: errors.New("you are not logged in")}, nil, person,
			"failure: you are not logged in", "appsyncctl login",
		},
		{
			"no secret is set", &checkup.TokenError{Kind: checkup.Unset, Setting: "client_secret", Err: errors.New("no client secret")}, map[string]string{"client_secret": ""}, nil,
			"failure: no client secret is set", "appsyncctl login --client-secret-stdin",
		},
		{
			"no secret in the file", &checkup.TokenError{Kind: checkup.NoSecret, Err: errors.New("client secret file: it is empty")}, map[string]string{"client_secret": "", "client_secret_file": "/run/secret"}, nil,
			"failure: the client's secret cannot be had: client secret file: it is empty", "Auth0 dashboard → Applications → machine → Settings → Client Secret: copy it into /run/secret",
		},
		{
			"no key", &auth.KeyError{Reason: "it is not PEM"}, nil, nil,
			"failure: the client's key cannot be used: it is not PEM", "appsyncctl profile set staging --client-key-file FILE",
		},
		{
			"grant not offered", &auth.UnsupportedError{Issuer: tokenIssuer, Feature: "the device code grant"}, nil, nil,
			"failure: the provider does not offer the device code grant", "appsyncctl profile set staging --grant client-credentials",
		},
		{
			"DPoP", &auth.TokenTypeError{Type: "DPoP"}, nil, nil,
			`failure: the provider gives tokens of type "DPoP", which AppSync does not know`, "Auth0 dashboard → Applications → APIs → https://customers.example.com → Settings → Token Sender-Constraining → None",
		},
		{
			"nonsense", &auth.AnswerError{Endpoint: "tenant.eu.auth0.com/oauth/token", Problem: "it is not JSON"}, nil, nil,
			"failure: the answer of tenant.eu.auth0.com/oauth/token cannot be used: it is not JSON", "pass --issuer or set APPSYNCCTL_ISSUER",
		},
		{
			"endpoint refused", &auth.EndpointError{Endpoint: "tenant", Reason: "its scheme is not https"}, nil, nil,
			`failure: the provider's endpoint "tenant" is refused: its scheme is not https`, "pass --issuer or set APPSYNCCTL_ISSUER",
		},
		// The token store
		{
			"no keyring", &tokencache.UnavailableError{Reason: "no session bus"}, nil, nil,
			"failure: the token store cannot be reached: no session bus", "appsyncctl profile set staging --token-store memory",
		},
		{
			"locked keyring", &tokencache.LockedError{Reason: "the unlock prompt was dismissed"}, nil, nil,
			"failure: the token store is locked: the unlock prompt was dismissed", "appsyncctl profile set staging --token-store memory",
		},
		{
			"no seal", tokencache.NoSealError{}, nil, nil,
			"failure: the token file is sealed, and there is nothing to open it with", "read -rs APPSYNCCTL_PASSPHRASE && export APPSYNCCTL_PASSPHRASE",
		},
		{
			"open to others", &tokencache.PermissionError{Path: "/home/me/a token", Mode: fs.FileMode(0o644)}, nil, nil,
			"failure: the token file is not used because others can read it", "chmod 600 '/home/me/a token'",
		},
		{"another process", &tokencache.LockTimeoutError{Path: "lock"}, nil, nil, "unknown: another process is renewing the same token", ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			w := newTokenWorld(t)
			subject := w.subject(tt.settings, func(context.Context) (string, error) { return "", tt.err })
			if tt.change != nil {
				tt.change(subject)
			}
			found := examineToken(t, subject)
			finding := found["AUTH-001"]
			if got := string(finding.Result) + ": " + finding.Message; got != tt.want || finding.Fix != tt.fix {
				t.Errorf("got  %s\n     %s\nwant %s\n     %s", got, finding.Fix, tt.want, tt.fix)
			}
			if !errors.Is(finding.Err, tt.err) {
				t.Errorf("the error is %v", finding.Err)
			}
			if finding.Because != "" {
				t.Errorf("because of %s", finding.Because)
			}
			for id, finding := range found {
				if finding.Category == checkup.Token && id != "AUTH-001" && (finding.Result != checkup.Skipped || finding.Because != "AUTH-001") {
					t.Errorf("%s is %s because of %q", id, finding.Result, finding.Because)
				}
			}
		})
	}
}

// A token that was thrown away for its form is a matter of its form.
func TestTokenWithheld(t *testing.T) {
	tests := []struct {
		name     string
		err      error
		settings map[string]string
		want     string
	}{
		{
			"opaque", &checkup.TokenError{Kind: checkup.Unreadable, Err: errors.New("opaque")}, nil,
			"AUTH-002 failure: the token is opaque, which AppSync cannot read, although an audience was asked for: it is not that of an API with JWTs",
		},
		{
			"damaged", &auth.ClaimsError{Reason: "its payload is no JSON object"}, nil,
			"AUTH-002 failure: the token is no whole JWT: its payload is no JSON object",
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			w := newTokenWorld(t)
			found := examineToken(t, w.subject(tt.settings, func(context.Context) (string, error) { return "", tt.err }))
			if got, _ := firstFinding(found); got != tt.want {
				t.Errorf("got  %s\nwant %s", got, tt.want)
			}
			if got := found["AUTH-002"].Err; !errors.Is(got, tt.err) {
				t.Errorf("the error is %v", got)
			}
		})
	}
}

// What an earlier check has found is the cause, and says what to do.
func TestTokenlessConsequence(t *testing.T) {
	tests := []struct {
		name    string
		err     error
		change  func(*tokenWorld, *checkup.Subject)
		because string
		message string
	}{
		{
			"no name resolution", &auth.TransportError{Endpoint: "tenant.eu.auth0.com/oauth/token", Err: errors.New("no such host")},
			func(_ *tokenWorld, s *checkup.Subject) {
				s.LookupHost = func(_ context.Context, host string) ([]string, error) {
					if strings.HasSuffix(host, "auth0.com") {
						return nil, errors.New("no such host")
					}
					return []string{"192.0.2.1"}, nil
				}
			}, "NET-005", "unknown: the provider gave no answer: see NET-005",
		},
		{
			"nothing is set", &checkup.TokenError{Kind: checkup.Unset, Setting: "client_id", Err: errors.New("no client ID")},
			func(_ *tokenWorld, s *checkup.Subject) {
				for i := range s.Settings {
					if s.Settings[i].Name == "client_id" {
						s.Settings[i].Value = ""
					}
				}
			}, "SET-001", "failure: no client id is set: see SET-001",
		},
		{
			"another name", &auth.IssuerMismatchError{Expected: tokenIssuer, Found: "https://login.example.com/"},
			func(w *tokenWorld, _ *checkup.Subject) { w.issuer = "https://login.example.com/" },
			"OIDC-002", "failure: the provider calls itself by another name: see OIDC-002",
		},
		{
			"no keyring", &tokencache.UnavailableError{Reason: "no session bus"},
			func(_ *tokenWorld, s *checkup.Subject) {
				s.Store = &checkup.Store{Name: "keyring", Probe: func(context.Context) error {
					return &tokencache.UnavailableError{Reason: "no session bus"}
				}}
			}, "STORE-001", "failure: the token store cannot be reached: no session bus: see STORE-001",
		},
		{
			"a locked keyring", &tokencache.LockedError{Reason: "locked"},
			func(_ *tokenWorld, s *checkup.Subject) {
				s.Store = &checkup.Store{Name: "keyring", Probe: func(context.Context) error { return &tokencache.LockedError{Reason: "locked"} }}
			}, "STORE-002", "failure: the token store is locked: locked: see STORE-002",
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			w := newTokenWorld(t)
			subject := w.subject(nil, func(context.Context) (string, error) { return "", tt.err })
			tt.change(w, subject)
			got := examineToken(t, subject)["AUTH-001"]
			if text := string(got.Result) + ": " + got.Message; text != tt.message || got.Because != tt.because || got.Fix != "" {
				t.Errorf("got %s (because of %q, fix %q)\nwant %s (because of %q)", text, got.Because, got.Fix, tt.message, tt.because)
			}
		})
	}
}
