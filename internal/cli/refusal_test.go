package cli_test

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"maps"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/appsyncctl/appsyncctl/internal/appsync"
	"github.com/appsyncctl/appsyncctl/internal/cli"
	"github.com/appsyncctl/appsyncctl/internal/config"
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

// The two answers that AppSync has for a token.
var (
	notAuthorized = graphQL(401, "UnauthorizedException", "You are not authorized to make this call.")
	patternFailed = graphQL(401, "UnauthorizedException", "Unauthorized")
)

const (
	looksRight = "the token looks right: check that the API's mode is OpenID Connect and its issuer https://id.example.com/, slash included, and that authentication time is not set; appsyncctl doctor looks further"
	bound      = "the token is bound to a key (DPoP), which AppSync does not support: turn that off for this API at the provider"
	tooOld     = "the token is 2 h old: the API may allow less (issue time, in milliseconds); its issuer setting must be https://id.example.com/, slash included"
	notYet     = "the token is not valid yet by the API's clock"
	opaque     = "the token is opaque, which AppSync cannot read: ask for one with --audience (APPSYNCCTL_AUDIENCE)"
)

func TestRefusalCause(t *testing.T) {
	wanted := map[config.Name]string{config.Issuer: "id.example.com", config.Audience: "https://api.example.com"}
	tests := []struct {
		name   string
		token  string
		answer *appsync.ResponseError
		wanted map[config.Name]string
		ahead  time.Duration // of this machine's clock
		want   string
	}{
		{"nothing wrong", token(t, good(nil)), notAuthorized, wanted, 0, looksRight},
		{"nothing wrong, given token", token(t, good(nil)), notAuthorized, nil, 0, looksRight},
		{"damaged", "eyJhbGciOiJSUzI1NiJ9.e30x.x", notAuthorized, wanted, 0, "the token is damaged: the token is no whole JWT: its payload is no JSON object"},
		{"opaque", "opaque-access-token", notAuthorized, wanted, 0, opaque},
		{"no header", "a.b.c", notAuthorized, wanted, 0, opaque},
		{"encrypted", "eyJhbGciOiJkaXIifQ....", notAuthorized, wanted, 0, "the token is encrypted (five parts), which AppSync cannot read: turn encryption off for this API at the provider"},
		{"DPoP", token(t, good(claims{"cnf": claims{"jkt": "thumbprint"}})), notAuthorized, wanted, 0, bound},
		{
			"expired", token(t, good(claims{"exp": clock.Add(-time.Minute).Unix()})), notAuthorized, wanted, 0,
			"the token expired at 2030-01-02T03:03:05Z by the API's clock",
		},
		{
			"expired this moment", token(t, good(claims{"exp": clock.Unix()})), notAuthorized, wanted, 30 * time.Second,
			"the token expired at 2030-01-02T03:04:05Z by the API's clock",
		},
		{
			"expired, clock behind", token(t, good(claims{"exp": clock.Add(-time.Minute).Unix()})), notAuthorized, wanted, -2 * time.Hour,
			"the token expired at 2030-01-02T03:03:05Z by the API's clock; this machine's clock is 2 h behind it",
		},
		{
			"expired, clock ahead", token(t, good(claims{"exp": clock.Add(-time.Minute).Unix()})), notAuthorized, wanted, 5 * time.Minute,
			"the token expired at 2030-01-02T03:03:05Z by the API's clock; this machine's clock is 5 min ahead of it",
		},
		{"no expiry", token(t, good(claims{"exp": nil})), notAuthorized, wanted, 0, looksRight},
		{"not before", token(t, good(claims{"nbf": clock.Add(time.Second).Unix()})), notAuthorized, wanted, 0, notYet},
		{
			"issued in the future", token(t, good(claims{"iat": clock.Add(10 * time.Minute).Unix()})), notAuthorized, wanted, 10 * time.Minute,
			notYet + "; this machine's clock is 10 min ahead of it",
		},
		{"issued a moment ahead", token(t, good(claims{"iat": clock.Add(time.Minute).Unix()})), notAuthorized, wanted, 0, looksRight},
		{
			"another issuer", token(t, good(claims{"iss": "https://tenant.example.com/"})), notAuthorized, wanted, 0,
			"the token's issuer is https://tenant.example.com/ and not https://id.example.com/, as behind a custom domain: the API must be set to the token's",
		},
		{
			"the issuer without its slash", token(t, good(claims{"iss": "https://id.example.com"})), notAuthorized, wanted, 0,
			"the token looks right: check that the API's mode is OpenID Connect and its issuer https://id.example.com, slash included, and that authentication time is not set; appsyncctl doctor looks further",
		},
		{
			"another audience", token(t, good(claims{"aud": []string{"one", "two"}})), notAuthorized, wanted, 0,
			"the token is for one, two and not for https://api.example.com",
		},
		{"the audience's slash matters", token(t, good(claims{"aud": "https://api.example.com/"})), notAuthorized, wanted, 0, "the token is for https://api.example.com/ and not for https://api.example.com"},
		{
			"the client ID expression", token(t, good(nil)), patternFailed, wanted, 0,
			`the API's client ID expression must match the token's azp "client-1" or one of its aud https://api.example.com, https://id.example.com/userinfo`,
		},
		{"old", token(t, good(claims{"iat": clock.Add(-2 * time.Hour).Unix()})), notAuthorized, wanted, 0, tooOld},
		{"an hour old", token(t, good(claims{"iat": clock.Add(-time.Hour).Unix()})), notAuthorized, wanted, 0, looksRight},
		{"of unknown age", token(t, good(claims{"iat": nil})), notAuthorized, wanted, 0, looksRight},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got := cli.RefusalCause(tt.token, tt.answer, settings(t, tt.wanted, nil), clock, clock.Add(tt.ahead))
			if got != tt.want {
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
		code   int
		hint   string
	}{
		{"success", held{token: token(t, expired)}, 200, "", `{"data":{"listCustomers":{"items":[]}}}`, 0, ""},
		{
			"refused, the API tells the time", held{token: token(t, expired)}, 401, clock.Format(http.TimeFormat), unauthorized,
			4, "the token expired at 2030-01-02T03:03:05Z by the API's clock; this machine's clock is 10 min behind it",
		},
		{"refused, this clock must do", held{token: token(t, expired)}, 401, "", unauthorized, 4, notYet},
		{"refused, and the token is gone", held{err: errOther}, 401, "", unauthorized, 4, cli.Hint(notAuthorized)},
		{"throttled", held{token: token(t, expired)}, 429, "", "", 5, "the API is throttling: try again later"},
		{
			"denied by a resolver", held{token: token(t, expired)}, 200, "", `{"data":{"listCustomers":null},"errors":[{"errorType":"Unauthorized","message":"no"}]}`,
			3, "the API took the token, but its rules deny this field; a new token cannot help",
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
			client := cli.NewExplaining(&appsync.Client{Endpoint: server.URL, HTTP: server.Client()}, tt.source,
				settings(t, nil, nil), func() time.Time { return clock.Add(-10 * time.Minute) })
			_, err := appsync.ListCustomers(t.Context(), client, nil, nil, nil)
			if got := cli.ExitCode(t.Context(), err); got != tt.code {
				t.Errorf("got %v with exit code %d, want %d", err, got, tt.code)
			}
			if got := cli.Hint(err); got != tt.hint {
				t.Errorf("got  %q\nwant %q", got, tt.hint)
			}
		})
	}
}

// A token with everything wrong: what is mended uncovers the next cause.
func TestRefusalCauseOrder(t *testing.T) {
	wanted := settings(t, map[config.Name]string{config.Issuer: "https://id.example.com", config.Audience: "https://api.example.com"}, nil)
	payload := good(claims{
		"cnf": claims{"jkt": "thumbprint"},
		"exp": clock.Add(-time.Minute).Unix(),
		"nbf": clock.Add(time.Hour).Unix(),
		"iss": "https://other.example.com/",
		"aud": "other",
		"iat": clock.Add(-2 * time.Hour).Unix(),
	})
	answer := patternFailed
	mend := func(claim string) func() {
		return func() { payload[claim] = good(nil)[claim] }
	}
	for _, tt := range []struct {
		want string
		mend func()
	}{
		{bound, mend("cnf")},
		{"the token expired at 2030-01-02T03:03:05Z by the API's clock", mend("exp")},
		{notYet, mend("nbf")},
		{
			"the token's issuer is https://other.example.com/ and not https://id.example.com/, as behind a custom domain: the API must be set to the token's",
			mend("iss"),
		},
		{"the token is for other and not for https://api.example.com", mend("aud")},
		{
			`the API's client ID expression must match the token's azp "client-1" or one of its aud https://api.example.com, https://id.example.com/userinfo`,
			func() { answer = notAuthorized },
		},
		{tooOld, mend("iat")},
		{looksRight, func() {}},
	} {
		if got := cli.RefusalCause(token(t, payload), answer, wanted, clock, clock); got != tt.want {
			t.Errorf("got  %s\nwant %s", got, tt.want)
		}
		tt.mend()
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
		if got := cli.Skew(clock, clock.Add(tt.ahead)); got != tt.want {
			t.Errorf("%v: got %q, want %q", tt.ahead, got, tt.want)
		}
	}
}
