package bulk_test

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/appsyncctl/appsyncctl/internal/bulk"
)

// disk is where a journal is written: it knows what would be there after a power cut, and
// may break.
type disk struct {
	t     *testing.T
	path  string // of the journal
	fails func(sync int) bool

	mu     sync.Mutex
	syncs  int
	broken bool
	kept   string // what is surely in the journal
}

func (d *disk) sync(file *os.File) error {
	if file.Name() != d.path {
		return file.Sync()
	}
	text, err := os.ReadFile(d.path)
	if err != nil {
		d.t.Error(err)
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	if strings.Contains(string(text), `"intent"`) && !strings.Contains(d.kept, `"ready"`) {
		d.t.Error("rows are about to be sent, and it is not on the disk what was there before them")
	}
	if d.syncs++; d.fails != nil && d.fails(d.syncs) {
		d.broken = true
		return errDisk
	}
	if !d.broken { // else nobody knows any more
		d.kept = string(text)
	}
	return nil
}

// intended returns the rows whose intent is surely in the journal.
func (d *disk) intended() map[int]bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	rows := make(map[int]bool)
	for line := range strings.Lines(d.kept) {
		for _, row := range bulk.IntentRows(strings.TrimSuffix(line, "\n")) {
			rows[row] = true
		}
	}
	return rows
}

// onDisk is an API that looks, before it takes a record, whether the intent to send it
// is on the disk.
type onDisk struct {
	*table
	disk *disk
}

func (a *onDisk) Create(ctx context.Context, records []bulk.Record) []bulk.Outcome {
	intended := a.disk.intended()
	for _, record := range records {
		number, err := strconv.Atoi(strings.TrimPrefix(record["name"], "customer"))
		if err != nil || !intended[number+1] {
			a.disk.t.Errorf("%s was sent, and its intent is not on the disk", record["name"])
		}
	}
	return a.table.Create(ctx, records)
}

// newDisk returns the disk of a job.
func newDisk(t *testing.T, j *job) *disk {
	t.Helper()
	return &disk{t: t, path: filepath.Join(j.dir, "journal")}
}

// TestIntentIsOnDiskFirst sends no row before its intent is on the disk, and none at all
// before that holds for what was there already.
func TestIntentIsOnDiskFirst(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const rows = 300
		api := newTable(true)
		api.latency, api.trouble = 20*time.Millisecond, chance(5, 0.03)
		api.rows["x"] = bulk.Record{"id": "x", "name": "customer1", "city": "Oslo"}
		j := newJob(t, bulk.JournalMode, manyRows(rows))
		disk := newDisk(t, j)
		got, err := j.prepare(t, &onDisk{api, disk}).WithSync(disk.sync).Run(t.Context())
		if err != nil || got.Created != rows || disk.syncs == 0 {
			t.Errorf("got %+v and %v after %d syncs", got, err, disk.syncs)
		}
	})
}

// TestBrokenDisk ends an import at an intent that does not reach the disk: nothing is
// sent any more, and nothing more is written, since what a failed sync has lost the next
// one would not tell. On a sound disk the import goes on.
func TestBrokenDisk(t *testing.T) {
	for _, inFlight := range []int{1, 8} {
		t.Run(strconv.Itoa(inFlight)+" at once", func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				const rows = 200
				api := newTable(true)
				api.latency = 20 * time.Millisecond
				j := newJob(t, bulk.JournalMode, manyRows(rows))
				j.limits = bulk.Limits{InFlight: inFlight, Batch: 1}
				disk := newDisk(t, j)
				size, requests := int64(0), 0
				disk.fails = func(sync int) bool {
					if sync != 20 {
						return false
					}
					info, err := os.Stat(disk.path)
					if err != nil {
						t.Error(err)
					}
					api.mu.Lock()
					defer api.mu.Unlock()
					size, requests = info.Size(), api.requests
					return true
				}
				got, err := j.prepare(t, &onDisk{api, disk}).WithSync(disk.sync).Run(t.Context())
				if !isA[*bulk.DiskError](err) || !errors.Is(err, errDisk) {
					t.Errorf("got %v, want a DiskError", err)
				}
				if got.NotReached == 0 || got.Created != len(api.rows) {
					t.Errorf("got %+v, and %d rows are there", got, len(api.rows))
				}
				info, err := os.Stat(disk.path)
				if err != nil {
					t.Fatal(err)
				}
				if inFlight == 1 && (info.Size() != size || api.requests != requests) {
					t.Errorf("after the failure %d bytes were written and %d requests sent", info.Size()-size, api.requests-requests)
				}
				if got, err := j.run(t, t.Context(), api); err != nil || got.Created != rows {
					t.Errorf("on a sound disk: got %+v and %v", got, err)
				}
				holdsOnce(t, api, rows)
			})
		})
	}
}

// TestFailedSyncIsForEverybody has two entries wait for the disk, which fails the first.
// The second is not asked about: it might be said to be there, and be lost.
func TestFailedSyncIsForEverybody(t *testing.T) {
	path := filepath.Join(t.TempDir(), "journal")
	begun, fail := make(chan struct{}), make(chan struct{})
	syncs := 0
	commit, err := bulk.OpenJournal(path, func(*os.File) error {
		if syncs++; syncs > 1 {
			return nil
		}
		close(begun)
		<-fail
		return errDisk
	})
	if err != nil {
		t.Fatal(err)
	}
	size := func() int64 {
		info, err := os.Stat(path)
		if err != nil {
			t.Fatal(err)
		}
		return info.Size()
	}
	first, second := make(chan error), make(chan error)
	go func() { first <- commit(1) }()
	<-begun
	before := size()
	go func() { second <- commit(2) }()
	for deadline := time.Now().Add(2 * time.Minute); size() == before; { // until the second is written
		if time.Now().After(deadline) {
			t.Fatal("the second entry was not written")
		}
		time.Sleep(time.Millisecond)
	}
	written := size()
	close(fail)
	for row, ended := range map[int]chan error{1: first, 2: second} {
		if err := <-ended; !errors.Is(err, errDisk) {
			t.Errorf("entry %d: got %v, want the disk's error", row, err)
		}
	}
	if err := commit(3); !errors.Is(err, errDisk) || size() != written {
		t.Errorf("after them: got %v, and %d bytes were written", err, size()-written)
	}
	if syncs != 1 {
		t.Errorf("the disk was asked %d times", syncs)
	}
}
