package bulk

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"time"
)

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
