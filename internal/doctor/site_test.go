// An API and a provider with names and certificates of their own, on one listener of
// this machine, and a subject that finds them there.

package doctor_test

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"fmt"
	"io"
	"log"
	"math/big"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/appsyncctl/appsyncctl/internal/doctor"
)

const (
	apiHost      = "api.example.com"
	providerHost = "id.example.com"

	goodMetadata = `{"issuer":"https://id.example.com/","token_endpoint":"https://id.example.com/oauth/token",` +
		`"device_authorization_endpoint":"https://id.example.com/oauth/device/code","authorization_endpoint":"https://id.example.com/authorize",` +
		`"jwks_uri":"https://id.example.com/keys","grant_types_supported":["client_credentials","authorization_code","urn:ietf:params:oauth:grant-type:device_code"]}`
	goodKeys = `{"keys":[{"kty":"RSA","alg":"RS256","use":"sig","kid":"key-1","n":"sXchDaQebHnPiGvyDOAT4saGEUetSyo9MKLOoWFsueri","e":"AQAB"}]}`
)

// A site is a set-up in order, until a test changes it.
type site struct {
	*doctor.Subject
	pages       map[string]http.HandlerFunc // by host and path
	certificate func(*x509.Certificate)     // changes the server's; may be nil
	config      func(*tls.Config)           // changes the server's; may be nil
	http2       bool                        // spoken by both sides
	routes      map[string]string           // where a host and port are, if not at the listener
	authority   *x509.CertPool              // whom the client trusts
	transport   *http.Transport
	address     string // of the listener
}

func newSite() *site {
	s := &site{
		pages:  make(map[string]http.HandlerFunc),
		routes: make(map[string]string),
	}
	s.pages[apiHost+"/graphql"] = page(401, `{"errors":[{"errorType":"UnauthorizedException","message":"You are not authorized to make this call."}]}`)
	s.pages[providerHost+"/.well-known/openid-configuration"] = page(200, goodMetadata)
	s.pages[providerHost+"/keys"] = page(200, goodKeys)
	s.Subject = &doctor.Subject{
		Profile: "test", Mode: "oidc", Grant: "device",
		Settings: []doctor.Setting{
			setting("endpoint", "https://api.example.com/graphql"), setting("issuer", "https://id.example.com/"),
			setting("client_id", "client-1"), setting("audience", "https://api.example.com/"),
			setting("grant", "device"), setting("token_store", "keyring"),
		},
		Needed: []string{"endpoint", "issuer", "client_id"},
		LookupHost: func(context.Context, string) ([]string, error) {
			return []string{"192.0.2.1"}, nil
		},
		Proxy: func(*url.URL) (*url.URL, error) { return nil, nil },
		Store: &doctor.Store{Name: "keyring", Probe: func(context.Context) error { return nil }},
		Now:   time.Now,
	}
	return s
}

func setting(name, value string) doctor.Setting {
	flag := strings.ReplaceAll(name, "_", "-")
	return doctor.Setting{
		Name: name, Label: strings.ReplaceAll(name, "_", " "), Flag: flag,
		Variable: "APPSYNCCTL_" + strings.ToUpper(name), Value: value, Source: "profile", Origin: "profile test",
	}
}

// set gives a setting another value.
func (s *site) set(name, value string) {
	for i := range s.Settings {
		if s.Settings[i].Name == name {
			s.Settings[i].Value = value
			return
		}
	}
	s.Settings = append(s.Settings, setting(name, value))
}

func page(status int, body string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		w.WriteHeader(status)
		_, _ = io.WriteString(w, body)
	}
}

// ServeHTTP implements http.Handler.
func (s *site) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if answer := s.pages[r.Host+r.URL.Path]; answer != nil {
		answer(w, r)
		return
	}
	http.NotFound(w, r)
}

// start listens, with TLS or without, and connects the subject.
func (s *site) start(t *testing.T, withTLS bool) {
	t.Helper()
	server := httptest.NewUnstartedServer(s)
	server.EnableHTTP2 = s.http2
	server.Config.ErrorLog = log.New(io.Discard, "", 0) // of handshakes that fail as they should
	if withTLS {
		server.TLS = s.serverTLS(t)
		server.StartTLS()
	} else {
		server.Start()
	}
	t.Cleanup(server.Close)
	s.Deadline = unhurried
	s.address = server.Listener.Addr().String()
	s.connect(t)
}

// unhurried gives checks that ask a real server a hundred times as long as people do: no
// machine is so busy that it ends them.
func unhurried(ctx context.Context, limit time.Duration, _ string) (context.Context, context.CancelFunc) {
	return context.WithTimeout(ctx, 100*limit)
}

// connect makes the transports of the subject.
func (s *site) connect(t *testing.T) {
	t.Helper()
	s.transport = &http.Transport{
		TLSClientConfig:   &tls.Config{RootCAs: s.authority, MinVersion: tls.VersionTLS12, Time: s.Now},
		DisableKeepAlives: true,
		ForceAttemptHTTP2: s.http2,
		Proxy:             func(req *http.Request) (*url.URL, error) { return s.Proxy(req.URL) },
		DialContext: func(ctx context.Context, network, address string) (net.Conn, error) {
			if route := s.routes[address]; route != "" {
				address = route
			} else {
				address = s.address
			}
			return (&net.Dialer{}).DialContext(ctx, network, address)
		},
	}
	s.Plain, s.Authorized = s.transport, s.transport
	s.Provider = &http.Client{Transport: s.transport}
}

// serverTLS makes an authority, which the client trusts unless it trusts another, and
// a certificate by it.
func (s *site) serverTLS(t *testing.T) *tls.Config {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	now := time.Now()
	signer := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "Example Authority"},
		NotBefore: now.AddDate(-10, 0, 0), NotAfter: now.AddDate(10, 0, 0),
		IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign,
	}
	certificate := &x509.Certificate{
		SerialNumber: big.NewInt(2), Subject: pkix.Name{CommonName: "Example"},
		NotBefore: now.Add(-24 * time.Hour), NotAfter: now.Add(24 * time.Hour),
		KeyUsage: x509.KeyUsageDigitalSignature, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
		DNSNames: []string{apiHost, providerHost}, IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)},
	}
	if s.certificate != nil {
		s.certificate(certificate)
	}
	parsed := sign(t, signer, signer, key)
	if s.authority == nil {
		s.authority = x509.NewCertPool()
		s.authority.AddCert(parsed)
	}
	leaf := sign(t, certificate, signer, key)
	config := &tls.Config{Certificates: []tls.Certificate{{Certificate: [][]byte{leaf.Raw}, PrivateKey: key}}}
	if s.config != nil {
		s.config(config)
	}
	return config
}

func sign(t *testing.T, certificate, signer *x509.Certificate, key *ecdsa.PrivateKey) *x509.Certificate {
	t.Helper()
	der, err := x509.CreateCertificate(rand.Reader, certificate, signer, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	parsed, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	return parsed
}

// examined returns what the checks say, by ID.
func examined(t *testing.T, subject *doctor.Subject) map[doctor.ID]doctor.Finding {
	t.Helper()
	findings := make(map[doctor.ID]doctor.Finding)
	doctor.Examine(t.Context(), subject, func(f doctor.Finding) {
		wantSentence(t, f)
		findings[f.ID] = f
	})
	return findings
}

// said is a finding in one line: result, message, the check it comes from, and the
// fix in the next line.
func said(f doctor.Finding) string {
	text := fmt.Sprintf("%s: %s", f.Result, f.Message)
	if f.Because != "" {
		text += " <" + string(f.Because) + ">"
	}
	if f.Fix != "" {
		text += "\n" + f.Fix
	}
	return text
}

// wantSaid compares what checks said with what they should say.
func wantSaid(t *testing.T, findings map[doctor.ID]doctor.Finding, want map[string]string) {
	t.Helper()
	for id, text := range want {
		if got := said(findings[doctor.ID(id)]); got != text {
			t.Errorf("%s says %s\nwant %s", id, got, text)
		}
	}
}

// evidence returns what was found under a name; "" if there is no such evidence.
func evidence(f doctor.Finding, name string) string {
	for _, e := range f.Evidence {
		if e.Name == name {
			return e.Found
		}
	}
	return ""
}

// unplugged is a network that leads nowhere.
type unplugged struct{}

func (unplugged) RoundTrip(*http.Request) (*http.Response, error) {
	return nil, &net.OpError{Op: "dial", Net: "tcp", Err: syscall.ENETUNREACH}
}

func client(transport http.RoundTripper) *http.Client { return &http.Client{Transport: transport} }
