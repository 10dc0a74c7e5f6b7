// Package management is a client of Auth0's Management API (version 2), and the plan that
// a tenant is set up by: an API, an application for machines with its grant, and one for
// people.
//
// A plan is made by reading only. It finds what is there, by the API's identifier and by
// the applications' names, and says of each whether it is made, changed or kept. A change
// is as small as it can be: lists grow by what is missing, and what the plan has no
// opinion on stays. So a plan that has been carried out is followed by one that keeps
// everything, and one that broke off is carried on by the next.
//
// Auth0's own library is not taken: it is larger than this program, and this needs nine
// calls.
package management

import (
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/url"
	"strings"
)

// A Secret is a token or a client secret. It prints, logs and marshals as "[redacted]".
type Secret string

// Format prints "[redacted]" for every verb.
func (Secret) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, "[redacted]") }

// LogValue returns "[redacted]".
func (Secret) LogValue() slog.Value { return slog.StringValue("[redacted]") }

// MarshalText returns "[redacted]".
func (Secret) MarshalText() ([]byte, error) { return []byte("[redacted]"), nil }

// apiPath is that of the Management API on a tenant's own host.
const apiPath = "/api/v2/"

// A TokenError says why a token is none for the Management API. It holds none of it.
type TokenError struct{ Reason string }

func (e *TokenError) Error() string { return "not a token for the Management API: " + e.Reason }

// Base finds the address of the Management API among the audiences of a token, which is
// the only place that the token may be sent to: https, or http on loopback, and the path
// /api/v2/. The error is a *TokenError.
func Base(audiences []string) (string, error) {
	for _, audience := range audiences {
		u, err := url.Parse(audience)
		if err != nil || u.Path != apiPath {
			continue
		}
		if u.Host == "" || u.User != nil || u.RawQuery != "" || u.Fragment != "" || u.Scheme != "https" && !loopback(u) {
			return "", &TokenError{fmt.Sprintf("its audience %.100q is not an address that a token may be sent to", audience)}
		}
		return audience, nil
	}
	return "", &TokenError{fmt.Sprintf("it is for %.200q, not for https://TENANT%s", strings.Join(audiences, ", "), apiPath)}
}

func loopback(u *url.URL) bool {
	ip := net.ParseIP(u.Hostname())
	return u.Scheme == "http" && (u.Hostname() == "localhost" || ip != nil && ip.IsLoopback())
}
