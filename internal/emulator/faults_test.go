package emulator_test

import (
	"encoding/base64"
	"encoding/json"
	"net/http"
	"net/url"
	"os"
	"reflect"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/appsyncctl/appsyncctl/internal/emulator"
	"github.com/appsyncctl/appsyncctl/internal/schema"
)

const listQuery = `{"operationName":"ListCustomers","query":"query ListCustomers { listCustomers { items { id } } }"}`

func (r running) arm(t *testing.T, fault string) {
	t.Helper()
	if resp, body := r.must(t, http.MethodPost, "/_emulator/faults", "application/json", fault); resp.StatusCode != http.StatusOK {
		t.Fatalf("arm: %d %s", resp.StatusCode, body)
	}
}

func TestAnswerFaults(t *testing.T) {
	tests := []struct {
		fault  string
		status int
		kind   string
		retry  string
		body   string
	}{
		{`{"name":"unauthorized"}`, 401, "application/json", "", `"UnauthorizedException"`},
		{`{"name":"forbidden"}`, 403, "application/json", "", `{"message":"Forbidden"}`},
		{`{"name":"throttled"}`, 429, "application/json", "", `{"message":"Rate limit exceeded"}`},
		{`{"name":"throttled","retry_after":3}`, 429, "application/json", "3", "Rate limit"},
		{`{"name":"internal-error"}`, 500, "application/json", "", "Internal Server Error"},
		{`{"name":"bad-gateway"}`, 502, "text/html", "", "<html>"},
		{`{"name":"unavailable","retry_after":1}`, 503, "application/json", "1", "Unavailable"},
		{`{"name":"empty-object"}`, 200, "application/json", "", "{}"},
		{`{"name":"answer","status":418,"body":"short","headers":{"Content-Type":"text/tea"}}`, 418, "text/tea", "", "short"},
	}
	for _, tt := range tests {
		t.Run(tt.fault, func(t *testing.T) {
			r := start(t, emulator.Config{})
			r.arm(t, tt.fault)
			resp, body := r.must(t, http.MethodPost, "/graphql", "application/json", listQuery)
			if resp.StatusCode != tt.status || resp.Header.Get("Content-Type") != tt.kind ||
				resp.Header.Get("Retry-After") != tt.retry || !strings.Contains(body, tt.body) {
				t.Errorf("got %d %v %s", resp.StatusCode, resp.Header, body)
			}
		})
	}
	t.Run("throttled tenant", func(t *testing.T) {
		r := start(t, emulator.Config{Faults: []emulator.Fault{{Name: "throttled"}}})
		if _, body := r.must(t, http.MethodPost, "/oauth/token", formType, r.machineForm()); !strings.Contains(body, `"error":"too_many_requests"`) {
			t.Errorf("got %s", body)
		}
	})
}

func TestFaultsAreChosen(t *testing.T) {
	r := start(t, emulator.Config{})
	r.arm(t, `{"name":"forbidden","count":2,"operation":"ListCustomers"}`)
	r.arm(t, `{"name":"throttled","count":1,"path":"/oauth/token","operation":"client_credentials"}`)
	get := func() int {
		t.Helper()
		resp, _ := r.must(t, http.MethodGet, "/.well-known/jwks.json", "", "")
		return resp.StatusCode
	}
	list := func(query string) int {
		t.Helper()
		resp, _ := r.must(t, http.MethodPost, "/graphql", "application/json", query)
		return resp.StatusCode
	}
	if got := get(); got != 200 {
		t.Errorf("another path: %d", got)
	}
	if got := list(`{"query":"{ getCustomer(id: \"1\") { id } }"}`); got == 403 {
		t.Error("another operation was struck")
	}
	for i, want := range []bool{true, true, false} {
		if got := list(listQuery); (got == 403) != want {
			t.Errorf("request %d: %d, want struck %v", i, got, want)
		}
	}
	if resp, _ := r.must(t, http.MethodPost, "/oauth/token", formType, r.machineForm()); resp.StatusCode != 429 {
		t.Errorf("token: %d", resp.StatusCode)
	}
	r.token(t)
	if _, body := r.must(t, http.MethodGet, "/_emulator/faults", "", ""); body != "[]\n" {
		t.Errorf("left: %s", body)
	}
}

// TestFaultsByRootField checks that a fault of a root field strikes every request for it,
// whatever its operation is called and however many fields it has.
func TestFaultsByRootField(t *testing.T) {
	tests := []struct {
		name, body string
		struck     bool
	}{
		{"the operation of the field's name", `{"operationName":"CreateCustomer","query":"mutation CreateCustomer { createCustomer(input: {}) { id } }"}`, true},
		{"a batch", `{"operationName":"Many","query":"mutation Many { a: createCustomer(input: {}) { id } b: createCustomer(input: {}) { id } }"}`, true},
		{"among other fields", `{"query":"mutation { deleteCustomer(input: {id: \"1\"}) { id } createCustomer(input: {}) { id } }"}`, true},
		{"the named one of two operations", `{"operationName":"A","query":"mutation A { createCustomer(input: {}) { id } } query B { listCustomers { nextToken } }"}`, true},
		{"the other one of two operations", `{"operationName":"B","query":"mutation A { createCustomer(input: {}) { id } } query B { listCustomers { nextToken } }"}`, false},
		{"an alias of that name", `{"query":"{ createCustomer: listCustomers { nextToken } }"}`, false},
		{"another field", `{"operationName":"List","query":"query List { listCustomers { nextToken } }"}`, false},
		{"no document", `{"operationName":"List","query":"query {"}`, false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			r := start(t, emulator.Config{})
			r.arm(t, `{"name":"throttled","operation":"createCustomer"}`)
			resp, body := r.must(t, http.MethodPost, "/graphql", "application/json", tt.body)
			if struck := resp.StatusCode == http.StatusTooManyRequests; struck != tt.struck {
				t.Errorf("struck is %t: %s %s", struck, resp.Status, body)
			}
		})
	}
}

func TestFaultsListAndClear(t *testing.T) {
	r := start(t, emulator.Config{Faults: []emulator.Fault{{Name: "slow", Count: 3}}})
	_, body := r.must(t, http.MethodGet, "/_emulator/faults", "", "")
	if want := `[{"name":"slow","count":3,"rate":1,"delay":"2s"}]` + "\n"; body != want {
		t.Errorf("got %s want %s", body, want)
	}
	resp, _ := r.must(t, http.MethodDelete, "/_emulator/faults", "", "")
	if resp.StatusCode != http.StatusNoContent {
		t.Errorf("clear: %d", resp.StatusCode)
	}
	if _, body := r.must(t, http.MethodGet, "/_emulator/faults", "", ""); body != "[]\n" {
		t.Errorf("left: %s", body)
	}
}

func TestRate(t *testing.T) {
	r := start(t, emulator.Config{Faults: []emulator.Fault{{Name: "unavailable", Rate: 0.5}}})
	struck := 0
	const all = 200
	for range all {
		if resp, _ := r.must(t, http.MethodGet, "/.well-known/jwks.json", "", ""); resp.StatusCode == 503 {
			struck++
		}
	}
	if struck < all/5 || struck > all*4/5 { // eight standard deviations
		t.Errorf("%d of %d struck", struck, all)
	}
}

func TestBrokenConnections(t *testing.T) {
	tests := []struct {
		name     string
		executed bool // the service saw the request
	}{
		{"closed-before-execution", false},
		{"closed-after-execution", true},
		{"truncated-body", true},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			r := start(t, emulator.Config{})
			_, begin := r.must(t, http.MethodPost, "/oauth/device/code", formType, "client_id=demo-device")
			code := member(t, begin, "user_code")
			r.arm(t, `{"name":"`+tt.name+`","count":1,"path":"/activate"}`)
			form := url.Values{"user_code": {code}, "action": {"deny"}}.Encode()
			_, _, err := r.send(t, http.MethodPost, "/activate", formType, form)
			if err == nil {
				t.Error("an answer came, whole")
			}
			_, body := r.must(t, http.MethodPost, "/oauth/token", formType, url.Values{
				"grant_type": {"urn:ietf:params:oauth:grant-type:device_code"}, "client_id": {"demo-device"},
				"device_code": {member(t, begin, "device_code")},
			}.Encode())
			if executed := strings.Contains(body, "access_denied"); executed != tt.executed {
				t.Errorf("executed %v, want %v: %s", executed, tt.executed, body)
			}
		})
	}
}

func member(t *testing.T, body, name string) string {
	t.Helper()
	var object map[string]any
	if err := json.Unmarshal([]byte(body), &object); err != nil {
		t.Fatalf("%s: %v", body, err)
	}
	text, _ := object[name].(string)
	return text
}

func TestLostRefreshAnswer(t *testing.T) {
	r := start(t, emulator.Config{AutoApprove: true})
	_, begin := r.must(t, http.MethodPost, "/oauth/device/code", formType, url.Values{
		"client_id": {"demo-device"}, "scope": {"offline_access"}, "audience": {emulator.Audience},
	}.Encode())
	_, tokens := r.must(t, http.MethodPost, "/oauth/token", formType, url.Values{
		"grant_type": {"urn:ietf:params:oauth:grant-type:device_code"}, "client_id": {"demo-device"},
		"device_code": {member(t, begin, "device_code")},
	}.Encode())
	refresh := url.Values{
		"grant_type": {"refresh_token"}, "client_id": {"demo-device"}, "refresh_token": {member(t, tokens, "refresh_token")},
	}.Encode()
	r.arm(t, `{"name":"lost-refresh-answer","count":1}`)
	if _, _, err := r.send(t, http.MethodPost, "/oauth/token", formType, refresh); err == nil {
		t.Error("the answer was not lost")
	}
	resp, body := r.must(t, http.MethodPost, "/oauth/token", formType, refresh)
	if resp.StatusCode != 403 || member(t, body, "error") != "invalid_grant" {
		t.Errorf("second try: %d %s", resp.StatusCode, body)
	}
	if _, body := r.must(t, http.MethodGet, "/_emulator/requests", "", ""); !strings.Contains(body, `"operation":"refresh_token","status":0`) {
		t.Errorf("the cut connection is not in the log: %s", body)
	}
}

func TestSlow(t *testing.T) {
	r := start(t, emulator.Config{Faults: []emulator.Fault{{Name: "slow", Count: 1, Delay: emulator.Duration(80 * time.Millisecond)}}})
	begin := time.Now()
	r.must(t, http.MethodGet, "/.well-known/jwks.json", "", "")
	if took := time.Since(begin); took < 80*time.Millisecond {
		t.Errorf("took %v", took)
	}
}

// A request that is held up goes on when the faults are cleared.
func TestSlowUntilCleared(t *testing.T) {
	r := start(t, emulator.Config{Faults: []emulator.Fault{{Name: "slow", Count: 1, Delay: emulator.Duration(time.Hour)}}})
	answered := make(chan int)
	go func() {
		resp, _, err := r.send(t, http.MethodGet, "/.well-known/jwks.json", "", "")
		if err != nil {
			answered <- 0
			return
		}
		answered <- resp.StatusCode
	}()
	for body := ""; body != "[]\n"; { // the fault has struck
		_, body = r.must(t, http.MethodGet, "/_emulator/faults", "", "")
	}
	select {
	case status := <-answered:
		t.Fatalf("answered %d before the faults were cleared", status)
	default:
	}
	r.must(t, http.MethodDelete, "/_emulator/faults", "", "")
	if status := <-answered; status != http.StatusOK {
		t.Errorf("answered %d, want 200", status)
	}
}

func TestTenantFaults(t *testing.T) {
	r := start(t, emulator.Config{})
	before := r.token(t)
	tests := []struct{ fault, message string }{
		{"expired-token", "Token has expired."},
		{"opaque-token", "Unable to parse JWT token."},
	}
	for _, tt := range tests {
		t.Run(tt.fault, func(t *testing.T) {
			r.arm(t, `{"name":"`+tt.fault+`","count":1}`)
			if resp, body := r.query(t, `{ listCustomers { items { id } } }`); resp.StatusCode != 401 || !strings.Contains(body, tt.message) {
				t.Errorf("got %d %s", resp.StatusCode, body)
			}
			if resp, body := r.query(t, `{ listCustomers { items { id } } }`); resp.StatusCode != 200 {
				t.Errorf("afterwards: %d %s", resp.StatusCode, body)
			}
		})
	}
	t.Run("partial-data", func(t *testing.T) {
		r.arm(t, `{"name":"partial-data","count":1,"operation":"ListCustomers"}`)
		if resp, body := r.query(t, `{ listCustomers { items { id } } }`); resp.StatusCode != 200 ||
			!strings.Contains(body, `"errors"`) || !strings.Contains(body, `"listCustomers"`) {
			t.Errorf("got %d %s", resp.StatusCode, body)
		}
	})
	for _, fault := range []string{"rotate-keys", "revoke-keys"} {
		t.Run(fault, func(t *testing.T) {
			_, old := r.must(t, http.MethodGet, "/.well-known/jwks.json", "", "")
			r.arm(t, `{"name":"`+fault+`","count":1}`)
			after := r.token(t)
			_, current := r.must(t, http.MethodGet, "/.well-known/jwks.json", "", "")
			if current == old {
				t.Error("the keys are the same")
			}
			if header(before) == header(after) {
				t.Error("the same key signs")
			}
			if resp, body := r.must(t, http.MethodPost, "/graphql", "application/json", listQuery, "Authorization", after); resp.StatusCode != 200 {
				t.Errorf("the API does not know the new key: %d %s", resp.StatusCode, body)
			}
			if kept := strings.Contains(current, kid(t, old)); kept != (fault == "rotate-keys") {
				t.Errorf("old key still published: %v", kept)
			}
		})
	}
}

func header(token string) string {
	h, _, _ := strings.Cut(token, ".")
	return h
}

// kid returns the id of the newest key of a JWKS.
func kid(t *testing.T, jwks string) string {
	t.Helper()
	var set struct{ Keys []struct{ Kid string } }
	if err := json.Unmarshal([]byte(jwks), &set); err != nil || len(set.Keys) == 0 {
		t.Fatalf("%s: %v", jwks, err)
	}
	return set.Keys[0].Kid
}

func TestFaultsRefused(t *testing.T) {
	r := start(t, emulator.Config{})
	for _, fault := range []string{
		`{"name":"sunspots"}`, `{"name":"slow","rate":2}`, `{"name":"slow","rate":-1}`, `{"name":"slow","count":-1}`,
		`{"name":"slow","delay":"soon"}`, `{"name":"answer","status":42}`, `{"name":"slow","extra":1}`, `[]`, `{`,
	} {
		resp, body := r.must(t, http.MethodPost, "/_emulator/faults", "application/json", fault)
		if resp.StatusCode != 400 || member(t, body, "message") == "" {
			t.Errorf("%s: %d %s", fault, resp.StatusCode, body)
		}
	}
	if _, err := emulator.Start(t.Context(), emulator.Config{Faults: []emulator.Fault{{Name: "sunspots"}}}); err == nil {
		t.Error("started with an unknown fault")
	}
}

func TestParseFault(t *testing.T) {
	tests := []struct {
		text string
		want string // as JSON; empty: refused
	}{
		{"unavailable", `{"name":"unavailable","rate":1}`},
		{"throttled,count=2,retry_after=1", `{"name":"throttled","count":2,"rate":1,"retry_after":1}`},
		{
			"slow,delay=1m,rate=0.5,path=/graphql,operation=ListCustomers",
			`{"name":"slow","rate":0.5,"path":"/graphql","operation":"ListCustomers","delay":"1m0s"}`,
		},
		{"lost-refresh-answer", `{"name":"closed-after-execution","rate":1,"path":"/oauth/token","operation":"refresh_token"}`},
		{"answer,status=410", `{"name":"answer","rate":1,"status":410}`},
		{"", ""},
		{"sunspots", ""},
		{"slow,count=many", ""},
		{"slow,hours=1", ""},
		{"slow,delay", ""},
	}
	for _, tt := range tests {
		t.Run(tt.text, func(t *testing.T) {
			fault, err := emulator.ParseFault(tt.text)
			if err != nil {
				if tt.want != "" {
					t.Error(err)
				}
				return
			}
			got, err := json.Marshal(fault)
			if err != nil || string(got) != tt.want {
				t.Errorf("got %s (%v), want %s", got, err, tt.want)
			}
		})
	}
}

// FuzzParseFault: what a flag is taken for, JSON says again.
func FuzzParseFault(f *testing.F) {
	f.Add("throttled,count=2,retry_after=1")
	f.Add("slow,delay=1m,rate=0.5,path=/graphql,operation=ListCustomers")
	f.Add("answer,status=410")
	f.Fuzz(func(t *testing.T, text string) {
		fault, err := emulator.ParseFault(text)
		if err != nil || !utf8.ValidString(text) {
			return
		}
		written, err := json.Marshal(fault)
		if err != nil {
			t.Fatal(err)
		}
		var got emulator.Fault
		if err := json.Unmarshal(written, &got); err != nil || !reflect.DeepEqual(got, fault) {
			t.Errorf("%s: got %+v (%v), want %+v", written, got, err, fault)
		}
	})
}

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
