// Redirect URIs: where a browser may be sent with a code.

package auth0

import (
	"net"
	"net/url"
	"slices"
)

// redirectsTo tells whether uri is one of the client's: the same text, or, for a
// loopback one, the same but for the port (RFC 8252 section 7.3).
func (c *Client) redirectsTo(uri string) bool {
	asked, err := url.Parse(uri)
	if err != nil || uri == "" || asked.Fragment != "" {
		return false
	}
	return slices.ContainsFunc(c.RedirectURIs, func(registered string) bool {
		if registered == uri {
			return true
		}
		allowed, err := url.Parse(registered)
		if err != nil || !isLoopback(allowed.Hostname()) {
			return false
		}
		return allowed.Scheme == asked.Scheme && allowed.Hostname() == asked.Hostname() && asked.User == nil &&
			allowed.Path == asked.Path && allowed.RawQuery == asked.RawQuery
	})
}

func isLoopback(host string) bool {
	ip := net.ParseIP(host)
	return host == "localhost" || (ip != nil && ip.IsLoopback())
}
