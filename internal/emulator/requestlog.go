// The log and the counts of requests.

package emulator

import (
	"crypto/rand"
	"encoding/json"
	"log/slog"
	"maps"
	"net/http"
	"slices"
	"sync"
	"time"
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
