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
	"strings"
	"testing"

	"github.com/appsyncctl/appsyncctl/internal/doctor"
)

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
