package bulk

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"os"
	"strconv"
	"sync"
)

// journal is the append-only file that says what became of each row. A line is the
// CRC-32C of an entry in hexadecimal, a blank, and the entry as JSON.
//
// The intent to send is on the disk before the request leaves. Outcomes are not
// waited for: one that is lost leaves an intent, which is looked into again. What a
// crash leaves half written can only be at the end, and counts as not written.
type journal struct {
	file *os.File
	sync syncer

	mu      sync.Mutex
	written int64 // bytes
	failed  error // of a write; nothing is written after it

	syncing sync.Mutex
	synced  int64 // bytes that are surely on the disk
}

// The kinds of entries.
const (
	kindJob      = "job"      // the first entry
	kindBaseline = "baseline" // ids that were there before, and could be taken for ours
	kindReady    = "ready"    // the baseline is complete
	kindIntent   = "intent"   // these rows are about to be sent
	kindReleased = "released" // these rows were surely not executed
	kindCreated  = "created"
	kindAlready  = "already"
	kindConflict = "conflict"
	kindRejected = "rejected"
	kindFinished = "finished" // every row has ended
)

type entry struct {
	Kind  string   `json:"kind"`
	Rows  []int    `json:"rows,omitempty"`
	IDs   []string `json:"ids,omitempty"`
	Fault *Fault   `json:"fault,omitempty"`
	Job   *Job     `json:"job,omitempty"`
}

// A JournalError says that a journal cannot be used.
type JournalError struct {
	Path   string
	Reason string
}

func (e *JournalError) Error() string { return "the journal " + e.Path + " " + e.Reason }

func castagnoli(text []byte) uint32 {
	return crc32.Checksum(text, crc32.MakeTable(crc32.Castagnoli))
}

func encodeEntry(e entry) ([]byte, error) {
	text, err := json.Marshal(e)
	if err != nil {
		return nil, err
	}
	return fmt.Appendf(nil, "%08x %s\n", castagnoli(text), text), nil
}

// decodeEntry reads a line without its line end.
func decodeEntry(line []byte) (entry, bool) {
	sum, text, found := bytes.Cut(line, []byte(" "))
	want, err := strconv.ParseUint(string(sum), 16, 32)
	var e entry
	if !found || len(sum) != 8 || err != nil || castagnoli(text) != uint32(want) || json.Unmarshal(text, &e) != nil {
		return entry{}, false
	}
	return e, true
}

// readJournal hands the entries of a journal to apply and returns how many bytes of it
// are good. A damaged entry that good ones follow is an error.
func readJournal(path string, data io.Reader, apply func(entry) error) (good int64, err error) {
	lines := newLineReader(data)
	damaged := false
	for {
		line, err := lines.next()
		if errors.Is(err, io.EOF) {
			return good, nil
		}
		if err != nil {
			return 0, err
		}
		whole := bytes.HasSuffix(line, []byte("\n"))
		e, ok := decodeEntry(bytes.TrimSuffix(line, []byte("\n")))
		switch {
		case !ok || !whole:
			damaged = true
		case damaged:
			return 0, &JournalError{path, fmt.Sprintf("is damaged after byte %d; it cannot say which rows were sent", good)}
		default:
			if err := apply(e); err != nil {
				return 0, err
			}
			good += int64(len(line))
		}
	}
}

// append writes entries and returns when the system has them.
func (j *journal) append(entries ...entry) error {
	var text []byte
	for _, e := range entries {
		line, err := encodeEntry(e)
		if err != nil {
			return err
		}
		text = append(text, line...)
	}
	j.mu.Lock()
	defer j.mu.Unlock()
	if j.failed != nil {
		return j.failed
	}
	n, err := j.file.Write(text)
	j.written += int64(n)
	j.failed = err
	return err
}

// commit is append, and returns when the disk has the entries. Those of several
// callers at once reach it together.
func (j *journal) commit(entries ...entry) error {
	if err := j.append(entries...); err != nil {
		return err
	}
	j.mu.Lock()
	mine := j.written
	j.mu.Unlock()

	j.syncing.Lock()
	defer j.syncing.Unlock()
	if j.synced >= mine {
		return nil
	}
	j.mu.Lock()
	all, failed := j.written, j.failed
	j.mu.Unlock()
	if failed != nil { // while this one waited, with what it had written
		return failed
	}
	if err := j.sync.file(j.file); err != nil {
		j.mu.Lock()
		defer j.mu.Unlock()
		j.failed = err // what a failed sync has lost, a second one would not tell
		return err
	}
	j.synced = all
	return nil
}

func (j *journal) close() error { return errors.Join(j.sync.file(j.file), j.file.Close()) }

// syncer brings what was written into a file to the disk; nil is (*os.File).Sync. It is
// a value so that tests can see when that is done, and make it fail.
type syncer func(*os.File) error

func (s syncer) file(file *os.File) error {
	if s == nil {
		return file.Sync()
	}
	return s(file)
}

// folder makes a new name in a folder last through a power cut, where the system can.
func (s syncer) folder(dir string) {
	if folder, err := os.Open(dir); err == nil {
		_ = s.file(folder)
		_ = folder.Close()
	}
}

// lineReader reads lines of any length with their line ends.
type lineReader struct {
	in   *bufio.Reader
	line []byte
}

func newLineReader(in io.Reader) *lineReader {
	return &lineReader{in: bufio.NewReaderSize(in, 64<<10)}
}

// next returns the next line, good until the one after it, or io.EOF. The last may
// lack its line end.
func (r *lineReader) next() ([]byte, error) {
	r.line = r.line[:0]
	for {
		part, err := r.in.ReadSlice('\n')
		r.line = append(r.line, part...)
		switch {
		case errors.Is(err, bufio.ErrBufferFull):
			continue
		case errors.Is(err, io.EOF) && len(r.line) > 0:
			return r.line, nil
		default:
			return r.line, err
		}
	}
}
