package main

import (
	"bytes"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"io"
	"log"
	"math/big"
	"net"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/appsyncctl/appsyncctl/internal/emulator"
)

// arm adds a fault to an emulator that runs.
func (s *scene) arm(f emulator.Fault) {
	s.t.Helper()
	text, err := json.Marshal(f)
	if err != nil {
		s.t.Fatal(err)
	}
	req, err := http.NewRequestWithContext(s.t.Context(), http.MethodPost, s.emulator.URL()+"/_emulator/faults", bytes.NewReader(text))
	if err != nil {
		s.t.Fatal(err)
	}
	resp, err := http.DefaultTransport.RoundTrip(req)
	if err != nil {
		s.t.Fatal(err)
	}
	if resp.Body.Close() != nil || resp.StatusCode != http.StatusOK {
		s.t.Fatal(resp.Status)
	}
}

// armed is how many faults still wait for a request; 0 when the emulator has gone.
func (s *scene) armed() int {
	req, err := http.NewRequestWithContext(s.t.Context(), http.MethodGet, s.emulator.URL()+"/_emulator/faults", nil)
	if err != nil {
		return 0
	}
	resp, err := http.DefaultTransport.RoundTrip(req)
	if err != nil {
		return 0
	}
	defer resp.Body.Close()
	var faults []emulator.Fault
	_ = json.NewDecoder(resp.Body).Decode(&faults) // none, then
	return len(faults)
}

// behind puts a handler between the client and the API.
func behind(around func(next http.Handler) http.Handler) change {
	return then(func(s *scene) { s.lead(around(s.upstream(nil))) })
}

// lead lets the endpoint be a handler.
func (s *scene) lead(handler http.Handler) {
	server := httptest.NewServer(handler)
	s.t.Cleanup(server.Close)
	s.variables["APPSYNCCTL_ENDPOINT"] = server.URL + graphqlPath
}

// upstream leads to the emulator, which knows itself by the first of names and is known
// to the client by all of them. AppSync's real-time host has another path than an
// emulator, and credentials there name the host that they are for.
func (s *scene) upstream(names []string) *httputil.ReverseProxy {
	target, err := url.Parse(s.emulator.URL())
	if err != nil {
		s.t.Fatal(err)
	}
	return &httputil.ReverseProxy{ErrorLog: log.New(io.Discard, "", 0), Rewrite: func(r *httputil.ProxyRequest) {
		r.SetURL(target)
		if strings.Contains(r.In.Host, ".appsync-realtime-api.") {
			r.Out.URL.Path = "/graphql/realtime"
		}
		if len(names) == 0 {
			return
		}
		r.Out.Host = names[0]
		const protocol = "Sec-WebSocket-Protocol"
		before, encoded, isRealtime := strings.Cut(r.In.Header.Get(protocol), "header-")
		if credentials, err := base64.RawURLEncoding.DecodeString(encoded); isRealtime && err == nil {
			credentials = bytes.ReplaceAll(credentials, []byte(names[1]), []byte(names[0]))
			r.Out.Header.Set(protocol, before+"header-"+base64.RawURLEncoding.EncodeToString(credentials))
		}
	}}
}

// An authority signs certificates for a scene.
type authority struct {
	certificate *x509.Certificate
	key         *ecdsa.PrivateKey
	pem         string
}

func newAuthority(t *testing.T) *authority {
	t.Helper()
	a := &authority{key: newKey(t)}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "some authority"}, IsCA: true, BasicConstraintsValid: true,
		NotBefore: time.Now().AddDate(-10, 0, 0), NotAfter: time.Now().AddDate(1, 0, 0), KeyUsage: x509.KeyUsageCertSign,
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, a.key.Public(), a.key)
	if err != nil {
		t.Fatal(err)
	}
	if a.certificate, err = x509.ParseCertificate(der); err != nil {
		t.Fatal(err)
	}
	a.pem = string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}))
	return a
}

func newKey(t *testing.T) *ecdsa.PrivateKey {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	return key
}

// certificate is one for names, until end.
func (a *authority) sign(t *testing.T, end time.Time, names ...string) tls.Certificate {
	t.Helper()
	key := newKey(t)
	template := &x509.Certificate{
		SerialNumber: big.NewInt(2), Subject: pkix.Name{CommonName: names[0]},
		NotBefore: end.AddDate(-1, 0, 0), NotAfter: end, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
	}
	for _, name := range names {
		if ip := net.ParseIP(name); ip != nil {
			template.IPAddresses = append(template.IPAddresses, ip)
		} else {
			template.DNSNames = append(template.DNSNames, name)
		}
	}
	der, err := x509.CreateCertificate(rand.Reader, template, a.certificate, key.Public(), a.key)
	if err != nil {
		t.Fatal(err)
	}
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}
}

// nextMonth is when a certificate ends that is in order.
func nextMonth() time.Time { return time.Now().AddDate(0, 1, 0) }

// secured puts TLS in front of the emulator, with a certificate for names, and trusts
// its authority.
func (s *scene) secured(end time.Time, names, called []string) (host string) {
	s.needsCertificateFile()
	a := newAuthority(s.t)
	server := httptest.NewUnstartedServer(s.upstream(called))
	server.TLS = &tls.Config{Certificates: []tls.Certificate{a.sign(s.t, end, names...)}}
	server.Config.ErrorLog = log.New(io.Discard, "", 0) // clients that do not trust it
	server.StartTLS()
	s.t.Cleanup(server.Close)
	s.variables["SSL_CERT_FILE"] = s.file("authority.pem", a.pem)
	return server.Listener.Addr().String()
}

// needsCertificateFile passes a scene over where the system alone says whom to trust.
func (s *scene) needsCertificateFile() {
	if runtime.GOOS == "darwin" || runtime.GOOS == "windows" {
		s.t.Skip("Go heeds SSL_CERT_FILE on Linux and the BSDs")
	}
}

// tlsAt lets the setting in a variable lead to TLS with a certificate for names.
func tlsAt(variable string, end time.Time, names ...string) change {
	return then(func(s *scene) {
		address, err := url.Parse(s.variables[variable])
		if err != nil {
			s.t.Fatal(err)
		}
		address.Scheme, address.Host = "https", s.secured(end, names, nil)
		s.variables[variable] = address.String()
	})
}

// proxied sends everything through a proxy that does what serve does.
func proxied(serve http.HandlerFunc) change {
	return then(func(s *scene) { s.proxy(serve) })
}

func (s *scene) proxy(serve http.HandlerFunc) {
	server := httptest.NewServer(serve)
	s.t.Cleanup(server.Close)
	s.variables["HTTPS_PROXY"] = server.URL
}

// A machine that everybody calls by other names: those of an Auth0 tenant and of an
// AppSync API, to which a proxy leads.
const (
	tenantHost   = "tenant.eu.auth0.com"
	apiHost      = "abcdefghijklmnopqrstuvwxyz.appsync-api.eu-west-1.amazonaws.com"
	realtimeHost = "abcdefghijklmnopqrstuvwxyz.appsync-realtime-api.eu-west-1.amazonaws.com"
)

// cloud gives the emulator the names that Auth0 and AppSync have, and more; all their
// certificates are in order.
func cloud(more ...string) change {
	return named(tenantHost, apiHost, append([]string{realtimeHost}, more...)...)
}

// custom gives the emulator the names of custom domains.
func custom(s *scene) { named("login.example.com", "api.example.com")(s) }

// named lets a proxy lead to the emulator by the names of a tenant, an API, and more.
func named(tenant, api string, more ...string) change {
	names := append([]string{tenant, api}, more...)
	return both(
		configured(func(c *emulator.Config) { c.PublicURL = "https://" + tenant }),
		then(func(s *scene) {
			s.proxy(tunnel(s.secured(nextMonth(), names, names)))
			s.variables["APPSYNCCTL_ENDPOINT"] = "https://" + api + graphqlPath
		}),
	)
}

// emptyAccount is an AWS account without APIs.
func emptyAccount(s *scene) {
	then(func(s *scene) {
		server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", "application/json")
			_, _ = io.WriteString(w, `{"graphqlApis":[]}`)
		}))
		s.t.Cleanup(server.Close)
		s.variables["AWS_ENDPOINT_URL_APPSYNC"] = server.URL
	})(s)
}

// tunnel is a proxy that leads everywhere to one host.
func tunnel(host string) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		if r.Method != http.MethodConnect {
			w.WriteHeader(http.StatusBadRequest)
			return
		}
		there, err := new(net.Dialer).DialContext(r.Context(), "tcp", host)
		if err != nil {
			w.WriteHeader(http.StatusBadGateway)
			return
		}
		here, buffered, err := http.NewResponseController(w).Hijack()
		if err != nil {
			_ = there.Close()
			return
		}
		_, _ = io.WriteString(here, "HTTP/1.1 200 OK\r\n\r\n")
		go func() {
			_, _ = io.Copy(there, buffered) // until one of them hangs up
			_ = there.Close()
		}()
		_, _ = io.Copy(here, there)
		_ = here.Close()
	}
}

// listening returns the address of a listener that greets whoever comes with words, and
// then says nothing more. asked is called when somebody has said something to it.
func (s *scene) listening(words string, asked func()) string {
	listener, err := new(net.ListenConfig).Listen(s.t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		s.t.Fatal(err)
	}
	s.t.Cleanup(func() { _ = listener.Close() })
	go func() {
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			_, _ = io.WriteString(conn, words)
			if asked != nil {
				go func() {
					_, _ = conn.Read(make([]byte, 1))
					asked()
				}()
			}
			context.AfterFunc(s.t.Context(), func() { _ = conn.Close() })
		}
	}()
	return listener.Addr().String()
}
