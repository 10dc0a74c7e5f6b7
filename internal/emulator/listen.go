// Where an emulator is: its address, the URL by which clients know it, and for HTTPS an
// authority of its own, made at each start and trusted by nobody who was not handed its
// certificate. It listens on this machine only, unless somebody says otherwise, since it
// gives tokens to anybody who asks.

package emulator

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"fmt"
	"math/big"
	"net"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/appsyncctl/appsyncctl/internal/address"
	"github.com/appsyncctl/appsyncctl/internal/failure"
)

// listen refuses a host that others can reach, unless allowed.
func listen(ctx context.Context, address string, allowRemote bool) (net.Listener, error) {
	if address == "" {
		address = "127.0.0.1:0"
	}
	host, _, err := net.SplitHostPort(address)
	if err != nil {
		return nil, fmt.Errorf("listen on %s: %w", address, err)
	}
	if !allowRemote && !isLoopback(host) {
		return nil, failure.Errorf(failure.Usage, "listen on %s: only a loopback address such as 127.0.0.1:0 is allowed", address)
	}
	return new(net.ListenConfig).Listen(ctx, "tcp", address)
}

// isLoopback tells whether a host name without a port can only mean this machine.
func isLoopback(host string) bool {
	return address.Loopback(host) || strings.HasSuffix(host, ".localhost")
}

// place is an emulator's address and its name.
type place struct {
	own    *url.URL // at which it can reach itself
	public *url.URL // in the issuer, the endpoint and the certificate
}

func newPlace(config Config, address string) (place, error) {
	own := &url.URL{Scheme: "http", Host: reachable(address)}
	if config.TLS {
		own.Scheme = "https"
	}
	if config.PublicURL == "" {
		return place{own: own, public: own}, nil
	}
	public, err := url.Parse(config.PublicURL)
	if err != nil {
		return place{}, fmt.Errorf("public URL: %w", err)
	}
	bare := url.URL{Scheme: public.Scheme, Host: public.Host}
	switch {
	case public.Hostname() == "" || public.Scheme != "http" && public.Scheme != "https",
		bare.String() != strings.TrimSuffix(config.PublicURL, "/"):
		return place{}, fmt.Errorf("public URL %q is not http or https and a host alone", config.PublicURL)
	case config.TLS && public.Scheme == "http":
		return place{}, fmt.Errorf("public URL %q is http, but the emulator serves https", config.PublicURL)
	}
	return place{own: own, public: &bare}, nil
}

// reachable puts the loopback address in the place of one that means all.
func reachable(address string) string {
	host, port, err := net.SplitHostPort(address)
	if ip := net.ParseIP(host); err != nil || ip == nil || !ip.IsUnspecified() {
		return address
	}
	return net.JoinHostPort("127.0.0.1", port) // [::] takes IPv4, too
}

// origin is scheme://host:port, without a slash.
func (p place) origin() string { return p.public.String() }

// shortcut sends requests for the public URL to the emulator's own address: its
// name need not resolve, nor its port be open, where it runs itself.
func (p place) shortcut(base http.RoundTripper) http.RoundTripper {
	return roundTripper(func(r *http.Request) (*http.Response, error) {
		if r.URL.Host == p.public.Host {
			r = r.Clone(r.Context())
			r.Host = r.URL.Host
			r.URL.Scheme, r.URL.Host = p.own.Scheme, p.own.Host
		}
		return base.RoundTrip(r)
	})
}

// only refuses requests for hosts that are neither loopback nor the emulator's, which
// a web page can send here by letting its own name resolve to the emulator's address.
func (p place) only(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		host, _, err := net.SplitHostPort(r.Host)
		if err != nil {
			host = strings.Trim(r.Host, "[]")
		}
		if !isLoopback(host) && !strings.EqualFold(host, p.public.Hostname()) {
			http.Error(w, "this emulator answers to loopback hosts and to the host of its public URL only", http.StatusMisdirectedRequest)
			return
		}
		next.ServeHTTP(w, r)
	})
}

// certificateLifetime is longer than anybody runs an emulator. Certificates go by the
// machine's clock, not by Config.Now, since the client's TLS does.
const certificateLifetime = 30 * 24 * time.Hour

// authority is a certificate for the loopback names and one more host, and the one that
// signed it.
type authority struct {
	pem    []byte // of the signer
	pool   *x509.CertPool
	server tls.Certificate
}

func newAuthority(host string) (*authority, error) {
	signerKey, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, err
	}
	serverKey, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, err
	}
	now := time.Now()
	signer := &x509.Certificate{
		SerialNumber:          big.NewInt(1),
		Subject:               pkix.Name{CommonName: "appsyncctl emulator"},
		NotBefore:             now.Add(-time.Hour),
		NotAfter:              now.Add(certificateLifetime),
		IsCA:                  true,
		BasicConstraintsValid: true,
		KeyUsage:              x509.KeyUsageCertSign,
	}
	server := &x509.Certificate{
		SerialNumber: big.NewInt(2),
		Subject:      pkix.Name{CommonName: "localhost"},
		NotBefore:    signer.NotBefore,
		NotAfter:     signer.NotAfter,
		KeyUsage:     x509.KeyUsageDigitalSignature,
		ExtKeyUsage:  []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
		DNSNames:     []string{"localhost"},
		IPAddresses:  []net.IP{net.IPv4(127, 0, 0, 1), net.IPv6loopback},
	}
	if ip := net.ParseIP(host); ip != nil {
		server.IPAddresses = append(server.IPAddresses, ip)
	} else {
		server.DNSNames = append(server.DNSNames, host)
	}
	signerDER, err := x509.CreateCertificate(rand.Reader, signer, signer, signerKey.Public(), signerKey)
	if err != nil {
		return nil, err
	}
	serverDER, err := x509.CreateCertificate(rand.Reader, server, signer, serverKey.Public(), signerKey)
	if err != nil {
		return nil, err
	}
	a := &authority{
		pem:    pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: signerDER}),
		pool:   x509.NewCertPool(),
		server: tls.Certificate{Certificate: [][]byte{serverDER}, PrivateKey: serverKey},
	}
	a.pool.AppendCertsFromPEM(a.pem)
	return a, nil
}
