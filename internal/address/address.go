// Package address compares addresses by what they mean and not as text: people write
// HTTPS://API.Example.com:443/graphql for https://api.example.com/graphql.
package address

import (
	"net"
	"net/url"
	"strings"
)

// Canonical returns an address in its one spelling: scheme and host in lower case, without
// the default port and without slashes at the end (RFC 3986, sections 6.2.2.1 and 6.2.3).
// An address without a scheme is taken for one of https, as for issuers. The case of a path
// counts. Text that is no address is returned as it is.
func Canonical(text string) string {
	text = strings.TrimSpace(text)
	written := text
	if !strings.Contains(written, "://") {
		written = "https://" + written
	}
	u, err := url.Parse(written)
	if err != nil || u.Hostname() == "" {
		return text
	}
	u.Host = Host(u)
	u.Path, u.RawPath = strings.TrimRight(u.Path, "/"), strings.TrimRight(u.RawPath, "/")
	return u.String()
}

// Same reports whether two texts are the same address.
func Same(a, b string) bool { return Canonical(a) == Canonical(b) }

// Host returns the host and port of u in lower case, without the port that its scheme has
// by default.
func Host(u *url.URL) string {
	host := strings.ToLower(u.Host)
	switch port := u.Port(); {
	case port == "", u.Scheme == "https" && port == "443", u.Scheme == "http" && port == "80":
		return strings.TrimSuffix(host, ":"+port)
	default:
		return host
	}
}

// SameHost reports whether a and b have the same scheme, host and port.
func SameHost(a, b *url.URL) bool { return a.Scheme == b.Scheme && Host(a) == Host(b) }

// Loopback reports whether a host, without a port, is this machine: localhost, or an
// address of the loopback interface.
func Loopback(host string) bool {
	ip := net.ParseIP(host)
	return strings.EqualFold(host, "localhost") || ip != nil && ip.IsLoopback()
}

// AppSyncRegion reads the region in ID.appsync-api.REGION.SUFFIX, the hosts that AppSync
// makes, in any partition of AWS; "" for other hosts.
func AppSyncRegion(host string) string {
	_, rest, _ := strings.Cut(strings.ToLower(host), ".appsync-api.")
	region, _, _ := strings.Cut(rest, ".")
	return region
}
