package bulk

import (
	"errors"
	"slices"
	"time"
)

const (
	outageTimeout = time.Minute      // without any answer; then the network is down
	noticeable    = 10 * time.Second // of a wait
	// throttlePatience is how long an API may refuse everything for its rate.
	throttlePatience = 15 * time.Minute
)

var errThrottled = errors.New("the API throttles")

// flow decides how fast rows go: when the next request may leave, how many rows it has
// and how many may be under way at once. It learns from each answer. Its owner is one
// goroutine.
type flow struct {
	pace   pacer
	batch  *batcher
	window *window
	notice func(string)
	failed error // of the last request without an answer
}

func newFlow(limits Limits, notice func(string)) *flow {
	inFlight, batch := limits.InFlight, limits.Batch
	if inFlight == 0 {
		inFlight = DefaultInFlight
	}
	if batch == 0 {
		batch = DefaultBatch
	}
	return &flow{pace: pacer{most: limits.Rate}, batch: newBatcher(batch), window: newWindow(inFlight), notice: notice}
}

// tally counts what a request did with its rows.
type tally struct {
	sent      time.Time
	rows      int // of the request
	let       int // the API took them, or refused them for what they are
	lost      int
	throttled int
	unsent    int
	after     time.Duration // how long the API asks to wait
	err       error         // of a row that was lost or not sent
}

func (t *tally) add(outcome Outcome) {
	switch outcome.Verdict {
	case Throttled:
		t.throttled++
		t.after = max(t.after, outcome.After)
	case NotSent:
		t.unsent++
		t.err = outcome.Err
	case Lost:
		t.lost++
		t.after = max(t.after, outcome.After)
		t.err = outcome.Err
	default:
		t.let++
	}
}

// answered learns from an answer. The error says that the API has let nothing through
// for too long.
func (f *flow) answered(now time.Time, t tally, mode Mode) (err error) {
	if t.err != nil {
		f.failed = t.err
	}
	waiting := f.pace.waitEnd.After(now)
	switch {
	case t.throttled > 0:
		f.pace.answered(now, t.sent, t.let, t.throttled, t.after)
		err = f.closed(now)
	case t.lost > 0 || t.unsent > 0:
		if t.lost > 0 && mode == JournalMode { // with a key a loss leaves nothing in doubt
			f.batch.lost(f.pace.clock(now))
		}
		if f.pace.outage >= 2 { // one after the other is more than bad luck
			f.window.lost()
		}
		err = f.lost(now, t.after)
	default:
		f.pace.answered(now, t.sent, t.let, 0, 0)
		f.pace.resized(now, f.batch.answered(f.pace.clock(now), t.rows))
		f.window.answered(now.Sub(t.sent))
	}
	if wait := f.pace.waitEnd.Sub(now); wait > noticeable && !waiting {
		f.notice("the API asks to wait: sending again in " + wait.Round(time.Second).String())
	}
	return err
}

// throttled notes that a request of a single row was refused for its rate. It returns how
// long to wait before it is sent again.
func (f *flow) throttled(now time.Time, order time.Duration) (wait time.Duration, err error) {
	f.pace.answered(now, now, 0, 1, order)
	return f.pace.wait(now), f.closed(now)
}

// unanswered notes a request that failed with err, which says nothing about rows.
func (f *flow) unanswered(now time.Time, err error) error {
	f.failed = err
	return f.lost(now, 0)
}

func (f *flow) closed(now time.Time) error {
	if closed := f.pace.closed(now); closed > throttlePatience {
		return &OutageError{closed, errThrottled}
	}
	return nil
}

func (f *flow) lost(now time.Time, order time.Duration) error {
	if outage := f.pace.lost(now, order); outage > outageTimeout {
		return &OutageError{outage, f.failed}
	}
	return nil
}

// batcher decides how many rows go into one request. It doubles the number as long as
// that measures faster. After a lost answer it halves it: the fewer rows a request has,
// the fewer are in doubt. Its owner is one goroutine.
type batcher struct {
	most int // rows in a request

	size    int
	settled bool          // no larger size is tried
	best    float64       // rows a second at half the size
	from    time.Duration // when the measuring began, on the pacer's clock
	rows    int
	answers int
}

const (
	trialTime       = 300 * time.Millisecond
	trialAnswers    = 12
	minSpeedup      = 1.10 // of a larger batch
	retryBatchAfter = 200  // answers without a loss, after which a larger batch is tried again
)

func newBatcher(most int) *batcher { return &batcher{most: max(1, most), size: 1} }

// answered notes an answered request with rows. It returns by what factor the size has
// changed.
func (b *batcher) answered(clock time.Duration, rows int) float64 {
	b.rows += rows
	b.answers++
	if b.settled {
		if b.answers >= retryBatchAfter {
			b.trial(clock, false)
		}
		return 1
	}
	spent := clock - b.from
	if spent < trialTime || b.answers < trialAnswers {
		return 1
	}
	speed := float64(b.rows) / spent.Seconds()
	before := b.size
	if speed < b.best*minSpeedup {
		b.size = max(1, b.size/2) // the last doubling did not pay
		b.trial(clock, true)
	} else {
		b.best = speed
		b.size = min(b.most, b.size*2)
		b.trial(clock, b.size == before)
	}
	return float64(b.size) / float64(before)
}

// lost notes a request whose answer was lost.
func (b *batcher) lost(clock time.Duration) {
	b.size = max(1, b.size/2)
	b.trial(clock, true)
}

// trial begins to measure anew.
func (b *batcher) trial(clock time.Duration, settled bool) {
	if settled || b.settled {
		b.best = 0
	}
	b.settled, b.from, b.rows, b.answers = settled, clock, 0, 0
}

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
