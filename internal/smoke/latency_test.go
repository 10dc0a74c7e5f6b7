package smoke_test

import (
	"io"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/appsyncctl/appsyncctl/internal/smoke"
)

func TestParseLatency(t *testing.T) {
	tests := []struct {
		text string
		want smoke.Latency
	}{
		{"p95=800ms", smoke.Latency{Name: "p95", Quantile: 0.95, Most: 800 * time.Millisecond}},
		{"p99.9=2s", smoke.Latency{Name: "p99.9", Quantile: 0.999, Most: 2 * time.Second}},
		{"max=1m", smoke.Latency{Name: "max", Quantile: 1, Most: time.Minute}},
	}
	for _, tt := range tests {
		got, err := smoke.ParseLatency(tt.text)
		if err != nil || got.Name != tt.want.Name || got.Most != tt.want.Most || got.Quantile-tt.want.Quantile > 1e-9 {
			t.Errorf("ParseLatency(%q) returned %+v, %v", tt.text, got, err)
		}
	}
	for _, text := range []string{"", "p95", "p95=", "95=1s", "p0=1s", "p101=1s", "pNaN=1s", "p95=-1s", "p95=0s", "avg=1s", "p95=800"} {
		if got, err := smoke.ParseLatency(text); err == nil || !strings.Contains(err.Error(), "is no latency limit") {
			t.Errorf("ParseLatency(%q) returned %+v, %v", text, got, err)
		}
	}
}

// slow is an API that takes its time: the nth answer n times a tenth of a second.
type slow struct{ answered int }

func (s *slow) RoundTrip(*http.Request) (*http.Response, error) {
	s.answered++
	time.Sleep(time.Duration(s.answered) * 100 * time.Millisecond)
	status := http.StatusOK
	if s.answered == 3 {
		status = http.StatusTooManyRequests
	}
	return &http.Response{StatusCode: status, Body: io.NopCloser(strings.NewReader("{}"))}, nil
}

// The time of an attempt counts up to its last byte; one that failed is a note.
func TestMeter(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		meter := &smoke.Meter{Base: new(slow), Now: time.Now}
		for range 4 {
			resp, err := meter.RoundTrip(new(http.Request))
			if err != nil {
				t.Fatal(err)
			}
			time.Sleep(time.Second)
			if _, err := io.ReadAll(resp.Body); err != nil {
				t.Fatal(err)
			}
		}
		got := meter.Taken()
		if len(got) != 4 || got[0] != 1100*time.Millisecond || got[2] != 1300*time.Millisecond {
			t.Errorf("took %v", got)
		}
		if notes := meter.Notes(); len(notes) != 1 || notes[0] != "an attempt was answered with 429" {
			t.Errorf("notes are %q", notes)
		}
		if notes := meter.Notes(); notes != nil {
			t.Errorf("notes are told twice: %q", notes)
		}
	})
}

// A limit is on a quantile of the run's own requests, and the number is told.
func TestSmokeLatency(t *testing.T) {
	tests := []struct {
		limit string
		want  string
	}{
		{"p50=1s", ""},
		{"p50=150ms", "failure: p50 of 10 requests is 200ms, more than 150ms"},
		{"max=200ms", ""},
	}
	for _, tt := range tests {
		t.Run(tt.limit, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				test := newTest("http://api.test/graphql", direct{api: newAPI()})
				test.Meter.Base = late{test.Meter.Base}
				limit, err := smoke.ParseLatency(tt.limit)
				if err != nil {
					t.Fatal(err)
				}
				test.Latencies = []smoke.Latency{limit}
				if got := outcomes(test.Run(t.Context()))["SMOKE-014"]; got != tt.want {
					t.Errorf("got %q, want %q", got, tt.want)
				}
			})
		})
	}
}

// late answers after a fifth of a second.
type late struct{ http.RoundTripper }

func (l late) RoundTrip(req *http.Request) (*http.Response, error) {
	time.Sleep(200 * time.Millisecond)
	return l.RoundTripper.RoundTrip(req)
}
