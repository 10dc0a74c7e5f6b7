package transport

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/appsyncctl/appsyncctl/internal/redact"
)

// What a trace shows of a message, and what it puts in place of the rest.

// shownHeader reports whether a header is printed with its value; of all others
// only the name is.
func shownHeader(name string) bool {
	switch http.CanonicalHeaderKey(name) {
	case "Accept", "Accept-Encoding", "Content-Encoding", "Content-Length", "Content-Type", "Date",
		"Retry-After", "Server", "User-Agent", "Vary", "Via",
		"X-Amzn-Appsync-Tokensconsumed", "X-Amzn-Errortype", "X-Amzn-Requestid",
		"X-Ratelimit-Limit", "X-Ratelimit-Remaining", "X-Ratelimit-Reset", "Auth0-Client-Quota-Limit":
		return true
	default:
		return false
	}
}

// shownField reports whether a member of a form, or of a JSON body that is not
// GraphQL's, is printed with its value.
func shownField(name string) bool {
	switch name {
	case "audience", "client_id", "client_assertion_type", "grant_type", "organization", "scope",
		"error", "error_description", "message", "expires_in", "interval", "token_type", "verification_uri",
		"issuer", "jwks_uri", "token_endpoint", "device_authorization_endpoint",
		"authorization_endpoint", "revocation_endpoint", "userinfo_endpoint":
		return true
	default:
		return false
	}
}

// plainName reports whether a member's name can be the name of something. A
// body of another kind than its header says has its secrets in the names.
func plainName(name string) bool {
	return len(name) <= 40 && !strings.ContainsFunc(name, func(c rune) bool {
		letter := 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z'
		return !letter && !('0' <= c && c <= '9') && !strings.ContainsRune("._-", c)
	})
}

// redactBody shows a GraphQL body as it is: it holds customers, not secrets.
func redactBody(header http.Header, data []byte, graphQL bool) string {
	switch {
	case len(data) == 0:
		return ""
	case len(data) > traced:
		return fmt.Sprintf("[more than %d MiB]", traced>>20)
	case graphQL:
		return string(data)
	case isForm(header):
		form, err := url.ParseQuery(string(data))
		if err != nil {
			return redact.Redacted
		}
		return redactForm(form)
	}
	var members map[string]json.RawMessage
	if json.Unmarshal(data, &members) != nil {
		return fmt.Sprintf("[%d bytes, not a JSON object]", len(data))
	}
	shown := make(map[string]any, len(members))
	for name, value := range members {
		switch {
		case !plainName(name):
			shown[redact.Redacted] = redact.Redacted
		case !shownField(name) || strings.HasPrefix(string(value), "{") || strings.HasPrefix(string(value), "["):
			shown[name] = redact.Redacted
		default:
			shown[name] = value
		}
	}
	text, err := json.Marshal(shown)
	if err != nil {
		return redact.Redacted
	}
	return string(text)
}

func redactForm(form url.Values) string {
	shown := make(url.Values, len(form))
	for name, values := range form {
		switch {
		case !plainName(name):
			shown[redact.Redacted] = []string{redact.Redacted}
		case !shownField(name):
			shown[name] = []string{redact.Redacted}
		default:
			shown[name] = values
		}
	}
	text, err := url.QueryUnescape(shown.Encode())
	if err != nil {
		return redact.Redacted
	}
	return text
}

func isForm(header http.Header) bool {
	return strings.HasPrefix(header.Get("Content-Type"), "application/x-www-form-urlencoded")
}

// isGraphQL reports whether data is a JSON object with no other members than
// names.
func isGraphQL(data []byte, names ...string) bool {
	var members map[string]json.RawMessage
	if json.Unmarshal(data, &members) != nil || len(members) == 0 {
		return false
	}
	for name := range members {
		if !slices.Contains(names, name) {
			return false
		}
	}
	return true
}

// secrets are the values that a request carried and that a server may echo.
type secrets []string

func (s *secrets) addHeader(req *http.Request) {
	for name, values := range req.Header {
		if !shownHeader(name) {
			*s = append(*s, values...)
			for _, value := range values {
				*s = append(*s, strings.Fields(value)...) // without "Bearer"
			}
		}
	}
	if _, password, ok := req.BasicAuth(); ok {
		*s = append(*s, password)
		if plain, err := url.QueryUnescape(password); err == nil { // RFC 6749, 2.3.1
			*s = append(*s, plain)
		}
	}
}

func (s *secrets) addBody(header http.Header, data []byte) {
	if isForm(header) {
		form, _ := url.ParseQuery(string(data))
		s.addForm(form)
	}
}

func (s *secrets) addForm(form url.Values) {
	for name, values := range form {
		if !shownField(name) {
			*s = append(*s, values...)
		}
	}
}

// hide replaces the secrets in text, the longest first: one may be part of
// another.
func (s secrets) hide(text string) string {
	slices.SortFunc(s, func(a, b string) int { return len(b) - len(a) })
	for _, secret := range s {
		if len(secret) >= redact.LeastSecret { // shorter ones are words, such as "Bearer"
			text = strings.ReplaceAll(text, secret, redact.Redacted)
		}
	}
	return text
}

// hideEscaped is hide for JSON, where a secret may be written with escapes.
func (s secrets) hideEscaped(text string) string { return redact.Escaped(text, s.hide) }
