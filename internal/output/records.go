package output

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
)

// A Format is a way to write records.
type Format string

// The formats. Their text is what people type.
const (
	AsTable Format = "table" // aligned columns, for people
	AsJSON  Format = "json"  // one document: an array, or an object for a single record
	AsJSONL Format = "jsonl" // one object a line (JSON Lines)
	AsCSV   Format = "csv"   // RFC 4180, with a header
	AsYAML  Format = "yaml"  // one document: a sequence, or a mapping for a single record
	AsID    Format = "id"    // the value of the column "id", one a line
)

// Formats returns all formats.
func Formats() []Format {
	return []Format{AsTable, AsJSON, AsJSONL, AsCSV, AsYAML, AsID}
}

// A Record is one row, seen by both kinds of formats.
type Record struct {
	Value any       // what JSON, YAML and jq see: encoding/json makes an object of it
	Cells []*string // what tables, CSV and id see, one a column; nil is null
}

// A Style says how records are to be written. The zero Style is a plain, complete
// table.
type Style struct {
	Format  Format
	Columns []string // names of the cells, as the API has them
	Single  bool     // one record is expected: JSON and YAML write no list

	Terminal bool // a person looks on: text of a server is made harmless in every format
	Width    int  // columns of the terminal; a table is cut to it. 0 is without limit
	Bold     bool // a table's header is bold

	SafeCSV bool   // a spreadsheet takes no cell for a formula
	Query   *Query // replaces each JSON document by what it selects
}

// A Writer writes records one by one, as they come. It holds back no more than
// the rows that a table is measured by, or, for a Query over a whole list, the list.
type Writer struct {
	out     *bufio.Writer
	encoder encoder
}

// encoder is one format.
type encoder interface {
	record(w *bufio.Writer, record Record) error
	flush(w *bufio.Writer) error // what may be shown by now
	end(w *bufio.Writer) error
}

// NewWriter returns a writer of records. ctx ends a Query that does not end.
func NewWriter(ctx context.Context, w io.Writer, style Style) *Writer {
	return &Writer{out: bufio.NewWriterSize(w, 64<<10), encoder: style.encoder(ctx)}
}

func (s Style) encoder(ctx context.Context) encoder {
	switch {
	case s.Query != nil && (s.Format == AsJSONL || s.Single):
		return &queryEach{run: s.Query.runner(ctx, s.Terminal)}
	case s.Query != nil:
		return &queryAll{run: s.Query.runner(ctx, s.Terminal)}
	case s.Format == AsJSON:
		return &jsonEncoder{single: s.Single}
	case s.Format == AsJSONL:
		return jsonLines{}
	case s.Format == AsCSV:
		return &csvEncoder{columns: s.Columns, safe: s.SafeCSV, harmless: s.Terminal}
	case s.Format == AsYAML:
		return &yamlEncoder{single: s.Single}
	case s.Format == AsID:
		return newIDs(s.Columns, s.Terminal)
	default:
		return newTable(s.Columns, s.Width, s.Bold)
	}
}

// Write writes one record, or keeps it until a table has been measured.
func (w *Writer) Write(record Record) error {
	return w.encoder.record(w.out, record)
}

// Flush shows what has been written until now. A table is measured by then.
func (w *Writer) Flush() error {
	if err := w.encoder.flush(w.out); err != nil {
		return err
	}
	return w.out.Flush()
}

// Close completes the document. It does not close what it writes to.
func (w *Writer) Close() error {
	if err := w.encoder.end(w.out); err != nil {
		return err
	}
	return w.out.Flush()
}

// jsonEncoder writes an indented array, or the indented records themselves.
type jsonEncoder struct {
	single bool
	count  int
	text   bytes.Buffer
}

func (e *jsonEncoder) record(w *bufio.Writer, record Record) error {
	value, err := marshal(record.Value)
	if err != nil {
		return err
	}
	prefix, before := "  ", ",\n  "
	switch {
	case e.single:
		prefix, before = "", ""
	case e.count == 0:
		before = "[\n  "
	}
	e.count++
	e.text.Reset()
	e.text.WriteString(before)
	if err := json.Indent(&e.text, value, prefix, "  "); err != nil {
		return err
	}
	if e.single {
		e.text.WriteByte('\n')
	}
	_, err = w.Write(escapeBytes(e.text.Bytes()))
	return err
}

func (e *jsonEncoder) flush(*bufio.Writer) error { return nil }

func (e *jsonEncoder) end(w *bufio.Writer) error {
	closing := "\n]\n"
	switch {
	case e.single:
		return nil
	case e.count == 0:
		closing = "[]\n"
	}
	_, err := w.WriteString(closing)
	return err
}

// jsonLines writes one object a line.
type jsonLines struct{}

func (jsonLines) record(w *bufio.Writer, record Record) error {
	value, err := marshal(record.Value)
	if err != nil {
		return err
	}
	if _, err := w.Write(escapeBytes(value)); err != nil {
		return err
	}
	return w.WriteByte('\n')
}

func (jsonLines) flush(*bufio.Writer) error { return nil }
func (jsonLines) end(*bufio.Writer) error   { return nil }

// ids writes the column "id".
type ids struct {
	column   int
	harmless bool
}

func newIDs(columns []string, harmless bool) ids {
	for i, name := range columns {
		if name == "id" {
			return ids{i, harmless}
		}
	}
	return ids{-1, harmless}
}

func (e ids) record(w *bufio.Writer, record Record) error {
	if e.column < 0 {
		return fmt.Errorf("these records have no id")
	}
	text := ""
	if id := record.Cells[e.column]; id != nil {
		text = *id
	}
	if e.harmless {
		text = Line(text)
	}
	_, err := w.WriteString(text + "\n")
	return err
}

func (e ids) flush(*bufio.Writer) error { return nil }
func (e ids) end(*bufio.Writer) error   { return nil }
