package appsync

import (
	"net/url"
	"strings"

	"github.com/appsyncctl/appsyncctl/internal/address"
	"github.com/appsyncctl/appsyncctl/internal/failure"
)

// endpointErrorf says why some text is no endpoint, without quoting a password.
func endpointErrorf(format string, args ...any) error {
	return failure.Errorf(failure.Usage, "the endpoint is not usable: "+format, args...)
}

// ParseEndpoint checks a GraphQL endpoint. It must be an absolute https URL;
// plain http is for loopback hosts, where nobody listens in. The host is returned in
// lower case and without a default port.
func ParseEndpoint(text string) (*url.URL, error) {
	endpoint, err := url.Parse(text)
	switch {
	case err != nil:
		return nil, endpointErrorf("it is not a URL")
	case endpoint.User != nil:
		return nil, endpointErrorf("it holds a user name or a password")
	case endpoint.Hostname() == "" || endpoint.Scheme != "http" && endpoint.Scheme != "https":
		return nil, endpointErrorf("it is not an https URL") // unquoted: "user:password@host" is none
	case endpoint.Scheme == "http" && !address.Loopback(endpoint.Hostname()):
		return nil, endpointErrorf("http to %s would send the token in the clear; use https", endpoint.Host)
	case endpoint.Fragment != "":
		return nil, endpointErrorf("it has a fragment")
	default:
		endpoint.Host = address.Host(endpoint)
		return endpoint, nil
	}
}

// RealtimeURL returns the real-time address of a GraphQL endpoint: the host of
// AppSync's own, ID.appsync-api.REGION.…, has a sibling; a custom domain has a path.
func RealtimeURL(endpoint *url.URL) *url.URL {
	address := *endpoint
	address.Scheme = strings.Replace(endpoint.Scheme, "http", "ws", 1)
	labels := strings.Split(endpoint.Host, ".")
	if len(labels) > 3 && strings.EqualFold(labels[1], "appsync-api") {
		labels[1] = "appsync-realtime-api"
		address.Host = strings.Join(labels, ".")
		return &address
	}
	return address.JoinPath("realtime")
}
