package doctor_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/appsyncctl/appsyncctl/internal/doctor"
)

func TestNetworkIsSound(t *testing.T) {
	s := newSite()
	s.start(t, true)
	findings := examined(t, s.Subject)
	wantSaid(t, findings, map[string]string{
		"NET-001": "ok: requests go without a proxy",
		"NET-002": "ok: the name api.example.com resolves",
		"NET-003": "ok: api.example.com answers with TLS 1.3",
		"NET-004": "ok: this machine's clock agrees with the API's",
		"NET-005": "ok: the name id.example.com resolves",
		"NET-006": "ok: id.example.com answers with TLS 1.3",
		"NET-007": "ok: this machine's clock agrees with the provider's",
	})
	for name, want := range map[string]string{
		"address": s.address, "TLS": "TLS 1.3", "certificate": "api.example.com, id.example.com, 127.0.0.1", "certificate's issuer": "CN=Example Authority",
	} {
		if got := evidence(findings["NET-003"], name); got != want {
			t.Errorf("the evidence %s is %q, want %q", name, got, want)
		}
	}
}

// On this machine TLS is not needed, and an address needs no resolver.
func TestNetworkOnThisMachine(t *testing.T) {
	s := newSite()
	s.start(t, false)
	s.set("endpoint", "http://"+s.address+"/graphql")
	s.set("issuer", "http://"+s.address+"/")
	s.LookupHost = func(context.Context, string) ([]string, error) { return nil, errors.New("not to be asked") }
	wantSaid(t, examined(t, s.Subject), map[string]string{
		"NET-001": "ok: requests go without a proxy",
		"NET-002": "ok: 127.0.0.1 is an address: there is nothing to resolve",
		"NET-003": "ok: " + s.address + " answers, without TLS as it is on this machine",
		"NET-006": "ok: " + s.address + " answers, without TLS as it is on this machine",
	})
}

// An answer is an answer: what it says is for later checks.
func TestAnyAnswerIsAConnection(t *testing.T) {
	for name, answer := range map[string]http.HandlerFunc{
		"redirect": func(w http.ResponseWriter, r *http.Request) {
			http.Redirect(w, r, "/elsewhere", http.StatusTemporaryRedirect)
		},
		"out of order": page(503, "<html>"),
		"a 400, cut short": func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Length", "100")
			w.WriteHeader(400)
		},
		"a 400 of its own":  page(400, `{"errors":[{"message":"Request body is empty."}]}`),
		"without an answer": page(204, ""),
	} {
		t.Run(name, func(t *testing.T) {
			s := newSite()
			s.start(t, false)
			s.set("endpoint", "http://"+s.address+"/graphql")
			s.pages[s.address+"/graphql"] = answer
			s.pages[s.address+"/elsewhere"] = func(http.ResponseWriter, *http.Request) { t.Error("a redirect was followed") }
			wantSaid(t, examined(t, s.Subject), map[string]string{"NET-003": "ok: " + s.address + " answers, without TLS as it is on this machine"})
		})
	}
}

// With HTTP/2, which AWS and Auth0 speak, the same is seen of a connection.
func TestNetworkOverHTTP2(t *testing.T) {
	s := newSite()
	s.http2 = true
	s.start(t, true)
	findings := examined(t, s.Subject)
	wantSaid(t, findings, map[string]string{
		"NET-003": "ok: api.example.com answers with TLS 1.3", "NET-004": "ok: this machine's clock agrees with the API's",
		"NET-006": "ok: id.example.com answers with TLS 1.3", "OIDC-004": "ok: the provider publishes 1 key",
	})
	if got := evidence(findings["NET-003"], "address"); got != s.address {
		t.Errorf("the address is %q, want %q", got, s.address)
	}
	s.pages[apiHost+"/graphql"] = func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) }
	wantSaid(t, examined(t, s.Subject), map[string]string{"NET-003": "unknown: api.example.com broke the connection off"})
}

// What nobody needs is not asked: no provider without a token, no API whose answer
// was saved.
func TestNetworkUnasked(t *testing.T) {
	s := newSite()
	s.start(t, true)
	s.Mode = "api-key"
	for id, f := range examined(t, s.Subject) {
		if strings.HasPrefix(string(id), "OIDC") && said(f) != "skipped: no token is needed in the mode api-key" {
			t.Errorf("%s says %s", id, said(f))
		}
	}
	s = newSite()
	s.start(t, true)
	s.pages[apiHost+"/graphql"] = func(http.ResponseWriter, *http.Request) { t.Error("the API was asked") }
	s.Answer = &doctor.Answer{Status: 401, Body: []byte(`{"errors":[{"errorType":"UnauthorizedException","message":"Token has expired."}]}`)}
	const reason = "skipped: a saved answer is explained, so that the API is not asked"
	wantSaid(t, examined(t, s.Subject), map[string]string{
		"NET-002": reason, "NET-003": reason, "NET-004": reason, "NET-006": "ok: id.example.com answers with TLS 1.3",
	})
}

func TestNames(t *testing.T) {
	missing := func(name string) error { return &net.DNSError{Err: "no such host", Name: name, IsNotFound: true} }
	tests := []struct {
		name     string
		endpoint string
		lookup   func(name string) error
		want     map[string]string
	}{
		{
			"no API of this name", "https://api.example.com/graphql",
			func(name string) error {
				if name == apiHost {
					return missing(name)
				}
				return nil
			},
			map[string]string{
				"NET-002": "failure: the name api.example.com does not exist\npass --endpoint or set APPSYNCCTL_ENDPOINT",
				"NET-003": "skipped:  <NET-002>", "NET-004": "skipped:  <NET-002>", "NET-005": "ok: the name id.example.com resolves",
			},
		},
		{
			"a deleted API", "https://abc.appsync-api.eu-west-1.amazonaws.com/graphql", missing,
			map[string]string{
				"NET-002": "failure: the name abc.appsync-api.eu-west-1.amazonaws.com does not exist\n" +
					`aws appsync list-graphql-apis --region eu-west-1 --query "graphqlApis[].uris.GRAPHQL"`,
				"NET-005": "failure: the name id.example.com does not exist\npass --issuer or set APPSYNCCTL_ISSUER",
				"NET-006": "skipped:  <NET-005>", "OIDC-001": "skipped:  <NET-005>",
			},
		},
		{
			"a resolver without an answer", "https://api.example.com/graphql",
			func(name string) error { return &net.DNSError{Err: "i/o timeout", Name: name, IsTimeout: true} },
			map[string]string{
				"NET-002": "unknown: api.example.com could not be looked up: the resolver gives no answer", "NET-003": "skipped:  <NET-002>",
				"NET-005": "unknown: id.example.com could not be looked up: the resolver gives no answer", "NET-006": "skipped:  <NET-005>",
			},
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			s := newSite()
			s.start(t, true)
			s.set("endpoint", tt.endpoint)
			s.LookupHost = func(_ context.Context, name string) ([]string, error) { return nil, tt.lookup(name) }
			wantSaid(t, examined(t, s.Subject), tt.want)
		})
	}
}

// A name may be gone again when the connection is made.
func TestNameVanishes(t *testing.T) {
	s := newSite()
	s.start(t, true)
	s.transport.DialContext = func(context.Context, string, string) (net.Conn, error) {
		return nil, &net.OpError{Op: "dial", Net: "tcp", Err: &net.DNSError{Err: "no such host", Name: apiHost, IsNotFound: true}}
	}
	wantSaid(t, examined(t, s.Subject), map[string]string{
		"NET-002": "ok: the name api.example.com resolves",
		"NET-003": "failure: the name api.example.com does not exist\npass --endpoint or set APPSYNCCTL_ENDPOINT",
	})
}

// throughProxy puts a proxy before s, which answers CONNECT with status, hangs up
// if that is 0, and leads on if it is 200.
func (s *site) throughProxy(t *testing.T, status int) {
	t.Helper()
	proxy := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if status == 0 {
			panic(http.ErrAbortHandler)
		}
		if r.Method != http.MethodConnect || status != http.StatusOK {
			w.WriteHeader(status)
			return
		}
		client, _, err := http.NewResponseController(w).Hijack()
		if err != nil {
			t.Errorf("the proxy: %v", err)
			return
		}
		defer func() { _ = client.Close() }()
		target, err := net.Dial("tcp", s.address)
		if err != nil {
			t.Errorf("the proxy: %v", err)
			return
		}
		defer func() { _ = target.Close() }()
		_, _ = io.WriteString(client, "HTTP/1.1 200 Connection established\r\n\r\n")
		go func() { _, _ = io.Copy(target, client) }()
		_, _ = io.Copy(client, target)
	}))
	t.Cleanup(proxy.Close)
	s.routes["proxy.example.com:3128"] = proxy.Listener.Addr().String()
	s.useProxy("http://proxy.example.com:3128")
}

func (s *site) useProxy(address string) {
	s.Proxy = func(*url.URL) (*url.URL, error) { return url.Parse(address) }
	s.LookupHost = func(_ context.Context, name string) ([]string, error) {
		if name != "proxy.example.com" {
			return nil, &net.DNSError{Err: "no such host", Name: name, IsNotFound: true}
		}
		return []string{"192.0.2.8"}, nil
	}
}

// Behind a proxy this machine's resolver need not know the hosts.
func TestProxyLeadsOn(t *testing.T) {
	s := newSite()
	s.start(t, true)
	s.throughProxy(t, http.StatusOK)
	findings := examined(t, s.Subject)
	wantSaid(t, findings, map[string]string{
		"NET-001": "ok: requests go through http://proxy.example.com:3128",
		"NET-002": "skipped: the proxy resolves it",
		"NET-003": "ok: api.example.com answers with TLS 1.3 through the proxy proxy.example.com:3128",
		"NET-004": "ok: this machine's clock agrees with the API's",
		"NET-005": "skipped: the proxy resolves it",
		"NET-006": "ok: id.example.com answers with TLS 1.3 through the proxy proxy.example.com:3128",
	})
	if got, want := evidence(findings["NET-003"], "proxy's address"), s.routes["proxy.example.com:3128"]; got != want {
		t.Errorf("the proxy's address is %q, want %q", got, want)
	}
}

func TestProxyRefuses(t *testing.T) {
	tests := []struct {
		status int
		want   string // of NET-003
		other  string // of NET-006
	}{
		{407, "failure: the proxy proxy.example.com:3128 wants a user name and a password (407)\nexport HTTPS_PROXY=http://USER:PASSWORD@proxy.example.com:3128",
			"failure: the proxy proxy.example.com:3128 wants a user name and a password (407): see NET-003 <NET-003>"},
		{403, "failure: the proxy proxy.example.com:3128 does not let anybody through to api.example.com (403)\nexport NO_PROXY=api.example.com",
			"failure: the proxy proxy.example.com:3128 does not let anybody through to id.example.com (403): see NET-003 <NET-003>"},
		{421, "failure: the proxy proxy.example.com:3128 does not connect to api.example.com\nunset HTTPS_PROXY https_proxy",
			"failure: the proxy proxy.example.com:3128 does not connect to id.example.com: see NET-003 <NET-003>"},
		{429, "unknown: the proxy proxy.example.com:3128 made no connection to api.example.com", "unknown: the proxy proxy.example.com:3128 made no connection to id.example.com"},
		{0, "unknown: the proxy proxy.example.com:3128 broke the connection off", "unknown: the proxy proxy.example.com:3128 broke the connection off"},
		{502, "unknown: the proxy proxy.example.com:3128 made no connection to api.example.com", "unknown: the proxy proxy.example.com:3128 made no connection to id.example.com"},
	}
	for _, tt := range tests {
		t.Run(fmt.Sprint(tt.status), func(t *testing.T) {
			s := newSite()
			s.start(t, true)
			s.throughProxy(t, tt.status)
			findings := examined(t, s.Subject)
			wantSaid(t, findings, map[string]string{"NET-001": "ok: requests go through http://proxy.example.com:3128", "NET-003": tt.want, "NET-006": tt.other})
			if got := evidence(findings["NET-003"], "proxy"); got != "http://proxy.example.com:3128" {
				t.Errorf("the proxy is shown as %q", got)
			}
		})
	}
}

// The proxy itself may be what is not there.
func TestProxyIsNotThere(t *testing.T) {
	tests := []struct {
		name   string
		change func(*testing.T, *site)
		want   map[string]string
	}{
		{"nobody listens", func(_ *testing.T, s *site) {
			s.useProxy("http://user:s3cret@proxy.example.com:3128")
			s.routes["proxy.example.com:3128"] = "127.0.0.1:1"
		}, map[string]string{
			"NET-001": "ok: requests go through http://proxy.example.com:3128",
			"NET-003": "failure: the proxy proxy.example.com:3128 refuses connections: nothing listens there\nunset HTTPS_PROXY https_proxy",
			"NET-006": "failure: the proxy proxy.example.com:3128 refuses connections: nothing listens there: see NET-003 <NET-003>",
		}},
		{"an https proxy without TLS", func(t *testing.T, s *site) {
			t.Helper()
			s.throughProxy(t, http.StatusOK)
			s.useProxy("https://proxy.example.com:3128")
		}, map[string]string{
			"NET-003": "failure: the proxy proxy.example.com:3128 answers without TLS, and its address says https\nexport HTTPS_PROXY=http://proxy.example.com:3128",
		}},
		{"a kind that net/http has none of", func(_ *testing.T, s *site) { s.useProxy("ftp://proxy.example.com:3128") }, map[string]string{
			"NET-001": "failure: a proxy of the kind ftp cannot be used\nunset HTTPS_PROXY https_proxy", "NET-002": "skipped:  <NET-001>", "NET-003": "skipped:  <NET-001>", "NET-006": "skipped:  <NET-001>",
		}},
		{"no host of its name", func(_ *testing.T, s *site) { s.useProxy("http://proxy.example.net:3128") }, map[string]string{
			"NET-001": "failure: the proxy's host proxy.example.net does not exist\nunset HTTPS_PROXY https_proxy", "NET-003": "skipped:  <NET-001>",
		}},
		{"a resolver without an answer", func(_ *testing.T, s *site) {
			s.useProxy("http://proxy.example.com:3128")
			s.LookupHost = func(context.Context, string) ([]string, error) { return nil, errors.New("no answer") }
		}, map[string]string{
			"NET-001": "unknown: the proxy's host proxy.example.com could not be looked up", "NET-003": "skipped:  <NET-001>",
		}},
		{"no URL", func(_ *testing.T, s *site) {
			s.Proxy = func(*url.URL) (*url.URL, error) {
				return nil, errors.New(`invalid proxy address "http://user:s3cret@:x"`)
			}
		}, map[string]string{"NET-001": "failure: the proxy for api.example.com is not a URL\nunset HTTPS_PROXY https_proxy"}},
		{"no URL, though it can be read as one", func(_ *testing.T, s *site) { s.useProxy("http://http://user:s3cret@proxy.example.com:x") },
			map[string]string{"NET-001": "failure: the proxy for api.example.com is not a URL\nunset HTTPS_PROXY https_proxy"}},
		{"a host that is read as a scheme", func(_ *testing.T, s *site) { s.useProxy("proxy.example.com:port") },
			map[string]string{"NET-001": "failure: the proxy for api.example.com is not a URL\nunset HTTPS_PROXY https_proxy"}},
		{"for the provider only", func(_ *testing.T, s *site) {
			s.Proxy = func(address *url.URL) (*url.URL, error) {
				if address.Hostname() == providerHost {
					return url.Parse("http://proxy.example.com:3128")
				}
				return nil, nil
			}
			s.routes["proxy.example.com:3128"] = "127.0.0.1:1"
		}, map[string]string{
			"NET-002": "ok: the name api.example.com resolves", "NET-003": "ok: api.example.com answers with TLS 1.3", "NET-005": "skipped: the proxy resolves it",
			"NET-006": "failure: the proxy proxy.example.com:3128 refuses connections: nothing listens there\nunset HTTPS_PROXY https_proxy",
		}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			s := newSite()
			s.start(t, true)
			tt.change(t, s)
			findings := examined(t, s.Subject)
			wantSaid(t, findings, tt.want)
			wantNowhere(t, findings, "s3cret")
		})
	}
}

// wantNowhere makes sure that nothing which people see holds secret.
func wantNowhere(t *testing.T, findings map[doctor.ID]doctor.Finding, secret string) {
	t.Helper()
	for id, f := range findings {
		if text := fmt.Sprintf("%s %s %+v", f.Message, f.Fix, f.Evidence); strings.Contains(text, secret) {
			t.Errorf("%s shows the secret: %s", id, text)
		}
	}
}

// dated answers like next, with a Date that is off by ahead, and with other headers.
func dated(next http.HandlerFunc, ahead time.Duration, header ...string) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Date", time.Now().Add(ahead).UTC().Format(http.TimeFormat))
		for i := 0; i < len(header); i += 2 {
			w.Header().Set(header[i], header[i+1])
		}
		next(w, r)
	}
}

var fixes = regexp.MustCompile(`\n.*`) // differ from one system to the other

func TestClocks(t *testing.T) {
	tests := []struct {
		name          string
		api, provider time.Duration // how far they are ahead
		wantAPI       string
		wantProvider  string
	}{
		{"equal", 0, 0, "ok: this machine's clock agrees with the API's", "ok: this machine's clock agrees with the provider's"},
		{"within a minute", 50 * time.Second, -50 * time.Second, "ok: this machine's clock agrees with the API's", "ok: this machine's clock agrees with the provider's"},
		{
			"three minutes behind", 200 * time.Second, 200 * time.Second,
			"warning: this machine's clock is 3 minutes behind the API's",
			"warning: this machine's clock is 3 minutes behind the provider's: see NET-004 <NET-004>",
		},
		{
			"an hour ahead", -90 * time.Minute, -90 * time.Minute,
			"failure: this machine's clock is 90 minutes ahead of the API's",
			"failure: this machine's clock is 90 minutes ahead of the provider's: see NET-004 <NET-004>",
		},
		{
			"days", 100 * time.Hour, 100 * time.Hour,
			"failure: this machine's clock is 4 days behind the API's",
			"failure: this machine's clock is 4 days behind the provider's: see NET-004 <NET-004>",
		},
		{
			"the provider's is wrong", 0, 10*time.Minute + 10*time.Second,
			"ok: this machine's clock agrees with the API's",
			"failure: this machine's clock is 10 minutes behind the provider's and agrees with the API's: the provider's is wrong",
		},
		{
			"all three differ", 5*time.Hour + time.Minute, -5*time.Hour - time.Minute,
			"failure: this machine's clock is 5 hours behind the API's",
			"failure: this machine's clock is 5 hours ahead of the provider's, and the API's says something else again",
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			s := newSite()
			s.start(t, true)
			for place, ahead := range map[string]time.Duration{apiHost + "/graphql": tt.api, metadataPlace: tt.provider} {
				s.pages[place] = dated(s.pages[place], ahead)
			}
			findings := examined(t, s.Subject)
			for id, want := range map[string]string{"NET-004": tt.wantAPI, "NET-007": tt.wantProvider} {
				if got := fixes.ReplaceAllString(said(findings[doctor.ID(id)]), ""); got != want {
					t.Errorf("%s says %s\nwant %s", id, got, want)
				}
				finding := findings[doctor.ID(id)]
				if wrong := finding.Result != "ok"; wrong == (finding.Fix == "" && finding.Because == "") {
					t.Errorf("%s says %s: a fix belongs to what is wrong, and only there", id, said(finding))
				}
			}
		})
	}
}

// What a cache kept, or has written anew, tells nothing of a clock that it may well
// agree with.
func TestClockBehindCache(t *testing.T) {
	tests := []struct {
		name   string
		date   time.Duration
		header []string
		want   string
	}{
		{"kept for an hour", -time.Hour, []string{"Age", "3600"}, "ok: this machine's clock agrees with the provider's"},
		{"written anew", 0, []string{"Age", "3600"}, "ok: this machine's clock agrees with the provider's"},
		{"older than its age", -2 * time.Hour, []string{"Age", "60"}, "failure: this machine's clock is 119 minutes ahead of the provider's and agrees with the API's: the provider's is wrong"},
		{"an age that is none", -time.Hour - 10*time.Second, []string{"Age", "soon"}, "failure: this machine's clock is 60 minutes ahead of the provider's and agrees with the API's: the provider's is wrong"},
		{"a date that is none", 0, []string{"Date", "yesterday"}, "unknown: the provider's answer has no date that can be read"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			s := newSite()
			s.start(t, true)
			s.pages[metadataPlace] = dated(s.pages[metadataPlace], tt.date, tt.header...)
			if got := fixes.ReplaceAllString(said(examined(t, s.Subject)["NET-007"]), ""); got != tt.want {
				t.Errorf("got %s\nwant %s", got, tt.want)
			}
		})
	}
}

func TestClockWithoutDate(t *testing.T) {
	s := newSite()
	s.start(t, true)
	s.pages[apiHost+"/graphql"] = dated(s.pages[apiHost+"/graphql"], 0, "Date", "yesterday")
	s.pages[metadataPlace] = dated(s.pages[metadataPlace], 10*time.Minute+10*time.Second)
	findings := examined(t, s.Subject)
	for id, want := range map[string]string{
		"NET-004": "unknown: the API's answer has no date that can be read",
		"NET-007": "failure: this machine's clock is 10 minutes behind the provider's", // whoever is wrong
	} {
		if got := fixes.ReplaceAllString(said(findings[doctor.ID(id)]), ""); got != want {
			t.Errorf("%s says %s\nwant %s", id, got, want)
		}
	}
}
