// Addresses: what people write for an issuer, and where a secret may be sent.

package auth

import (
	"fmt"
	"net/url"
	"strings"

	"github.com/appsyncctl/appsyncctl/internal/address"
	"github.com/appsyncctl/appsyncctl/internal/failure"
	"github.com/appsyncctl/appsyncctl/internal/redact"
)

// discoveryPath is where OpenID Connect Discovery 1.0, section 4, puts a
// provider's metadata, below its issuer.
const discoveryPath = "/.well-known/openid-configuration"

// An IssuerError says why some text names no issuer.
type IssuerError struct {
	Input  string // the text, or "[redacted]" when it may hold a password
	Reason string // what is wrong with it
}

func (e *IssuerError) Error() string { return fmt.Sprintf("issuer %.100q: %s", e.Input, e.Reason) }

// Kind implements the interface of failure.Of.
func (*IssuerError) Kind() failure.Kind { return failure.Usage }

// ParseIssuer turns what people write for an issuer into its canonical URL: a
// bare host name gets https, the host is put in lower case, a default port and
// the discovery document's path are dropped. The result ends in a slash only if
// it has no path: https://tenant.eu.auth0.com/, https://id.example.com/realms/a.
//
// Plain http is for loopback hosts only. User information, a query and a fragment
// are refused (OpenID Connect Discovery 1.0, section 3). The error is an
// *IssuerError.
func ParseIssuer(text string) (string, error) {
	text = strings.TrimSpace(text)
	refuse := func(reason string) (string, error) {
		if strings.Contains(text, "@") {
			return "", &IssuerError{Input: redact.Redacted, Reason: reason}
		}
		return "", &IssuerError{Input: text, Reason: reason}
	}
	if text == "" {
		return refuse("it is empty")
	}
	written := text
	if !strings.Contains(written, "://") {
		written = "https://" + written
	}
	if strings.ContainsAny(written, "?#") {
		return refuse("it has a query or a fragment")
	}
	u, err := url.Parse(written)
	if err != nil {
		return refuse("it is not a URL")
	}
	if reason := insecure(u); reason != "" {
		return refuse(reason)
	}
	path := strings.TrimRight(u.EscapedPath(), "/")
	path = strings.TrimRight(strings.TrimSuffix(path, discoveryPath), "/")
	if path == "" {
		path = "/"
	}
	return u.Scheme + "://" + address.Host(u) + path, nil
}

// insecure says why a secret may not be sent to u, or nothing.
func insecure(u *url.URL) string {
	switch {
	case u.User != nil:
		return "it holds a user name"
	case u.Hostname() == "":
		return "it has no host"
	case u.Scheme == "https":
		return ""
	case u.Scheme != "http":
		return "its scheme is not https"
	case !address.Loopback(u.Hostname()):
		return "plain http is for loopback hosts only"
	}
	return ""
}

// checkEndpoint refuses an address that a secret may not be sent to, with an
// *EndpointError.
func checkEndpoint(endpoint string) error {
	u, err := url.Parse(endpoint)
	if err != nil {
		return &EndpointError{Reason: "it is not a URL"}
	}
	if reason := insecure(u); reason != "" {
		return &EndpointError{Endpoint: place(endpoint), Reason: reason}
	}
	return nil
}

// place shortens an address to its host and path, for messages.
func place(endpoint string) string {
	u, err := url.Parse(endpoint)
	if err != nil {
		return "the provider"
	}
	return short(u.Host + u.Path)
}
