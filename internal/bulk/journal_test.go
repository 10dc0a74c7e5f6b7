package bulk_test

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/appsyncctl/appsyncctl/internal/bulk"
	"github.com/appsyncctl/appsyncctl/internal/failure"
)

// TestTornJournal cuts the journal of an import at every byte, as a crash could, and
// goes on. A row that was there before the cut is not created again.
func TestTornJournal(t *testing.T) {
	const rows = 6
	synctest.Test(t, func(t *testing.T) {
		j := newJob(t, bulk.JournalMode, manyRows(rows))
		j.limits = bulk.Limits{Batch: 2, InFlight: 2}
		if _, err := j.run(t, t.Context(), newTable(true)); err != nil {
			t.Fatal(err)
		}
		path := filepath.Join(j.dir, "journal")
		whole, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		for cut := range whole {
			if err := os.WriteFile(path, whole[:cut], 0o600); err != nil {
				t.Fatal(err)
			}
			// What the journal has as intended was sent, and is there.
			api := newTable(true)
			ids := bulk.CreatedIDs(whole)
			intended := strings.Split(string(whole[:cut]), "\n")
			for _, line := range intended[:len(intended)-1] {
				for _, row := range bulk.IntentRows(line) {
					api.rows[ids[row]] = bulk.Record{"id": ids[row], "name": fmt.Sprintf("customer%d", row-1), "city": "Boston"}
				}
			}
			got, err := j.run(t, t.Context(), api)
			if err != nil {
				t.Fatalf("cut at byte %d: %v", cut, err)
			}
			if got.Created != rows {
				t.Errorf("cut at byte %d: got %+v", cut, got)
			}
			holdsOnce(t, api, rows)
			if t.Failed() {
				t.Fatalf("cut at byte %d", cut)
			}
		}
	})
}

func TestDamagedJournal(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		j := newJob(t, bulk.JournalMode, manyRows(5))
		if _, err := j.run(t, t.Context(), newTable(true)); err != nil {
			t.Fatal(err)
		}
		path := filepath.Join(j.dir, "journal")
		whole, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		lines := bytes.SplitAfter(whole, []byte("\n"))
		lines[2][12] ^= 1
		if err := os.WriteFile(path, bytes.Join(lines, nil), 0o600); err != nil {
			t.Fatal(err)
		}
		_, err = j.run(t, t.Context(), newTable(true))
		if _, ok := errors.AsType[*bulk.JournalError](err); !ok {
			t.Errorf("got %v, want a JournalError", err)
		}
	})
}

func TestChangedInput(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		j := newJob(t, bulk.KeyMode, manyRows(5))
		if _, err := j.run(t, t.Context(), newTable(false)); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(j.path, []byte(manyRows(6)), 0o600); err != nil {
			t.Fatal(err)
		}
		_, err := j.run(t, t.Context(), newTable(false))
		if _, ok := errors.AsType[*bulk.ChangedError](err); !ok {
			t.Errorf("got %v, want a ChangedError", err)
		}
		j.mode = bulk.JournalMode
		if err := os.WriteFile(j.path, []byte(manyRows(5)), 0o600); err != nil {
			t.Fatal(err)
		}
		_, err = j.run(t, t.Context(), newTable(true))
		const want = "the import began in key mode and cannot go on in journal mode"
		if failure.Of(err) != failure.Usage || err.Error() != want {
			t.Errorf("got %v, want %s", err, want)
		}
	})
}

// TestBusy runs two imports of the same job at once. The lock of one that has ended is
// no obstacle.
func TestBusy(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		api := newTable(false)
		api.latency = time.Second
		j := newJob(t, bulk.KeyMode, manyRows(5))
		first := j.prepare(t, api)
		ended := make(chan error)
		go func() {
			_, err := first.Run(t.Context())
			ended <- err
		}()
		synctest.Wait()
		_, err := j.run(t, t.Context(), api)
		busy, ok := errors.AsType[*bulk.BusyError](err)
		if !ok || busy.PID != os.Getpid() {
			t.Errorf("got %v, want a BusyError of this process", err)
		}
		if err := <-ended; err != nil {
			t.Error(err)
		}
		if _, err := j.run(t, t.Context(), api); err != nil {
			t.Errorf("after the other has ended: %v", err)
		}
	})
}

// FuzzJournal feeds any bytes as a journal: they are refused or read, and never make
// the program fall over or count a row twice.
func FuzzJournal(f *testing.F) {
	f.Add([]byte("00000000 {}\n"))
	f.Add([]byte{})
	f.Add(bulk.EncodeEntry(`{"kind":"job","job":{"version":1,"name":"test","target":"api","rows":3,"mode":"journal"}}`))
	f.Add(append(bulk.EncodeEntry(`{"kind":"job","job":{"version":1}}`), bulk.EncodeEntry(`{"kind":"created","rows":[1,99,-1],"ids":["a"]}`)...))
	f.Fuzz(func(t *testing.T, data []byte) {
		good, entries, err := bulk.ReadJournal(data)
		if err == nil && (good < 0 || good > int64(len(data)) || good == 0 && entries > 0) {
			t.Errorf("%d entries in %d of %d bytes", entries, good, len(data))
		}
		// What is good is good again by itself.
		if again, _, err2 := bulk.ReadJournal(data[:good]); err == nil && (err2 != nil || again != good) {
			t.Errorf("%d good bytes are %d the second time: %v", good, again, err2)
		}
	})
}
