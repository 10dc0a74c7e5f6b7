package doctor_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"math/big"
	"testing"
	"time"

	"github.com/appsyncctl/appsyncctl/internal/doctor"
)

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
