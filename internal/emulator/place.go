// Where an emulator is: its address, and the URL by which clients know it.

package emulator

import (
	"fmt"
	"net"
	"net/http"
	"net/url"
	"strings"
)

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
