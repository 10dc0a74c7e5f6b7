package bulk

import (
	"slices"
	"time"
)

// window decides how many requests may be under way: a few at first, one more each time
// that so many came back, half of them after a lost one. Its owner is one goroutine.
type window struct {
	most int
	size float64

	latencies [512]time.Duration // the last ones
	count     int
}

func newWindow(most int) *window {
	return &window{most: max(1, most), size: min(8, float64(max(1, most)))}
}

func (w *window) open(underWay int) bool { return underWay < int(w.size) }

func (w *window) answered(latency time.Duration) {
	w.latencies[w.count%len(w.latencies)] = latency
	w.count++
	w.size = min(float64(w.most), w.size+1/w.size)
}

func (w *window) lost() { w.size = max(1, w.size/2) }

// quantile returns the latency that the share q of the last answers did not exceed.
func (w *window) quantile(q float64) time.Duration {
	known := slices.Clone(w.latencies[:min(w.count, len(w.latencies))])
	if len(known) == 0 {
		return 0
	}
	slices.Sort(known)
	return known[int(q*float64(len(known)-1))]
}
