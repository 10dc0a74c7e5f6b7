package emulator_test

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"net"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/appsyncctl/appsyncctl/internal/emulator"
)

// forwarded sends requests for the public URL to where the emulator really listens, as
// a container's port mapping does.
type forwarded struct{ to *url.URL }

func (f forwarded) RoundTrip(r *http.Request) (*http.Response, error) {
	r = r.Clone(r.Context())
	r.Host = r.URL.Host
	r.URL.Host = f.to.Host
	return http.DefaultTransport.RoundTrip(r)
}

func (r running) own(t *testing.T) *url.URL {
	t.Helper()
	own, err := url.Parse(r.URL())
	if err != nil {
		t.Fatal(err)
	}
	return own
}

// certificate is the one that the emulator shows.
func (r running) certificate(t *testing.T) *x509.Certificate {
	t.Helper()
	dialer := tls.Dialer{Config: &tls.Config{InsecureSkipVerify: true}}
	conn, err := dialer.DialContext(t.Context(), "tcp", r.own(t).Host)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	return conn.(*tls.Conn).ConnectionState().PeerCertificates[0]
}

// TestPublicURL gets a token and uses it under a name that does not resolve.
func TestPublicURL(t *testing.T) {
	r := start(t, emulator.Config{Listen: "0.0.0.0:0", AllowRemote: true, PublicURL: "http://emulator.test:8080/"})
	r.client.Transport = forwarded{r.own(t)}
	if r.env["APPSYNCCTL_ISSUER"] != "http://emulator.test:8080/" || r.env["APPSYNCCTL_ENDPOINT"] != "http://emulator.test:8080/graphql" {
		t.Fatalf("got %v", r.env)
	}
	if resp, body := r.query(t, create); resp.StatusCode != http.StatusOK || !strings.Contains(body, `"id"`) {
		t.Errorf("got %d %s", resp.StatusCode, body)
	}
	for host, want := range map[string]int{"EMULATOR.test": 200, "127.0.0.1:80": 200, "localhost": 200, "evil.test": 421, "emulator.test.evil": 421} {
		req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, r.URL()+"/_emulator/status", http.NoBody)
		if err != nil {
			t.Fatal(err)
		}
		req.Host = host
		resp, err := http.DefaultTransport.RoundTrip(req)
		if err != nil {
			t.Fatal(err)
		}
		if resp.Body.Close(); resp.StatusCode != want {
			t.Errorf("host %s: %d, want %d", host, resp.StatusCode, want)
		}
	}
}

func TestAllInterfaces(t *testing.T) {
	r := start(t, emulator.Config{Listen: "0.0.0.0:0", AllowRemote: true})
	if !strings.HasPrefix(r.env["APPSYNCCTL_ISSUER"], "http://127.0.0.1:") {
		t.Errorf("issuer %s", r.env["APPSYNCCTL_ISSUER"])
	}
	if resp, body := r.query(t, create); resp.StatusCode != http.StatusOK {
		t.Errorf("got %d %s", resp.StatusCode, body)
	}
}

func TestPublicURLRefused(t *testing.T) {
	tests := []struct {
		url string
		tls bool
	}{
		{"emulator", false},
		{"ftp://emulator", false},
		{"http://", false},
		{"http://emulator/path", false},
		{"http://user@emulator", false},
		{"http://emulator?q", false},
		{"http://emulator", true},
		{":", false},
	}
	for _, tt := range tests {
		if e, err := emulator.Start(t.Context(), emulator.Config{PublicURL: tt.url, TLS: tt.tls}); err == nil {
			t.Errorf("%s: started", tt.url)
			_ = e.Close()
		}
	}
}

func TestCertificateNamesThePublicHost(t *testing.T) {
	r := start(t, emulator.Config{TLS: true, PublicURL: "https://emulator.test"})
	block, _ := pem.Decode(r.CA())
	authority, err := x509.ParseCertificate(block.Bytes)
	if err != nil {
		t.Fatal(err)
	}
	trusted := x509.NewCertPool()
	trusted.AddCert(authority)
	server := r.certificate(t)
	for _, host := range []string{"emulator.test", "localhost", "127.0.0.1"} {
		if _, err := server.Verify(x509.VerifyOptions{DNSName: host, Roots: trusted}); err != nil {
			t.Errorf("%s: %v", host, err)
		}
	}
	// The API finds the tenant's keys, though the name does not resolve.
	own := r.own(t).Host
	r.client.Transport = &http.Transport{
		TLSClientConfig: &tls.Config{RootCAs: trusted},
		DialContext: func(ctx context.Context, network, _ string) (net.Conn, error) {
			return new(net.Dialer).DialContext(ctx, network, own)
		},
	}
	if resp, body := r.query(t, create); resp.StatusCode != http.StatusOK || !strings.Contains(body, `"id"`) {
		t.Errorf("got %d %s", resp.StatusCode, body)
	}
}
