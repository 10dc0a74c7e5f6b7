package doctor_test

import (
	"context"
	"errors"
	"io"
	"io/fs"
	"strings"
	"testing"
	"time"

	"github.com/appsyncctl/appsyncctl/internal/auth"
	"github.com/appsyncctl/appsyncctl/internal/doctor"
	"github.com/appsyncctl/appsyncctl/internal/tokencache"
)

// A tokenlessCase is an error in place of a token, and what AUTH-001 says of it.
type tokenlessCase struct {
	name     string
	err      error
	settings map[string]string
	change   func(*doctor.Subject)
	want     string
	fix      string
}

// runTokenless looks at set-ups without a token. The other checks of tokens have
// nothing to look at.
func runTokenless(t *testing.T, tests []tokenlessCase) {
	t.Helper()
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
				if finding.Category == doctor.Token && id != "AUTH-001" && (finding.Result != doctor.Skipped || finding.Because != "AUTH-001") {
					t.Errorf("%s is %s because of %q", id, finding.Result, finding.Because)
				}
			}
		})
	}
}

// forPerson makes a set-up one of a person.
func forPerson(s *doctor.Subject) { s.Grant = "device" }

// TestTokenless goes through what never gets to the provider, or not to the end.
func TestTokenless(t *testing.T) {
	runTokenless(t, []tokenlessCase{
		{"no network", &auth.TransportError{Endpoint: "tenant.eu.auth0.com/oauth/token", Err: io.ErrUnexpectedEOF}, nil, nil, "unknown: the provider gave no answer", ""},
		{"something else", errors.New("the cat sits on the keyboard"), nil, nil, "unknown: the cat sits on the keyboard", ""},
		{"far too long", errors.New(strings.Repeat("long ", 1000)), nil, nil, "unknown: " + strings.Repeat("long ", 39) + "lo…", ""},
		{
			"not logged in", &doctor.TokenError{Kind: doctor.LoginNeeded, Err: errors.New("you are not logged in")}, nil, forPerson,
			"failure: you are not logged in", "appsyncctl login",
		},
		{
			"no secret is set", &doctor.TokenError{Kind: doctor.Unset, Setting: "client_secret", Err: errors.New("no client secret")}, map[string]string{"client_secret": ""}, nil,
			"failure: no client secret is set", "appsyncctl login --client-secret-stdin",
		},
		{
			"no secret in the file", &doctor.TokenError{Kind: doctor.NoSecret, Err: errors.New("client secret file: it is empty")}, map[string]string{"client_secret": "", "client_secret_file": "/run/secret"}, nil,
			"failure: the client's secret cannot be read: client secret file: it is empty", "Auth0 dashboard → Applications → machine → Settings → Client Secret: copy it into /run/secret",
		},
		{
			"no file with the key", &doctor.TokenError{Kind: doctor.NoSecret, Setting: "client_key_file", Err: errors.New("client key file: no such file")}, nil, nil,
			"failure: the client's key cannot be read: client key file: no such file", "appsyncctl profile set staging --client-key-file FILE",
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
			"nonsense", &auth.AnswerError{Endpoint: "tenant.eu.auth0.com/oauth/token", Problem: "it is not JSON"}, nil, nil,
			"failure: the answer of tenant.eu.auth0.com/oauth/token cannot be used: it is not JSON", "pass --issuer or set APPSYNCCTL_ISSUER",
		},
		{
			"endpoint refused", &auth.EndpointError{Endpoint: "tenant", Reason: "its scheme is not https"}, nil, nil,
			`failure: the provider's endpoint "tenant" is refused: its scheme is not https`, "pass --issuer or set APPSYNCCTL_ISSUER",
		},
		{
			"not logged in to another profile", &doctor.TokenError{Kind: doctor.LoginNeeded, Err: errors.New("you are not logged in")}, nil, func(s *doctor.Subject) {
				forPerson(s)
				s.Settings[0].Value, s.Settings[0].Source = "staging", "flag"
			},
			"failure: you are not logged in", "appsyncctl login --profile staging",
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
	})
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
			"opaque", &doctor.TokenError{Kind: doctor.Unreadable, Err: errors.New("opaque")}, nil,
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
		change  func(*tokenWorld, *doctor.Subject)
		because doctor.ID
		message string
	}{
		{
			"no name resolution", &auth.TransportError{Endpoint: "tenant.eu.auth0.com/oauth/token", Err: errors.New("no such host")},
			func(_ *tokenWorld, s *doctor.Subject) {
				s.LookupHost = func(_ context.Context, host string) ([]string, error) {
					if strings.HasSuffix(host, "auth0.com") {
						return nil, errors.New("no such host")
					}
					return []string{"192.0.2.1"}, nil
				}
			}, "NET-005", "unknown: the provider gave no answer: see NET-005",
		},
		{
			"a clock that a signature goes by", oauthError(401, "invalid_client", "The client assertion has expired"),
			func(w *tokenWorld, s *doctor.Subject) {
				w.providerClock = 10 * time.Minute
				for i := range s.Settings {
					if s.Settings[i].Name == "client_auth" {
						s.Settings[i].Value = "ps256"
					}
				}
			}, "NET-007", "failure: the provider does not take the client's signature: it does not have this key, or not for this client: see NET-007",
		},
		{
			"out of order", oauthError(503, "", ""), func(w *tokenWorld, _ *doctor.Subject) { w.busy = true },
			"OIDC-001", "unknown: the provider is out of order: see OIDC-001",
		},
		{
			"throttled", oauthError(429, "", ""), func(w *tokenWorld, _ *doctor.Subject) { w.busy = true },
			"OIDC-001", "unknown: the provider throttles (429): see OIDC-001",
		},
		{
			"nothing is set", &doctor.TokenError{Kind: doctor.Unset, Setting: "client_id", Err: errors.New("no client ID")},
			func(_ *tokenWorld, s *doctor.Subject) {
				for i := range s.Settings {
					if s.Settings[i].Name == "client_id" {
						s.Settings[i].Value = ""
					}
				}
			}, "SET-001", "failure: no client id is set: see SET-001",
		},
		{
			"another name", &auth.IssuerMismatchError{Expected: tokenIssuer, Found: "https://login.example.com/"},
			func(w *tokenWorld, _ *doctor.Subject) { w.issuer = "https://login.example.com/" },
			"OIDC-002", "failure: the provider calls itself by another name: see OIDC-002",
		},
		{
			"no keyring", &tokencache.UnavailableError{Reason: "no session bus"},
			func(_ *tokenWorld, s *doctor.Subject) {
				s.Store = &doctor.Store{Name: "keyring", Probe: func(context.Context) error {
					return &tokencache.UnavailableError{Reason: "no session bus"}
				}}
			}, "STORE-001", "failure: the token store cannot be reached: no session bus: see STORE-001",
		},
		{
			"a locked keyring", &tokencache.LockedError{Reason: "no prompt"},
			func(_ *tokenWorld, s *doctor.Subject) {
				s.Store = &doctor.Store{Name: "keyring", Probe: func(context.Context) error { return &tokencache.LockedError{Reason: "no prompt"} }}
			}, "STORE-002", "failure: the token store is locked: no prompt: see STORE-002",
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
