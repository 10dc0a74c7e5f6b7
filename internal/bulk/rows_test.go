package bulk_test

import (
	"context"
	"errors"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/appsyncctl/appsyncctl/internal/bulk"
)

// counted is a summary with nothing but its counters.
func counted(s *bulk.Summary) bulk.Summary {
	if s == nil {
		return bulk.Summary{}
	}
	only := *s
	only.Mode, only.Seconds, only.Rate = "", 0, 0
	return only
}

// reasons returns what an import has written about its rejected and conflicting rows.
func reasons(t *testing.T, im *bulk.Import) string {
	t.Helper()
	dir := t.TempDir()
	files := bulk.Files{Rejects: filepath.Join(dir, "rejects"), Reasons: filepath.Join(dir, "reasons")}
	if err := im.Write(files); err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(files.Reasons)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// TestReadBack imports a row under an id that is taken, which is read back. Whatever goes
// wrong with that, a row never counts as already there that was not seen there.
func TestReadBack(t *testing.T) {
	fails := errors.New("no answer")
	same := bulk.Record{"id": "a", "name": "customer1"}
	other := bulk.Record{"id": "a", "name": "another"}
	tests := []struct {
		name  string
		there bulk.Record
		find  func(find int) (blind bool, err error)
		want  bulk.Summary
		finds int // at least
	}{
		{"it fails once, and the row is the same", same, func(find int) (bool, error) {
			if find == 1 {
				return false, fails
			}
			return false, nil
		}, bulk.Summary{Read: 1, Already: 1}, 2},
		{"it fails once, and the row is another", other, func(find int) (bool, error) {
			if find == 1 {
				return false, fails
			}
			return false, nil
		}, bulk.Summary{Read: 1, Conflict: 1}, 2},
		{"it fails for ever, and the row is the same", same, func(int) (bool, error) { return false, fails },
			bulk.Summary{Read: 1, Unknown: 1}, 3},
		{"it fails for ever, and the row is another", other, func(int) (bool, error) { return false, fails },
			bulk.Summary{Read: 1, Unknown: 1}, 3},
		{"it lags", same, func(find int) (bool, error) { return find == 1, nil }, bulk.Summary{Read: 1, Already: 1}, 2},
		{"it lags, and the row is another", other, func(find int) (bool, error) { return find <= 3, nil }, bulk.Summary{Read: 1, Conflict: 1}, 4},
		{"it never sees anything", same, func(int) (bool, error) { return true, nil }, bulk.Summary{Read: 1, Rejected: 1}, 3},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				api := newTable(false)
				api.latency, api.find = 10*time.Millisecond, tt.find
				api.rows["a"] = tt.there
				im := newJob(t, bulk.KeyMode, "id,name\na,customer1\n").prepare(t, api)
				got, err := im.Run(t.Context())
				if counted(got) != tt.want || err != nil {
					t.Errorf("got %+v and %v, want %+v", got, err, tt.want)
				}
				if api.finds < tt.finds {
					t.Errorf("it was read %d times, want %d at least", api.finds, tt.finds)
				}
				if !maps.Equal(api.rows["a"], tt.there) || len(api.rows) != 1 {
					t.Errorf("the API now has %v", api.rows)
				}
				if why := reasons(t, im); tt.want.Rejected == 1 && !strings.Contains(why, "the id is taken, but nothing can be read under it") {
					t.Errorf("the reason is %s", why)
				}
			})
		})
	}
}

// TestTakenWhereTheAPIMakesTheID rejects a row whose id is said to be taken, although it
// has none: there is nothing to read back.
func TestTakenWhereTheAPIMakesTheID(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		api := newTable(true)
		api.answer = func(record bulk.Record) (*bulk.Outcome, bool) {
			if record["name"] == "customer1" {
				return &bulk.Outcome{Verdict: bulk.Taken, Fault: bulk.Fault{Reason: "taken"}}, false
			}
			return nil, false
		}
		im := newJob(t, bulk.JournalMode, manyRows(3)).prepare(t, api)
		got, err := im.Run(t.Context())
		if want := (bulk.Summary{Read: 3, Created: 2, Rejected: 1}); counted(got) != want || err != nil {
			t.Errorf("got %+v and %v, want %+v", got, err, want)
		}
		if api.finds != 0 || api.creates["customer1"] != 1 {
			t.Errorf("it was read %d times and sent %d times", api.finds, api.creates["customer1"])
		}
		if why := reasons(t, im); !strings.Contains(why, `"row":2,"line":3,"status":"rejected","reason":"taken"`) {
			t.Errorf("the reason is %s", why)
		}
	})
}

// TestErrorThatDoesNotTell answers a row with an error that does not say whether it was
// executed, again and again. What is not there after a few is rejected for that error,
// and what is there counts.
func TestErrorThatDoesNotTell(t *testing.T) {
	tests := []struct {
		name   string
		mode   bulk.Mode
		stored bool
		want   bulk.Summary
	}{
		{"with a key", bulk.KeyMode, false, bulk.Summary{Read: 3, Created: 2, Rejected: 1}},
		{"with a key, and stored", bulk.KeyMode, true, bulk.Summary{Read: 3, Created: 2, Already: 1}},
		{"with a journal", bulk.JournalMode, false, bulk.Summary{Read: 3, Created: 2, Rejected: 1}},
		{"with a journal, and stored", bulk.JournalMode, true, bulk.Summary{Read: 3, Created: 3}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				api := newTable(tt.mode == bulk.JournalMode)
				api.latency = 10 * time.Millisecond
				api.answer = func(record bulk.Record) (*bulk.Outcome, bool) {
					if record["name"] == "customer1" {
						return &bulk.Outcome{Verdict: bulk.Lost, Fault: bulk.Fault{Reason: "perhaps", Code: "Odd"}, Err: errLost}, tt.stored
					}
					return nil, false
				}
				im := newJob(t, tt.mode, manyRows(3)).prepare(t, api)
				got, err := im.Run(t.Context())
				if counted(got) != tt.want || err != nil {
					t.Errorf("got %+v and %v, want %+v", got, err, tt.want)
				}
				if n := api.creates["customer1"]; n > 3 || !tt.stored && n != 3 {
					t.Errorf("the row was sent %d times", n)
				}
				if tt.stored {
					holdsOnce(t, api, 3)
				} else if why := reasons(t, im); !strings.Contains(why, `"row":2,"line":3,"status":"rejected","reason":"perhaps","code":"Odd"`) {
					t.Errorf("the reason is %s", why)
				}
			})
		})
	}
}

// TestWaitIsNoOutage looks twice for the last row, each time after a wait that is as long
// as a request may go on. The API has answered every time, so nothing was out.
func TestWaitIsNoOutage(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		api := newTable(true)
		api.answer = func(record bulk.Record) (*bulk.Outcome, bool) {
			if n := api.creates["customer1"]; record["name"] != "customer1" || n > 2 {
				return nil, false
			}
			return &bulk.Outcome{Verdict: bulk.Lost, Err: errLost}, false
		}
		j := newJob(t, bulk.JournalMode, manyRows(2))
		j.limits = bulk.Limits{InFlight: 1, Batch: 1}
		im := j.prepare(t, api)
		im.Settle = time.Hour
		got, err := im.Run(t.Context())
		if want := (bulk.Summary{Read: 2, Created: 2}); counted(got) != want || err != nil {
			t.Errorf("got %+v and %v, want %+v", got, err, want)
		}
	})
}

// TestOneBadRowInARequest rejects only the row for which the API refuses a request of
// several as a whole.
func TestOneBadRowInARequest(t *testing.T) {
	for _, mode := range []bulk.Mode{bulk.KeyMode, bulk.JournalMode} {
		t.Run(string(mode), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				const rows = 3000
				api := &splitting{table: newTable(mode == bulk.JournalMode), bad: "customer2990"}
				api.latency = 20 * time.Millisecond
				im := newJob(t, mode, manyRows(rows)).prepare(t, api)
				got, err := im.Run(t.Context())
				if want := (bulk.Summary{Read: rows, Created: rows - 1, Rejected: 1}); counted(got) != want || err != nil {
					t.Errorf("got %+v and %v, want %+v", got, err, want)
				}
				if api.together < 2 {
					t.Errorf("the bad row came with %d others: nothing was refused as a whole", api.together-1)
				}
				if why := reasons(t, im); !strings.HasPrefix(why, `{"row":2991,"line":2992,"status":"rejected","reason":"bad"}`) {
					t.Errorf("the reasons are %s", why)
				}
			})
		})
	}
}

// splitting refuses a request as a whole if a bad record is in it.
type splitting struct {
	*table
	bad      string
	together int // records in the largest request that was refused
}

func (s *splitting) Create(ctx context.Context, records []bulk.Record) []bulk.Outcome {
	if !slices.ContainsFunc(records, func(r bulk.Record) bool { return r["name"] == s.bad }) {
		return s.table.Create(ctx, records)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.together = max(s.together, len(records))
	return slices.Repeat([]bulk.Outcome{{Verdict: bulk.Split, Fault: bulk.Fault{Reason: "bad"}}}, len(records))
}

// TestTooManyRefusedByTheAPI ends an import when the API rejects more rows than allowed,
// also when none was faulty in the file.
func TestTooManyRefusedByTheAPI(t *testing.T) {
	tests := []struct {
		name   string
		limit  bulk.ErrorLimit
		answer bulk.Outcome
	}{
		{"refused", bulk.ErrorLimit{Number: 10}, bulk.Outcome{Verdict: bulk.Refused, Fault: bulk.Fault{Reason: "no"}}},
		{"a share", bulk.ErrorLimit{Percent: 1, IsPercent: true}, bulk.Outcome{Verdict: bulk.Refused, Fault: bulk.Fault{Reason: "no"}}},
		{"in conflict", bulk.ErrorLimit{Number: 10}, bulk.Outcome{Verdict: bulk.Taken}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				const rows, inFlight = 2000, 4
				api := newTable(false)
				api.latency = 10 * time.Millisecond
				api.answer = func(record bulk.Record) (*bulk.Outcome, bool) {
					api.rows[record["id"]] = bulk.Record{"id": record["id"], "name": "another"} // what a taken id leads to
					return &tt.answer, false
				}
				j := newJob(t, bulk.KeyMode, manyRows(rows))
				j.errors, j.limits = tt.limit, bulk.Limits{InFlight: inFlight, Batch: 1}
				got, err := j.run(t, t.Context(), api)
				if !isA[*bulk.TooManyError](err) {
					t.Errorf("got %v, want a TooManyError", err)
				}
				limit := max(tt.limit.Number, int(rows*tt.limit.Percent/100))
				if aside := got.Rejected + got.Conflict; aside <= limit || aside > limit+2*inFlight || got.NotReached == 0 || got.Created > 0 {
					t.Errorf("of %d allowed: got %+v", limit, got)
				}
			})
		})
	}
}

// TestIDsOfRows checks that the ids that an import makes are its own and its rows', and
// stay what they are: when the journal is lost, they are all that keeps a row from being
// created twice.
func TestIDsOfRows(t *testing.T) {
	idsOf := func(name string) []string {
		api := newTable(false)
		im := newJob(t, bulk.KeyMode, manyRows(3)).prepare(t, api)
		im.Job.Name = name
		if _, err := im.Run(t.Context()); err != nil {
			t.Fatal(err)
		}
		byName := make(map[string]string)
		for id, record := range api.rows {
			byName[record["name"]] = id
		}
		return []string{byName["customer0"], byName["customer1"], byName["customer2"]}
	}
	got := idsOf("test")
	want := []string{
		"94b88236-cd5f-5b2d-a8f1-5f82e9542c3f", "5949fb64-3b44-5d9f-9063-02de7c2e6c09", "80ec0100-865c-564f-b1c1-62a5e5d23531",
	}
	if !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
	for _, id := range idsOf("another") {
		if slices.Contains(got, id) {
			t.Errorf("two imports make the id %s", id)
		}
	}
}

// lagging is a table whose list does not show, for a while, what was created last.
type lagging struct {
	*table
	blind func(list int) bool // whether the list does not show it
	last  string              // the name of the record
}

func (l *lagging) List(ctx context.Context, token string) (bulk.Page, error) {
	page, err := l.table.List(ctx, token)
	if l.blind(l.lists) {
		page.Records = slices.DeleteFunc(page.Records, func(r bulk.Record) bool { return r["name"] == l.last })
	}
	return page, err
}

// TestListThatLags looks for a row whose answer was lost in a list that does not show it
// at once. It is not sent again.
func TestListThatLags(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		api := &lagging{table: newTable(true), last: "customer1"}
		api.blind = func(list int) bool { return list <= 2 } // the first is that before the import
		api.trouble = func(request int) (bulk.Verdict, bool) {
			if request == 2 {
				return bulk.Lost, true
			}
			return bulk.Done, true
		}
		j := newJob(t, bulk.JournalMode, manyRows(5))
		j.limits = bulk.Limits{InFlight: 1, Batch: 1}
		got, err := j.run(t, t.Context(), api)
		if want := (bulk.Summary{Read: 5, Created: 5}); counted(got) != want || err != nil {
			t.Errorf("got %+v and %v, want %+v", got, err, want)
		}
		holdsOnce(t, api.table, 5)
		if api.lists < 4 || api.creates["customer1"] != 1 {
			t.Errorf("the list was read %d times, the row sent %d times", api.lists, api.creates["customer1"])
		}
	})
}

func TestDigest(t *testing.T) {
	records := []bulk.Record{
		{}, {"name": ""}, {"city": ""}, {"name": "x"}, {"city": "x"}, {"name": "x", "city": ""}, {"name": "", "city": "x"},
		{"name": "x", "city": "y"}, {"name": "y", "city": "x"},
		{"city": "Oslo", "name": "Ann"}, {"city": "OslonameAnn"}, {"city": "Oslon", "ame": "Ann"}, {"cityOslo": "nameAnn"},
		{"city": "Oslo\x00\x00\x00\x00\x00\x00\x00\x04name\x00\x00\x00\x00\x00\x00\x00\x03Ann"},
	}
	seen := make(map[bulk.Digest]bulk.Record)
	for _, record := range records {
		digest := record.Digest()
		if other, twice := seen[digest]; twice {
			t.Errorf("%q and %q have the same digest", record, other)
		}
		seen[digest] = record
		if record.With("a").Digest() != digest || record.With("b").Digest() != digest {
			t.Errorf("the digest of %q depends on the id", record)
		}
	}
	// A journal and the shards of a file that is half imported hold on to it.
	const want = "4ce74c4b627da62988359519699c67c6"
	if got := (bulk.Record{"id": "1", "name": "Ann", "city": "Oslo", "state": ""}).Digest().String(); got != want {
		t.Errorf("got the digest %s, want %s", got, want)
	}
}

// TestBalance counts a row too many or too few in each place where rows can end.
func TestBalance(t *testing.T) {
	whole := bulk.Summary{Read: 21, Created: 1, Already: 2, Conflict: 3, Rejected: 4, Unknown: 5, NotReached: 6, Elsewhere: 7}
	if err := bulk.CheckSummary(whole); err != nil {
		t.Errorf("got %v", err)
	}
	counters := map[string]func(*bulk.Summary) *int{
		"read":        func(s *bulk.Summary) *int { return &s.Read },
		"created":     func(s *bulk.Summary) *int { return &s.Created },
		"already":     func(s *bulk.Summary) *int { return &s.Already },
		"conflict":    func(s *bulk.Summary) *int { return &s.Conflict },
		"rejected":    func(s *bulk.Summary) *int { return &s.Rejected },
		"unknown":     func(s *bulk.Summary) *int { return &s.Unknown },
		"not reached": func(s *bulk.Summary) *int { return &s.NotReached },
	}
	for name, counter := range counters {
		for _, off := range []int{-1, 1} {
			summary := whole
			*counter(&summary) += off
			if err := bulk.CheckSummary(summary); err == nil || !strings.HasPrefix(err.Error(), "the rows do not add up") {
				t.Errorf("%s off by %d: got %v", name, off, err)
			}
		}
	}
}
