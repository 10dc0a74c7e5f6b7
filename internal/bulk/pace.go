package bulk

import "time"

// pacer decides when the next rows may be sent. It sends as fast as requests come back
// until the API throttles more than now and then. Then it goes on at the rate that the
// API just let through, and tries a little more all the time: additive increase,
// multiplicative decrease. A share of refusals is allowed because it costs nothing, and
// because only so the limit is known. Its owner is one goroutine.
type pacer struct {
	most float64 // rows a second; 0 is no limit

	rate    float64   // rows a second; 0 while nothing limits
	due     time.Time // when the next rows may be sent
	limited bool      // the rate has held rows back in this trial
	done    meter     // rows that the API took

	trial    time.Time // when the present measuring began
	requests int       // in the trial
	let, off int       // rows that the API let through, and refused for its rate

	resting time.Time // nothing is sent before; after Retry-After and in an outage
	outage  int       // requests without an answer, one after the other
	since   time.Time // of the outage
}

const (
	credit      = 50 * time.Millisecond  // of unused time that may be made good
	paceTime    = 200 * time.Millisecond // of a trial, at least
	paceSample  = 20                     // requests of a trial, at least
	throttledOK = 0.15                   // of the rows of a trial
	raiseBy     = 0.02                   // of the rate, after each trial
	leastRate   = 1.0
)

// wait returns how long to wait before the next rows are sent.
func (p *pacer) wait(now time.Time) time.Duration {
	if rest := p.resting.Sub(now); rest > 0 {
		return rest
	}
	if p.limit() == 0 {
		return 0
	}
	wait := max(0, p.due.Sub(now))
	p.limited = p.limited || wait > 0
	return wait
}

// limit is the rate that holds, or 0.
func (p *pacer) limit() float64 {
	switch {
	case p.rate == 0:
		return p.most
	case p.most == 0:
		return p.rate
	default:
		return min(p.rate, p.most)
	}
}

// sent notes that rows have been sent.
func (p *pacer) sent(now time.Time, rows int) {
	limit := p.limit()
	if limit == 0 {
		return
	}
	if p.due.Before(now.Add(-credit)) {
		p.due = now.Add(-credit)
	}
	p.due = p.due.Add(time.Duration(float64(rows) / limit * float64(time.Second)))
}

// took notes that the API took rows.
func (p *pacer) took(now time.Time, rows int) {
	p.done.add(now, rows)
	p.outage = 0
	p.judge(now, rows, 0)
}

// throttled notes that the API refused rows for their rate and asks to wait for after.
func (p *pacer) throttled(now time.Time, rows int, after time.Duration) {
	p.outage = 0
	if after > 0 {
		p.rest(now, after)
	}
	p.judge(now, 0, rows)
}

// judge counts an answer, and sets the rate anew when there were enough.
func (p *pacer) judge(now time.Time, let, off int) {
	if p.trial.IsZero() {
		p.trial = now
	}
	p.let += let
	p.off += off
	p.requests++
	spent := now.Sub(p.trial)
	if spent < paceTime || p.requests < paceSample {
		return
	}
	share := float64(p.off) / float64(max(1, p.let+p.off))
	switch {
	case share > throttledOK:
		// A pause of the API is no sign of a lower limit.
		p.rate = max(leastRate, float64(p.let)/spent.Seconds(), p.rate/2)
	case p.rate > 0 && p.limited:
		p.rate += max(leastRate/10, p.rate*raiseBy)
	}
	p.trial, p.requests, p.let, p.off, p.limited = now, 0, 0, 0, false
}

// resized notes that requests now hold more or fewer rows, by factor. Most limits count
// requests; one that counts rows will say so.
func (p *pacer) resized(factor float64) { p.rate *= factor }

// lost notes a request that had no answer, and returns for how long there has been none.
func (p *pacer) lost(now time.Time) time.Duration {
	if p.outage++; p.outage == 1 {
		p.since = now
	}
	if beyond := p.outage - 4; beyond > 0 { // some are lost on any day
		p.rest(now, min(100*time.Millisecond<<min(beyond, 10), 10*time.Second))
	}
	return now.Sub(p.since)
}

func (p *pacer) rest(now time.Time, pause time.Duration) {
	if until := now.Add(pause); until.After(p.resting) {
		p.resting = until
	}
}

// meter measures a rate over the last second.
type meter struct {
	slots [10]int // of 100 ms each
	last  int64   // the number of the slot that is filled now
	began time.Time
}

const slot = 100 * time.Millisecond

func (m *meter) add(now time.Time, n int) {
	m.turn(now)
	m.slots[m.last%int64(len(m.slots))] += n
}

// rate returns the number a second, over a second or since the beginning.
func (m *meter) rate(now time.Time) float64 {
	m.turn(now)
	sum := 0
	for _, n := range m.slots {
		sum += n
	}
	// The slot that is filled now is not whole.
	part := now.Sub(now.Truncate(slot))
	span := min(now.Sub(m.began), time.Duration(len(m.slots)-1)*slot+part)
	return float64(sum) / max(span, slot).Seconds()
}

func (m *meter) turn(now time.Time) {
	if m.began.IsZero() {
		m.began = now
	}
	number := now.UnixNano() / int64(slot)
	for m.last = max(m.last, number-int64(len(m.slots))); m.last < number; {
		m.last++
		m.slots[m.last%int64(len(m.slots))] = 0
	}
}
