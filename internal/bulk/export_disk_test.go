package bulk_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/gofrs/flock"

	"github.com/appsyncctl/appsyncctl/internal/bulk"
)

var errDisk = errors.New("the disk is broken")

// noted returns how many bytes of the part an export's journal says are good.
func noted(t *testing.T, path string) int64 {
	t.Helper()
	text, err := os.ReadFile(path + ".part.journal")
	if err != nil {
		t.Fatal(err)
	}
	var good int64
	for line := range bytes.Lines(text) {
		var entry struct{ Bytes int64 }
		if err := json.Unmarshal(line, &entry); err != nil {
			t.Fatal(err)
		}
		good = max(good, entry.Bytes)
	}
	return good
}

func exists(path string) bool {
	_, err := os.Lstat(path)
	return err == nil
}

// TestExportPagesAreOnDiskFirst looks, whenever something reaches the disk and after
// each page, that the journal counts no page that a power cut could still take.
func TestExportPagesAreOnDiskFirst(t *testing.T) {
	path := filepath.Join(t.TempDir(), "out.jsonl") // without a header, of which nobody cares
	synced, pages := int64(0), 0
	check := func() {
		if good := noted(t, path); good > synced {
			t.Errorf("after %d pages the journal counts %d bytes, and %d are on the disk", pages, good, synced)
		}
	}
	e := export(fullTable(500), bulk.JSONL, false).WithSync(func(file *os.File) error {
		if file.Name() == path+".part" {
			check()
			info, err := file.Stat()
			if err != nil {
				t.Fatal(err)
			}
			synced = info.Size()
		}
		return file.Sync()
	})
	e.Progress = func(int) {
		pages++
		check()
	}
	if _, err := e.File(t.Context(), path); err != nil || pages != 5 || synced == 0 {
		t.Errorf("got %v, %d pages, %d bytes", err, pages, synced)
	}
}

// TestExportOnBrokenDisk ends at a page that does not reach the disk, and goes on
// before it.
func TestExportOnBrokenDisk(t *testing.T) {
	path := filepath.Join(t.TempDir(), "out.csv")
	syncs, good := 0, int64(0)
	e := export(fullTable(500), bulk.CSV, false).WithSync(func(file *os.File) error {
		if file.Name() != path+".part" {
			return nil
		}
		if syncs++; syncs == 3 {
			good = noted(t, path)
			return errDisk
		}
		return nil
	})
	if _, err := e.File(t.Context(), path); !errors.Is(err, errDisk) {
		t.Fatalf("got %v, want the disk's error", err)
	}
	if exists(path) || exists(path+".manifest.json") {
		t.Error("there is a file, as if it were whole")
	}
	manifest, err := export(fullTable(500), bulk.CSV, false).File(t.Context(), path)
	if err != nil || manifest.Records != 500 || manifest.Resumed != 1 {
		t.Errorf("got %+v and %v", manifest, err)
	}
	if good == 0 || syncs != 3 {
		t.Errorf("%d bytes were good after %d syncs", good, syncs)
	}
	rows, err := rowsOf(path)
	if err != nil || len(rows) != 500 {
		t.Errorf("got %d records and %v", len(rows), err)
	}
}

// rowsOf returns how often each id is in a file.
func rowsOf(path string) (map[string]int, error) {
	ids := make(map[string]int)
	in := &bulk.Input{Path: path, Columns: bulk.Columns{Fields: fields}}
	for row, err := range in.Rows() {
		if err != nil {
			return nil, err
		}
		if ids[row.Record["id"]]++; ids[row.Record["id"]] > 1 {
			return nil, errors.New(row.Record["id"] + " is there twice")
		}
	}
	return ids, nil
}

// TestExportManifestComesLast sees the file under its name before it is described, and
// no description of a file that does not get its name.
func TestExportManifestComesLast(t *testing.T) {
	path := filepath.Join(t.TempDir(), "out.csv")
	e := export(fullTable(5), bulk.CSV, false)
	e.Progress = func(int) {
		if err := os.MkdirAll(path, 0o700); err != nil { // now nothing can be renamed to it
			t.Error(err)
		}
	}
	if manifest, err := e.File(t.Context(), path); err == nil || manifest != nil {
		t.Errorf("got %+v and %v, want an error", manifest, err)
	}
	if exists(path + ".manifest.json") {
		t.Error("there is a manifest without a file")
	}
	if err := os.Remove(path); err != nil {
		t.Fatal(err)
	}

	folders := 0
	e = export(&breaking{}, bulk.CSV, false).WithSync(func(file *os.File) error { // it asks for nothing more
		if file.Name() == filepath.Dir(path) {
			folders++
			if !exists(path) || exists(path+".manifest.json") || exists(path+".part") {
				t.Error("when the name reaches the disk, the file must be there and the manifest not")
			}
		}
		return file.Sync()
	})
	manifest, err := e.File(t.Context(), path)
	if err != nil || manifest.Records != 5 || folders != 1 {
		t.Errorf("got %+v and %v, %d folders synced", manifest, err, folders)
	}
	if !exists(path+".manifest.json") || exists(path+".part.journal") {
		t.Error("the manifest is missing, or the journal is left")
	}
}

// TestExportIsAlone starts a second export of the same file while one is under way: in
// the middle, and when the file has its name already. The file that is written is not
// locked, since Windows would let nobody write into it.
func TestExportIsAlone(t *testing.T) {
	path := filepath.Join(t.TempDir(), "out.csv")
	tried := 0
	second := func() {
		tried++
		_, err := export(fullTable(5), bulk.CSV, false).File(t.Context(), path)
		if _, ok := errors.AsType[*bulk.BusyError](err); !ok {
			t.Errorf("the second export: got %v, want a BusyError", err)
		}
	}
	e := export(fullTable(150), bulk.CSV, false).WithSync(func(file *os.File) error {
		if file.Name() == filepath.Dir(path) {
			second()
		}
		return file.Sync()
	})
	e.Progress = func(int) {
		second()
		lock := flock.New(path + ".part")
		if free, err := lock.TryLock(); err != nil || !free {
			t.Errorf("the file that is written is locked: %v", err)
		}
		if err := lock.Close(); err != nil {
			t.Error(err)
		}
	}
	if manifest, err := e.File(t.Context(), path); err != nil || manifest.Records != 150 || tried != 3 {
		t.Errorf("got %+v and %v; a second was tried %d times", manifest, err, tried)
	}
	left, err := filepath.Glob(path + ".part*")
	if err != nil || len(left) > 0 {
		t.Errorf("left behind: %v", left)
	}
	if _, err := export(fullTable(5), bulk.CSV, false).File(t.Context(), path); err != nil {
		t.Errorf("after the first: %v", err)
	}
}

// TestExportsOneAfterTheOther has many exports of one file come and go at once. None
// runs beside another, although each removes the lock's file when it ends.
func TestExportsOneAfterTheOther(t *testing.T) {
	path := filepath.Join(t.TempDir(), "lock")
	var exports sync.WaitGroup
	var running, ended atomic.Int32
	for range 8 {
		exports.Go(func() {
			for range 3000 {
				unlock, err := bulk.LockExport(path)
				_, busy := errors.AsType[*bulk.BusyError](err)
				if busy || err != nil && runtime.GOOS == "windows" { // which also refuses to open what is being removed
					continue
				}
				if err != nil {
					t.Error(err)
					return
				}
				if running.Add(1) > 1 {
					t.Error("two run at once")
				}
				runtime.Gosched()
				running.Add(-1)
				if err := unlock(); err != nil {
					t.Error(err)
				}
				ended.Add(1)
			}
		})
	}
	exports.Wait()
	if ended.Load() == 0 || exists(path) {
		t.Errorf("%d came to their end; the lock's file is left: %t", ended.Load(), exists(path))
	}
}

// TestExportLeavesWhatIsNotItsOwn finds somebody else's files under the names that it
// needs.
func TestExportLeavesWhatIsNotItsOwn(t *testing.T) {
	tests := []struct {
		name  string
		files map[string]string // what is there, after FILE
	}{
		{"a part without a journal", map[string]string{".part": "mine"}},
		{"a part with an empty journal", map[string]string{".part": "mine", ".part.journal": ""}},
		{"a part with something else beside it", map[string]string{".part": "mine", ".part.journal": "also mine\n"}},
		{"a file under the name of the lock", map[string]string{".part.lock": "mine"}},
		{"a part with other JSON beside it", map[string]string{".part": "mine", ".part.journal": "{\"a\":1}\n"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			dir := t.TempDir()
			path := filepath.Join(dir, "out.csv")
			for after, text := range tt.files {
				if err := os.WriteFile(path+after, []byte(text), 0o600); err != nil {
					t.Fatal(err)
				}
			}
			_, err := export(fullTable(5), bulk.CSV, false).File(t.Context(), path)
			if _, ok := errors.AsType[*bulk.OccupiedError](err); !ok {
				t.Errorf("got %v, want an OccupiedError", err)
			}
			entries, err := os.ReadDir(dir)
			if err != nil || len(entries) != len(tt.files) {
				t.Errorf("there are %v, and %v", entries, err)
			}
			for after, text := range tt.files {
				if got, err := os.ReadFile(path + after); err != nil || string(got) != text {
					t.Errorf("%s: got %q and %v", after, got, err)
				}
			}
		})
	}
	if _, err := export(fullTable(5), bulk.CSV, false).File(t.Context(), t.TempDir()); err == nil {
		t.Error("a folder was exported to")
	}
}

// TestExportAfterFinishedOne begins anew where an export ended between its last two steps:
// its file has its name, and its journal is still there.
func TestExportAfterFinishedOne(t *testing.T) {
	for _, format := range []bulk.Format{bulk.CSV, bulk.JSONL} {
		for _, rows := range []int{0, 5} {
			t.Run(fmt.Sprintf("%s of %d", format, rows), func(t *testing.T) {
				path := filepath.Join(t.TempDir(), "out")
				// A folder in the place of the manifest keeps the journal.
				if err := os.MkdirAll(filepath.Join(path+".manifest.json", "folder"), 0o700); err != nil {
					t.Fatal(err)
				}
				if _, err := export(fullTable(rows), format, false).File(t.Context(), path); err == nil {
					t.Fatal("the manifest could be written")
				}
				if _, err := os.Stat(path + ".part.journal"); err != nil {
					t.Fatalf("there is no journal: %v", err)
				}
				if err := os.RemoveAll(path + ".manifest.json"); err != nil {
					t.Fatal(err)
				}
				got, err := export(fullTable(8), format, false).File(t.Context(), path)
				if err != nil {
					t.Fatal(err)
				}
				if got.Records != 8 || got.Resumed != 0 {
					t.Errorf("got %+v, want 8 records, and none of an earlier export", got)
				}
			})
		}
	}
}
