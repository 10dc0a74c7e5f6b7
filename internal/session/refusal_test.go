package session_test

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"maps"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/appsyncctl/appsyncctl/internal/app"
	"github.com/appsyncctl/appsyncctl/internal/appsync"
	"github.com/appsyncctl/appsyncctl/internal/config"
	"github.com/appsyncctl/appsyncctl/internal/failure"
	"github.com/appsyncctl/appsyncctl/internal/session"
)

// clock is the API's time in the tests.
var clock = time.Date(2030, 1, 2, 3, 4, 5, 0, time.UTC)

type claims map[string]any

// token returns a JWT with these claims and no signature.
func token(t *testing.T, payload claims) string {
	t.Helper()
	data, err := json.Marshal(payload)
	if err != nil {
		t.Fatal(err)
	}
	encode := base64.RawURLEncoding.EncodeToString
	return encode([]byte(`{"alg":"RS256","typ":"JWT"}`)) + "." + encode(data) + ".c2lnbmVk"
}

// good are the claims of a token that has nothing wrong, changed by others; nil
// takes a claim away.
func good(others claims) claims {
	all := claims{
		"iss": "https://id.example.com/",
		"aud": []string{"https://api.example.com", "https://id.example.com/userinfo"},
		"azp": "client-1",
		"iat": clock.Add(-time.Minute).Unix(),
		"exp": clock.Add(time.Hour).Unix(),
	}
	maps.Copy(all, others)
	maps.DeleteFunc(all, func(_ string, value any) bool { return value == nil })
	return all
}

// settings resolves settings that a person gave.
func settings(t *testing.T, given map[config.Name]string, file *config.ProfileFile) config.Resolved {
	t.Helper()
	if file == nil {
		file = &config.ProfileFile{}
	}
	resolved, err := config.Resolve(config.Layers{
		Flags:     given,
		LookupEnv: func(string) (string, bool) { return "", false },
		File:      file,
	})
	if err != nil {
		t.Fatal(err)
	}
	return resolved
}

// Answers that AppSync has for a token.
var (
	notAuthorized = graphQL(401, "UnauthorizedException", "You are not authorized to make this call.")
	patternFailed = graphQL(401, "UnauthorizedException", "Unauthorized")
	tooLate       = graphQL(401, "UnauthorizedException", "Token has expired.")
)

// dated is an answer of the API's time.
func dated(answer *appsync.ResponseError) *appsync.ResponseError {
	other := *answer
	other.Date = clock
	return &other
}

// A refusal is explained by doctor's own checks, with what settings and the token have
// to do with it.
func TestRefusalCause(t *testing.T) {
	wanted := map[config.Name]string{config.Issuer: "id.example.com", config.Audience: "https://api.example.com", config.Grant: "client-credentials"}
	expired := claims{"exp": clock.Add(-time.Minute).Unix()}
	tests := []struct {
		name   string
		token  string
		answer *appsync.ResponseError
		wanted map[config.Name]string
		ahead  time.Duration // of this machine's clock
		want   string
	}{
		{"another mode", token(t, good(nil)), notAuthorized, wanted, 0, "OPENID_CONNECT is not one of the API's modes; appsyncctl doctor looks further"},
		{
			"the client ID expression", token(t, good(nil)), patternFailed, wanted, 0,
			"the API refuses the caller (Unauthorized); most likely first: (1) the API's client ID expression does not match the token, API-007; (2) the API bounds the time since the login (authTTL), and the token has no auth_time, API-009; appsyncctl doctor looks further",
		},
		{"opaque", "opaque-access-token", notAuthorized, nil, 0, "the token is opaque, which AppSync cannot read"},
		{
			"encrypted", "eyJhbGciOiJkaXIifQ....", notAuthorized, wanted, 0,
			"the token is encrypted (five parts), and AppSync reads signed ones only",
		},
		{
			"expired", token(t, good(expired)), tooLate, wanted, 0,
			"the token expired 1m0s ago; fix: appsyncctl token --force >/dev/null; see appsyncctl help AUTH-010",
		},
		{
			"expired, a person's", token(t, good(expired)), tooLate, nil, 0,
			"the token expired 1m0s ago; fix: appsyncctl login; see appsyncctl help AUTH-010",
		},
		{
			"expired, clock behind", token(t, good(expired)), tooLate, wanted, -2 * time.Hour,
			"the token expired 1m0s ago; this machine's clock is 2 h behind it; fix:",
		},
		{
			"issued in the future", token(t, good(claims{"iat": clock.Add(10 * time.Minute).Unix()})), notAuthorized, wanted, 10 * time.Minute,
			"the token was issued 10m0s in the future of the API's clock; this machine's clock is 10 min ahead of it; fix:",
		},
		{
			"another issuer", token(t, good(claims{"iss": "https://tenant.example.com/"})), notAuthorized, wanted, 0,
			"the token is of another issuer (iss: expected id.example.com, found https://tenant.example.com/); fix: --issuer https://tenant.example.com/; see appsyncctl help AUTH-007",
		},
		{
			"another audience", token(t, good(claims{"aud": []string{"one", "two"}})), notAuthorized, wanted, 0,
			"the token is for another audience (aud: expected https://api.example.com, found one, two); fix:",
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			now := func() time.Time { return clock.Add(tt.ahead) }
			got := session.RefusalCause(t.Context(), tt.token, dated(tt.answer), settings(t, tt.wanted, nil), now)
			if !strings.HasPrefix(got, tt.want) {
				t.Errorf("got  %s\nwant %s", got, tt.want)
			}
		})
	}
}

// held is a token that a source holds, or why it has none.
type held struct {
	token string
	err   error
}

func (h held) Token(context.Context) (string, error)         { return h.token, h.err }
func (h held) Renew(context.Context, string) (string, error) { return "", h.err }

// A refusal is explained by the API's clock, if the API tells it; any other error
// passes as it is.
func TestRefusedTokenIsExplained(t *testing.T) {
	const unauthorized = `{"errors":[{"errorType":"UnauthorizedException","message":"Token has expired."}]}`
	expired := good(claims{"exp": clock.Add(-time.Minute).Unix()})
	tests := []struct {
		name   string
		source held
		status int
		date   string // of the answer; none if empty
		body   string
		kind   failure.Kind
		advice string
	}{
		{"success", held{token: token(t, expired)}, 200, "", `{"data":{"listCustomers":{"items":[]}}}`, failure.Other, ""},
		{
			"refused, the API tells the time", held{token: token(t, expired)}, 401, clock.Format(http.TimeFormat), unauthorized,
			failure.Login, "the token expired 1m0s ago; this machine's clock is 10 min behind it; fix: appsyncctl login; see appsyncctl help AUTH-010",
		},
		{"refused, this clock must do", held{token: token(t, expired)}, 401, "", unauthorized, failure.Login, "the token was issued 9m0s in the future of this machine's clock; fix: appsyncctl login; see appsyncctl help AUTH-011"},
		{"refused, and the token is gone", held{err: errOther}, 401, "", unauthorized, failure.Login, ""},
		{"throttled", held{token: token(t, expired)}, 429, "", "", failure.Network, ""},
		{
			"denied by a resolver", held{token: token(t, expired)}, 200, "", `{"data":{"listCustomers":null},"errors":[{"errorType":"Unauthorized","message":"no"}]}`,
			failure.GraphQL, "",
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
				w.Header()["Date"] = nil
				if tt.date != "" {
					w.Header().Set("Date", tt.date)
				}
				w.WriteHeader(tt.status)
				_, _ = w.Write([]byte(tt.body))
			}))
			defer server.Close()
			now := func() time.Time { return clock.Add(-10 * time.Minute) }
			_, err := appsync.ListCustomers(t.Context(), &appsync.Client{Endpoint: server.URL, HTTP: server.Client()}, nil, nil, nil)
			err = session.Explain(t.Context(), err, tt.source, settings(t, nil, nil), now)
			if got := failure.Of(err); got != tt.kind {
				t.Errorf("got %v of the kind %v, want %v", err, got, tt.kind)
			}
			advice := ""
			if advised, ok := errors.AsType[*app.AdvisedError](err); ok {
				advice = advised.Advice
			}
			if advice != tt.advice {
				t.Errorf("got  %q\nwant %q", advice, tt.advice)
			}
		})
	}
}

func TestSkew(t *testing.T) {
	tests := []struct {
		ahead time.Duration
		want  string
	}{
		{0, ""},
		{time.Minute, ""},
		{-time.Minute, ""},
		{time.Minute + time.Second, "; this machine's clock is 1 min ahead of it"},
		{-time.Minute - time.Second, "; this machine's clock is 1 min behind it"},
		{26 * time.Hour, "; this machine's clock is 26 h ahead of it"},
		{-90 * time.Minute, "; this machine's clock is 1 h 30 min behind it"},
	}
	for _, tt := range tests {
		if got := session.Skew(clock, clock.Add(tt.ahead)); got != tt.want {
			t.Errorf("%v: got %q, want %q", tt.ahead, got, tt.want)
		}
	}
}
