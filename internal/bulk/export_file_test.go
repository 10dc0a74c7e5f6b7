package bulk_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/appsyncctl/appsyncctl/internal/bulk"
	"github.com/appsyncctl/appsyncctl/internal/paging"
)

func export(api bulk.Lister, format bulk.Format, zip bool) *bulk.Export {
	return &bulk.Export{
		API: api, Format: format, Fields: fields, Gzip: zip, Source: "api",
		Notice: func(string) {}, Progress: func(int) {},
	}
}

func fullTable(n int) *table {
	api := newTable(false)
	for i := range n {
		id := fmt.Sprintf("c%05d", i)
		api.rows[id] = bulk.Record{"id": id, "name": fmt.Sprintf("customer%d", i)}
	}
	return api
}

// breaking is a list that breaks after some pages, and may forget its tokens.
type breaking struct {
	*table
	pages   int
	forgets bool
}

var errBroken = errors.New("broken")

func (b *breaking) List(ctx context.Context, token string) (bulk.Page, error) {
	if b.forgets && token != "" {
		b.forgets = false
		return bulk.Page{}, fmt.Errorf("old: %w", bulk.ErrToken)
	}
	if b.pages == 0 {
		return bulk.Page{}, errBroken
	}
	b.pages--
	return b.table.List(ctx, token)
}

// TestExportGoesOn breaks an export after each page, and tears what it had begun to
// write: at the end every record is there once.
func TestExportGoesOn(t *testing.T) {
	for _, format := range []bulk.Format{bulk.CSV, bulk.JSONL} {
		for _, zip := range []bool{false, true} {
			for _, forgets := range []bool{false, true} {
				t.Run(fmt.Sprintf("%s gzip %t forgets %t", format, zip, forgets), func(t *testing.T) {
					const rows = 1000
					path := filepath.Join(t.TempDir(), "out")
					api := fullTable(rows)
					var manifest *bulk.Manifest
					runs := 0
					for {
						list := &breaking{table: api, pages: 3 + runs, forgets: forgets && runs > 0}
						got, err := export(list, format, zip).File(t.Context(), path)
						if runs++; err == nil {
							manifest = got
							break
						}
						if !errors.Is(err, errBroken) || runs > 50 {
							t.Fatalf("run %d: %v", runs, err)
						}
						tear(t, path+".part")
						tear(t, path+".part.journal")
					}
					if manifest.Records != rows || manifest.Resumed != runs-1 || runs < 3 {
						t.Errorf("after %d runs: %+v", runs, manifest)
					}
					in := &bulk.Input{Path: path, Format: format, Columns: bulk.Columns{Fields: fields}}
					ids := make(map[string]int)
					for row, err := range in.Rows() {
						if err != nil || row.Fault != nil {
							t.Fatal(err, row.Fault)
						}
						ids[row.Record["id"]]++
					}
					if len(ids) != rows || slices.Max(slices.Collect(maps.Values(ids))) != 1 {
						t.Errorf("%d ids, one of them %d times", len(ids), slices.Max(slices.Collect(maps.Values(ids))))
					}
					found, err := bulk.FingerprintOf(path)
					if err != nil || found.SHA256 != manifest.SHA256 {
						t.Errorf("the manifest has another hash: %v", err)
					}
					left, err := filepath.Glob(path + "*part*")
					if err != nil || len(left) > 0 {
						t.Errorf("left behind: %v", left)
					}
				})
			}
		}
	}
}

// tear appends half a record, as a crash would leave it.
func tear(t *testing.T, path string) {
	t.Helper()
	file, err := os.OpenFile(path, os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		t.Fatal(err)
	}
	_, err = file.WriteString(`{"id":"c0`)
	if err := errors.Join(err, file.Close()); err != nil {
		t.Fatal(err)
	}
}

// TestExportOfAnotherSource does not go on with a part file that is not its own.
func TestExportOfAnotherSource(t *testing.T) {
	path := filepath.Join(t.TempDir(), "out.csv")
	if _, err := export(&breaking{table: fullTable(500), pages: 2}, bulk.CSV, false).File(t.Context(), path); !errors.Is(err, errBroken) {
		t.Fatal(err)
	}
	other := export(fullTable(10), bulk.CSV, false)
	other.Source = "another"
	manifest, err := other.File(t.Context(), path)
	if err != nil || manifest.Records != 10 || manifest.Resumed != 0 {
		t.Errorf("got %+v and %v", manifest, err)
	}
}

// TestRoundTrip writes values of every kind in both formats and reads them again.
func TestRoundTrip(t *testing.T) {
	values := []string{"", " ", "a", "a,b", `"`, `""`, "a\nb", "a\r\nb", "\r", "\n", "\t", "null", "NULL", "東京 🙂", "=1+1", "\x00", "\u2028", `\`, "<&>", "\ufeff", "\ufffd", "'"}
	api := newTable(false)
	for i, value := range values {
		id := fmt.Sprintf("c%02d", i)
		api.rows[id] = bulk.Record{"id": id, "name": value}
		api.rows[id+"+"] = bulk.Record{"id": id + "+", "name": value, "city": value}
	}
	for _, format := range []bulk.Format{bulk.CSV, bulk.JSONL} {
		for _, zip := range []bool{false, true} {
			t.Run(fmt.Sprintf("%s gzip %t", format, zip), func(t *testing.T) {
				var out bytes.Buffer
				if n, err := export(api, format, zip).Stream(t.Context(), &out); err != nil || n != len(api.rows) {
					t.Fatal(n, err)
				}
				rows, err := read(t, "in", out.String(), bulk.Input{Format: format})
				if err != nil || len(rows) != len(api.rows) {
					t.Fatalf("%d rows of %d: %v", len(rows), len(api.rows), err)
				}
				for _, row := range rows {
					if want := api.rows[row.Record["id"]]; row.Fault != nil || !maps.Equal(row.Record, want) {
						t.Errorf("got %q and %v, want %q", row.Record, row.Fault, want)
					}
				}
			})
		}
	}
}

// endless is a list that does not end.
type endless struct{ repeats bool }

func (e endless) List(_ context.Context, token string) (bulk.Page, error) {
	if e.repeats {
		return bulk.Page{Records: []bulk.Record{{"id": "a"}}, Next: "same"}, nil
	}
	return bulk.Page{Next: token + "x"}, nil
}

func TestEndlessList(t *testing.T) {
	for _, api := range []endless{{true}, {false}} {
		_, err := export(api, bulk.CSV, false).Stream(t.Context(), io.Discard)
		if _, ok := errors.AsType[*paging.EndlessError](err); !ok {
			t.Errorf("repeats %t: got %v, want an EndlessError", api.repeats, err)
		}
	}
}

// sparse is a list whose only record comes after so many empty pages.
type sparse int

func (s sparse) List(_ context.Context, token string) (bulk.Page, error) {
	page, _ := strconv.Atoi(token)
	if page == int(s) {
		return bulk.Page{Records: []bulk.Record{{"id": "a", "name": "b"}}}, nil
	}
	return bulk.Page{Next: strconv.Itoa(page + 1)}, nil
}

// TestEmptyPages exports a list with many empty pages, which are normal behind a filter.
func TestEmptyPages(t *testing.T) {
	tests := []struct {
		name     string
		pages    int
		filtered bool
		endless  bool
	}{
		{"some", 999, false, false},
		{"too many", 1000, false, true},
		{"many behind a filter", 19_999, true, false},
		{"too many also behind a filter", 20_000, true, true},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			e := export(sparse(tt.pages), bulk.JSONL, false)
			e.Filtered = tt.filtered
			n, err := e.Stream(t.Context(), io.Discard)
			if _, endless := errors.AsType[*paging.EndlessError](err); endless != tt.endless || !endless && (err != nil || n != 1) {
				t.Errorf("got %d records and %v", n, err)
			}
		})
	}
}

// generated is a table of any size that takes no memory.
type generated int

func (g generated) List(_ context.Context, token string) (bulk.Page, error) {
	from := 0
	if token != "" {
		if err := json.Unmarshal([]byte(token), &from); err != nil {
			return bulk.Page{}, err
		}
	}
	var page bulk.Page
	for i := from; i < min(from+1000, int(g)); i++ {
		page.Records = append(page.Records, bulk.Record{"id": fmt.Sprintf("%036d", i), "name": strings.Repeat("x", 40)})
	}
	if from+1000 < int(g) {
		page.Next = fmt.Sprint(from + 1000)
	}
	return page, nil
}

// BenchmarkExport reports records a second and the heap in use at the end of tables of
// growing size.
func BenchmarkExport(b *testing.B) {
	for _, size := range []int{10_000, 100_000, 1_000_000} {
		b.Run(fmt.Sprint(size), func(b *testing.B) {
			var most uint64
			for b.Loop() {
				e := export(generated(size), bulk.CSV, false)
				e.Progress = func(n int) {
					if n%100_000 == 0 {
						var stats runtime.MemStats
						runtime.ReadMemStats(&stats)
						most = max(most, stats.HeapInuse)
					}
				}
				if _, err := e.File(b.Context(), filepath.Join(b.TempDir(), "out.csv")); err != nil {
					b.Fatal(err)
				}
			}
			b.ReportMetric(float64(size)*float64(b.N)/b.Elapsed().Seconds(), "records/s")
			b.ReportMetric(float64(most)/(1<<20), "heap-MiB")
		})
	}
}
