// The log and the counts of requests, and what a request is about: for the log and for
// choosing faults.

package emulator

import (
	"bytes"
	"crypto/rand"
	"encoding/json"
	"io"
	"log/slog"
	"maps"
	"mime"
	"net/http"
	"net/url"
	"slices"
	"sync"
	"time"

	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/parser"
)

// requestLog remembers what was asked and how it was answered. Tests count with it.
// The requests that the API sends to the tenant itself are not in it.
type requestLog struct {
	log    *slog.Logger
	marker string // the value of insideHeader that the API's requests carry

	mu     sync.Mutex
	recent []entry        // the oldest first
	total  map[string]int // by method and path
}

// entry is one request as GET /_emulator/requests answers it. Status is 0 when the
// connection was closed without an answer.
type entry struct {
	call
	Status int `json:"status"`
}

const (
	insideHeader = "X-Emulator-Inside"
	recentLimit  = 1000
	totalLimit   = 1000 // different keys; what comes after is counted under otherPaths
	otherPaths   = "other"
)

func newRequestLog(log *slog.Logger) *requestLog {
	return &requestLog{log: log, marker: rand.Text(), total: map[string]int{}}
}

// around describes each request, hands it on with its description and records it
// before the first byte of the answer can reach the client. The API's own requests
// go straight to inside.
func (l *requestLog) around(inside http.Handler, next func(call) http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get(insideHeader) == l.marker {
			inside.ServeHTTP(w, r)
			return
		}
		c := describe(r)
		start := time.Now()
		recorder := &statusRecorder{ResponseWriter: w, record: func(status int) {
			l.add(entry{call: call{Method: c.Method, Path: c.Path, Operation: c.Operation}, Status: status})
			l.log.Info("request", "method", c.Method, "path", c.Path, "operation", c.Operation,
				"status", status, "duration", time.Since(start))
		}}
		finished := false
		defer func() {
			if finished {
				recorder.settle(http.StatusOK)
			} else {
				recorder.settle(0)
			}
		}()
		next(c).ServeHTTP(recorder, r)
		finished = true
	})
}

func (l *requestLog) add(e entry) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if len(l.recent) == recentLimit {
		l.recent = slices.Delete(l.recent, 0, 1)
	}
	l.recent = append(l.recent, e)
	key := e.Method + " " + e.Path
	if _, known := l.total[key]; !known && len(l.total) >= totalLimit {
		key = otherPaths
	}
	l.total[key]++
}

// list answers GET /_emulator/requests: the last 1,000, the oldest first.
func (l *requestLog) list(w http.ResponseWriter, _ *http.Request) {
	writeJSON(w, http.StatusOK, l.latest(recentLimit))
}

// latest returns the last requests, n at most, the oldest first.
func (l *requestLog) latest(n int) []entry {
	l.mu.Lock()
	defer l.mu.Unlock()
	return append([]entry{}, l.recent[max(0, len(l.recent)-n):]...)
}

// totals returns the counts.
func (l *requestLog) totals() map[string]int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return maps.Clone(l.total)
}

// reset forgets all requests.
func (l *requestLog) reset() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.recent, l.total = nil, map[string]int{}
}

// counts answers GET /_emulator/counts: how many requests since the start or the last
// reset, by method and path.
func (l *requestLog) counts(w http.ResponseWriter, _ *http.Request) {
	writeJSON(w, http.StatusOK, l.totals())
}

// unseen marks the requests that go through it as the emulator's own.
func (l *requestLog) unseen(base http.RoundTripper) http.RoundTripper {
	return roundTripper(func(r *http.Request) (*http.Response, error) {
		r = r.Clone(r.Context())
		r.Header.Set(insideHeader, l.marker)
		return base.RoundTrip(r)
	})
}

type roundTripper func(*http.Request) (*http.Response, error)

func (f roundTripper) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

// statusRecorder calls record once, with the status of the answer.
type statusRecorder struct {
	http.ResponseWriter
	record func(status int)
	once   sync.Once
}

func (w *statusRecorder) settle(status int) { w.once.Do(func() { w.record(status) }) }

func (w *statusRecorder) WriteHeader(status int) {
	if status >= 200 || status == http.StatusSwitchingProtocols {
		w.settle(status)
	}
	w.ResponseWriter.WriteHeader(status)
}

func (w *statusRecorder) Write(p []byte) (int, error) {
	w.settle(http.StatusOK)
	return w.ResponseWriter.Write(p)
}

// Unwrap is for http.ResponseController.
func (w *statusRecorder) Unwrap() http.ResponseWriter { return w.ResponseWriter }

func writeJSON(w http.ResponseWriter, status int, v any) {
	body, err := json.Marshal(v)
	if err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Cache-Control", "no-store")
	w.WriteHeader(status)
	_, _ = w.Write(append(body, '\n')) // the client may have gone
}

// call says what a request asks for, without anything that could be secret: the log
// shows it, and faults are chosen by it.
type call struct {
	Method    string `json:"method"`
	Path      string `json:"path"`
	Operation string `json:"operation,omitempty"` // GraphQL: its name, else its first field; token endpoint: the grant type; AWS: the action

	// rootFields returns the names of the fields that a GraphQL request asks for. It is
	// nil for other requests.
	rootFields func() []string
}

const (
	peekLimit = 1 << 20 // bytes of a body that are looked at
	nameLimit = 200     // bytes of a path or an operation that are kept
)

// describe reads as much of the body as it needs and puts it back.
func describe(r *http.Request) call {
	c := call{Method: r.Method, Path: clip(r.URL.Path)}
	switch {
	case r.URL.Path == "/graphql" && r.Method == http.MethodGet:
		query := r.URL.Query()
		c.graphql(query.Get("operationName"), query.Get("query"))
	case r.URL.Path == "/graphql" && r.Method == http.MethodPost:
		var body struct{ OperationName, Query string }
		if json.Unmarshal(peek(r), &body) == nil {
			c.graphql(body.OperationName, body.Query)
		}
	case r.URL.Path == "/oauth/token" && r.Method == http.MethodPost:
		c.Operation = grantType(r.Header.Get("Content-Type"), peek(r))
	default:
		c.Operation = accountOperation(r)
	}
	c.Operation = clip(c.Operation)
	return c
}

func peek(r *http.Request) []byte {
	start, _ := io.ReadAll(io.LimitReader(r.Body, peekLimit)) // whoever reads on meets the error
	r.Body = struct {
		io.Reader
		io.Closer
	}{io.MultiReader(bytes.NewReader(start), r.Body), r.Body}
	return start
}

// graphql says which operation of a document a request asks for. The document is parsed
// only if that is needed: most requests give the name.
func (c *call) graphql(name, query string) {
	operation := sync.OnceValue(func() *ast.OperationDefinition {
		document, err := parser.ParseQuery(&ast.Source{Input: query})
		if err != nil {
			return nil
		}
		return document.Operations.ForName(name)
	})
	c.rootFields = func() []string { return rootFields(operation()) }
	if c.Operation = name; name == "" && operation() != nil {
		c.Operation = operation().Name
	}
	if fields := c.rootFields; c.Operation == "" && len(fields()) > 0 {
		c.Operation = fields()[0]
	}
}

// rootFields returns the names of an operation's fields, each once.
func rootFields(operation *ast.OperationDefinition) (names []string) {
	if operation == nil {
		return nil
	}
	for _, selection := range operation.SelectionSet {
		if field, ok := selection.(*ast.Field); ok && !slices.Contains(names, field.Name) {
			names = append(names, field.Name)
		}
	}
	return names
}

func grantType(contentType string, body []byte) string {
	if kind, _, _ := mime.ParseMediaType(contentType); kind == "application/json" {
		var object struct {
			GrantType string `json:"grant_type"`
		}
		_ = json.Unmarshal(body, &object) // a body the tenant cannot read either has no grant type
		return object.GrantType
	}
	form, _ := url.ParseQuery(string(body))
	return form.Get("grant_type")
}

func clip(text string) string { return text[:min(len(text), nameLimit)] }
