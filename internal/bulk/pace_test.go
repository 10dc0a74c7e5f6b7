package bulk_test

import (
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
