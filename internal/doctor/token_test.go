// The checks of tokens, tried on many: sound ones here, the others beside.

package doctor_test

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"io/fs"
	"maps"
	"strings"
	"testing"
	"time"

	"github.com/appsyncctl/appsyncctl/internal/auth"
	"github.com/appsyncctl/appsyncctl/internal/doctor"
	"github.com/appsyncctl/appsyncctl/internal/tokencache"
)

const (
	newMachineToken = "appsyncctl token --force >/dev/null"
	newGivenToken   = "unset APPSYNCCTL_TOKEN"
)

type (
	claims   = map[string]any
	settings = map[string]string
)

// A tokenCase is a token in a set-up, and the first finding on it.
type tokenCase struct {
	name     string
	token    any // the claims that differ, or a function that makes the token
	settings settings
	change   func(*doctor.Subject)
	world    func(*tokenWorld)
	want     string // "AUTH-008 failure: MESSAGE"; empty if all is well
	fix      string
}

// runTokenCases looks at tokens: the first finding is the cause.
func runTokenCases(t *testing.T, tests []tokenCase) {
	t.Helper()
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			w := newTokenWorld(t)
			if tt.world != nil {
				tt.world(w)
			}
			token := ""
			switch made := tt.token.(type) {
			case nil:
				token = w.token(nil)
			case claims:
				token = w.token(made)
			case func(*tokenWorld) string:
				token = made(w)
			}
			subject := w.subject(tt.settings, func(context.Context) (string, error) { return token, nil })
			if tt.change != nil {
				tt.change(subject)
			}
			found := examineToken(t, subject)
			if got, fix := firstFinding(found); got != tt.want || fix != tt.fix {
				t.Errorf("got  %s\n     %s\nwant %s\n     %s", got, fix, tt.want, tt.fix)
			}
			wantNoToken(t, found, token)
		})
	}
}

// given makes the token of a set-up one that was given.
func given(s *doctor.Subject) {
	s.Grant, s.TokenFrom = "", func() string { return "APPSYNCCTL_TOKEN" }
}

// wantNoToken fails if a finding holds the token or a part of it.
func wantNoToken(t *testing.T, found map[doctor.ID]doctor.Finding, token string) {
	t.Helper()
	for _, finding := range found {
		finding.Check = doctor.Check{ID: finding.ID}
		text, err := json.Marshal(finding)
		if err != nil {
			t.Fatal(err)
		}
		for part := range strings.SplitSeq(token, ".") {
			if len(part) > 8 && strings.Contains(string(text), part) {
				t.Errorf("%s shows the token: %s", finding.ID, text)
			}
		}
		if finding.Err != nil && token != "" && strings.Contains(finding.Err.Error(), token) {
			t.Errorf("the error of %s shows the token", finding.ID)
		}
	}
}

// Tokens that are as they should be, of all kinds.
func TestTokenSound(t *testing.T) {
	runTokenCases(t, []tokenCase{
		{name: "sound"},
		{name: "sound, for a person", token: claims{"gty": nil, "sub": "auth0|1", "aud": []string{tokenAudience, tokenIssuer + "userinfo"}, "scope": "openid profile read:customers"}},
		{name: "sound, by RFC 9068", token: claims{"azp": nil, "client_id": tokenClient, "nbf": tokenTime().Add(-time.Hour).Unix()}},
		{name: "sound, by nothing but its subject", token: claims{"azp": nil}},
		{name: "sound, given, of nobody that is known", settings: settings{"client_id": "", "audience": "", "issuer": ""}, change: func(s *doctor.Subject) {
			given(s)
			s.Needed = []string{"endpoint"}
		}},
		{name: "sound, of Cognito", token: claims{"aud": nil, "azp": nil, "client_id": tokenClient, "gty": nil}, change: func(s *doctor.Subject) { s.Mode = "cognito" }},
		{name: "sound, for a function", token: func(*tokenWorld) string { return "0123456789" }, change: func(s *doctor.Subject) { s.Mode = "lambda" }},
	})
}

// What makes no sense for a set-up is skipped, and says why.
func TestTokenSkipped(t *testing.T) {
	const (
		own     = "the API's Lambda function reads the token, which says nothing to others"
		decides = "the API's Lambda function decides that"
	)
	all := []string{"AUTH-001", "AUTH-002", "AUTH-003", "AUTH-004", "AUTH-005", "AUTH-006", "AUTH-007", "AUTH-008", "AUTH-009", "AUTH-010", "AUTH-011", "AUTH-012", "AUTH-013"}
	tests := []struct {
		name   string
		change func(*doctor.Subject)
		want   map[string]string // reasons by id
	}{
		{"api-key", func(s *doctor.Subject) { s.Mode, s.Token = "api-key", nil }, reasons("the authorization mode api-key uses no token", all...)},
		{"iam", func(s *doctor.Subject) { s.Mode, s.Token = "iam", nil }, reasons("the authorization mode iam uses no token", all...)},
		{"none at hand", func(s *doctor.Subject) { s.Token = nil }, reasons("no token is looked at", all...)},
		{"opaque, for a function", func(s *doctor.Subject) {
			s.Mode, s.Token = "lambda", func(context.Context) (string, error) { return "0123456789", nil }
		}, reasons(own, all[2:]...)},
		{"a JWT, for a function", func(s *doctor.Subject) { s.Mode = "lambda" }, map[string]string{
			"AUTH-003": decides, "AUTH-004": decides, "AUTH-005": decides, "AUTH-006": decides, "AUTH-012": "no scope of an API is asked for",
		}},
		{"no issuer, audience, client or scopes", func(s *doctor.Subject) {
			given(s)
			s.Needed = []string{"endpoint"}
			for i := range s.Settings {
				if s.Settings[i].Name != "endpoint" {
					s.Settings[i].Value = ""
				}
			}
		}, map[string]string{
			"AUTH-005": "no issuer is set", "AUTH-006": "no issuer is set", "AUTH-007": "no issuer is set to compare with",
			"AUTH-008": "no audience is set to compare with", "AUTH-009": "no client ID is set to compare with", "AUTH-012": "no scope of an API is asked for",
		}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			w := newTokenWorld(t)
			token := w.token(nil)
			subject := w.subject(nil, func(context.Context) (string, error) { return token, nil })
			tt.change(subject)
			got := make(map[string]string)
			for id, finding := range examineToken(t, subject) {
				if finding.Result == doctor.Skipped && finding.Category == doctor.Token {
					got[string(id)] = finding.Message
				}
			}
			if !maps.Equal(got, tt.want) {
				t.Errorf("skipped: %v\nwant     %v", got, tt.want)
			}
		})
	}
}

func reasons(reason string, ids ...string) map[string]string {
	all := make(map[string]string)
	for _, id := range ids {
		all[id] = reason
	}
	return all
}

// The way to what is to be changed is Auth0's own where the provider is Auth0, as far
// as anybody can tell.
func TestTokenProvider(t *testing.T) {
	const fix = "Applications → APIs → https://customers.example.com → Settings → Token Sender-Constraining → None"
	tests := []struct {
		name   string
		issuer string
		down   bool
		want   string
	}{
		{"by its endpoint", "https://login.example.com/", false, "Auth0 dashboard → " + fix},
		{"by its name", tokenIssuer, true, "Auth0 dashboard → " + fix},
		{"another", "https://id.example.com/", true, "in the provider's console: " + fix},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			w := newTokenWorld(t)
			w.down, w.issuer = tt.down, tt.issuer
			token := w.token(claims{"iss": tt.issuer, "cnf": claims{"jkt": "0ZcOCORZNYy"}})
			got := examineToken(t, w.subject(settings{"issuer": tt.issuer}, func(context.Context) (string, error) { return token, nil }))["AUTH-003"].Fix
			if got != tt.want {
				t.Errorf("got  %s\nwant %s", got, tt.want)
			}
		})
	}
}

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
