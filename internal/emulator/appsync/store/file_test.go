package store_test

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"go.etcd.io/bbolt"

	"github.com/appsyncctl/appsyncctl/internal/emulator/appsync/store"
)

func openFile(tb testing.TB, name string) *store.File {
	tb.Helper()
	table, err := store.OpenFile(name)
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() {
		if err := table.Close(); err != nil {
			tb.Error(err)
		}
	})
	return table
}

func TestFileOutlivesItsProcess(t *testing.T) {
	name := filepath.Join(t.TempDir(), "customers.db")
	table := openFile(t, name)
	want := store.Item{ID: "1", Attributes: map[string]*string{"name": new("a"), "city": nil}}
	if err := table.Create(t.Context(), want); err != nil {
		t.Fatal(err)
	}
	key := table.TokenKey()
	if _, err := store.OpenFile(name); err == nil || !strings.Contains(err.Error(), "another emulator uses it") {
		t.Errorf("opened twice: %v", err)
	}
	if err := table.Close(); err != nil {
		t.Fatal(err)
	}
	info, err := os.Stat(name)
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("mode %v %v", info.Mode(), err)
	}
	again := openFile(t, name)
	got, found, err := again.Get(t.Context(), "1")
	if err != nil || !found || *got.Attributes["name"] != "a" {
		t.Errorf("got %v %v %v", got, found, err)
	}
	if city, present := got.Attributes["city"]; !present || city != nil {
		t.Errorf("NULL became %v", city)
	}
	if len(key) != 32 || !bytes.Equal(key, again.TokenKey()) {
		t.Error("the token key did not last")
	}
	if others, err := filepath.Glob(filepath.Join(filepath.Dir(name), ".*")); err != nil || len(others) > 0 {
		t.Errorf("left behind: %v %v", others, err)
	}
}

func TestOpenFileRefuses(t *testing.T) {
	dir := t.TempDir()
	other := filepath.Join(dir, "other.db")
	db, err := bbolt.Open(other, 0o600, nil)
	if err != nil {
		t.Fatal(err)
	}
	err = errors.Join(db.Update(func(tx *bbolt.Tx) error {
		_, err := tx.CreateBucket([]byte("theirs"))
		return err
	}), db.Close())
	if err != nil {
		t.Fatal(err)
	}
	notes := filepath.Join(dir, "notes.txt")
	if err := os.WriteFile(notes, []byte(strings.Repeat("notes\n", 2000)), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{other, notes, dir, filepath.Join(dir, "nowhere", "customers.db")} {
		t.Run(filepath.Base(name), func(t *testing.T) {
			before, _ := os.ReadFile(name)
			if _, err := store.OpenFile(name); err == nil {
				t.Error("opened")
			}
			if after, _ := os.ReadFile(name); !bytes.Equal(before, after) {
				t.Error("changed")
			}
		})
	}
}

func TestOpenFileTakesAnEmptyOne(t *testing.T) {
	name := filepath.Join(t.TempDir(), "customers.db")
	if err := os.WriteFile(name, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := openFile(t, name).Create(t.Context(), store.Item{ID: "1"}); err != nil {
		t.Error(err)
	}
}
