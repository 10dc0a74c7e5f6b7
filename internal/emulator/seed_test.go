package emulator_test

import (
	"iter"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"github.com/appsyncctl/appsyncctl/internal/emulator"
	"github.com/appsyncctl/appsyncctl/internal/emulator/appsync/store"
)

func collect(seed iter.Seq2[store.Item, error]) ([]store.Item, error) {
	var all []store.Item
	for item, err := range seed {
		if err != nil {
			return all, err
		}
		all = append(all, item)
	}
	return all, nil
}

func TestReadCustomers(t *testing.T) {
	const second = "8d4a2f6e-1b1c-5a55-9a36-3a1d2b1c0d2e"
	tests := []struct {
		name, text string
		want       []map[string]string // by field; the id only when the text has one
		wantErr    string
	}{
		{"empty", "", nil, ""},
		{"lines", "{\"id\":\"a\",\"name\":\"x\"}\n\n{\"city\":\"Zürich\"}\n", []map[string]string{{"id": "a", "name": "x"}, {"city": "Zürich"}}, ""},
		{"array", ` [{"id":"` + second + `"},{"state":""}]`, []map[string]string{{"id": second}, {"state": ""}}, ""},
		{"an empty array", "[]\n", nil, ""},
		{"an empty id", `{"id":""}`, []map[string]string{{}}, ""},
		{"unknown field", "{}\n{\"street\":\"x\"}", nil, "customer 2: "},
		{"a number", "{\"name\":1}", nil, "customer 1: "},
		{"cut off", `{"name":`, nil, "customer 1: "},
		{"an array that is cut off", `[{"name":"x"}`, nil, "unexpected EOF"},
		{"two arrays", `[][]`, nil, "more after the array"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got, err := collect(emulator.ReadCustomers(strings.NewReader(tt.text)))
			if tt.wantErr != "" {
				if err == nil || !strings.Contains(err.Error(), tt.wantErr) {
					t.Errorf("got error %v, want %q", err, tt.wantErr)
				}
				return
			}
			if err != nil || len(got) != len(tt.want) {
				t.Fatalf("got %v %v", got, err)
			}
			for i, want := range tt.want {
				if id, given := want["id"]; given && got[i].ID != id || !given && len(got[i].ID) != 36 {
					t.Errorf("id %q", got[i].ID)
				}
				delete(want, "id")
				attributes := map[string]string{}
				for name, value := range got[i].Attributes {
					attributes[name] = *value
				}
				if !reflect.DeepEqual(attributes, want) {
					t.Errorf("got %v, want %v", attributes, want)
				}
			}
		})
	}
}

func FuzzReadCustomers(f *testing.F) {
	f.Add(`[{"id":"1"}]`)
	f.Add("{\"name\":\"x\"}\n{}")
	f.Fuzz(func(t *testing.T, text string) {
		items, err := collect(emulator.ReadCustomers(strings.NewReader(text)))
		for _, item := range items {
			if item.ID == "" {
				t.Errorf("no id in %v %v", item, err)
			}
		}
	})
}

func TestGenerateCustomers(t *testing.T) {
	first, err := collect(emulator.GenerateCustomers(50))
	if err != nil || len(first) != 50 {
		t.Fatalf("%d customers, %v", len(first), err)
	}
	again, err := collect(emulator.GenerateCustomers(100))
	if err != nil || !reflect.DeepEqual(first, again[:50]) {
		t.Errorf("another 50: %v", err)
	}
	seen := map[string]bool{}
	for _, item := range again {
		seen[item.ID] = true
	}
	if len(seen) != 100 {
		t.Errorf("%d ids", len(seen))
	}
}

func TestSeed(t *testing.T) {
	config := emulator.Config{DataFile: filepath.Join(t.TempDir(), "customers.db"), Seed: emulator.GenerateCustomers(100)}
	first := start(t, config)
	if got := first.status(t).Customers; got != 100 {
		t.Errorf("%d customers", got)
	}
	first.query(t, create)
	if err := first.Close(); err != nil {
		t.Fatal(err)
	}
	if got := start(t, config).status(t).Customers; got != 101 {
		t.Errorf("%d customers after seeding again", got)
	}
	if got := start(t, emulator.Config{Seed: emulator.GenerateCustomers(100)}).status(t).Customers; got != 100 {
		t.Errorf("%d customers in memory", got)
	}
	for _, file := range []string{"", filepath.Join(t.TempDir(), "customers.db")} {
		broken := emulator.Config{DataFile: file, Seed: emulator.ReadCustomers(strings.NewReader("{} 5"))}
		if _, err := emulator.Start(t.Context(), broken); err == nil || !strings.Contains(err.Error(), "seed: customer 2: ") {
			t.Errorf("a broken seed: %v", err)
		}
	}
}
