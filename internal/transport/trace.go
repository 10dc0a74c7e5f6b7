package transport

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"
)

// Trace prints each attempt to Writer: method, URL, headers, body, status and
// time, with every secret replaced by [redacted]. It prints what it knows to be
// harmless and redacts the rest, so that a new kind of secret stays hidden.
type Trace struct {
	Writer io.Writer
	Base   http.RoundTripper
}

const redacted = "[redacted]"

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
		"error", "error_description", "expires_in", "interval", "token_type", "verification_uri",
		"issuer", "jwks_uri", "token_endpoint", "device_authorization_endpoint",
		"authorization_endpoint", "revocation_endpoint", "userinfo_endpoint":
		return true
	default:
		return false
	}
}

// RoundTrip implements http.RoundTripper.
func (t *Trace) RoundTrip(req *http.Request) (*http.Response, error) {
	var secrets secrets
	secrets.addHeader(req.Header)
	var text strings.Builder
	shown := *req.URL
	shown.RawQuery = redactForm(shown.Query())
	fmt.Fprintf(&text, "> %s %s\n", req.Method, shown.Redacted())
	writeHeader(&text, ">", req.Header)
	if req.GetBody != nil {
		if body, err := req.GetBody(); err == nil {
			data, _ := io.ReadAll(body)
			secrets.addForm(req.Header, data)
			writeBody(&text, ">", req.Header, data)
		}
	}
	t.print(secrets.hide(text.String()))

	start := time.Now()
	resp, err := t.Base.RoundTrip(req)
	elapsed := time.Since(start).Round(100 * time.Microsecond)
	text.Reset()
	if err != nil {
		fmt.Fprintf(&text, "< %v (%s)\n", err, elapsed)
		t.print(secrets.hide(text.String()))
		return nil, err
	}
	data, err := io.ReadAll(resp.Body)
	_ = resp.Body.Close()
	resp.Body = io.NopCloser(io.MultiReader(bytes.NewReader(data), &failingReader{err}))
	fmt.Fprintf(&text, "< %s (%s)\n", resp.Status, elapsed)
	writeHeader(&text, "<", resp.Header)
	writeBody(&text, "<", resp.Header, data)
	t.print(secrets.hide(text.String()))
	return resp, nil
}

func (t *Trace) print(text string) {
	_, _ = io.WriteString(t.Writer, text) // a trace that cannot be written stops nothing
}

func writeHeader(w io.Writer, mark string, header http.Header) {
	for _, name := range slices.Sorted(maps.Keys(header)) {
		if len(header[name]) == 0 {
			continue // not sent, see Retry
		}
		value := redacted
		if shownHeader(name) {
			value = strings.Join(header[name], ", ")
		}
		fmt.Fprintf(w, "%s %s: %s\n", mark, name, value)
	}
}

func writeBody(w io.Writer, mark string, header http.Header, data []byte) {
	if len(data) == 0 {
		return
	}
	fmt.Fprintf(w, "%s\n%s %s\n", mark, mark, redactBody(header.Get("Content-Type"), data))
}

// redactBody shows a GraphQL body as it is: it holds customers, not secrets.
func redactBody(contentType string, data []byte) string {
	if strings.HasPrefix(contentType, "application/x-www-form-urlencoded") {
		form, err := url.ParseQuery(string(data))
		if err != nil {
			return redacted
		}
		return redactForm(form)
	}
	var members map[string]json.RawMessage
	if json.Unmarshal(data, &members) != nil {
		return fmt.Sprintf("[%d bytes, not a JSON object]", len(data))
	}
	if isGraphQL(members) {
		return string(data)
	}
	for name := range members {
		if !shownField(name) {
			members[name] = json.RawMessage(`"` + redacted + `"`)
		}
	}
	text, err := json.Marshal(members)
	if err != nil {
		return redacted
	}
	return string(text)
}

func isGraphQL(members map[string]json.RawMessage) bool {
	for name := range members {
		switch name {
		case "query", "variables", "operationName", "data", "errors", "extensions", "message":
		default:
			return false
		}
	}
	return true
}

// secrets are the values that a request carried and that a server may echo.
type secrets []string

func (s *secrets) addHeader(header http.Header) {
	for name, values := range header {
		if !shownHeader(name) {
			*s = append(*s, values...)
			for _, value := range values {
				*s = append(*s, strings.Fields(value)...) // without "Bearer"
			}
		}
	}
}

func (s *secrets) addForm(header http.Header, data []byte) {
	if !strings.HasPrefix(header.Get("Content-Type"), "application/x-www-form-urlencoded") {
		return
	}
	form, _ := url.ParseQuery(string(data))
	for name, values := range form {
		if !shownField(name) {
			*s = append(*s, values...)
		}
	}
}

func (s secrets) hide(text string) string {
	for _, secret := range s {
		if len(secret) >= 8 { // shorter ones are words, such as "Bearer"
			text = strings.ReplaceAll(text, secret, redacted)
		}
	}
	return text
}

func redactForm(form url.Values) string {
	for name := range form {
		if !shownField(name) {
			form[name] = []string{redacted}
		}
	}
	text, err := url.QueryUnescape(form.Encode())
	if err != nil {
		return redacted
	}
	return text
}

// failingReader ends a body in the way in which it really ended.
type failingReader struct{ err error }

func (r *failingReader) Read([]byte) (int, error) {
	if r.err != nil {
		return 0, r.err
	}
	return 0, io.EOF
}
