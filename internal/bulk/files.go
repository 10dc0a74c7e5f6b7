package bulk

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"syscall"

	"github.com/google/uuid"
)

// Files are the files that say what became of the rows, by path; an empty path is no
// file.
type Files struct {
	Results string // a JSON object for each row of this shard, in the input's order
	Rejects string // the rejected and conflicting rows verbatim, to correct and import
	Reasons string // a JSON object for each row of Rejects
	Unknown string // the rows verbatim of which nobody knows, to look into
}

// A result is a line of Results or Reasons.
type result struct {
	Row    int    `json:"row"`
	Line   int    `json:"line"`
	Status string `json:"status"`
	ID     string `json:"id,omitempty"`
	*Fault
}

// Write writes the files after Run. Each appears whole or not at all.
func (im *Import) Write(files Files) (err error) {
	header, err := im.Input.Header()
	if err != nil {
		return err
	}
	out := outputs{files: map[string]*part{}}
	defer func() { err = errors.Join(err, out.finish(err == nil)) }()
	for path, head := range map[string][]byte{files.Results: nil, files.Rejects: header, files.Reasons: nil, files.Unknown: header} {
		if err := out.open(path, head); err != nil {
			return err
		}
	}
	space := jobSpace(im.Job.Name)
	for row, err := range im.Input.Rows() {
		if err != nil {
			return err
		}
		if err := im.writeRow(out, files, space, row); err != nil {
			return err
		}
	}
	return nil
}

func (im *Import) writeRow(out outputs, files Files, space uuid.UUID, row Row) error {
	ledger := im.Plan.ledger
	if !ledger.has(row.Number) {
		return &ChangedError{im.Input.Path}
	}
	state := ledger.state(row.Number)
	if state == Elsewhere {
		return nil
	}
	told := result{Row: row.Number, Line: row.Line, Status: state.String()}
	if fault, ok := ledger.why[row.Number]; ok {
		told.Fault = &fault
	}
	told.ID = ledger.id(row.Number)
	if told.ID == "" && (state == Created || state == Already || state == Conflict) {
		told.ID = row.Record[IDField]
		if told.ID == "" {
			told.ID = rowID(space, row.Number)
		}
	}
	if err := out.line(files.Results, told); err != nil {
		return err
	}
	switch state {
	case Rejected, Conflict:
		return errors.Join(out.verbatim(files.Rejects, row.Raw), out.line(files.Reasons, told))
	case Sent:
		return out.verbatim(files.Unknown, row.Raw)
	default:
		return nil
	}
}

// outputs are files that are being written.
type outputs struct{ files map[string]*part }

// A part is a file that is renamed when it is whole. A device or a pipe is written as it
// is: to replace it would take it from everybody.
type part struct {
	*bufio.Writer
	file *os.File
	asIs bool
}

func (o *outputs) open(path string, head []byte) error {
	if path == "" || o.files[path] != nil {
		return nil
	}
	var file *os.File
	info, err := os.Stat(path)
	asIs := err == nil && !info.Mode().IsRegular()
	if asIs {
		// Without O_NONBLOCK a pipe that nobody reads would keep it for ever.
		file, err = os.OpenFile(path, os.O_WRONLY|syscall.O_NONBLOCK, 0)
	} else {
		file, err = os.CreateTemp(filepath.Dir(path), "."+filepath.Base(path)+".*")
	}
	if err != nil {
		return err
	}
	o.files[path] = &part{bufio.NewWriter(file), file, asIs}
	return o.verbatim(path, head)
}

// verbatim writes a row as it was, with a line end in any case.
func (o *outputs) verbatim(path string, raw []byte) error {
	to := o.files[path]
	if to == nil || len(raw) == 0 {
		return nil
	}
	if _, err := to.Write(raw); err != nil {
		return err
	}
	if raw[len(raw)-1] != '\n' {
		return to.WriteByte('\n')
	}
	return nil
}

func (o *outputs) line(path string, value any) error {
	to := o.files[path]
	if to == nil {
		return nil
	}
	text, err := json.Marshal(value)
	if err != nil {
		return err
	}
	_, err = fmt.Fprintf(to, "%s\n", text)
	return err
}

// finish puts the files in their places, or removes what there is of them.
func (o *outputs) finish(good bool) error {
	var failed error
	for path, to := range o.files {
		err := errors.Join(to.Flush(), to.file.Close())
		if to.asIs {
			failed = errors.Join(failed, err)
			continue
		}
		if err == nil && good {
			err = os.Rename(to.file.Name(), path)
		}
		if err != nil || !good {
			failed = errors.Join(failed, err, os.Remove(to.file.Name()))
		}
	}
	return failed
}
