package bulk

import (
	"bytes"
	"fmt"
	"os"
)

// IntentRows returns the rows that a line of a journal says are about to be sent.
func IntentRows(line string) []int {
	if e, ok := decodeEntry([]byte(line)); ok && e.Kind == kindIntent {
		return e.Rows
	}
	return nil
}

// CreatedIDs returns the ids that a journal has by row.
func CreatedIDs(data []byte) map[int]string {
	ids := make(map[int]string)
	_, _ = readJournal("journal", bytes.NewReader(data), func(e entry) error { // whole by construction
		for i, id := range e.IDs {
			ids[e.Rows[i]] = id
		}
		return nil
	})
	return ids
}

// EncodeEntry writes an entry that is given as JSON.
func EncodeEntry(text string) []byte {
	return fmt.Appendf(nil, "%08x %s\n", castagnoli([]byte(text)), text)
}

// ReadJournal reads a journal into a job of three rows.
func ReadJournal(data []byte) (good int64, entries int, err error) {
	job := &openJob{Job: Job{Name: "test", Target: "api", Rows: 3, Mode: AutoMode}, baseline: make(map[string]struct{})}
	rows := &ledger{}
	for range 3 {
		rows.add(Pending)
	}
	good, err = readJournal("journal", bytes.NewReader(data), func(e entry) error {
		entries++
		return job.apply("journal", e, rows)
	})
	for _, n := range rows.count {
		if n < 0 {
			return good, entries, fmt.Errorf("counts are %v", rows.count)
		}
	}
	return good, entries, err
}

// With returns a record under an id.
func (r Record) With(id string) Record { return r.withID(id) }

// WithSync makes what the import writes reach the disk by sync.
func (im *Import) WithSync(sync func(*os.File) error) *Import {
	im.sync = sync
	return im
}

// WithSync makes what the export writes reach the disk by sync.
func (e *Export) WithSync(sync func(*os.File) error) *Export {
	e.sync = sync
	return e
}

// LockExport takes the lock of an export, and returns what gives it back.
func LockExport(path string) (unlock func() error, err error) {
	lock, err := lockExport(path)
	return func() error { return unlockExport(lock) }, err
}

// CheckSummary reports whether a summary adds up.
func CheckSummary(summary Summary) error { return summary.check() }

// OpenJournal returns a new journal. Its function writes an entry about a row, and
// returns when that has reached the disk.
func OpenJournal(path string, sync func(*os.File) error) (commit func(row int) error, err error) {
	file, err := os.Create(path)
	if err != nil {
		return nil, err
	}
	j := &journal{file: file, sync: sync}
	return func(row int) error { return j.commit(entry{Kind: kindIntent, Rows: []int{row}}) }, nil
}
