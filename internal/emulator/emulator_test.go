package emulator_test

import (
	"bytes"
	"crypto/rand"
	"crypto/rsa"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/url"
	"reflect"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/appsyncctl/appsyncctl/internal/emulator"
	"github.com/appsyncctl/appsyncctl/internal/emulator/appsync"
	"github.com/appsyncctl/appsyncctl/internal/emulator/auth0"
	"github.com/appsyncctl/appsyncctl/internal/failure"
)

// running is an emulator under test with a client of its own.
type running struct {
	*emulator.Emulator
	env    map[string]string
	client *http.Client
}

// signingKey signs for every emulator of these tests: making a key takes longer than
// all the rest of a start.
var signingKey = sync.OnceValue(func() *rsa.PrivateKey {
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		panic(err)
	}
	return key
})

func start(t *testing.T, config emulator.Config) running {
	t.Helper()
	config.SigningKey = signingKey()
	e, err := emulator.Start(t.Context(), config)
	if err != nil {
		t.Fatal(err)
	}
	r := running{Emulator: e, env: map[string]string{}, client: &http.Client{Transport: &http.Transport{}}}
	for _, v := range e.Environment() {
		r.env[v.Name] = v.Value
	}
	t.Cleanup(func() {
		r.client.CloseIdleConnections()
		if err := e.Close(); err != nil {
			t.Error(err)
		}
	})
	return r
}

func (r running) url(path string) string {
	return strings.TrimSuffix(r.env["APPSYNCCTL_ISSUER"], "/") + path
}

// send returns the status and the whole body, or the error of either.
func (r running) send(t *testing.T, method, path, kind, body string, headers ...string) (*http.Response, string, error) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), method, r.url(path), strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	if kind != "" {
		req.Header.Set("Content-Type", kind)
	}
	for i := 0; i < len(headers); i += 2 {
		if headers[i] == "Host" {
			req.Host = headers[i+1]
		}
		req.Header.Set(headers[i], headers[i+1])
	}
	resp, err := r.client.Do(req)
	if err != nil {
		return nil, "", err
	}
	defer resp.Body.Close()
	got, err := io.ReadAll(resp.Body)
	return resp, string(got), err
}

// must is send for requests that are answered.
func (r running) must(t *testing.T, method, path, kind, body string, headers ...string) (*http.Response, string) {
	t.Helper()
	resp, got, err := r.send(t, method, path, kind, body, headers...)
	if err != nil {
		t.Fatal(err)
	}
	return resp, got
}

const formType = "application/x-www-form-urlencoded"

func (r running) machineForm() string {
	return url.Values{
		"grant_type": {"client_credentials"}, "client_id": {r.env["APPSYNCCTL_CLIENT_ID"]},
		"client_secret": {r.env["APPSYNCCTL_CLIENT_SECRET"]}, "audience": {r.env["APPSYNCCTL_AUDIENCE"]},
	}.Encode()
}

func (r running) token(t *testing.T) string {
	t.Helper()
	resp, body := r.must(t, http.MethodPost, "/oauth/token", formType, r.machineForm())
	var got struct {
		AccessToken string `json:"access_token"`
	}
	if err := json.Unmarshal([]byte(body), &got); err != nil || resp.StatusCode != http.StatusOK || got.AccessToken == "" {
		t.Fatalf("token: %d %s", resp.StatusCode, body)
	}
	return got.AccessToken
}

// query runs a GraphQL document with a fresh token.
func (r running) query(t *testing.T, document string) (*http.Response, string) {
	t.Helper()
	body, err := json.Marshal(map[string]string{"query": document})
	if err != nil {
		t.Fatal(err)
	}
	return r.must(t, http.MethodPost, "/graphql", "application/json", string(body), "Authorization", r.token(t))
}

func TestTokenOpensTheAPI(t *testing.T) {
	r := start(t, emulator.Config{})
	_, body := r.query(t, `mutation { createCustomer(input: {name: "customer1", city: "Boston"}) { name city } }`)
	var got struct {
		Data struct{ CreateCustomer struct{ Name, City string } }
	}
	if err := json.Unmarshal([]byte(body), &got); err != nil || got.Data.CreateCustomer.City != "Boston" {
		t.Fatalf("create: %s", body)
	}
	_, body = r.query(t, `{ listCustomers { items { name } } }`)
	if !strings.Contains(body, "customer1") {
		t.Errorf("list: %s", body)
	}
	resp, body := r.must(t, http.MethodPost, "/graphql", "application/json", `{"query":"{ listCustomers { items { id } } }"}`)
	if resp.StatusCode != http.StatusUnauthorized {
		t.Errorf("without a token: %d %s", resp.StatusCode, body)
	}
}

func TestEnvironment(t *testing.T) {
	r := start(t, emulator.Config{})
	var names []string
	for _, v := range r.Environment() {
		names = append(names, v.Name)
		if text := fmt.Sprintf("%v %+v %#v", v, v, v); v.Name == "APPSYNCCTL_CLIENT_SECRET" && strings.Contains(text, v.Value) {
			t.Error("the secret prints")
		}
	}
	want := []string{
		"APPSYNCCTL_ENDPOINT", "APPSYNCCTL_ISSUER", "APPSYNCCTL_CLIENT_ID", "APPSYNCCTL_CLIENT_SECRET",
		"APPSYNCCTL_AUDIENCE", "APPSYNCCTL_EMULATOR_DEVICE_CLIENT_ID",
		"APPSYNCCTL_EMULATOR_MANAGEMENT_CLIENT_ID", "APPSYNCCTL_EMULATOR_MANAGEMENT_CLIENT_SECRET",
	}
	if !reflect.DeepEqual(names, want) {
		t.Errorf("got %v, want %v", names, want)
	}
	if !strings.HasPrefix(r.env["APPSYNCCTL_ISSUER"], "http://127.0.0.1:") || !strings.HasSuffix(r.env["APPSYNCCTL_ISSUER"], "/") {
		t.Errorf("issuer %q", r.env["APPSYNCCTL_ISSUER"])
	}
	other := start(t, emulator.Config{})
	if other.env["APPSYNCCTL_CLIENT_SECRET"] == r.env["APPSYNCCTL_CLIENT_SECRET"] {
		t.Error("two starts made the same secret")
	}
}

func TestTenantFromYAML(t *testing.T) {
	r := start(t, emulator.Config{TenantYAML: []byte(`
apis: [{identifier: urn:mine}]
clients:
  - {client_id: phone, grant_types: ["urn:ietf:params:oauth:grant-type:device_code"]}
  - {client_id: robot, client_secret: hush, grant_types: [client_credentials]}
`)})
	for name, want := range map[string]string{
		"APPSYNCCTL_CLIENT_ID": "robot", "APPSYNCCTL_CLIENT_SECRET": "hush", "APPSYNCCTL_AUDIENCE": "urn:mine",
		"APPSYNCCTL_EMULATOR_DEVICE_CLIENT_ID": "phone",
	} {
		if r.env[name] != want {
			t.Errorf("%s is %q, want %q", name, r.env[name], want)
		}
	}
	r.token(t)
	if _, err := emulator.Start(t.Context(), emulator.Config{TenantYAML: []byte("tenants: []")}); err == nil {
		t.Error("started with an unknown key")
	}
}

func TestMachineWithoutSecret(t *testing.T) {
	r := start(t, emulator.Config{TenantYAML: []byte("clients: [{client_id: keyed, grant_types: [client_credentials]}]")})
	if r.env["APPSYNCCTL_CLIENT_ID"] != "keyed" || r.env["APPSYNCCTL_CLIENT_SECRET"] != "" {
		t.Errorf("client id %q with a secret: %v", r.env["APPSYNCCTL_CLIENT_ID"], r.env["APPSYNCCTL_CLIENT_SECRET"] != "")
	}
}

func TestChangedServices(t *testing.T) {
	r := start(t, emulator.Config{
		Tenant: func(c *auth0.Config) { c.RateLimit = 1 },
		API:    func(c *appsync.Config) { c.IntrospectionOff = true },
	})
	if resp, body := r.query(t, `{ __schema { queryType { name } } }`); strings.Contains(body, `"Query"`) {
		t.Errorf("introspection: %d %s", resp.StatusCode, body)
	}
	if resp, _ := r.must(t, http.MethodPost, "/oauth/token", formType, r.machineForm()); resp.StatusCode != http.StatusTooManyRequests {
		t.Errorf("second token: %d", resp.StatusCode)
	}
}

func TestClientIDPattern(t *testing.T) {
	for pattern, want := range map[string]int{"demo-.*": 200, "other": 401} {
		t.Run(pattern, func(t *testing.T) {
			r := start(t, emulator.Config{ClientIDPattern: pattern})
			if resp, body := r.query(t, `{ listCustomers { items { id } } }`); resp.StatusCode != want {
				t.Errorf("got %d %s", resp.StatusCode, body)
			}
		})
	}
	if _, err := emulator.Start(t.Context(), emulator.Config{ClientIDPattern: "("}); err == nil {
		t.Error("started with a broken pattern")
	}
}

func TestExport(t *testing.T) {
	v := emulator.Variable{Name: "APPSYNCCTL_CLIENT_SECRET", Value: "it's $HOME"}
	if got, want := v.Export(), `export APPSYNCCTL_CLIENT_SECRET='it'\''s $HOME'`; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}

func TestTLS(t *testing.T) {
	r := start(t, emulator.Config{TLS: true})
	if !strings.HasPrefix(r.env["APPSYNCCTL_ENDPOINT"], "https://127.0.0.1:") {
		t.Fatalf("endpoint %s", r.env["APPSYNCCTL_ENDPOINT"])
	}
	if _, _, err := r.send(t, http.MethodGet, "/.well-known/openid-configuration", "", ""); err == nil {
		t.Error("trusted without the authority")
	}
	trusted := x509.NewCertPool()
	if !trusted.AppendCertsFromPEM(r.CA()) {
		t.Fatal("no certificate")
	}
	r.client.Transport.(*http.Transport).TLSClientConfig = &tls.Config{RootCAs: trusted}
	if resp, body := r.query(t, `{ listCustomers { items { id } } }`); resp.StatusCode != http.StatusOK {
		t.Errorf("got %d %s", resp.StatusCode, body)
	}
	if plain := start(t, emulator.Config{}); plain.CA() != nil {
		t.Error("an authority without TLS")
	}
}

func TestListenRefusesOtherMachines(t *testing.T) {
	tests := []struct {
		listen  string
		refused bool
	}{
		{"0.0.0.0:0", true},
		{":0", true},
		{"[::]:0", true},
		{"192.0.2.1:0", true},
		{"example.com:0", true},
		{"127.0.0.1:0", false},
		{"localhost:0", false},
	}
	for _, tt := range tests {
		t.Run(tt.listen, func(t *testing.T) {
			e, err := emulator.Start(t.Context(), emulator.Config{Listen: tt.listen})
			if err == nil {
				err = e.Close()
			}
			if (failure.Of(err) == failure.Usage) != tt.refused || (err != nil && !tt.refused) {
				t.Errorf("got %v, want refused %v", err, tt.refused)
			}
		})
	}
}

func TestForeignHostAndOrigin(t *testing.T) {
	r := start(t, emulator.Config{})
	resp, _ := r.must(t, http.MethodGet, "/.well-known/openid-configuration", "", "", "Host", "rebound.example")
	if resp.StatusCode != http.StatusMisdirectedRequest {
		t.Errorf("foreign host: %d", resp.StatusCode)
	}
	resp, _ = r.must(t, http.MethodDelete, "/_emulator/faults", "", "", "Origin", "https://evil.example")
	if resp.StatusCode != http.StatusForbidden {
		t.Errorf("foreign origin: %d", resp.StatusCode)
	}
}

func TestRequestsAndCounts(t *testing.T) {
	r := start(t, emulator.Config{})
	r.query(t, `query Everyone { listCustomers { items { id } } }`)
	r.must(t, http.MethodGet, "/no/such/path?code=secret-code", "", "")
	_, body := r.must(t, http.MethodGet, "/_emulator/requests", "", "")
	var got []map[string]any
	if err := json.Unmarshal([]byte(body), &got); err != nil {
		t.Fatal(err)
	}
	// The API's own requests to the tenant, for its keys, are not the client's.
	want := []map[string]any{
		{"method": "POST", "path": "/oauth/token", "operation": "client_credentials", "status": 200.0},
		{"method": "POST", "path": "/graphql", "operation": "Everyone", "status": 200.0},
		{"method": "GET", "path": "/no/such/path", "status": 404.0},
	}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("got %v\nwant %v", got, want)
	}
	for _, secret := range []string{r.env["APPSYNCCTL_CLIENT_SECRET"], "secret-code"} {
		if strings.Contains(body, secret) {
			t.Error("a secret is in the log")
		}
	}
	_, body = r.must(t, http.MethodGet, "/_emulator/counts", "", "")
	var counts map[string]int
	if err := json.Unmarshal([]byte(body), &counts); err != nil {
		t.Fatal(err)
	}
	if want := map[string]int{"POST /oauth/token": 1, "POST /graphql": 1, "GET /no/such/path": 1}; !reflect.DeepEqual(counts, want) {
		t.Errorf("got %v, want %v", counts, want)
	}
}

func TestStatusPage(t *testing.T) {
	r := start(t, emulator.Config{Faults: []emulator.Fault{{Name: "slow", Path: "/nowhere"}}})
	r.query(t, `mutation { createCustomer(input: {name: "<script>alert(1)</script>", city: null}) { id } }`)
	tests := []struct {
		path     string
		contains []string
	}{
		{"/", []string{"export APPSYNCCTL_ENDPOINT=&#39;http://", r.env["APPSYNCCTL_CLIENT_SECRET"], "demo-device", "device_code", `href="/activate"`, `<iframe src="/_emulator/live" title=`}},
		{"/_emulator/live", []string{"&lt;script&gt;", "city: null", "POST /graphql", "createCustomer", "slow at /nowhere", `http-equiv="refresh"`}},
	}
	for _, tt := range tests {
		t.Run(tt.path, func(t *testing.T) {
			resp, body := r.must(t, http.MethodGet, tt.path, "", "")
			for _, want := range tt.contains {
				if !strings.Contains(body, want) {
					t.Errorf("no %s in\n%s", want, body)
				}
			}
			if strings.Contains(body, "<script") || !strings.Contains(resp.Header.Get("Content-Security-Policy"), "default-src 'none'") {
				t.Errorf("not escaped, or no policy %v:\n%s", resp.Header, body)
			}
		})
	}
	if _, body := r.must(t, http.MethodGet, "/_emulator/counts", "", ""); strings.Contains(body, "GET /") {
		t.Errorf("the page counts as a request: %s", body)
	}
}

func TestDateIsTheEmulatorsTime(t *testing.T) {
	then := time.Date(2031, 5, 1, 12, 0, 0, 0, time.UTC)
	r := start(t, emulator.Config{Now: func() time.Time { return then }})
	resp, body := r.query(t, `{ listCustomers { items { id } } }`)
	if got := resp.Header.Get("Date"); got != then.Format(http.TimeFormat) || resp.StatusCode != 200 {
		t.Errorf("Date %q, want %q; %d %s", got, then.Format(http.TimeFormat), resp.StatusCode, body)
	}
}

func TestOperations(t *testing.T) {
	tests := []struct {
		name, method, path, kind, body string
		want                           string
	}{
		{"operation name", "POST", "/graphql", "application/json", `{"operationName":"B","query":"query A {x} query B {y}"}`, "B"},
		{"the document's name", "POST", "/graphql", "application/json", `{"query":"query A {x}"}`, "A"},
		{"first field", "POST", "/graphql", "application/json", `{"query":"{ a: listCustomers {nextToken} }"}`, "listCustomers"},
		{"by GET", "GET", "/graphql?query=%7BgetCustomer%7Bid%7D%7D", "", "", "getCustomer"},
		{"not GraphQL", "POST", "/graphql", "application/json", `{"query":"}"}`, ""},
		{"not JSON", "POST", "/graphql", "application/json", `query`, ""},
		{"grant in a form", "POST", "/oauth/token", formType, "grant_type=refresh_token&refresh_token=hidden", "refresh_token"},
		{"grant in JSON", "POST", "/oauth/token", "application/json", `{"grant_type":"refresh_token","refresh_token":"hidden"}`, "refresh_token"},
		{"a long one", "POST", "/oauth/token", formType, "grant_type=" + strings.Repeat("x", 1000), strings.Repeat("x", 200)},
	}
	r := start(t, emulator.Config{})
	for i, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			r.must(t, tt.method, tt.path, tt.kind, tt.body)
			_, body := r.must(t, http.MethodGet, "/_emulator/requests", "", "")
			var got []struct{ Operation string }
			if err := json.Unmarshal([]byte(body), &got); err != nil {
				t.Fatal(err)
			}
			if len(got) != i+1 || got[i].Operation != tt.want || strings.Contains(body, "hidden") {
				t.Errorf("got %s, want %q", body, tt.want)
			}
		})
	}
}

func TestLogIsBounded(t *testing.T) {
	r := start(t, emulator.Config{})
	const all = 1100
	for i := range all {
		r.must(t, http.MethodGet, fmt.Sprintf("/path/%d", i), "", "")
	}
	_, body := r.must(t, http.MethodGet, "/_emulator/requests", "", "")
	var requests []struct{ Path string }
	if err := json.Unmarshal([]byte(body), &requests); err != nil {
		t.Fatal(err)
	}
	if len(requests) != 1000 || requests[999].Path != "/path/1099" {
		t.Errorf("%d requests", len(requests))
	}
	_, body = r.must(t, http.MethodGet, "/_emulator/counts", "", "")
	var counts map[string]int
	if err := json.Unmarshal([]byte(body), &counts); err != nil {
		t.Fatal(err)
	}
	if len(counts) != 1001 || counts["other"] != 100 {
		t.Errorf("%d paths, %d others", len(counts), counts["other"])
	}
}

func TestLog(t *testing.T) {
	var lines bytes.Buffer
	r := start(t, emulator.Config{Log: slog.New(slog.NewTextHandler(&lines, nil))})
	r.query(t, `query Everyone { listCustomers { items { id } } }`)
	r.must(t, http.MethodGet, "/authorize?client_id=secret-in-query", "", "")
	if err := r.Close(); err != nil {
		t.Fatal(err)
	}
	log := lines.String()
	for _, want := range []string{
		"method=POST path=/oauth/token operation=client_credentials status=200",
		"method=POST path=/graphql operation=Everyone status=200",
		"method=GET path=/authorize operation=\"\" status=403",
	} {
		if !strings.Contains(log, want) {
			t.Errorf("no %s in\n%s", want, log)
		}
	}
	if strings.Contains(log, r.env["APPSYNCCTL_CLIENT_SECRET"]) || strings.Contains(log, "secret-in-query") {
		t.Error("a secret is in the log")
	}
}

func TestCloseEndsOpenRequests(t *testing.T) {
	t.Parallel() // Close waits for two seconds
	r := start(t, emulator.Config{Faults: []emulator.Fault{{Name: "slow", Count: 1, Delay: emulator.Duration(time.Hour)}}})
	done := make(chan error, 1)
	go func() {
		resp, err := new(http.Client).Get(r.url("/userinfo"))
		if err == nil {
			err = resp.Body.Close()
		}
		done <- err
	}()
	for armed := ""; armed != "[]\n"; { // the request has arrived when its fault is used up
		_, armed = r.must(t, http.MethodGet, "/_emulator/faults", "", "")
	}
	if err := r.Close(); err != nil {
		t.Error(err)
	}
	if err := <-done; err == nil {
		t.Error("the request ended well")
	}
}

func TestCloseLeavesNothing(t *testing.T) {
	e, err := emulator.Start(t.Context(), emulator.Config{})
	if err != nil {
		t.Fatal(err)
	}
	r := running{Emulator: e, env: map[string]string{}, client: &http.Client{Transport: &http.Transport{}}}
	for _, v := range e.Environment() {
		r.env[v.Name] = v.Value
	}
	r.query(t, `{ listCustomers { items { id } } }`) // so that every part has worked
	r.client.CloseIdleConnections()
	if err := e.Close(); err != nil {
		t.Fatal(err)
	}
	if err := e.Close(); err != nil {
		t.Errorf("second close: %v", err)
	}
	// A goroutine may need a moment after its last act to be gone.
	deadline := time.Now().Add(5 * time.Minute)
	for {
		stacks := make([]byte, 1<<20)
		stacks = stacks[:runtime.Stack(stacks, true)]
		left := slices.DeleteFunc(strings.Split(string(stacks), "\n\n"), func(stack string) bool {
			return !strings.Contains(stack, "internal/emulator.") && !strings.Contains(stack, "net/http.(*")
		})
		left = slices.DeleteFunc(left, func(stack string) bool { return strings.Contains(stack, "TestCloseLeavesNothing") })
		if len(left) == 0 {
			break
		}
		if time.Now().After(deadline) {
			t.Fatalf("left running:\n%s", strings.Join(left, "\n\n"))
		}
		time.Sleep(time.Millisecond)
	}
}

// BenchmarkStart is a cold start, from nothing to the first answer that needs no
// signature.
func BenchmarkStart(b *testing.B) {
	for b.Loop() {
		e, err := emulator.Start(b.Context(), emulator.Config{})
		if err != nil {
			b.Fatal(err)
		}
		r, err := http.NewRequestWithContext(b.Context(), http.MethodGet, e.Environment()[1].Value+".well-known/openid-configuration", nil)
		if err != nil {
			b.Fatal(err)
		}
		resp, err := new(http.Client).Do(r)
		if err != nil {
			b.Fatal(err)
		}
		resp.Body.Close()
		b.StopTimer()
		http.DefaultTransport.(*http.Transport).CloseIdleConnections()
		if err := e.Close(); err != nil {
			b.Fatal(err)
		}
		b.StartTimer()
	}
}
