package bulk

import "time"

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
	trialTime    = 300 * time.Millisecond
	trialAnswers = 12
	worthwhile   = 1.10 // a larger batch must be so much faster
	calm         = 200  // answers without a loss, after which a larger batch is tried again
)

func newBatcher(most int) *batcher { return &batcher{most: max(1, most), size: 1} }

// answered notes an answered request with rows. It returns by what factor the size has
// changed.
func (b *batcher) answered(clock time.Duration, rows int) float64 {
	b.rows += rows
	b.answers++
	if b.settled {
		if b.answers >= calm {
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
	if speed < b.best*worthwhile {
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
