package bulk_test

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/appsyncctl/appsyncctl/internal/bulk"
)

// bucket lets so many through in a second, with a burst of a tenth of that.
type bucket struct {
	rate  float64
	level float64
	last  time.Time
}

func (b *bucket) take(n int) bool {
	now := time.Now()
	b.level = min(b.rate/10, b.level+now.Sub(b.last).Seconds()*b.rate)
	b.last = now
	if b.level < float64(n) {
		return false
	}
	b.level -= float64(n)
	return true
}

// TestReachesTheLimit imports from an API that throttles, and compares with the most
// that it lets through.
func TestReachesTheLimit(t *testing.T) {
	tests := []struct {
		name    string
		rate    float64 // a second
		perRow  bool    // each row takes a token, else each request
		latency time.Duration
		batch   int
		max     float64 // --max-rate
		want    float64 // rows a second, the limit
		refused float64 // share of the requests, at most
	}{
		{"rows", 500, true, 30 * time.Millisecond, 8, 0, 500, 0.25},
		{"few rows", 50, true, 30 * time.Millisecond, 1, 0, 50, 0.25},
		{"requests of one row", 1000, false, 50 * time.Millisecond, 1, 0, 1000, 0.25},
		{"requests of four rows", 300, false, 50 * time.Millisecond, 4, 0, 1200, 0.25},
		{"asked for less", 1000, true, 30 * time.Millisecond, 1, 200, 200, 0},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				rows := int(tt.want * 60)
				api := newTable(false)
				api.latency = tt.latency
				limit := &bucket{rate: tt.rate, last: time.Now()}
				refused := 0
				api.limit = func(n int) bool {
					if !tt.perRow {
						n = 1
					}
					if limit.take(n) {
						return true
					}
					refused++
					return false
				}
				j := newJob(t, bulk.KeyMode, manyRows(rows))
				j.limits = bulk.Limits{Batch: tt.batch, Rate: tt.max}
				start := time.Now()
				if _, err := j.run(t, t.Context(), api); err != nil {
					t.Fatal(err)
				}
				got := float64(rows) / time.Since(start).Seconds()
				share := float64(refused) / float64(api.requests)
				t.Logf("%.0f rows/s of %.0f (%.1f%%), %.1f%% of the requests were refused", got, tt.want, 100*got/tt.want, 100*share)
				if got < 0.95*tt.want {
					t.Errorf("only %.0f rows/s of %.0f", got, tt.want)
				}
				if share > tt.refused {
					t.Errorf("%.1f%% of the requests were refused", 100*share)
				}
				holdsOnce(t, api, rows)
			})
		})
	}
}

// TestObeysRetryAfter checks that nothing is sent while the API asks to wait.
func TestObeysRetryAfter(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		api := newTable(false)
		api.latency = 10 * time.Millisecond
		var until time.Time
		early := 0
		api.limit = func(int) bool {
			now := time.Now()
			if api.requests == 100 {
				until = now.Add(5 * time.Second)
				return false
			}
			// What was under way then may still come.
			if now.Before(until) && now.After(until.Add(-5*time.Second+50*time.Millisecond)) {
				early++
			}
			return true
		}
		api.after = 5 * time.Second
		j := newJob(t, bulk.KeyMode, manyRows(2000))
		j.limits.Batch = 1
		if _, err := j.run(t, t.Context(), api); err != nil {
			t.Fatal(err)
		}
		if until.IsZero() || early > 0 {
			t.Errorf("%d requests came while the API asked to wait (until %v)", early, until)
		}
	})
}

// orderedWaits adds up the time in which an API has asked to be sent nothing.
type orderedWaits struct {
	until time.Time
	sum   time.Duration
}

func (w *orderedWaits) order(wait time.Duration) time.Duration {
	from := time.Now()
	until := from.Add(wait)
	if w.until.After(from) {
		from = w.until
	}
	if until.After(from) {
		w.sum += until.Sub(from)
		w.until = until
	}
	return wait
}

// TestStaysNearTheBest imports from APIs that throttle in different ways. It compares the
// rows a second with the most that is possible: the API's limit in the time that is left
// without the ordered waits.
func TestStaysNearTheBest(t *testing.T) {
	const free = 64 / 0.03 // rows a second with 64 requests of one row under way that take 30 ms
	type refuse func(requests int, spent time.Duration) (refused bool, order time.Duration)
	burst := func(from, to int, order time.Duration) refuse {
		return func(requests int, _ time.Duration) (bool, time.Duration) {
			return from < requests && requests <= to, order
		}
	}
	steady := func(rate float64, order time.Duration) refuse {
		limit := &bucket{rate: rate}
		return func(int, time.Duration) (bool, time.Duration) { return !limit.take(1), order }
	}
	moving := func(low, high float64) refuse {
		limit := &bucket{}
		return func(_ int, spent time.Duration) (bool, time.Duration) {
			limit.rate = low
			if int(spent.Seconds()/10)%2 == 1 {
				limit.rate = high
			}
			return !limit.take(1), 0
		}
	}
	random := func(share float64, order time.Duration) refuse {
		random := rand.New(rand.NewPCG(3, 5))
		return func(int, time.Duration) (bool, time.Duration) { return random.Float64() < share, order }
	}
	tests := []struct {
		name   string
		refuse refuse
		rows   int
		best   float64 // rows a second
		total  float64 // share of best at least, with the ordered waits in the time; 0 is not asked
	}{
		{"no limit", burst(0, 0, 0), 30000, free, 0.9},
		{"a steady limit", steady(500, 0), 10000, 500, 0.9},
		{"a low limit", steady(50, 0), 3000, 50, 0.9},
		{"a steady limit that orders waits", steady(300, time.Second), 20000, 300, 0.75},
		{"a low limit that orders waits", steady(50, time.Second), 3000, 50, 0.7},
		{"a burst at the start", burst(0, 40, 3*time.Second), 30000, free, 0},
		{"a burst in the middle", burst(15000, 15200, 3*time.Second), 30000, free, 0},
		{"bursts that order no wait", burst(15000, 15200, 0), 45000, free, 0.9},
		{"a limit that doubles and halves", moving(300, 600), 18000, 450, 0.9},
		{"a limit that changes a lot", moving(250, 1000), 50000, 625, 0.9},
		{"random refusals, few", random(0.05, 0), 30000, 0.95 * free, 0.9},
		{"random refusals, some", random(0.20, 0), 40000, 0.80 * free, 0.9},
		{"random refusals, many", random(0.50, 0), 40000, 0.50 * free, 0.9},
		{"random refusals that order waits", random(0.01, time.Second), 30000, free, 0},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				api := newTable(false)
				api.latency = 30 * time.Millisecond
				start := time.Now()
				var waits orderedWaits
				api.limit = func(int) bool {
					refused, order := tt.refuse(api.requests, time.Since(start))
					api.after = 0
					if refused && order > 0 {
						api.after = waits.order(order)
					}
					return !refused
				}
				j := newJob(t, bulk.KeyMode, manyRows(tt.rows))
				j.limits.Batch = 1
				if _, err := j.run(t, t.Context(), api); err != nil {
					t.Fatal(err)
				}
				took := time.Since(start)
				share := float64(tt.rows) / (took - waits.sum).Seconds() / tt.best
				total := float64(tt.rows) / took.Seconds() / tt.best
				t.Logf("%.2f of the best, %.2f with the ordered waits of %s", share, total, waits.sum)
				if share < 0.9 {
					t.Errorf("only %.2f of the best", share)
				}
				if total < tt.total {
					t.Errorf("only %.2f of the best with the ordered waits of %s", total, waits.sum)
				}
				holdsOnce(t, api, tt.rows)
			})
		})
	}
}

// TestKeepsMaxRateWhenThrottled checks that --max-rate holds also after the API has
// throttled, when the pace looks for a higher one.
func TestKeepsMaxRateWhenThrottled(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const most = 200
		api := newTable(false)
		api.latency = 10 * time.Millisecond
		start := time.Now()
		limit := &bucket{rate: 50}
		accepted := make(map[int]int) // by second
		api.limit = func(n int) bool {
			second := int(time.Since(start).Seconds())
			if second < 5 && !limit.take(n) {
				return false
			}
			accepted[second] += n
			return true
		}
		j := newJob(t, bulk.KeyMode, manyRows(6000))
		j.limits = bulk.Limits{Batch: 4, Rate: most}
		if _, err := j.run(t, t.Context(), api); err != nil {
			t.Fatal(err)
		}
		reached := 0
		for second, rows := range accepted {
			if rows > most*11/10 { // what was saved up in a twentieth of a second may be made good
				t.Errorf("%d rows in second %d, and %d are allowed", rows, second, most)
			}
			reached = max(reached, rows)
		}
		if reached < most*9/10 {
			t.Errorf("no second had more than %d rows: the limit of %d was never reached", reached, most)
		}
	})
}

// TestThrottledFirstRow checks that an import whose mode the first row decides waits until
// the API takes that row.
func TestThrottledFirstRow(t *testing.T) {
	for _, order := range []time.Duration{0, 3 * time.Second} {
		t.Run(order.String(), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				api := newTable(true)
				api.latency = 10 * time.Millisecond
				api.after = order
				api.limit = func(int) bool { return api.requests > 12 }
				got, err := newJob(t, bulk.AutoMode, manyRows(100)).run(t, t.Context(), api)
				if err != nil {
					t.Fatal(err)
				}
				if got.Mode != bulk.JournalMode || got.Created != 100 {
					t.Errorf("got %+v", got)
				}
				holdsOnce(t, api, 100)
			})
		})
	}
}

// TestThrottledForGood checks that an API that refuses everything ends the import, with
// nothing lost.
func TestThrottledForGood(t *testing.T) {
	for _, mode := range []bulk.Mode{bulk.AutoMode, bulk.KeyMode} {
		t.Run(string(mode), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				api := newTable(false)
				api.latency = 10 * time.Millisecond
				shut := true
				api.limit = func(int) bool { return !shut }
				j := newJob(t, mode, manyRows(100))
				_, err := j.run(t, t.Context(), api)
				if _, ok := errors.AsType[*bulk.OutageError](err); !ok {
					t.Fatalf("got %v, want an OutageError", err)
				}
				shut = false
				got, err := j.run(t, t.Context(), api)
				if err != nil || got.Created != 100 {
					t.Errorf("got %+v and %v", got, err)
				}
			})
		})
	}
}

// TestUnavailableForGood checks that an API that answers nothing but errors, and orders a
// wait with each of them, ends the import in a quarter of an hour and a little more.
func TestUnavailableForGood(t *testing.T) {
	for _, mode := range []bulk.Mode{bulk.KeyMode, bulk.JournalMode} {
		t.Run(string(mode), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				api := newTable(mode == bulk.JournalMode)
				api.latency = 10 * time.Millisecond
				api.after = 5 * time.Second
				api.trouble = func(int) (bulk.Verdict, bool) { return bulk.Lost, false }
				start := time.Now()
				_, err := newJob(t, mode, manyRows(5000)).run(t, t.Context(), api)
				if _, ok := errors.AsType[*bulk.OutageError](err); !ok {
					t.Errorf("got %v, want an OutageError", err)
				}
				if took := time.Since(start); took > 20*time.Minute {
					t.Errorf("it took %s", took)
				}
			})
		})
	}
}

// TestLongWaitIsCut checks that an order to wait for a day holds an import up for minutes,
// and that it says so.
func TestLongWaitIsCut(t *testing.T) {
	for _, verdict := range []bulk.Verdict{bulk.Lost, bulk.Throttled} {
		t.Run(fmt.Sprint(verdict), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				api := newTable(false)
				api.latency = 10 * time.Millisecond
				api.after = 24 * time.Hour
				api.trouble = func(request int) (bulk.Verdict, bool) {
					if request == 1 {
						return verdict, false
					}
					return bulk.Done, true
				}
				work := newJob(t, bulk.KeyMode, manyRows(300)).prepare(t, api)
				var notices []string
				work.Notice = func(text string) { notices = append(notices, text) }
				start := time.Now()
				if _, err := work.Run(t.Context()); err != nil {
					t.Fatal(err)
				}
				if took := time.Since(start); took > 15*time.Minute {
					t.Errorf("it took %s", took)
				}
				if want := []string{"the API asks to wait: sending again in 10m0s"}; !slices.Equal(notices, want) {
					t.Errorf("got notices %q, want %q", notices, want)
				}
				holdsOnce(t, api, 300)
			})
		})
	}
}

// TestWaitsAfterUnavailable checks that a request that may have been executed and orders a
// wait (503 with Retry-After) holds the next ones back, and that waits the API orders are
// no outage.
func TestWaitsAfterUnavailable(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		api := newTable(false)
		api.latency = 10 * time.Millisecond
		api.after = 50 * time.Second
		api.trouble = func(request int) (bulk.Verdict, bool) {
			if request <= 9 {
				return bulk.Lost, false
			}
			return bulk.Done, true
		}
		j := newJob(t, bulk.KeyMode, manyRows(500))
		j.limits = bulk.Limits{InFlight: 4, Batch: 1}
		start := time.Now()
		if _, err := j.run(t, t.Context(), api); err != nil {
			t.Fatal(err)
		}
		if took := time.Since(start); took < 2*time.Minute {
			t.Errorf("9 requests, 4 at once, that each ordered a wait of 50 s took %s", took)
		}
		holdsOnce(t, api, 500)
	})
}
