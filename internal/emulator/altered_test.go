package emulator_test

import (
	"encoding/base64"
	"encoding/json"
	"net/http"
	"os"
	"strings"
	"testing"

	"github.com/appsyncctl/appsyncctl/internal/emulator"
	"github.com/appsyncctl/appsyncctl/internal/schema"
)

// call lists customers with a token, and returns the status and what is wrong.
func (r running) call(t *testing.T, token string) (int, string) {
	t.Helper()
	resp, body := r.must(t, http.MethodPost, "/graphql", "application/json", listQuery, "Authorization", token)
	var answer struct {
		Errors []struct {
			Message string `json:"message"`
		} `json:"errors"`
	}
	if err := json.Unmarshal([]byte(body), &answer); err != nil {
		t.Fatal(err)
	}
	if len(answer.Errors) == 0 {
		return resp.StatusCode, ""
	}
	return resp.StatusCode, answer.Errors[0].Message
}

// A token that was altered on demand is signed by the tenant all the same, so that
// what the API finds wrong with it is what was altered.
func TestAlteredTokens(t *testing.T) {
	tests := []struct {
		name    string
		fault   string
		parts   int
		message string // of the API; empty if it takes the token
	}{
		{"claims", `{"name":"altered-token","claims":{"scope":"read:none","azp":null}}`, 3, ""},
		{"no iat", `{"name":"altered-token","claims":{"iat":null}}`, 3, "Unauthorized"},
		{"another key's name", `{"name":"altered-token","header":{"kid":"other"}}`, 3, "Valid authorization header not provided."},
		{"another algorithm's name", `{"name":"altered-token","header":{"alg":"ES256"}}`, 3, "Valid authorization header not provided."},
		{"another signature", `{"name":"tampered-token"}`, 3, "Valid authorization header not provided."},
		{"encrypted", `{"name":"encrypted-token"}`, 5, "Unable to parse JWT token."},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			r := start(t, emulator.Config{})
			r.arm(t, tt.fault)
			token := r.token(t)
			if got := len(strings.Split(token, ".")); got != tt.parts {
				t.Errorf("the token has %d parts, want %d", got, tt.parts)
			}
			status, message := r.call(t, token)
			if message != tt.message || (status == http.StatusOK) != (tt.message == "") {
				t.Errorf("the API answered %d %q, want %q", status, message, tt.message)
			}
		})
	}
}

// APIs that look at less than they should.
func TestCarelessAPI(t *testing.T) {
	sound := start(t, emulator.Config{}).token(t)
	tests := []struct {
		fault  string
		taken  []string // of the callers below
		expiry string   // arms a fault of the tenant
	}{
		{"open", []string{"nobody", "garbage", "tampered", "foreign", "expired"}, ""},
		{"unverified", []string{"tampered"}, ""},
		{"timeless", []string{"expired"}, ""},
	}
	for _, tt := range tests {
		t.Run(tt.fault, func(t *testing.T) {
			r := start(t, emulator.Config{})
			token := r.token(t)
			r.arm(t, `{"name":"expired-token","count":1}`)
			callers := map[string]string{
				"nobody": "", "garbage": "garbage", "expired": r.token(t), "foreign": sound,
				"tampered": token[:strings.LastIndexByte(token, '.')+1] + base64.RawURLEncoding.EncodeToString(make([]byte, 256)),
			}
			r.arm(t, `{"name":"`+tt.fault+`"}`)
			for caller, token := range callers {
				want := strings.Contains(" "+strings.Join(tt.taken, " ")+" ", " "+caller+" ")
				if status, message := r.call(t, token); (status == http.StatusOK) != want {
					t.Errorf("%s got %d %s, want taken %t", caller, status, message, want)
				}
			}
		})
	}
}

// A list that hides what is there.
func TestHiddenItems(t *testing.T) {
	r := start(t, emulator.Config{Seed: emulator.GenerateCustomers(3), Faults: []emulator.Fault{{Name: "hidden-items", Count: 1}}})
	for _, want := range []string{`"items":[]`, `"id"`} {
		resp, body := r.must(t, http.MethodPost, "/graphql", "application/json", listQuery, "Authorization", r.token(t))
		if resp.StatusCode != http.StatusOK || !strings.Contains(strings.ReplaceAll(body, " ", ""), want) {
			t.Errorf("got %d %s, want %s in it", resp.StatusCode, body, want)
		}
	}
}

// A schema that is behind the program's: what is missing from it is missing.
func TestStaleSchema(t *testing.T) {
	stale, err := os.ReadFile("testdata/stale.graphql")
	if err != nil {
		t.Fatal(err)
	}
	r := start(t, emulator.Config{Schema: schema.Declared(string(stale))})
	if status, message := r.call(t, r.token(t)); status != http.StatusOK || message != "" {
		t.Errorf("the list got %d %q", status, message)
	}
	_, body := r.must(t, http.MethodPost, "/graphql", "application/json", `{"query":"{ listCustomers { items { country } } }"}`, "Authorization", r.token(t))
	if !strings.Contains(body, "Field 'country' in type 'Customer' is undefined") {
		t.Errorf("got %s", body)
	}
}
