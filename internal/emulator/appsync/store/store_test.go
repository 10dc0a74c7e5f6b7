package store_test

import (
	"errors"
	"fmt"
	"maps"
	"path/filepath"
	"reflect"
	"runtime"
	"slices"
	"sync"
	"testing"

	"github.com/appsyncctl/appsyncctl/internal/emulator/appsync/store"
)

// tables are the kinds of table, each empty.
func tables() map[string]func(*testing.T) store.Table {
	return map[string]func(*testing.T) store.Table{
		"memory": func(*testing.T) store.Table { return store.NewMemory() },
		"file": func(t *testing.T) store.Table {
			t.Helper()
			return openFile(t, filepath.Join(t.TempDir(), "customers.db"))
		},
		"dynamodb": func(t *testing.T) store.Table {
			t.Helper()
			startDynamoDB(t)
			return openDynamoDB(t)
		},
	}
}

// eachTable runs a test on every kind of table.
func eachTable(t *testing.T, test func(*testing.T, store.Table)) {
	t.Helper()
	for name, open := range tables() {
		t.Run(name, func(t *testing.T) { test(t, open(t)) })
	}
}

func ids(t *testing.T, table store.Table, after string) []string {
	t.Helper()
	var all []string
	for item, err := range table.Scan(t.Context(), after) {
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, item.ID)
	}
	return all
}

func TestTableKeepsItems(t *testing.T) {
	eachTable(t, func(t *testing.T, table store.Table) {
		t.Helper()
		ctx := t.Context()
		first := store.Item{ID: "1", Attributes: map[string]*string{"name": new("a"), "city": nil, "state": new("")}}
		if err := table.Create(ctx, first); err != nil {
			t.Fatal(err)
		}
		if err := table.Create(ctx, store.Item{ID: "1"}); !errors.Is(err, store.ErrCondition) {
			t.Errorf("create of another: %v", err)
		}
		if err := table.Create(ctx, first); err != nil {
			t.Errorf("create again: %v", err)
		}
		got, found, err := table.Get(ctx, "1")
		if err != nil || !found || !reflect.DeepEqual(got, first) {
			t.Errorf("got %v %v %v", got, found, err)
		}
		if _, found, err := table.Get(ctx, "2"); found || err != nil {
			t.Errorf("one that is not there: %v %v", found, err)
		}
		changed := store.Item{ID: "1", Attributes: map[string]*string{"name": new("b"), "country": new("c")}}
		got, err = table.Update(ctx, "1", func(old store.Item) store.Item {
			if !reflect.DeepEqual(old, first) {
				t.Errorf("update of %v", old)
			}
			return changed
		})
		if err != nil || !reflect.DeepEqual(got, changed) {
			t.Errorf("update: %v %v", got, err)
		}
		same := func(old store.Item) store.Item { return old }
		if got, err = table.Update(ctx, "1", same); err != nil || !reflect.DeepEqual(got, changed) {
			t.Errorf("update to the same: %v %v", got, err)
		}
		if _, err := table.Update(ctx, "2", same); !errors.Is(err, store.ErrCondition) {
			t.Errorf("update of none: %v", err)
		}
		got, found, err = table.Delete(ctx, "1")
		if err != nil || !found || !reflect.DeepEqual(got, changed) {
			t.Errorf("delete: %v %v %v", got, found, err)
		}
		if _, found, err := table.Delete(ctx, "1"); found || err != nil {
			t.Errorf("delete again: %v %v", found, err)
		}
	})
}

func TestTableScans(t *testing.T) {
	const n = 700
	eachTable(t, func(t *testing.T, table store.Table) {
		t.Helper()
		ctx := t.Context()
		if got := ids(t, table, ""); len(got) != 0 {
			t.Fatalf("an empty table has %v", got)
		}
		want := map[string]bool{}
		for i := range n {
			id := fmt.Sprint("customer ", i)
			want[id] = true
			if err := table.Create(ctx, store.Item{ID: id}); err != nil {
				t.Fatal(err)
			}
		}
		all := ids(t, table, "")
		if len(all) != n || !maps.Equal(want, set(all)) {
			t.Fatalf("scanned %d of %d", len(all), n)
		}
		if slices.IsSorted(all) {
			t.Error("the order is that of the ids")
		}
		if got, err := table.Count(ctx); got != n || err != nil {
			t.Errorf("counted %d %v", got, err)
		}
		for _, at := range []int{0, 31, 32, 255, 256, n - 2, n - 1} {
			if got := ids(t, table, all[at]); !slices.Equal(got, all[at+1:]) {
				t.Errorf("%d after number %d, want %d", len(got), at, n-at-1)
			}
		}
		if _, _, err := table.Delete(ctx, all[300]); err != nil {
			t.Fatal(err)
		}
		if got := ids(t, table, all[300]); !slices.Equal(got, all[301:]) {
			t.Error("the order changed by a delete")
		}
		if err := table.Clear(ctx); err != nil {
			t.Fatal(err)
		}
		if got, err := table.Count(ctx); got != 0 || err != nil {
			t.Errorf("after Clear: %d %v", got, err)
		}
		if err := table.Create(ctx, store.Item{ID: all[0]}); err != nil {
			t.Errorf("create after Clear: %v", err)
		}
		if got := ids(t, table, ""); len(got) != 1 {
			t.Errorf("after Clear and a create: %v", got)
		}
	})
}

func set(ids []string) map[string]bool {
	all := map[string]bool{}
	for _, id := range ids {
		all[id] = true
	}
	return all
}

// TestTableIsSafe writes to one id from many sides: one create wins, and no update of
// another attribute is lost.
func TestTableIsSafe(t *testing.T) {
	eachTable(t, func(t *testing.T, table store.Table) {
		t.Helper()
		var created, refused int
		var mu sync.Mutex
		var group sync.WaitGroup
		for i := range 20 {
			group.Go(func() {
				err := table.Create(t.Context(), store.Item{ID: "1", Attributes: map[string]*string{"name": new(fmt.Sprint(i))}})
				mu.Lock()
				defer mu.Unlock()
				switch {
				case err == nil:
					created++
				case errors.Is(err, store.ErrCondition):
					refused++
				default:
					t.Error(err)
				}
				if err := table.Create(t.Context(), store.Item{ID: fmt.Sprint("other", i)}); err != nil {
					t.Error(err)
				}
			})
		}
		group.Wait()
		if created != 1 || refused != 19 {
			t.Errorf("%d created, %d refused", created, refused)
		}
		for i := range 20 {
			group.Go(func() {
				_, err := table.Update(t.Context(), "1", func(old store.Item) store.Item {
					attributes := maps.Clone(old.Attributes)
					if attributes == nil {
						attributes = map[string]*string{}
					}
					attributes[fmt.Sprint("a", i)] = new("x")
					return store.Item{ID: old.ID, Attributes: attributes}
				})
				if err != nil {
					t.Error(err)
				}
			})
		}
		group.Wait()
		if got, _, err := table.Get(t.Context(), "1"); err != nil || len(got.Attributes) != 21 {
			t.Errorf("%d attributes of 21: %v", len(got.Attributes), err)
		}
	})
}

// BenchmarkMillion reports what a million customers with all fields take in memory, and
// how long walking over them takes.
func BenchmarkMillion(b *testing.B) {
	const n = 1_000_000
	var before, after runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&before)
	table := store.NewMemory()
	for i := range n {
		item := store.Item{ID: fmt.Sprintf("%032d", i), Attributes: map[string]*string{
			"name": new(fmt.Sprint("customer", i)), "city": new("Boston"), "state": new("MA"), "country": new("USA"),
		}}
		if err := table.Create(b.Context(), item); err != nil {
			b.Fatal(err)
		}
	}
	runtime.GC()
	runtime.ReadMemStats(&after)
	for b.Loop() {
		seen := 0
		for _, err := range table.Scan(b.Context(), "") {
			if err != nil {
				b.Fatal(err)
			}
			seen++
		}
		if seen != n {
			b.Fatalf("%d of %d", seen, n)
		}
	}
	b.ReportMetric(float64(after.HeapAlloc-before.HeapAlloc)/(1<<20), "MiB")
	runtime.KeepAlive(table)
}
