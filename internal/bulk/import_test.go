package bulk_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/appsyncctl/appsyncctl/internal/bulk"
)

var fields = []string{"id", "name", "city"}

// job is an import in a test: an input of rows and the folder of its journal.
type job struct {
	path, dir string
	mode      bulk.Mode
	shard     bulk.Shard
	limits    bulk.Limits
	errors    bulk.ErrorLimit
}

func newJob(t *testing.T, mode bulk.Mode, text string) *job {
	t.Helper()
	dir := t.TempDir()
	j := &job{path: filepath.Join(dir, "in.csv"), dir: filepath.Join(dir, "job"), mode: mode, errors: bulk.ErrorLimit{Number: 100}}
	if err := os.WriteFile(j.path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return j
}

func manyRows(n int) string {
	var text strings.Builder
	text.WriteString("name,city\n")
	for i := range n {
		fmt.Fprintf(&text, "customer%d,Boston\n", i)
	}
	return text.String()
}

func (j *job) prepare(t *testing.T, api bulk.API) *bulk.Import {
	t.Helper()
	in := &bulk.Input{Path: j.path, Columns: bulk.Columns{Fields: fields}}
	plan, err := bulk.Check(in, bulk.Schema{Fields: fields[1:]}, j.mode, j.shard)
	if err != nil {
		t.Fatal(err)
	}
	found, err := bulk.FingerprintOf(j.path)
	if err != nil {
		t.Fatal(err)
	}
	return &bulk.Import{
		Input: in, Plan: plan, Dir: j.dir, API: api, Limits: j.limits, Errors: j.errors, Settle: 30 * time.Second,
		Job: bulk.Job{Name: "test", Target: "api", Path: j.path, Input: found, Mode: j.mode, Shard: j.shard.String()},
	}
}

func (j *job) run(t *testing.T, ctx context.Context, api bulk.API) (*bulk.Summary, error) { //nolint:revive // t comes first in a test
	t.Helper()
	return j.prepare(t, api).Run(ctx)
}

// chance makes the trouble of a bad day: losses before and after execution, and
// throttling.
func chance(seed uint64, share float64) func(int) (bulk.Verdict, bool) {
	random := rand.New(rand.NewPCG(seed, seed))
	return func(int) (bulk.Verdict, bool) {
		switch p := random.Float64(); {
		case p < share:
			return bulk.Lost, true
		case p < 2*share:
			return bulk.Lost, false
		case p < 3*share:
			return bulk.Throttled, false
		case p < 4*share:
			return bulk.NotSent, false
		default:
			return bulk.Done, true
		}
	}
}

func TestEveryRowOnce(t *testing.T) {
	tests := []struct {
		name     string
		mode     bulk.Mode
		makesIDs bool
		share    float64
		want     bulk.Mode
	}{
		{"key", bulk.KeyMode, false, 0, bulk.KeyMode},
		{"journal", bulk.JournalMode, true, 0, bulk.JournalMode},
		{"auto, the API takes an id", bulk.AutoMode, false, 0, bulk.KeyMode},
		{"auto, the API makes the id", bulk.AutoMode, true, 0, bulk.JournalMode},
		{"key on a bad day", bulk.KeyMode, false, 0.05, bulk.KeyMode},
		{"journal on a bad day", bulk.JournalMode, true, 0.05, bulk.JournalMode},
		{"auto on a bad day", bulk.AutoMode, true, 0.05, bulk.JournalMode},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				const rows = 3000
				api := newTable(tt.makesIDs)
				api.latency = 20 * time.Millisecond
				if tt.share > 0 {
					api.trouble = chance(7, tt.share)
				}
				j := newJob(t, tt.mode, manyRows(rows))
				got, err := j.run(t, t.Context(), api)
				if err != nil {
					t.Fatal(err)
				}
				if got.Mode != tt.want || got.Read != rows || got.Created+got.Already != rows {
					t.Errorf("got %+v", got)
				}
				holdsOnce(t, api, rows)
				if api.largest < 2 && (tt.share == 0 || tt.want == bulk.KeyMode) {
					t.Errorf("the largest request had %d rows: batches were never tried", api.largest)
				}
			})
		})
	}
}

// holdsOnce checks that the customers 0 to n-1 are there, once.
func holdsOnce(t *testing.T, api *table, n int) {
	t.Helper()
	count := make(map[string]int)
	for _, record := range api.rows {
		count[record["name"]]++
	}
	lost, doubled := 0, 0
	for i := range n {
		switch count[fmt.Sprintf("customer%d", i)] {
		case 0:
			lost++
		case 1:
		default:
			doubled++
		}
	}
	if lost > 0 || doubled > 0 || len(count) != n {
		t.Errorf("%d rows are lost, %d doubled, %d names are there for %d rows", lost, doubled, len(count), n)
	}
}

// TestResume interrupts an import again and again; what is on the other side then is
// each row once.
func TestResume(t *testing.T) {
	for _, mode := range []bulk.Mode{bulk.KeyMode, bulk.JournalMode} {
		t.Run(string(mode), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				const rows = 2000
				api := newTable(mode == bulk.JournalMode)
				api.latency, api.trouble = 20*time.Millisecond, chance(3, 0.03)
				j := newJob(t, mode, manyRows(rows))
				j.limits.Batch = 4
				runs := 0
				for ; ; runs++ {
					ctx, cancel := context.WithTimeout(t.Context(), 150*time.Millisecond)
					if runs > 100 {
						ctx = t.Context() // reconciliation needs its time
					}
					got, err := j.run(t, ctx, api)
					cancel()
					if err == nil {
						if got.Unknown > 0 || got.NotReached > 0 || got.Created+got.Already != rows {
							t.Errorf("got %+v", got)
						}
						break
					}
					if !errors.Is(err, context.DeadlineExceeded) {
						t.Fatal(err)
					}
				}
				if runs < 2 {
					t.Errorf("only %d runs were interrupted", runs)
				}
				holdsOnce(t, api, rows)
				before := api.requests
				if _, err := j.run(t, t.Context(), api); err != nil || api.requests != before {
					t.Errorf("a finished import sent %d requests more: %v", api.requests-before, err)
				}
			})
		})
	}
}
