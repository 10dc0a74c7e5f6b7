// A set-up against the emulator, to be examined.

package doctor_test

import (
	"bytes"
	"context"
	"crypto/rand"
	"crypto/rsa"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/appsyncctl/appsyncctl/internal/appsync"
	"github.com/appsyncctl/appsyncctl/internal/doctor"
	"github.com/appsyncctl/appsyncctl/internal/emulator"
)

// A setup is an emulator and the set-up of a client of it.
type setup struct {
	*doctor.Subject
	t     *testing.T
	env   map[string]string
	token string
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

// newSetup starts an emulator and makes a set-up for it that is sound.
func newSetup(t *testing.T, config emulator.Config) *setup {
	t.Helper()
	config.SigningKey = signingKey()
	e, err := emulator.Start(t.Context(), config)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = e.Close() })
	s := &setup{t: t, env: make(map[string]string)}
	for _, v := range e.Environment() {
		s.env[v.Name] = v.Value
	}
	mode := s.env["APPSYNCCTL_AUTH"]
	if mode == "" {
		mode = "oidc"
	}
	authorities := x509.NewCertPool()
	authorities.AppendCertsFromPEM(e.CA())
	s.Subject = newSubject(s.env["APPSYNCCTL_ENDPOINT"], s.env["APPSYNCCTL_ISSUER"], mode, authorities)
	s.set("audience", s.env["APPSYNCCTL_AUDIENCE"])
	s.set("client_id", s.env["APPSYNCCTL_CLIENT_ID"])
	switch mode {
	case "api-key":
		s.show("x-api-key", s.env["APPSYNCCTL_API_KEY"])
	case "lambda":
		s.give(s.env["APPSYNCCTL_TOKEN"], "")
	default:
		s.give(s.issue(), "")
	}
	return s
}

// clockAhead sets the clock of the client's machine.
func (s *setup) clockAhead(by time.Duration) {
	s.Now = func() time.Time { return time.Now().Add(by) }
}

// newSubject is a set-up without credentials.
func newSubject(endpoint, issuer, mode string, authorities *x509.CertPool) *doctor.Subject {
	plain := &http.Transport{DisableKeepAlives: true, TLSClientConfig: &tls.Config{RootCAs: authorities}}
	subject := &doctor.Subject{
		Profile: "default", Mode: mode, Grant: "client-credentials", Now: time.Now, Plain: plain, Authorized: plain,
		Provider: &http.Client{Transport: plain},
		LookupHost: func(context.Context, string) ([]string, error) {
			return []string{"127.0.0.1"}, nil
		},
		Proxy:    func(*url.URL) (*url.URL, error) { return nil, nil },
		Deadline: unhurried,
	}
	for _, setting := range [][2]string{{"endpoint", endpoint}, {"issuer", issuer}, {"auth", mode}, {"auth_scheme", "raw"}} {
		subject.Settings = append(subject.Settings, profileSetting(setting[0], setting[1]))
	}
	return subject
}

// again is a set-up for the same emulator, with the same token.
func (s *setup) again() *setup {
	subject := *s.Subject
	again := &setup{t: s.t, Subject: &subject, env: s.env}
	again.Settings = slices.Clone(s.Settings)
	again.give(s.token, "")
	return again
}

// set gives a setting a value in the profile.
func (s *setup) set(name, value string) {
	s.Settings = slices.DeleteFunc(s.Settings, func(setting doctor.Setting) bool { return setting.Name == name })
	s.Settings = append(s.Settings, profileSetting(name, value))
}

func profileSetting(name, value string) doctor.Setting {
	return doctor.Setting{
		Name: name, Label: name, Flag: strings.ReplaceAll(name, "_", "-"), Variable: "APPSYNCCTL_" + strings.ToUpper(name),
		Value: value, Source: "profile", Origin: "profile default",
	}
}

// issue gets a token of the demo's machine client.
func (s *setup) issue() string {
	t := s.t
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, strings.TrimSuffix(s.env["APPSYNCCTL_ISSUER"], "/")+"/oauth/token", strings.NewReader(url.Values{
		"grant_type": {"client_credentials"}, "client_id": {s.env["APPSYNCCTL_CLIENT_ID"]},
		"client_secret": {s.env["APPSYNCCTL_CLIENT_SECRET"]}, "audience": {s.env["APPSYNCCTL_AUDIENCE"]},
	}.Encode()))
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	resp, err := s.Plain.RoundTrip(req)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = resp.Body.Close() }()
	var answer struct {
		Token string `json:"access_token"`
	}
	if err := json.NewDecoder(resp.Body).Decode(&answer); err != nil || answer.Token == "" {
		t.Fatalf("no token: %d %v", resp.StatusCode, err)
	}
	return answer.Token
}

// give makes token the one that is sent, in the scheme given.
func (s *setup) give(token, scheme string) {
	s.token = token
	s.Token = func(context.Context) (string, error) { return token, nil }
	s.TokenFrom = func() string { return "APPSYNCCTL_TOKEN" }
	if scheme != "" {
		s.set("auth_scheme", strings.ToLower(scheme))
	}
	s.show("Authorization", strings.TrimSpace(scheme+" "+token))
}

// show sends a header with every call, over HTTP and over WebSockets.
func (s *setup) show(name, value string) {
	s.Authorized = headed{name, value, s.Plain}
	endpoint, _ := url.Parse(s.env["APPSYNCCTL_ENDPOINT"])
	s.Realtime = &appsync.Realtime{
		Endpoint: endpoint, HTTP: &http.Client{Transport: s.Plain},
		Authorizer: headed{name: name, value: value},
	}
}

type headed struct {
	name, value string
	base        http.RoundTripper
}

func (h headed) Authorize(context.Context, *http.Request) (http.Header, error) {
	return http.Header{http.CanonicalHeaderKey(h.name): {h.value}}, nil
}

func (h headed) RoundTrip(req *http.Request) (*http.Response, error) {
	req = req.Clone(req.Context())
	req.Header.Set(h.name, h.value)
	return h.base.RoundTrip(req)
}

// examine returns the findings by id, and the first check that failed.
func examine(t *testing.T, subject *doctor.Subject) (map[doctor.ID]doctor.Finding, doctor.ID) {
	t.Helper()
	findings, first := make(map[doctor.ID]doctor.Finding), doctor.ID("")
	for _, finding := range doctor.Examine(t.Context(), subject, func(doctor.Finding) {}) {
		findings[finding.ID] = finding
		if first == "" && finding.Result == doctor.Failure {
			first = finding.ID
		}
	}
	for id, finding := range findings {
		wantSentence(t, finding)
		if finding.Result == doctor.Skipped && findings[finding.Because].Passed() {
			t.Errorf("%s is skipped because of %s, which has passed", id, finding.Because)
		}
	}
	return findings, first
}

// wantFinding compares a finding with a result and with words in what it says.
func wantFinding(t *testing.T, got doctor.Finding, result doctor.Result, words ...string) {
	t.Helper()
	if got.Result != result {
		t.Errorf("%s: %s %q (because %q), want %s", got.ID, got.Result, got.Message, got.Because, result)
		return
	}
	text := got.Message + "\n" + got.Fix
	for _, evidence := range got.Evidence {
		text += "\n" + evidence.Name + " " + evidence.Expected + " " + evidence.Found
	}
	for _, word := range words {
		if !strings.Contains(text, word) {
			t.Errorf("%s says nothing of %q:\n%s", got.ID, word, text)
		}
	}
}

// wantSentence fails if what a check says in a set-up that is in order is no sentence.
func wantSentence(t *testing.T, finding doctor.Finding) {
	t.Helper()
	if finding.Result == doctor.OK && len(strings.Fields(finding.Message)) < 3 {
		t.Errorf("%s says %q, which is no sentence", finding.ID, finding.Message)
	}
}

// wantTokenUnseen fails if a finding shows a token, or part of one.
func wantTokenUnseen(t *testing.T, findings map[doctor.ID]doctor.Finding, token string) {
	t.Helper()
	text, err := json.Marshal(findings)
	if err != nil {
		t.Fatal(err)
	}
	for part := range strings.SplitSeq(token, ".") {
		if len(part) > 8 && bytes.Contains(text, []byte(part)) {
			t.Error("a finding shows the token")
		}
	}
}

// fail asks the emulator for a fault before the first call with credentials.
func (s *setup) fail(fault string) {
	t := s.t
	base := s.Authorized
	var once sync.Once
	s.Authorized = tripper(func(req *http.Request) (*http.Response, error) {
		once.Do(func() {
			address := strings.TrimSuffix(s.env["APPSYNCCTL_ENDPOINT"], "/graphql") + "/_emulator/faults"
			armed, err := http.NewRequestWithContext(req.Context(), http.MethodPost, address, strings.NewReader(fault))
			if err != nil {
				t.Error(err)
				return
			}
			armed.Header.Set("Content-Type", "application/json")
			resp, err := s.Plain.RoundTrip(armed)
			if err != nil || resp.StatusCode != http.StatusOK {
				t.Errorf("no fault: %v", err)
			}
		})
		return base.RoundTrip(req)
	})
}

type tripper func(*http.Request) (*http.Response, error)

func (f tripper) RoundTrip(req *http.Request) (*http.Response, error) { return f(req) }

// static answers always the same.
type static struct {
	status int
	body   string
}

func (s static) RoundTrip(req *http.Request) (*http.Response, error) {
	return &http.Response{
		StatusCode: s.status, ProtoMajor: 1, ProtoMinor: 1, Header: http.Header{"Content-Type": {"text/html"}},
		Body: io.NopCloser(strings.NewReader(s.body)), Request: req,
	}, nil
}
