package smoke

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"slices"
	"sync"
	"time"
)

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
