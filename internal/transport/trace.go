package transport

import (
	"bytes"
	"fmt"
	"io"
	"maps"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/appsyncctl/appsyncctl/internal/redact"
)

// Trace prints each attempt to Writer: method, URL, headers, body, status and
// time, with every secret replaced by [redacted]. It prints what it knows to be
// harmless and redacts the rest, so that a new kind of secret stays hidden. Of a
// body over 1 MiB it prints the size only.
type Trace struct {
	Writer io.Writer
	Base   http.RoundTripper
}

// traced is how many bytes of a body are read for being printed. The rest of an
// answer goes by unread, to whoever limits it.
const traced = 1 << 20

// RoundTrip implements http.RoundTripper.
func (t *Trace) RoundTrip(req *http.Request) (*http.Response, error) {
	var secrets secrets
	secrets.addHeader(req)
	secrets.addForm(req.URL.Query())
	var text strings.Builder
	shown := *req.URL
	shown.User = nil // where some put a token
	shown.RawQuery = redactForm(shown.Query())
	fmt.Fprintf(&text, "> %s %s\n", req.Method, shown.String())
	writeHeader(&text, ">", req.Header)
	graphQL := false
	if req.GetBody != nil {
		if body, err := req.GetBody(); err == nil {
			data, _ := io.ReadAll(body)
			secrets.addBody(req.Header, data)
			graphQL = isGraphQL(data, "query", "variables", "operationName", "extensions")
			writeBody(&text, ">", redactBody(req.Header, data, graphQL), secrets)
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
	data, err := io.ReadAll(io.LimitReader(resp.Body, traced+1))
	resp.Body = &tracedBody{bytes.NewReader(data), err, resp.Body}
	fmt.Fprintf(&text, "< %s (%s)\n", resp.Status, elapsed)
	writeHeader(&text, "<", resp.Header)
	// What answers anything but GraphQL may hold a token under whatever name.
	graphQL = graphQL && isGraphQL(data, "data", "errors", "extensions", "message")
	writeBody(&text, "<", redactBody(resp.Header, data, graphQL), secrets)
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
		value := redact.Redacted
		if shownHeader(name) {
			value = strings.Join(header[name], ", ")
		}
		_, _ = fmt.Fprintf(w, "%s %s: %s\n", mark, name, value)
	}
}

func writeBody(w io.Writer, mark, body string, secrets secrets) {
	if body != "" {
		_, _ = fmt.Fprintf(w, "%s\n%s %s\n", mark, mark, secrets.hideEscaped(body))
	}
}

// tracedBody is a body of which the start has been read. It ends in the way in
// which it really ended.
type tracedBody struct {
	start *bytes.Reader
	err   error
	rest  io.ReadCloser
}

func (b *tracedBody) Read(p []byte) (int, error) {
	if b.start.Len() > 0 {
		return b.start.Read(p)
	}
	if b.err != nil {
		return 0, b.err
	}
	return b.rest.Read(p)
}

func (b *tracedBody) Close() error { return b.rest.Close() }
