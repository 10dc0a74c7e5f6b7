package tokencache_test

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"reflect"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/appsyncctl/appsyncctl/internal/tokencache"
)

const indexVariable = "INDEX_TEST_PATH"

func newIndex(t *testing.T) tokencache.Index {
	t.Helper()
	return tokencache.Index{Path: filepath.Join(t.TempDir(), "state", "index.json")}
}

func TestIndexRoundTrip(t *testing.T) {
	index := newIndex(t)
	records, err := index.Records()
	if err != nil || len(records) != 0 {
		t.Fatalf("a missing index: got %v, %v; want an empty one", records, err)
	}
	want := tokencache.Record{
		Store: "file", Grant: "device", Issuer: "https://tenant.example.com/", ClientID: "c1", Audience: "https://api",
		Organization: "org", Scopes: []string{"read"}, Endpoint: "https://api.example/graphql",
		Saved: time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC), Expiry: time.Date(2026, 1, 2, 0, 0, 0, 0, time.UTC),
	}
	other := tokencache.Record{Store: "keyring"}
	for key, record := range map[string]tokencache.Record{"one": other, "two": other, want.Key().Token(): want} {
		if err := index.Put(t.Context(), key, record); err != nil {
			t.Fatal(err)
		}
	}
	if err := index.Remove(t.Context(), "one"); err != nil {
		t.Fatal(err)
	}
	if err := index.Remove(t.Context(), "never there"); err != nil {
		t.Fatal(err)
	}
	records, err = index.Records()
	if err != nil {
		t.Fatal(err)
	}
	if all := map[string]tokencache.Record{"two": other, want.Key().Token(): want}; !reflect.DeepEqual(records, all) {
		t.Errorf("got %+v, want %+v", records, all)
	}
	if runtime.GOOS != "windows" {
		if info, err := os.Stat(index.Path); err != nil || info.Mode().Perm() != 0o600 {
			t.Errorf("got %v, %v; want mode 0600", info, err)
		}
	}
}

func TestIndexDamaged(t *testing.T) {
	for name, content := range map[string]string{"empty": "", "cut short": `{"v":1,"records":{"a":{`, "a list": "[]", "text": "hello"} {
		t.Run(name, func(t *testing.T) {
			index := newIndex(t)
			if err := os.MkdirAll(filepath.Dir(index.Path), 0o700); err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(index.Path, []byte(content), 0o600); err != nil {
				t.Fatal(err)
			}
			if _, err := index.Records(); err == nil || !strings.Contains(err.Error(), index.Path) {
				t.Errorf("got %v, want an error with the path", err)
			}
			if err := index.Put(t.Context(), "key", tokencache.Record{Store: "file"}); err != nil {
				t.Fatal(err)
			}
			if records, err := index.Records(); err != nil || records["key"].Store != "file" {
				t.Errorf("got %v, %v; want a new index", records, err)
			}
		})
	}
}

// An index that cannot be read may be good: it must not be made anew.
func TestIndexUnreadable(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("symbolic links need a privilege there")
	}
	index := newIndex(t)
	if err := os.MkdirAll(filepath.Dir(index.Path), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(index.Path, index.Path); err != nil { // a loop: no rights help
		t.Fatal(err)
	}
	var unreadable *fs.PathError
	if err := index.Put(t.Context(), "key", tokencache.Record{}); !errors.As(err, &unreadable) {
		t.Errorf("got %v, want the error of reading", err)
	}
	if info, err := os.Lstat(index.Path); err != nil || info.Mode().Type() != fs.ModeSymlink {
		t.Errorf("got %v, %v; want what was there", info, err)
	}
}

// put adds a record, and tries again when the others have kept it waiting for too long.
func put(t *testing.T, index tokencache.Index, key string) {
	t.Helper()
	for {
		err := index.Put(t.Context(), key, tokencache.Record{})
		if _, late := errors.AsType[*tokencache.LockTimeoutError](err); late {
			continue
		}
		if err != nil {
			t.Error(err)
		}
		return
	}
}

func TestIndexConcurrentPut(t *testing.T) {
	index := newIndex(t)
	var group sync.WaitGroup
	for n := range 4 {
		group.Go(func() {
			cmd := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^TestIndexHelper$")
			cmd.Env = append(os.Environ(), fmt.Sprintf("%s=%s", indexVariable, index.Path))
			if output, err := cmd.CombinedOutput(); err != nil {
				t.Errorf("process %d: %v\n%s", n, err, output)
			}
		})
	}
	for n := range 20 {
		group.Go(func() {
			put(t, index, fmt.Sprintf("goroutine %d", n))
		})
	}
	group.Wait()
	records, err := index.Records()
	if err != nil {
		t.Fatal(err)
	}
	if got, want := len(records), 20+4*10; got != want {
		t.Errorf("got %d records, want %d: some were lost", got, want)
	}
}

// TestIndexHelper is the main function of a process of TestIndexConcurrentPut.
func TestIndexHelper(t *testing.T) {
	path := os.Getenv(indexVariable)
	if path == "" {
		return // the test program itself
	}
	for n := range 10 {
		put(t, tokencache.Index{Path: path}, fmt.Sprintf("process %d, %d", os.Getpid(), n))
	}
}
