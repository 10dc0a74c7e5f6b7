package doctor_test

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"io"
	"math/big"
	"net"
	"net/http"
	"runtime"
	"strings"
	"sync"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/appsyncctl/appsyncctl/internal/doctor"
	"github.com/appsyncctl/appsyncctl/internal/transport"
)

// A connection that does not come about is named by its cause, for both hosts alike.
func TestConnectionRefused(t *testing.T) {
	byOS := func(linux, darwin, windows string) string {
		switch runtime.GOOS {
		case "darwin":
			return darwin
		case "windows":
			return windows
		default:
			return linux
		}
	}
	trust := byOS("export SSL_CERT_FILE=AUTHORITY.pem",
		"sudo security add-trusted-cert -d -r trustRoot -k /Library/Keychains/System.keychain AUTHORITY.pem", "certutil -addstore Root AUTHORITY.pem")
	setClock := byOS("sudo timedatectl set-ntp true", "sudo sntp -sS time.apple.com", "w32tm /resync")
	year := 365 * 24 * time.Hour
	tests := []struct {
		name     string
		change   func(*site)
		plain    bool
		api      string // API is the host's name
		provider string // API's, with the other name, when empty
	}{
		{
			name: "nobody listens", change: func(s *site) { s.routes["HOST:443"] = "127.0.0.1:1" },
			api: "failure: HOST refuses connections: nothing listens there\npass --SETTING or set VARIABLE",
		},
		{
			name: "an authority that nobody knows", change: func(s *site) { s.authority = x509.NewCertPool() },
			api: "failure: the certificate of HOST was issued by an authority that is not known here\n" + trust,
		},
		{
			name: "an ended certificate", change: func(s *site) {
				s.certificate = func(c *x509.Certificate) {
					c.NotAfter = time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
					c.NotBefore = c.NotAfter.Add(-year)
				}
				s.Now = func() time.Time { return time.Date(2026, 1, 3, 0, 0, 0, 0, time.UTC) }
			},
			api: "failure: the certificate of HOST ended on 2026-01-02 03:04 UTC\nopenssl s_client -connect HOST:443 </dev/null | openssl x509 -noout -dates -subject",
		},
		{
			name: "a clock before the certificate", change: func(s *site) { s.Now = func() time.Time { return time.Now().Add(-year) } },
			api: "failure: this machine's clock is behind: the certificate of HOST is not valid yet\n" + setClock,
		},
		{
			name: "a certificate for other names", change: func(s *site) {
				s.certificate = func(c *x509.Certificate) { c.DNSNames, c.IPAddresses = []string{"a.example.net", "*.example.org"}, nil }
			},
			api: "failure: the certificate of HOST is for other names: a.example.net, *.example.org\npass --SETTING or set VARIABLE",
		},
		{
			name: "a certificate that is not for servers", change: func(s *site) {
				s.certificate = func(c *x509.Certificate) { c.ExtKeyUsage = []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth} }
			},
			api: "failure: the certificate of HOST cannot be used\nopenssl s_client -showcerts -connect HOST:443",
		},
		{
			name: "TLS too old", change: func(s *site) {
				s.config = func(c *tls.Config) { c.MaxVersion = tls.VersionTLS11; c.MinVersion = tls.VersionTLS10 }
			},
			api: "failure: HOST ends TLS with an error\npass --SETTING or set VARIABLE",
		},
		{
			name: "no TLS", change: func(*site) {}, plain: true,
			api: "failure: HOST answers without TLS: something else listens on its port\npass --SETTING or set VARIABLE",
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			s := newSite()
			tt.change(s)
			if route := s.routes["HOST:443"]; route != "" {
				s.routes[apiHost+":443"], s.routes[providerHost+":443"] = route, route
			}
			s.start(t, !tt.plain)
			findings := examined(t, s.Subject)
			wantSaid(t, findings, map[string]string{
				"NET-003": strings.NewReplacer("HOST", apiHost, "SETTING", "endpoint", "VARIABLE", "APPSYNCCTL_ENDPOINT").Replace(tt.api),
				"NET-004": "skipped:  <NET-003>",
				"NET-006": strings.NewReplacer("HOST", providerHost, "SETTING", "issuer", "VARIABLE", "APPSYNCCTL_ISSUER").Replace(tt.api),
				"NET-007": "skipped:  <NET-006>",
			})
			if findings["NET-003"].Err == nil || findings["NET-006"].Err == nil {
				t.Error("the error is lost on the way")
			}
		})
	}
}

func TestNoWay(t *testing.T) {
	findings := examined(t, offline().Subject)
	wantSaid(t, findings, map[string]string{"NET-003": "unknown: api.example.com is unreachable", "NET-006": "unknown: id.example.com is unreachable"})
	if got := evidence(findings["NET-003"], "error"); got != syscall.ENETUNREACH.Error() {
		t.Errorf("the evidence is %q", got)
	}
}

// Schemes that are taken one for the other, on this machine where both are allowed.
func TestSchemes(t *testing.T) {
	t.Run("http to a server of https", func(t *testing.T) {
		s := newSite()
		s.start(t, true)
		s.set("endpoint", "http://"+s.address+"/graphql")
		s.set("issuer", "http://"+s.address+"/")
		wantSaid(t, examined(t, s.Subject), map[string]string{
			"NET-003": "failure: " + s.address + " speaks TLS, and its address says http\nappsyncctl profile set test --endpoint https://" + s.address + "/graphql",
			"NET-006": "failure: " + s.address + " speaks TLS, and its address says http\nappsyncctl profile set test --issuer https://" + s.address + "/",
		})
	})
	t.Run("https to a server of http", func(t *testing.T) {
		s := newSite()
		s.start(t, false)
		s.set("endpoint", "https://"+s.address+"/graphql")
		s.set("issuer", "https://"+s.address+"/")
		wantSaid(t, examined(t, s.Subject), map[string]string{
			"NET-003": "failure: " + s.address + " answers without TLS, and its address says https\nappsyncctl profile set test --endpoint http://" + s.address + "/graphql",
			"NET-006": "failure: " + s.address + " answers without TLS, and its address says https\nappsyncctl profile set test --issuer http://" + s.address + "/",
		})
	})
	t.Run("another port than that of https", func(t *testing.T) {
		s := newSite()
		s.start(t, false)
		s.set("endpoint", "https://api.example.com:8080/graphql")
		wantSaid(t, examined(t, s.Subject), map[string]string{
			"NET-003": "failure: api.example.com:8080 answers without TLS: this is not its port for https\nappsyncctl profile set test --endpoint https://api.example.com/graphql",
		})
	})
	t.Run("nobody listens on this machine", func(t *testing.T) {
		s := newSite()
		s.start(t, false)
		s.routes["127.0.0.1:4000"] = "127.0.0.1:1"
		s.set("endpoint", "http://127.0.0.1:4000/graphql")
		wantSaid(t, examined(t, s.Subject), map[string]string{
			"NET-003": "failure: 127.0.0.1:4000 refuses connections: nothing listens there\nappsyncctl emulator start",
		})
	})
}

// What a listener that speaks no HTTP, or says nothing, comes to.
func TestStrangeServers(t *testing.T) {
	tests := []struct {
		name string
		talk func(net.Conn)
		want string
	}{
		{"another protocol", func(c net.Conn) { _, _ = c.Write([]byte("SSH-2.0-OpenSSH_9.2\r\n")) },
			"failure: what ADDRESS answers is not HTTP\npass --endpoint or set APPSYNCCTL_ENDPOINT"},
		{"half an answer", func(c net.Conn) { _, _ = c.Write([]byte("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n")) }, "unknown: ADDRESS broke the connection off"},
		{"an endless answer", func(c net.Conn) {
			_, _ = c.Write([]byte("HTTP/1.1 200 OK\r\n\r\n" + strings.Repeat("x", 1<<20+1)))
		}, "failure: the answer of ADDRESS is too long: it has more than 1 MiB\npass --endpoint or set APPSYNCCTL_ENDPOINT"},
		{"hangs up", func(net.Conn) {}, "unknown: ADDRESS broke the connection off"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			s := newSite()
			s.address = listen(t, func(c net.Conn) {
				buffer := make([]byte, 4096)
				_, _ = c.Read(buffer) // a request
				tt.talk(c)
			})
			s.connect(t)
			s.Plain = &transport.Attempt{Limit: time.Minute, MaxBytes: 1 << 20, Base: s.Plain}
			s.set("endpoint", "http://"+s.address+"/graphql")
			wantSaid(t, examined(t, s.Subject), map[string]string{"NET-003": strings.ReplaceAll(tt.want, "ADDRESS", s.address)})
		})
	}
}

// listen gives each connection to talk and closes it then.
func listen(t *testing.T, talk func(net.Conn)) (address string) {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = listener.Close() })
	go func() {
		for {
			c, err := listener.Accept()
			if err != nil {
				return
			}
			go func() {
				defer func() { _ = c.Close() }()
				talk(c)
			}()
		}
	}()
	return listener.Addr().String()
}

// A certificate that a server has made for itself, on a port of its own.
func TestSelfSigned(t *testing.T) {
	s := newSite()
	s.set("endpoint", "https://api.example.com:8443/graphql")
	s.config = func(c *tls.Config) {
		key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
		if err != nil {
			t.Fatal(err)
		}
		own := &x509.Certificate{
			SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "Own"}, DNSNames: []string{apiHost},
			NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
		}
		c.Certificates = []tls.Certificate{{Certificate: [][]byte{sign(t, own, own, key).Raw}, PrivateKey: key}}
	}
	s.start(t, true)
	if got, want := fixes.ReplaceAllString(said(examined(t, s.Subject)["NET-003"]), ""), "failure: the certificate of api.example.com:8443 is signed by itself"; got != want {
		t.Errorf("got %s\nwant %s", got, want)
	}
}

func TestCertificateNames(t *testing.T) {
	tests := []struct {
		name  string
		names []string
		want  string
	}{
		{"none", nil, "none"},
		{"five", []string{"a.test", "b.test", "c.test", "d.test", "e.test"}, "a.test, b.test, c.test, d.test, e.test"},
		{"more", []string{"a.test", "b.test", "c.test", "d.test", "e.test", "f.test"}, "a.test, b.test, c.test, d.test, e.test, …"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			s := newSite()
			s.certificate = func(c *x509.Certificate) { c.DNSNames, c.IPAddresses = tt.names, nil }
			s.start(t, true)
			wantSaid(t, examined(t, s.Subject), map[string]string{
				"NET-003": "failure: the certificate of api.example.com is for other names: " + tt.want + "\npass --endpoint or set APPSYNCCTL_ENDPOINT",
			})
		})
	}
}

// Whom a certificate was issued by is what tells a company's proxy from a mistake.
func TestCertificateIssuerIsShown(t *testing.T) {
	s := newSite()
	s.authority = x509.NewCertPool()
	s.set("endpoint", "https://abc.appsync-api.eu-west-1.amazonaws.com/graphql")
	s.certificate = func(c *x509.Certificate) { c.DNSNames = []string{"*.appsync-api.eu-west-1.amazonaws.com"} }
	s.start(t, true)
	finding := examined(t, s.Subject)["NET-003"]
	if got, want := evidence(finding, "certificate's issuer"), "CN=Example Authority"; got != want {
		t.Errorf("the issuer is %q, want %q", got, want)
	}
	want := "the certificate of abc.appsync-api.eu-west-1.amazonaws.com was issued by an authority that is not known here: a proxy opens TLS on the way"
	if finding.Message != want {
		t.Errorf("got %q, want %q", finding.Message, want)
	}
}

// A certificate of AWS's own does not end: then the clock is ahead.
func TestManagedCertificateEnded(t *testing.T) {
	s := newSite()
	s.set("endpoint", "https://abc.appsync-api.eu-west-1.amazonaws.com/graphql")
	s.certificate = func(c *x509.Certificate) { c.DNSNames = []string{"*.appsync-api.eu-west-1.amazonaws.com"} }
	s.Now = func() time.Time { return time.Now().Add(48 * time.Hour) }
	s.start(t, true)
	want := "this machine's clock is ahead: by it, the certificate of abc.appsync-api.eu-west-1.amazonaws.com has ended"
	if got := examined(t, s.Subject)["NET-003"]; got.Result != doctor.Failure || got.Message != want {
		t.Errorf("got %s, want %q", said(got), want)
	}
}

// hanging answers nothing until its request is given up.
type hanging struct{}

func (hanging) RoundTrip(req *http.Request) (*http.Response, error) {
	<-req.Context().Done()
	return nil, req.Context().Err()
}

// A host that hangs is not known to be wrong, and holds nobody up for long.
func TestNetworkTakesTooLong(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newSite()
		s.Plain, s.Authorized, s.Provider = hanging{}, hanging{}, client(hanging{})
		findings := examined(t, s.Subject)
		wantSaid(t, findings, map[string]string{
			"NET-003": "unknown: api.example.com takes no connection within 3s",
			"NET-006": "unknown: id.example.com takes no connection within 3s",
		})
		if got := findings["NET-003"].Elapsed; got != 3*time.Second {
			t.Errorf("took %s, want 3s", got)
		}
	})
}

// A mute takes connections and says nothing on them until the test ends.
type mute struct {
	mu   sync.Mutex
	ends []net.Conn
}

func (m *mute) dial(context.Context, string, string) (net.Conn, error) {
	ours, theirs := net.Pipe()
	go func() { _, _ = io.Copy(io.Discard, theirs) }()
	m.mu.Lock()
	defer m.mu.Unlock()
	m.ends = append(m.ends, theirs)
	return ours, nil
}

func (m *mute) hangUp() {
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, end := range m.ends {
		_ = end.Close()
	}
}

func TestNobodySaysAWord(t *testing.T) {
	tests := []struct {
		name, endpoint string
		want           string
	}{
		{"to TLS", "https://api.example.com/graphql", "unknown: api.example.com took a connection and did not say a word within 3s"},
		{"to a request", "http://127.0.0.1:4000/graphql", "unknown: 127.0.0.1:4000 took the request and did not answer within 3s"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := newSite()
				s.set("endpoint", tt.endpoint)
				s.connect(t)
				nobody := new(mute)
				defer nobody.hangUp()
				s.transport.DialContext = nobody.dial
				s.Provider = client(hanging{})
				wantSaid(t, examined(t, s.Subject), map[string]string{"NET-003": tt.want})
			})
		})
	}
}

func TestResolverHangs(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newSite()
		s.Plain, s.Authorized, s.Provider = hanging{}, hanging{}, client(hanging{})
		s.LookupHost = func(ctx context.Context, _ string) ([]string, error) {
			<-ctx.Done()
			return nil, ctx.Err()
		}
		wantSaid(t, examined(t, s.Subject), map[string]string{
			"NET-002": "unknown: api.example.com could not be looked up: the resolver gives no answer",
			"NET-003": "skipped:  <NET-002>",
		})
	})
}

// Who gives up earlier, as --timeout asks for, has waited too.
func TestNetworkHasLessTime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newSite()
		s.Plain = &transport.Attempt{Limit: time.Second, MaxBytes: 1 << 20, Base: hanging{}}
		s.Authorized, s.Provider = s.Plain, client(s.Plain)
		wantSaid(t, examined(t, s.Subject), map[string]string{
			"NET-003": "unknown: api.example.com takes no connection within 1s",
			"NET-006": "unknown: id.example.com takes no connection within 1s",
		})
	})
}

// Ctrl-C is no finding.
func TestNetworkInterrupted(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newSite()
		s.Plain, s.Authorized, s.Provider = hanging{}, hanging{}, client(hanging{})
		ctx, cancel := context.WithCancel(t.Context())
		time.AfterFunc(time.Second, cancel)
		findings := make(map[doctor.ID]doctor.Finding)
		doctor.Examine(ctx, s.Subject, func(f doctor.Finding) { findings[f.ID] = f })
		wantSaid(t, findings, map[string]string{"NET-003": "unknown: interrupted", "NET-006": "unknown: interrupted"})
	})
}
