package bulk

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"time"

	"github.com/gofrs/flock"

	"github.com/appsyncctl/appsyncctl/internal/atomicfile"
	"github.com/appsyncctl/appsyncctl/internal/failure"
)

// An export's file grows as FILE.part. Beside it FILE.part.journal says after each page
// how far the part is good and which token comes next. Both go when the file is whole.
// FILE.part.lock is there while an export runs.

// An OccupiedError says that there is something under a name that an export needs, which
// no export has left there. It is not touched.
type OccupiedError struct{ Path, Reason string }

func (e *OccupiedError) Error() string { return e.Path + " is in the way: " + e.Reason }

// Kind implements the interface of failure.Of.
func (*OccupiedError) Kind() failure.Kind { return failure.Usage }

// exportFile is an export that is being written into a file.
type exportFile struct {
	*Export
	path    string
	part    *os.File
	journal *os.File
	at      exportEntry
	known   [][16]byte // ids in the part of an earlier run, sorted
	started time.Time
	resumed int
	fresh   bool // nothing of an earlier run was found
}

// File writes the records into the file at path, and a manifest beside it. The file
// appears when it is whole. An earlier export of the same source that was interrupted
// is gone on with: what it wrote is kept, and a record that comes once more is left out.
func (e *Export) File(ctx context.Context, path string) (manifest *Manifest, err error) {
	if info, err := os.Stat(path); err == nil && !info.Mode().IsRegular() {
		return nil, &OccupiedError{path, "it is not a regular file"}
	}
	lock, err := lockExport(path + ".part.lock")
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, unlockExport(lock)) }()
	f := &exportFile{Export: e, path: path}
	if err := f.open(); err != nil {
		return nil, errors.Join(err, f.close())
	}
	err = f.fill(ctx)
	// A token does not live for ever. The list then starts anew, and what is there
	// already is left out.
	if err != nil && !f.fresh && f.at.Next != "" && ctx.Err() == nil && errors.Is(err, ErrToken) {
		e.Notice("the API does not go on where the export ended; listing from the start and leaving out what is there")
		f.at.Next = ""
		if err = f.readKnown(); err == nil {
			err = f.fill(ctx)
		}
	}
	if err = errors.Join(err, f.close()); err != nil {
		return nil, err
	}
	return f.finish()
}

// open opens the part file and its journal, and goes back to the last good page.
func (f *exportFile) open() (err error) {
	_, err = os.Stat(f.path + ".part")
	absent := errors.Is(err, fs.ErrNotExist) // a finished one may have left its journal
	if f.part, err = os.OpenFile(f.path+".part", os.O_RDWR|os.O_CREATE, 0o600); err != nil {
		return err
	}
	size, err := f.part.Seek(0, io.SeekEnd)
	if err != nil {
		return err
	}
	flags := os.O_RDWR
	if size == 0 { // else the journal is there already, or the part is somebody else's
		flags |= os.O_CREATE
	}
	f.journal, err = os.OpenFile(f.path+".part.journal", flags, 0o600)
	if err != nil && (size == 0 || !errors.Is(err, fs.ErrNotExist)) {
		return err
	}
	good, ours := f.replay()
	if size > 0 && !ours {
		return &OccupiedError{f.part.Name(), "it is not the part of an export"}
	}
	if absent || f.started.IsZero() || size < f.at.Bytes { // new, of another source, or torn beyond use
		return f.begin()
	}
	if err := errors.Join(f.part.Truncate(f.at.Bytes), f.journal.Truncate(good)); err != nil {
		return err
	}
	_, err = f.journal.Seek(good, io.SeekStart)
	if err == nil {
		_, err = f.part.Seek(f.at.Bytes, io.SeekStart)
	}
	if err != nil {
		return err
	}
	f.resumed++
	f.Notice(fmt.Sprintf("going on after %d records", f.at.Records))
	if err := f.readKnown(); err != nil {
		return err
	}
	return f.note(exportEntry{Resumed: true})
}

// readKnown reads the ids of the part file.
func (f *exportFile) readKnown() error {
	f.known = nil
	in := &Input{Path: f.path + ".part", Format: f.Format, Columns: Columns{Fields: f.Fields}}
	if f.at.Records == 0 {
		return nil
	}
	for row, err := range in.Rows() {
		if err != nil {
			return err
		}
		f.known = append(f.known, idDigest(row.Record[IDField]))
	}
	slices.SortFunc(f.known, compareDigests)
	return nil
}

func idDigest(id string) [16]byte { return Record{"": id}.Digest() }

func compareDigests(a, b [16]byte) int { return bytes.Compare(a[:], b[:]) }

// fill writes page after page. Each is on the disk before the journal says so.
func (f *exportFile) fill(ctx context.Context) error {
	if f.at.Done {
		return nil
	}
	encoder := encoder{f.Format, f.Fields}
	var text []byte
	for page, err := range f.pages(ctx, f.at.Next) {
		if err != nil {
			return err
		}
		text = text[:0]
		for _, record := range page.Items {
			if _, twice := slices.BinarySearchFunc(f.known, idDigest(record[IDField]), compareDigests); twice {
				f.at.Repeated++
				continue
			}
			if text, err = encoder.append(text, record); err != nil {
				return err
			}
			f.at.Records++
		}
		n, err := f.write(f.part, text)
		if err != nil {
			return err
		}
		f.at.Bytes += n
		f.at.Next, f.at.Done = page.Next, page.Next == ""
		if n > 0 { // behind a filter most pages may be empty
			if err := f.sync.file(f.part); err != nil {
				return err
			}
		}
		if err := f.note(f.at); err != nil {
			return err
		}
		f.Progress(f.at.Records)
	}
	return nil
}

func (f *exportFile) close() error {
	var err error
	for _, file := range []*os.File{f.part, f.journal} {
		if file != nil {
			err = errors.Join(err, file.Close())
		}
	}
	return err
}

// lockExport keeps a second export out of the same file. The lock is on a file of its
// own: on Windows nobody can write into a locked one through another handle, not even
// the process that has locked it.
//
// The program's other lock files stay for ever, in its own folders, since whoever removes
// one may leave two processes with locks on different files of one name. This one would
// be litter beside somebody's file, so it goes with the export. What makes that safe is
// that whoever has locked a file looks whether it still has its name.
func lockExport(path string) (*flock.Flock, error) {
	for {
		lock := flock.New(path, flock.SetPermissions(0o600))
		taken, err := lock.TryLock()
		if err != nil {
			return nil, err
		}
		if !taken {
			return nil, &BusyError{Dir: filepath.Dir(path)}
		}
		locked, err := lock.Stat()
		if err != nil {
			return nil, errors.Join(err, lock.Close())
		}
		switch there, err := os.Stat(path); {
		case err == nil && os.SameFile(locked, there) && there.Size() > 0:
			return nil, errors.Join(&OccupiedError{path, "it is not the lock of an export"}, lock.Close())
		case err == nil && os.SameFile(locked, there):
			return lock, nil
		case err != nil && !errors.Is(err, fs.ErrNotExist):
			return nil, errors.Join(err, lock.Close())
		}
		if err := lock.Close(); err != nil { // the export before has just removed it
			return nil, err
		}
	}
}

// unlockExport removes the lock's file and gives the lock back. Windows removes no file
// that is open, neither before that nor when the next export has opened it already.
func unlockExport(lock *flock.Flock) error {
	if runtime.GOOS == "windows" {
		err := lock.Close()
		_ = os.Remove(lock.Path()) // it is not in the way
		return err
	}
	_ = os.Remove(lock.Path()) // it is not in the way
	return lock.Close()
}

// finish renames the part file and writes the manifest.
func (f *exportFile) finish() (*Manifest, error) {
	found, err := FingerprintOf(f.path + ".part")
	if err != nil {
		return nil, err
	}
	manifest := &Manifest{
		File: filepath.Base(f.path), Source: f.Source, Format: f.Format, Gzip: f.Gzip,
		Records: f.at.Records, Bytes: found.Size, SHA256: found.SHA256,
		Started: f.started, Finished: time.Now().UTC().Truncate(time.Second),
		Resumed: f.resumed, Repeated: f.at.Repeated,
	}
	text, err := json.MarshalIndent(manifest, "", "  ")
	if err != nil {
		return nil, err
	}
	if err := os.Rename(f.path+".part", f.path); err != nil {
		return nil, err
	}
	f.sync.folder(filepath.Dir(f.path))
	if err := atomicfile.Write(f.path+".manifest.json", append(text, '\n')); err != nil {
		return nil, err
	}
	err = os.Remove(f.path + ".part.journal")
	if errors.Is(err, fs.ErrNotExist) {
		err = nil
	}
	return manifest, err
}

// exportEntry is a line of an export's journal. The first has a Source, each other is
// about a page that is whole in the part file.
type exportEntry struct {
	Source   string    `json:"source,omitempty"`
	Started  time.Time `json:"started,omitzero"`
	Bytes    int64     `json:"bytes"` // of the part file that are good
	Records  int       `json:"records"`
	Next     string    `json:"next"`           // token of the next page
	Done     bool      `json:"done,omitempty"` // there is no next page
	Repeated int       `json:"repeated,omitempty"`
	Resumed  bool      `json:"resumed,omitempty"` // here an export went on
}

// replay reads the journal up to the last whole line of it. It reports whether that is
// the journal of an export at all.
func (f *exportFile) replay() (good int64, ours bool) {
	if f.journal == nil {
		return 0, false
	}
	lines := newLineReader(f.journal)
	for {
		line, err := lines.next()
		if err != nil || !bytes.HasSuffix(line, []byte("\n")) {
			return good, ours // what cannot be read counts as not written
		}
		var e exportEntry
		if json.Unmarshal(line, &e) != nil {
			return good, ours
		}
		ours = ours || e.Source != ""
		switch {
		case good == 0 && e.Source != f.source():
			return 0, ours
		case good == 0:
			f.started = e.Started
			f.at = e
		case e.Resumed:
			f.resumed++
		default:
			f.at = e
		}
		good += int64(len(line))
	}
}

// source is what an earlier part must have come from.
func (f *exportFile) source() string { return fmt.Sprintf("%s %s %t", f.Source, f.Format, f.Gzip) }

// begin starts from nothing. The journal comes before the part: a part without one is
// taken for somebody else's.
func (f *exportFile) begin() error {
	f.fresh, f.started, f.resumed = true, time.Now().UTC().Truncate(time.Second), 0
	for _, file := range []*os.File{f.part, f.journal} {
		if err := errors.Join(file.Truncate(0), f.sync.file(file)); err != nil {
			return err
		}
		if _, err := file.Seek(0, io.SeekStart); err != nil {
			return err
		}
	}
	var header bytes.Buffer
	n, err := f.write(&header, encoder{f.Format, f.Fields}.header())
	if err != nil {
		return err
	}
	f.at = exportEntry{Bytes: n}
	if err := f.note(exportEntry{Source: f.source(), Started: f.started, Bytes: n}); err != nil {
		return err
	}
	if err := f.sync.file(f.journal); err != nil {
		return err
	}
	_, err = f.part.Write(header.Bytes())
	return err
}

func (f *exportFile) note(e exportEntry) error {
	line, err := json.Marshal(e)
	if err != nil {
		return err
	}
	_, err = f.journal.Write(append(line, '\n'))
	return err
}
