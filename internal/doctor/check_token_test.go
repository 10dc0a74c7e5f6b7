// The checks of tokens, tried on many: sound ones here, the others beside.

package doctor_test

import (
	"context"
	"encoding/json"
	"maps"
	"strings"
	"testing"
	"time"

	"github.com/appsyncctl/appsyncctl/internal/doctor"
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
