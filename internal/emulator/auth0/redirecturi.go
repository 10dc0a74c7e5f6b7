// Redirect URIs: where a browser may be sent with a code.

package auth0

import (
	"net"
	"net/url"
	"slices"
)

// redirectsTo tells whether uri is one of the client's. Auth0 compares the text, port
// included; anyPort is RFC 8252 section 7.3 instead: any port of a loopback host.
func (c *Client) redirectsTo(uri string, anyPort bool) bool {
	if uri == "" {
		return false
	}
	if slices.Contains(c.RedirectURIs, uri) {
		return true
	}
	asked, err := url.Parse(uri)
	if err != nil || !anyPort || !isLoopback(asked.Hostname()) || asked.User != nil || asked.Fragment != "" {
		return false
	}
	return slices.ContainsFunc(c.RedirectURIs, func(registered string) bool {
		allowed, err := url.Parse(registered)
		return err == nil && allowed.Scheme == asked.Scheme && allowed.Hostname() == asked.Hostname() &&
			allowed.Path == asked.Path && allowed.RawQuery == asked.RawQuery
	})
}

func isLoopback(host string) bool {
	ip := net.ParseIP(host)
	return host == "localhost" || (ip != nil && ip.IsLoopback())
}
