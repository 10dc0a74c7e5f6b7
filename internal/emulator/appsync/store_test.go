package appsync_test

import (
	"errors"
	"fmt"
	"maps"
	"path/filepath"
	"reflect"
	"slices"
	"sync"
	"testing"

	"github.com/appsyncctl/appsyncctl/internal/emulator/appsync"
)

// stores are the kinds of Store, each empty.
func stores() map[string]func(*testing.T) appsync.Store {
	return map[string]func(*testing.T) appsync.Store{
		"memory": func(*testing.T) appsync.Store { return appsync.NewMemory() },
		"file": func(t *testing.T) appsync.Store {
			t.Helper()
			return openFile(t, filepath.Join(t.TempDir(), "customers.db"))
		},
		"dynamodb": func(t *testing.T) appsync.Store {
			t.Helper()
			startDynamoDB(t)
			return openDynamoDB(t)
		},
	}
}

// eachStore runs a test on every kind of Store.
func eachStore(t *testing.T, test func(*testing.T, appsync.Store)) {
	t.Helper()
	for name, open := range stores() {
		t.Run(name, func(t *testing.T) { test(t, open(t)) })
	}
}

func ids(t *testing.T, store appsync.Store, after string) []string {
	t.Helper()
	var all []string
	for item, err := range store.Scan(t.Context(), after) {
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, item.ID)
	}
	return all
}

func TestStoreKeepsItems(t *testing.T) {
	eachStore(t, func(t *testing.T, store appsync.Store) {
		t.Helper()
		ctx := t.Context()
		first := appsync.Item{ID: "1", Attributes: map[string]*string{"name": new("a"), "city": nil, "state": new("")}}
		if err := store.Create(ctx, first); err != nil {
			t.Fatal(err)
		}
		if err := store.Create(ctx, appsync.Item{ID: "1"}); !errors.Is(err, appsync.ErrCondition) {
			t.Errorf("create of another: %v", err)
		}
		if err := store.Create(ctx, first); err != nil {
			t.Errorf("create again: %v", err)
		}
		got, found, err := store.Get(ctx, "1")
		if err != nil || !found || !reflect.DeepEqual(got, first) {
			t.Errorf("got %v %v %v", got, found, err)
		}
		if _, found, err := store.Get(ctx, "2"); found || err != nil {
			t.Errorf("one that is not there: %v %v", found, err)
		}
		changed := appsync.Item{ID: "1", Attributes: map[string]*string{"name": new("b"), "country": new("c")}}
		got, err = store.Update(ctx, "1", func(old appsync.Item) appsync.Item {
			if !reflect.DeepEqual(old, first) {
				t.Errorf("update of %v", old)
			}
			return changed
		})
		if err != nil || !reflect.DeepEqual(got, changed) {
			t.Errorf("update: %v %v", got, err)
		}
		same := func(old appsync.Item) appsync.Item { return old }
		if got, err = store.Update(ctx, "1", same); err != nil || !reflect.DeepEqual(got, changed) {
			t.Errorf("update to the same: %v %v", got, err)
		}
		if _, err := store.Update(ctx, "2", same); !errors.Is(err, appsync.ErrCondition) {
			t.Errorf("update of none: %v", err)
		}
		got, found, err = store.Delete(ctx, "1")
		if err != nil || !found || !reflect.DeepEqual(got, changed) {
			t.Errorf("delete: %v %v %v", got, found, err)
		}
		if _, found, err := store.Delete(ctx, "1"); found || err != nil {
			t.Errorf("delete again: %v %v", found, err)
		}
	})
}

func TestStoreScans(t *testing.T) {
	const n = 700
	eachStore(t, func(t *testing.T, store appsync.Store) {
		t.Helper()
		ctx := t.Context()
		if got := ids(t, store, ""); len(got) != 0 {
			t.Fatalf("an empty store has %v", got)
		}
		want := map[string]bool{}
		for i := range n {
			id := fmt.Sprint("customer ", i)
			want[id] = true
			if err := store.Create(ctx, appsync.Item{ID: id}); err != nil {
				t.Fatal(err)
			}
		}
		all := ids(t, store, "")
		if len(all) != n || !maps.Equal(want, set(all)) {
			t.Fatalf("scanned %d of %d", len(all), n)
		}
		if slices.IsSorted(all) {
			t.Error("the order is that of the ids")
		}
		if got, err := store.Count(ctx); got != n || err != nil {
			t.Errorf("counted %d %v", got, err)
		}
		for _, at := range []int{0, 31, 32, 255, 256, n - 2, n - 1} {
			if got := ids(t, store, all[at]); !slices.Equal(got, all[at+1:]) {
				t.Errorf("%d after number %d, want %d", len(got), at, n-at-1)
			}
		}
		if _, _, err := store.Delete(ctx, all[300]); err != nil {
			t.Fatal(err)
		}
		if got := ids(t, store, all[300]); !slices.Equal(got, all[301:]) {
			t.Error("the order changed by a delete")
		}
		if err := store.Clear(ctx); err != nil {
			t.Fatal(err)
		}
		if got, err := store.Count(ctx); got != 0 || err != nil {
			t.Errorf("after Clear: %d %v", got, err)
		}
		if err := store.Create(ctx, appsync.Item{ID: all[0]}); err != nil {
			t.Errorf("create after Clear: %v", err)
		}
		if got := ids(t, store, ""); len(got) != 1 {
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

// TestStoreIsSafe writes to one id from many sides: one create wins, and no update of
// another attribute is lost.
func TestStoreIsSafe(t *testing.T) {
	eachStore(t, func(t *testing.T, store appsync.Store) {
		t.Helper()
		var created, refused int
		var mu sync.Mutex
		var group sync.WaitGroup
		for i := range 20 {
			group.Go(func() {
				err := store.Create(t.Context(), appsync.Item{ID: "1", Attributes: map[string]*string{"name": new(fmt.Sprint(i))}})
				mu.Lock()
				defer mu.Unlock()
				switch {
				case err == nil:
					created++
				case errors.Is(err, appsync.ErrCondition):
					refused++
				default:
					t.Error(err)
				}
				if err := store.Create(t.Context(), appsync.Item{ID: fmt.Sprint("other", i)}); err != nil {
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
				_, err := store.Update(t.Context(), "1", func(old appsync.Item) appsync.Item {
					attributes := maps.Clone(old.Attributes)
					if attributes == nil {
						attributes = map[string]*string{}
					}
					attributes[fmt.Sprint("a", i)] = new("x")
					return appsync.Item{ID: old.ID, Attributes: attributes}
				})
				if err != nil {
					t.Error(err)
				}
			})
		}
		group.Wait()
		if got, _, err := store.Get(t.Context(), "1"); err != nil || len(got.Attributes) != 21 {
			t.Errorf("%d attributes of 21: %v", len(got.Attributes), err)
		}
	})
}
