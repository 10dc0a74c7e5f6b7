package smoke

import (
	"errors"
	"fmt"
	"io"
	"math"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"
)

// A Latency is a limit on how long answers take: "p95=800ms", "max=2s".
type Latency struct {
	Name     string  // "p95" or "max"
	Quantile float64 // 0.95; 1 for max
	Most     time.Duration
}

// ParseLatency reads NAME=DURATION, where NAME is p and a percentage up to 100, or
// max.
func ParseLatency(text string) (Latency, error) {
	name, limit, found := strings.Cut(text, "=")
	most, err := time.ParseDuration(limit)
	quantile := 1.0
	if name != "max" {
		percent, isPercent := strings.CutPrefix(name, "p")
		number, numberErr := strconv.ParseFloat(percent, 64)
		if !isPercent || numberErr != nil || !(number > 0 && number <= 100) {
			return Latency{}, fmt.Errorf("%q is no latency limit: write p95=800ms, p50=200ms or max=2s", text)
		}
		quantile = number / 100
	}
	if !found || err != nil || most <= 0 {
		return Latency{}, fmt.Errorf("%q is no latency limit: write p95=800ms, p50=200ms or max=2s", text)
	}
	return Latency{name, quantile, most}, nil
}

// of returns the quantile of taken by the nearest rank; taken is not empty.
func (l Latency) of(taken []time.Duration) time.Duration {
	sorted := slices.Sorted(slices.Values(taken))
	rank := int(math.Ceil(l.Quantile*float64(len(sorted)))) - 1
	return sorted[min(max(rank, 0), len(sorted)-1)]
}

func (l Latency) tooSlow(measured time.Duration, count int) string {
	return fmt.Sprintf("%s of %d requests is %s, more than %s", l.Name, count, measured.Round(100*time.Microsecond), l.Most)
}

// A Meter makes requests through Base, and remembers how long the API took for
// each attempt and which attempts failed. It stands below whatever repeats them.
type Meter struct {
	Base http.RoundTripper
	Now  func() time.Time

	mu    sync.Mutex
	taken []time.Duration
	notes []string
}

// RoundTrip implements http.RoundTripper.
func (m *Meter) RoundTrip(req *http.Request) (*http.Response, error) {
	start := m.Now()
	resp, err := m.Base.RoundTrip(req)
	switch {
	case err != nil:
		m.note("an attempt failed: " + err.Error())
		return nil, err
	case resp.StatusCode == http.StatusTooManyRequests || resp.StatusCode >= http.StatusInternalServerError:
		m.note(fmt.Sprintf("an attempt was answered with %d", resp.StatusCode))
	}
	resp.Body = &measuredBody{resp.Body, func() { m.add(m.Now().Sub(start)) }}
	return resp, nil
}

// Notes returns what attempts have failed since it was called last.
func (m *Meter) Notes() []string {
	if m == nil {
		return nil
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	notes := m.notes
	m.notes = nil
	return notes
}

// Taken returns the time of each answer so far, from the request to its last byte.
func (m *Meter) Taken() []time.Duration {
	m.mu.Lock()
	defer m.mu.Unlock()
	return slices.Clone(m.taken)
}

func (m *Meter) note(text string) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.notes = append(m.notes, text)
}

func (m *Meter) add(taken time.Duration) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.taken = append(m.taken, taken)
}

// A measuredBody tells when it has been read to its end.
type measuredBody struct {
	io.ReadCloser
	ended func()
}

func (b *measuredBody) Read(p []byte) (int, error) {
	n, err := b.ReadCloser.Read(p)
	if errors.Is(err, io.EOF) && b.ended != nil {
		b.ended()
		b.ended = nil
	}
	return n, err
}
