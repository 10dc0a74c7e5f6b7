package bulk_test

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/appsyncctl/appsyncctl/internal/bulk"
)

// TestEnds sees every way in which rows and imports can end.
func TestEnds(t *testing.T) {
	boston := bulk.Record{"name": "customer1", "city": "Boston"}
	tests := []struct {
		name  string
		mode  bulk.Mode
		text  string
		table func(*table)
		want  bulk.Summary // Mode, Seconds and Rate are not compared
		err   error        // of this type or value
	}{
		{
			name: "already there and in conflict", mode: bulk.KeyMode, text: "id,name,city\na,customer1,Boston\nb,customer2,\nc,customer3,\n",
			table: func(api *table) {
				api.rows["a"] = bulk.Record{"id": "a", "name": "customer1", "city": "Boston"}
				api.rows["b"] = bulk.Record{"id": "b", "name": "another"}
			},
			want: bulk.Summary{Read: 3, Created: 1, Already: 1, Conflict: 1},
		},
		{
			name: "already there, and answered as if it were new", mode: bulk.KeyMode, text: "id,name,city\na,customer1,Boston\nb,customer2,\nc,customer3,\n",
			table: func(api *table) {
				api.lenient = true
				api.rows["a"] = bulk.Record{"id": "a", "name": "customer1", "city": "Boston"}
				api.rows["b"] = bulk.Record{"id": "b", "name": "another"}
			},
			want: bulk.Summary{Read: 3, Created: 2, Conflict: 1},
		},
		{
			name: "refused by the API", mode: bulk.KeyMode, text: manyRows(5),
			table: func(api *table) {
				api.refuse = func(r bulk.Record) *bulk.Fault {
					if r["name"] == "customer3" {
						return &bulk.Fault{Reason: "no"}
					}
					return nil
				}
			},
			want: bulk.Summary{Read: 5, Created: 4, Rejected: 1},
		},
		{
			name: "faulty in the file", mode: bulk.JournalMode, text: "name,city\na\nb,\n,\n", table: func(api *table) { api.makesIDs = true },
			want: bulk.Summary{Read: 3, Created: 1, Rejected: 2},
		},
		{
			name: "an error that no row can escape", mode: bulk.KeyMode, text: manyRows(5000),
			table: func(api *table) {
				api.trouble = func(request int) (bulk.Verdict, bool) {
					if request > 5 {
						return bulk.Fatal, false
					}
					return bulk.Done, true
				}
			},
			want: bulk.Summary{Read: 5000, Created: 5, NotReached: 4995}, err: errLost,
		},
		{
			name: "no network", mode: bulk.KeyMode, text: manyRows(10),
			table: func(api *table) {
				api.trouble = func(int) (bulk.Verdict, bool) { return bulk.NotSent, false }
			},
			want: bulk.Summary{Read: 10, NotReached: 10}, err: &bulk.OutageError{},
		},
		{
			name: "answers that never come", mode: bulk.JournalMode, text: manyRows(5),
			table: func(api *table) {
				api.makesIDs = true
				api.trouble = func(int) (bulk.Verdict, bool) { return bulk.Lost, true }
			},
			want: bulk.Summary{Read: 5, Created: 5},
		},
		{
			name: "an API without a list", mode: bulk.JournalMode, text: manyRows(5),
			table: func(api *table) {
				api.makesIDs, api.noList = true, true
				api.trouble = func(request int) (bulk.Verdict, bool) {
					if request == 2 {
						return bulk.Lost, true
					}
					return bulk.Done, true
				}
			},
			want: bulk.Summary{Read: 5, Created: 4, Unknown: 1},
		},
		{
			name: "equal rows that were there before", mode: bulk.JournalMode, text: manyRows(5),
			table: func(api *table) {
				api.makesIDs = true
				for _, id := range []string{"x", "y", "z"} {
					api.rows[id] = boston.With(id)
				}
				api.trouble = func(request int) (bulk.Verdict, bool) {
					if request <= 5 {
						return bulk.Lost, false
					}
					return bulk.Done, true
				}
			},
			want: bulk.Summary{Read: 5, Created: 5},
		},
		{
			name: "another writer of equal rows", mode: bulk.JournalMode, text: manyRows(2),
			table: func(api *table) {
				api.makesIDs = true
				api.trouble = func(request int) (bulk.Verdict, bool) {
					if request == 1 {
						for _, id := range []string{"x", "y", "z"} {
							api.rows[id] = bulk.Record{"id": id, "name": "customer0", "city": "Boston"}
							api.rows[id+id] = bulk.Record{"id": id + id, "name": "customer1", "city": "Boston"}
						}
						return bulk.Lost, true
					}
					return bulk.Done, true
				}
			},
			want: bulk.Summary{Read: 2, Created: 1, Unknown: 1},
		},
		{
			name: "an id where the API makes it", mode: bulk.AutoMode, text: "id,name\na,b\n", table: func(api *table) { api.makesIDs = true },
			want: bulk.Summary{Read: 1, NotReached: 1}, err: &bulk.IDError{},
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				api := newTable(false)
				api.latency = 10 * time.Millisecond
				tt.table(api)
				j := newJob(t, tt.mode, tt.text)
				got, err := j.run(t, t.Context(), api)
				if got == nil {
					t.Fatal(err)
				}
				got.Mode, got.Seconds, got.Rate = "", 0, 0
				if *got != tt.want {
					t.Errorf("got %+v, want %+v", *got, tt.want)
				}
				if !sameKind(err, tt.err) {
					t.Errorf("got the error %v, want %v", err, tt.err)
				}
			})
		})
	}
}

// sameKind compares the types of errors that are told by them, and else the errors.
func sameKind(got, want error) bool {
	if want == nil {
		return got == nil
	}
	for _, is := range []func(error) bool{isA[*bulk.OutageError], isA[*bulk.IDError]} {
		if is(want) {
			return is(got)
		}
	}
	return errors.Is(got, want)
}

func isA[E error](err error) bool {
	_, ok := errors.AsType[E](err)
	return ok
}

// TestSystemicErrorStopsAtOnce counts the requests after one that says that none can
// succeed: those that were under way, and no more.
func TestSystemicErrorStopsAtOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		api := newTable(false)
		api.latency = 10 * time.Millisecond
		api.trouble = func(request int) (bulk.Verdict, bool) {
			if request > 100 {
				return bulk.Fatal, false
			}
			return bulk.Done, true
		}
		j := newJob(t, bulk.KeyMode, manyRows(5000))
		j.limits = bulk.Limits{InFlight: 8, Batch: 1}
		if _, err := j.run(t, t.Context(), api); !errors.Is(err, errLost) {
			t.Errorf("got %v", err)
		}
		if api.requests > 100+8 {
			t.Errorf("%d requests were sent", api.requests)
		}
	})
}

// TestFiles reads what an import wrote about its rows.
func TestFiles(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		api := newTable(true)
		api.noList = true
		api.trouble = func(request int) (bulk.Verdict, bool) {
			if request == 1 {
				return bulk.Lost, true
			}
			return bulk.Done, true
		}
		j := newJob(t, bulk.JournalMode, "name,city\n\"a\"\"\",x\nb\nc,\"\"")
		j.limits = bulk.Limits{InFlight: 1, Batch: 1}
		im := j.prepare(t, api)
		if _, err := im.Run(t.Context()); err != nil {
			t.Fatal(err)
		}
		dir := t.TempDir()
		files := bulk.Files{
			Results: filepath.Join(dir, "results"), Rejects: filepath.Join(dir, "rejects"),
			Reasons: filepath.Join(dir, "reasons"), Unknown: filepath.Join(dir, "unknown"),
		}
		if err := im.Write(files); err != nil {
			t.Fatal(err)
		}
		want := map[string]string{
			files.Results: `{"row":1,"line":2,"status":"unknown"}
{"row":2,"line":3,"status":"rejected","reason":"the row has 1 values and the header 2 columns"}
{"row":3,"line":4,"status":"created","id":"made-1"}
`,
			files.Rejects: "name,city\nb\n",
			files.Reasons: `{"row":2,"line":3,"status":"rejected","reason":"the row has 1 values and the header 2 columns"}` + "\n",
			files.Unknown: "name,city\n\"a\"\"\",x\n",
		}
		for path, text := range want {
			got, err := os.ReadFile(path)
			if err != nil || string(got) != text {
				t.Errorf("%s: got %q and %v, want %q", filepath.Base(path), got, err, text)
			}
		}
	})
}

// TestFilesAreNoDevices has results go to a device, which stays what it is.
func TestFilesAreNoDevices(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		dir := t.TempDir()
		null := filepath.Join(dir, "null")
		if err := os.Symlink(os.DevNull, null); err != nil {
			t.Skip("no symbolic links here")
		}
		im := newJob(t, bulk.KeyMode, manyRows(3)).prepare(t, newTable(false))
		if _, err := im.Run(t.Context()); err != nil {
			t.Fatal(err)
		}
		if err := im.Write(bulk.Files{Results: null}); err != nil {
			t.Error(err)
		}
		if info, err := os.Stat(null); err != nil || info.Mode().IsRegular() {
			t.Errorf("the device is %v, and %v", info, err)
		}
	})
}

// TestInterrupted checks that an import which is told to stop waits for what is under
// way, and counts it.
func TestInterrupted(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		api := newTable(true)
		api.latency = time.Second
		j := newJob(t, bulk.JournalMode, manyRows(1000))
		ctx, cancel := context.WithTimeout(t.Context(), 1500*time.Millisecond)
		defer cancel()
		got, err := j.run(t, ctx, api)
		if !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("got %v", err)
		}
		if got.Unknown != 0 || got.Created != len(api.rows) || got.Created == 0 || got.NotReached == 0 {
			t.Errorf("got %+v, and %d rows are there", *got, len(api.rows))
		}
	})
}

func TestErrorLimit(t *testing.T) {
	tests := []struct {
		text    string
		allowed int // of 200 rows; -1: no limit can be read
	}{
		{"0", 0}, {"7", 7}, {"1%", 2}, {"2.5%", 5}, {"100%", 200}, {"-1", -1}, {"x", -1}, {"101%", -1}, {"NaN%", -1}, {"", -1}, {"%", -1},
	}
	for _, tt := range tests {
		limit, err := bulk.ParseErrorLimit(tt.text)
		if (err != nil) != (tt.allowed < 0) {
			t.Errorf("%q: got %v", tt.text, err)
		}
		if err != nil {
			continue
		}
		if !limit.Allows(&bulk.Plan{Rows: 200, Faulty: tt.allowed}) || limit.Allows(&bulk.Plan{Rows: 200, Faulty: tt.allowed + 1}) {
			t.Errorf("%q does not allow exactly %d of 200", tt.text, tt.allowed)
		}
		if limit.String() != tt.text {
			t.Errorf("%q is written as %q", tt.text, limit.String())
		}
	}
}

// TestShards checks that shards are together the whole, with equal rows in one.
func TestShards(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		text := manyRows(300) + strings.TrimPrefix(manyRows(300), "name,city\n")
		api := newTable(true)
		sum := 0
		for i := range 4 {
			j := newJob(t, bulk.JournalMode, text)
			j.shard = bulk.Shard{Index: i + 1, Count: 4}
			got, err := j.run(t, t.Context(), api)
			if err != nil || got.Created != got.Read || got.Read+got.Elsewhere != 600 || got.Read%2 != 0 || got.Read == 0 {
				t.Errorf("shard %d: got %+v and %v", i+1, got, err)
			}
			sum += got.Created
		}
		if sum != 600 || len(api.rows) != 600 {
			t.Errorf("%d rows were created, %d are there", sum, len(api.rows))
		}
	})
}
