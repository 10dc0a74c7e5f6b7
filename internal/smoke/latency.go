package smoke

import (
	"context"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/appsyncctl/appsyncctl/internal/appsync"
	"github.com/appsyncctl/appsyncctl/internal/doctor"
)

// A Latency is a limit on how long answers take: "p95=800ms", "max=2s".
type Latency struct {
	Name     string  // "p95" or "max"
	Quantile float64 // 0.95; 1 for max
	Most     time.Duration
}

// LatencyError says why some text is no limit.
type LatencyError struct{ Text string }

func (e *LatencyError) Error() string {
	return fmt.Sprintf("%q is no latency limit: write p95=800ms, p50=200ms or max=2s", e.Text)
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
			return Latency{}, &LatencyError{text}
		}
		quantile = number / 100
	}
	if !found || err != nil || most <= 0 {
		return Latency{}, &LatencyError{text}
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

// measure compares what the API's answers took with the limits.
func (r *run) measure(ctx context.Context) doctor.Verdict {
	taken := r.Meter.Taken()
	if r.ReadOnly { // nothing else has called the API with its own token
		one := 1
		if _, err := appsync.ListCustomers(ctx, r.API, nil, &one, nil); err != nil {
			return blame(err)
		}
		taken = r.Meter.Taken()
	}
	if len(taken) == 0 {
		return doctor.Unknown.With("no request was answered")
	}
	var evidence []doctor.Evidence
	slow := ""
	for _, limit := range r.Latencies {
		measured := limit.of(taken)
		evidence = append(evidence, doctor.Evidence{
			Name: limit.Name, Expected: "at most " + limit.Most.String(), Found: measured.Round(time.Microsecond * 100).String(), From: "this run",
		})
		if measured > limit.Most && slow == "" {
			slow = limit.tooSlow(measured, len(taken))
		}
	}
	if slow != "" {
		return doctor.Failure.With(slow, evidence...)
	}
	return doctor.OK.With("fast enough", evidence...)
}
