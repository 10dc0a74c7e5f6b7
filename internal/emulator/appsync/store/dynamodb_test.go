package store_test

import (
	"errors"
	"maps"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/appsyncctl/appsyncctl/internal/emulator/appsync/store"
)

func openDynamoDB(t *testing.T) *store.DynamoDB {
	t.Helper()
	table, err := store.OpenDynamoDB(t.Context(), "customers")
	if err != nil {
		t.Fatal(err)
	}
	return table
}

// TestDynamoDBRows looks into the table, and puts there what another program would.
func TestDynamoDBRows(t *testing.T) {
	fake := startDynamoDB(t)
	table := openDynamoDB(t)
	err := table.Create(t.Context(), store.Item{ID: "1", Attributes: map[string]*string{"name": new("a"), "city": nil}})
	if err != nil {
		t.Fatal(err)
	}
	if got := fake.rows["1"]; got["id"]["S"] != "1" || got["name"]["S"] != "a" || got["city"]["NULL"] != true {
		t.Errorf("the row is %v", got)
	}
	fake.rows["1"]["tags"] = map[string]any{"SS": []string{"x"}}
	fake.rows["1"]["state"] = map[string]any{"N": "5"}
	fake.rows["1"]["country"] = map[string]any{"BOOL": true}
	got, _, err := table.Get(t.Context(), "1")
	if err != nil || *got.Attributes["state"] != "5" || *got.Attributes["country"] != "true" {
		t.Errorf("got %v %v", got, err)
	}
	if _, readable := got.Attributes["tags"]; readable {
		t.Error("a set became text")
	}
	_, err = table.Update(t.Context(), "1", func(old store.Item) store.Item {
		attributes := maps.Clone(old.Attributes)
		delete(attributes, "city")
		attributes["name"] = new("b")
		return store.Item{ID: old.ID, Attributes: attributes}
	})
	if err != nil {
		t.Fatal(err)
	}
	row := fake.rows["1"]
	if _, there := row["city"]; there || row["name"]["S"] != "b" || row["tags"] == nil || row["state"]["N"] != "5" {
		t.Errorf("after the update: %v", row)
	}
}

// TestDynamoDBComparesRows creates what is there already, and what differs from it in
// ways that no answer of the API shows.
func TestDynamoDBComparesRows(t *testing.T) {
	fake := startDynamoDB(t)
	table := openDynamoDB(t)
	item := store.Item{ID: "1", Attributes: map[string]*string{"name": new("a"), "city": nil, "state": new("5")}}
	same := row{"id": {"S": "1"}, "name": {"S": "a"}, "city": {"NULL": true}, "state": {"S": "5"}}
	tests := []struct {
		name      string
		attribute string
		value     map[string]any // nil removes it
		want      error
	}{
		{"the same", "name", map[string]any{"S": "a"}, nil},
		{"another text", "name", map[string]any{"S": "A"}, store.ErrCondition},
		{"no attribute for a NULL", "city", nil, store.ErrCondition},
		{"an empty text for a NULL", "city", map[string]any{"S": ""}, store.ErrCondition},
		{"a number for a text", "state", map[string]any{"N": "5"}, store.ErrCondition},
		{"one more", "country", map[string]any{"NULL": true}, store.ErrCondition},
		{"one more that the API does not know", "tags", map[string]any{"SS": []string{"x"}}, store.ErrCondition},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			there := maps.Clone(same)
			if there[tt.attribute] = tt.value; tt.value == nil {
				delete(there, tt.attribute)
			}
			fake.rows["1"], fake.consistent = there, 0
			if got := table.Create(t.Context(), item); !errors.Is(got, tt.want) {
				t.Errorf("got %v, want %v", got, tt.want)
			}
			if fake.consistent != 1 {
				t.Errorf("%d consistent reads", fake.consistent)
			}
			if !maps.EqualFunc(fake.rows["1"], there, func(a, b map[string]any) bool { return reflect.DeepEqual(a, b) }) {
				t.Errorf("the row became %v", fake.rows["1"])
			}
		})
	}
}

// TestDynamoDBScansPages sees that a scan asks for little at first and for more as
// long as it is read.
func TestDynamoDBScansPages(t *testing.T) {
	fake := startDynamoDB(t)
	table := openDynamoDB(t)
	for n := range 99 {
		if err := table.Create(t.Context(), store.Item{ID: strconv.Itoa(n)}); err != nil {
			t.Fatal(err)
		}
	}
	for _, err := range table.Scan(t.Context(), "") {
		if err != nil {
			t.Fatal(err)
		}
		break
	}
	if !slices.Equal(fake.scans, []int{20}) {
		t.Errorf("the first item took scans of %v", fake.scans)
	}
	fake.scans = nil
	if got := ids(t, table, ""); len(got) != 99 || !slices.Equal(fake.scans, []int{20, 40, 80}) {
		t.Errorf("%d items in scans of %v", len(got), fake.scans)
	}
}

func TestOpenDynamoDBRefuses(t *testing.T) {
	tests := []struct {
		name   string
		change func(*testing.T, *fakeDynamoDB)
		table  string
		want   string
	}{
		{"no table", func(*testing.T, *fakeDynamoDB) {}, "others", "there is no table others in eu-west-1"},
		{"another key", func(_ *testing.T, f *fakeDynamoDB) { f.keyName = "pk" }, "customers", "not id alone"},
		{"a numeric key", func(_ *testing.T, f *fakeDynamoDB) { f.keyType = "N" }, "customers", "not a text"},
		{"in the making", func(_ *testing.T, f *fakeDynamoDB) { f.status = "CREATING" }, "customers", "not ready"},
		{"no region", func(t *testing.T, _ *fakeDynamoDB) {
			t.Helper()
			t.Setenv("AWS_REGION", "")
			t.Setenv("AWS_DEFAULT_REGION", "")
		}, "customers", "AWS_REGION"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			tt.change(t, startDynamoDB(t))
			if _, err := store.OpenDynamoDB(t.Context(), tt.table); err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("got %v, want %q", err, tt.want)
			}
		})
	}
}

// TestDynamoDBFails sees that an error of the table is an error, not an empty page.
func TestDynamoDBFails(t *testing.T) {
	fake := startDynamoDB(t)
	table := openDynamoDB(t)
	fake.fault = "AccessDeniedException"
	if _, found, err := table.Get(t.Context(), "1"); err == nil || found {
		t.Errorf("get: %v %v", found, err)
	}
	if err := table.Create(t.Context(), store.Item{ID: "1"}); err == nil || errors.Is(err, store.ErrCondition) {
		t.Errorf("create: %v", err)
	}
	if _, found, err := table.Delete(t.Context(), "1"); err == nil || found {
		t.Errorf("delete: %v %v", found, err)
	}
	if _, err := table.Count(t.Context()); err == nil {
		t.Error("counted")
	}
	if err := table.Clear(t.Context()); err == nil {
		t.Error("cleared")
	}
	if _, err := store.OpenDynamoDB(t.Context(), "customers"); err == nil {
		t.Error("opened")
	}
}
