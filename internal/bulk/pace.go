package bulk

import (
	"math"
	"time"
)

// pacer decides when the next rows may be sent. It sends as fast as requests come back
// until the API throttles. Then it looks for the rate that the API lets through, and keeps
// looking for a higher one: slowly near the rate at which the API began to throttle, faster
// the longer it does not throttle again. That is the curve of CUBIC (RFC 9438, section
// 4.2), for a rate instead of a window.
//
// An API throttles in two ways, and each tells something else about its limit:
//
//   - It refuses a request and asks for nothing. Refusals cost little, so some are allowed,
//     and what the API lets through meanwhile is its limit.
//   - It refuses a request and orders a wait (Retry-After). The pacer waits, and then
//     continues at the rate that it had: this may be a burst. Only when the API lets
//     requests through after each wait and soon orders another one is the rate too high.
//
// Some APIs throttle at any rate. If a lower rate does not bring fewer refusals, the pacer
// goes back to the former rate.
//
// All rates are measured by a clock that stands still during waits, because nothing can be
// let through then. A pacer belongs to one goroutine.
type pacer struct {
	most float64 // rows a second that --max-rate allows; 0 is no limit
	done meter   // rows that the API took

	due     time.Time     // when the next rows may be sent at the rate
	began   time.Time     // when the clock began
	waitEnd time.Time     // nothing is sent before
	waited  time.Duration // all waits until waitEnd

	rate  curve // the limit that was found
	small curve // the limit before requests last became larger
	trial trial
	cut   cut           // whose effect is not known yet
	noise float64       // share of the rows that the API refuses at any rate
	until time.Duration // when noise ends, on the clock
	vain  int           // cuts that did not bring fewer refusals

	open   bool // the API has let something through since the last wait
	lead   lead
	orders orders

	tookAt  time.Time // when the API last let something through
	refused int       // waits since then, because the API throttles

	outage int           // requests without an answer, one after the other
	since  time.Time     // of the outage
	spared time.Duration // ordered waits in it
}

const (
	credit     = 50 * time.Millisecond  // of unused time that may be made good
	paceTime   = 200 * time.Millisecond // of a trial, at least
	paceSample = 20                     // requests of a trial, at least
	shareOK    = 0.15                   // of the rows of a trial may be refused
	fallen     = 0.7                    // a share of refusals below this part of the former one has fallen
	noiseTime  = 10 * time.Second       // until the rate is cut again after a cut in vain; doubles each time
	riseTime   = time.Second            // in which the rate rises to the former one after a cut
	riseWaits  = 10                     // the same after an ordered wait, as a multiple of the wait
	burstWaits = 4                      // orders that are so many waits apart are single bursts
	noiseWaits = 32                     // orders that are ignored after cuts in vain; doubles each time
	leastRate  = 1.0                    // rows a second
	// longestWait is the most that an API may order: it may have meant something else.
	longestWait = 10 * time.Minute
)

// curve is a rate limit that rises: to the rate at which the API throttled, slowly past it,
// and then faster and faster.
type curve struct {
	top  float64       // rows a second at which the API throttled; 0 if it does not
	age  float64       // 0 right after the cut, 1 when the rate is top again
	span time.Duration // from 0 to 1
}

// dip is the part of top by which a rate is cut at age 0.
const dip = 0.15

func (c curve) limit() float64 {
	if c.top == 0 {
		return 0
	}
	left := 1 - c.age
	return max(leastRate, c.top*(1-dip*left*left*left))
}

// trial counts what the API did with the requests that were sent at one rate.
type trial struct {
	since    time.Time     // requests sent before do not count
	from     time.Duration // on the clock
	requests int
	let, off int  // rows that the API let through, and refused
	limited  bool // the rate has held rows back
}

// lead is what the API let through since the last wait.
type lead struct {
	from           time.Duration // on the clock
	requests, rows int
}

// cut is the first of the cuts that were made because of a share of refused rows.
type cut struct {
	share  float64 // 0 if there was none
	former curve   // the limit before
	trials int     // since then, with about the same share
}

// orders are waits that the API ordered soon one after the other.
type orders struct {
	let    []int // requests that came through before each of them
	former curve // the limit before the first
	ignore int   // how many of the next ones say nothing about the rate
}

// clock is how long the pacer has not been waiting.
func (p *pacer) clock(now time.Time) time.Duration {
	if p.began.IsZero() {
		p.began, p.tookAt = now, now
	}
	return now.Sub(p.began) - p.waited + max(0, p.waitEnd.Sub(now))
}

// pause makes the pacer wait, and reports whether it did not wait already.
func (p *pacer) pause(now time.Time, wait time.Duration) (begins bool) {
	clock := p.clock(now)
	from, until := p.waitEnd, now.Add(min(wait, longestWait))
	if !p.waitEnd.After(now) {
		from, begins = now, true
		p.open, p.lead = false, lead{from: clock}
	}
	if until.After(from) {
		p.waited += until.Sub(from)
		p.waitEnd = until
	}
	return begins
}

// refuse makes the pacer wait because the API throttles.
func (p *pacer) refuse(now time.Time, wait time.Duration) {
	if p.pause(now, wait) {
		p.refused++
	}
}

// heard notes that the API has answered something else than an import's rows.
func (p *pacer) heard(now time.Time) { p.outage, p.tookAt, p.refused = 0, now, 0 }

// wait returns how long to wait before the next rows are sent.
func (p *pacer) wait(now time.Time) time.Duration {
	if wait := p.waitEnd.Sub(now); wait > 0 {
		return wait
	}
	if p.limit() == 0 {
		return 0
	}
	wait := max(0, p.due.Sub(now))
	p.trial.limited = p.trial.limited || wait > 0
	return wait
}

// limit returns the rows a second that may be sent, or 0.
func (p *pacer) limit() float64 {
	switch rate := p.rate.limit(); {
	case rate == 0:
		return p.most
	case p.most == 0:
		return rate
	default:
		return min(rate, p.most)
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

// answered notes what the API did with the rows of a request that was sent at sent: how
// many it let through, how many it refused for their rate, and the wait that it ordered.
func (p *pacer) answered(now, sent time.Time, let, off int, order time.Duration) {
	p.outage = 0
	early := sent.Before(p.waitEnd) // it was under way when a wait began, and says nothing more
	if let > 0 {
		p.done.add(now, let)
		p.tookAt, p.refused = now, 0
		if !p.open && !early { // what was refused before is a burst that is over
			p.open = true
			p.measure(now)
		}
		if !early {
			p.lead.requests++
			p.lead.rows += let
		}
	}
	switch {
	case off > 0 && order > 0:
		if p.open && !early {
			p.ordered(now, order)
		}
		p.refuse(now, order)
	case !early && !sent.Before(p.trial.since):
		p.count(now, let, off)
	}
}

// measure begins a new trial.
func (p *pacer) measure(now time.Time) { p.trial = trial{since: now, from: p.clock(now)} }

// count counts an answer, and judges the trial when there were enough.
func (p *pacer) count(now time.Time, let, off int) {
	t := &p.trial
	t.let += let
	t.off += off
	t.requests++
	clock := p.clock(now)
	spent := clock - t.from
	if spent < paceTime || t.requests < paceSample {
		return
	}
	if clock > p.until {
		p.noise = 0
	}
	share := float64(t.off) / float64(max(1, t.let+t.off))
	doubt := 0.8 / math.Sqrt(float64(t.requests)) // about two standard deviations of share
	if p.cut.share > 0 && share > fallen*p.cut.share {
		p.cut.trials++
	} else {
		p.cut = cut{}
	}
	switch {
	case t.let == 0: // nothing shows where the limit is
		p.refuse(now, min(100*time.Millisecond<<min(p.refused, 10), 10*time.Second))
		p.measure(now)
	case p.cut.trials > 1: // after one the limit may have moved just then
		p.rate, p.noise, p.cut = p.cut.former, share, cut{}
		p.until = clock + noiseTime<<min(p.vain, 6)
		p.vain++
		p.measure(now)
	case share > shareOK+p.noise+doubt:
		if p.cut.share == 0 {
			p.cut = cut{share: share, former: p.rate}
		}
		p.rate = curve{top: float64(t.let) / spent.Seconds(), age: 1, span: riseTime}
		p.measure(now)
	default:
		if t.limited && p.rate.top > 0 {
			p.rate.age += min(0.25, float64(spent)/float64(p.rate.span))
		}
		p.trial = trial{since: t.since, from: clock}
	}
}

// ordered notes that the API ordered a wait although it had let something through since
// the last one.
func (p *pacer) ordered(now time.Time, wait time.Duration) {
	o := &p.orders
	if o.ignore > 0 {
		o.ignore--
		return
	}
	spent := max(p.clock(now)-p.lead.from, time.Millisecond)
	rate := float64(p.lead.rows) / spent.Seconds()
	if limit := p.rate.limit(); limit > 0 && limit < 2*rate {
		rate = limit
	}
	lower := curve{top: rate, span: riseWaits * wait}
	o.let = append(o.let, p.lead.requests)
	switch {
	case spent > burstWaits*wait:
		o.let = nil
		if p.rate.top == 0 {
			return
		}
		p.rate = lower
	case len(o.let) <= 2: // a burst, and the requests among which it ended
		o.former = p.rate
		return
	case o.cheap(rate/2*float64(p.lead.requests)/float64(p.lead.rows), wait):
		p.rate = curve{top: rate / 2, age: 1, span: riseWaits * wait}
	case len(o.let) < 4:
		p.rate = lower
	case o.grown():
		p.rate = lower
		o.let = o.let[len(o.let)-2:]
	default:
		p.rate = o.former
		*o = orders{ignore: noiseWaits << min(p.vain, 6)}
		p.vain++
	}
	p.measure(now)
}

// cheap reports whether it costs little to try so many requests a second: if the API goes
// on to order a wait after as many requests as at first, the waits still take most of the
// time.
func (o *orders) cheap(rate float64, wait time.Duration) bool {
	return float64(o.let[0]+o.let[1])/2/rate < wait.Seconds()/2
}

// grown reports whether the last two waits were ordered after more requests than the first
// two.
func (o *orders) grown() bool {
	n := len(o.let)
	return float64(o.let[n-1]+o.let[n-2]) > 1.5*float64(o.let[0]+o.let[1])
}

// resized notes that requests now hold more or fewer rows, by factor. Most limits count
// requests, so that larger requests bring more rows. Requests become smaller again when
// that brought nothing: then the limit counts rows.
func (p *pacer) resized(now time.Time, factor float64) {
	switch {
	case factor == 1:
		return
	case factor > 1:
		p.small = p.rate
		p.rate.top *= factor
	case 0 < p.small.top && p.small.top < p.rate.top:
		p.rate = p.small
	}
	p.cut = cut{}
	p.measure(now)
}

// closed returns for how long the API has let nothing through, if it has refused more than
// once since; else 0.
func (p *pacer) closed(now time.Time) time.Duration {
	if p.refused < 3 {
		return 0
	}
	return now.Sub(p.tookAt)
}

// lost notes a request without an answer, or with one that leaves the outcome unknown, and
// the wait that it ordered. It returns for how long there have been no other answers, less
// the ordered waits; of these no more than throttlePatience.
func (p *pacer) lost(now time.Time, order time.Duration) time.Duration {
	if p.outage++; p.outage == 1 {
		p.since, p.spared = now, 0
	}
	if order > 0 {
		before := p.waited
		p.pause(now, order)
		p.spared += p.waited - before
	} else if beyond := p.outage - 4; beyond > 0 { // some are lost on any day
		p.pause(now, min(100*time.Millisecond<<min(beyond, 10), 10*time.Second))
	}
	return now.Sub(p.since) - min(p.spared, throttlePatience)
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
