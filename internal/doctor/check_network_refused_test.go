package doctor_test

import (
	"crypto/tls"
	"crypto/x509"
	"net"
	"runtime"
	"strings"
	"syscall"
	"testing"
	"time"

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
