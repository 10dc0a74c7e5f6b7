package bulk

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"iter"
	"os"
	"strings"

	"github.com/appsyncctl/appsyncctl/internal/failure"
)

// A Format is a format of files.
type Format string

// The formats.
const (
	CSV   Format = "csv"   // RFC 4180 with a header
	JSONL Format = "jsonl" // one JSON object a line
)

// An Input is a file to import: CSV or JSONL, as it is or compressed by gzip.
type Input struct {
	Path      string
	Format    Format // empty: by the name of the file, else by its first character
	Delimiter byte   // between the values of CSV; 0 is a comma, or a tab in *.tsv
	Columns   Columns
}

// A ChangedError says that an input is not what it was.
type ChangedError struct{ Path string }

func (e *ChangedError) Error() string {
	return e.Path + " is not the file that the import began with"
}

// Kind implements the interface of failure.Of.
func (*ChangedError) Kind() failure.Kind { return failure.Usage }

// rows is an open input.
type rows interface {
	next() (Row, error) // io.EOF after the last
}

// Rows yields all rows. A row that cannot be imported has a Fault; an error is the end: a
// *HeaderError or another of the kind Usage, or one of the file.
func (in *Input) Rows() iter.Seq2[Row, error] {
	return func(yield func(Row, error) bool) {
		opened, err := in.open()
		if err != nil {
			yield(Row{}, err)
			return
		}
		defer opened.Close() //nolint:errcheck // it was only read
		for {
			row, err := opened.rows.next()
			if errors.Is(err, io.EOF) {
				return
			}
			if err != nil {
				yield(Row{}, readError(err))
				return
			}
			if !yield(row, nil) {
				return
			}
		}
	}
}

// Header returns the header of a CSV input verbatim, and nothing for JSONL.
func (in *Input) Header() ([]byte, error) {
	opened, err := in.open()
	if err != nil {
		return nil, err
	}
	defer opened.Close() //nolint:errcheck // it was only read
	if table, ok := opened.rows.(*csvRows); ok {
		return table.header, nil
	}
	return nil, nil
}

// Kind returns the input's format, which it finds out if it was not given.
func (in *Input) Kind() (Format, error) {
	if format := in.byName(); format != "" {
		return format, nil
	}
	opened, err := in.open()
	if err != nil {
		return "", err
	}
	defer opened.Close() //nolint:errcheck // it was only read
	if _, ok := opened.rows.(*csvRows); ok {
		return CSV, nil
	}
	return JSONL, nil
}

type openInput struct {
	*os.File
	rows rows
}

func (in *Input) open() (opened *openInput, err error) {
	file, err := os.Open(in.Path)
	if err != nil {
		return nil, err
	}
	defer func() {
		if err != nil {
			_ = file.Close() // the error says more
		}
	}()
	text, err := plainText(file)
	if err != nil {
		return nil, readError(err)
	}
	format := in.byName()
	if format == "" {
		format = CSV
		if first, _ := text.Peek(1); string(first) == "{" {
			format = JSONL
		}
	}
	opened = &openInput{File: file}
	if format == JSONL {
		opened.rows = newJSONLRows(text, in.Columns)
		return opened, nil
	}
	opened.rows, err = newCSVRows(newCSVScanner(text, in.delimiter()), in.Columns)
	if err != nil {
		return nil, readError(err)
	}
	return opened, nil
}

// plainText decompresses what gzip has compressed and skips a byte order mark.
func plainText(file io.Reader) (*bufio.Reader, error) {
	const size = 64 << 10
	text := bufio.NewReaderSize(file, size)
	if magic, _ := text.Peek(2); bytes.Equal(magic, []byte{0x1f, 0x8b}) {
		unzipped, err := gzip.NewReader(text)
		if err != nil {
			return nil, err
		}
		text = bufio.NewReaderSize(unzipped, size)
	}
	mark, err := text.Peek(3)
	switch {
	case bytes.Equal(mark, []byte("\ufeff")):
		_, err = text.Discard(3)
		return text, err
	case bytes.HasPrefix(mark, []byte{0xff, 0xfe}), bytes.HasPrefix(mark, []byte{0xfe, 0xff}):
		return nil, unreadable("it is UTF-16; convert it to UTF-8 first")
	case err != nil && !errors.Is(err, io.EOF):
		return nil, err
	}
	return text, nil
}

// readError makes the words of gzip those of a person.
func readError(err error) error {
	switch {
	case errors.Is(err, gzip.ErrHeader), errors.Is(err, gzip.ErrChecksum), errors.Is(err, io.ErrUnexpectedEOF):
		return unreadable(fmt.Sprintf("the compressed data is damaged or cut off (%v)", err))
	default:
		return err
	}
}

// unreadable says that an input cannot be read as what it should be.
func unreadable(reason string) error {
	return failure.Errorf(failure.Usage, "the input cannot be read: %s", reason)
}

func (in *Input) byName() Format {
	if in.Format != "" {
		return in.Format
	}
	return FormatByName(in.Path)
}

// FormatByName returns the format that a file's name tells, or nothing.
func FormatByName(path string) Format {
	name := strings.TrimSuffix(strings.ToLower(path), ".gz")
	switch {
	case strings.HasSuffix(name, ".csv"), strings.HasSuffix(name, ".tsv"):
		return CSV
	case strings.HasSuffix(name, ".jsonl"), strings.HasSuffix(name, ".ndjson"):
		return JSONL
	default:
		return ""
	}
}

func (in *Input) delimiter() byte {
	switch {
	case in.Delimiter != 0:
		return in.Delimiter
	case strings.HasSuffix(strings.TrimSuffix(strings.ToLower(in.Path), ".gz"), ".tsv"):
		return '\t'
	default:
		return ','
	}
}

// maxRow bounds a row in bytes. DynamoDB refuses an item of more than 400 KB; a longer
// row is most likely a quote that nobody closed.
const maxRow = 1 << 20

// rowReader reads the lines of an input: most rows have one, but a value of CSV in quotes
// may have several.
type rowReader struct {
	in *bufio.Reader

	raw  []byte // the present row, verbatim
	line int    // on which it begins
	next int    // the line that is read next
}

func newRowReader(in *bufio.Reader) *rowReader { return &rowReader{in: in, next: 1} }

// begin reads the first line of the next row, or io.EOF.
func (r *rowReader) begin() error {
	r.raw, r.line = r.raw[:0], r.next
	return r.more()
}

// more reads one more line into the row.
func (r *rowReader) more() error {
	before := len(r.raw)
	for {
		part, err := r.in.ReadSlice('\n')
		r.raw = append(r.raw, part...)
		if len(r.raw) > maxRow {
			return failure.Errorf(failure.Usage, "line %d: the row has more than %d KiB; is a quote left open?", r.line, maxRow>>10)
		}
		switch {
		case errors.Is(err, bufio.ErrBufferFull):
			continue
		case errors.Is(err, io.EOF) && len(r.raw) > before:
			r.next++
			return nil
		case err != nil:
			return err
		}
		r.next++
		return nil
	}
}

// Columns says which field each column of a CSV input, or key of a JSONL input, holds.
type Columns struct {
	Fields []string          // the fields that there are
	Map    map[string]string // by column; "" leaves the column out
}

// field returns the field of a column, or false if nothing is known of it. A column
// that is not mapped is the field of its name, in whatever case.
func (c Columns) field(column string) (string, bool) {
	if field, mapped := c.Map[column]; mapped {
		return field, true
	}
	for _, field := range c.Fields {
		if strings.EqualFold(strings.TrimSpace(column), field) {
			return field, true
		}
	}
	return "", false
}

// fields returns the field of every column.
func (c Columns) fields(columns []string) ([]string, error) {
	fields := make([]string, len(columns))
	taken := make(map[string]string)
	mapped := make(map[string]bool)
	for i, column := range columns {
		field, known := c.field(column)
		if !known {
			return nil, &HeaderError{column, "no field has this name; the fields are " + strings.Join(c.Fields, ", ")}
		}
		if other, twice := taken[field]; twice && field != "" {
			return nil, &HeaderError{column, fmt.Sprintf("the field %s is also that of the column %q", field, other)}
		}
		fields[i], taken[field], mapped[column] = field, column, true
	}
	for column := range c.Map {
		if !mapped[column] {
			return nil, &HeaderError{column, "it is mapped, but the header does not have it"}
		}
	}
	return fields, nil
}

// A Fingerprint tells one file from another.
type Fingerprint struct {
	Size   int64  `json:"size"`   // bytes
	SHA256 string `json:"sha256"` // hexadecimal
}

// FingerprintOf reads the whole file at path.
func FingerprintOf(path string) (Fingerprint, error) {
	file, err := os.Open(path)
	if err != nil {
		return Fingerprint{}, err
	}
	defer file.Close() //nolint:errcheck // it was only read
	hash := sha256.New()
	size, err := io.Copy(hash, file)
	return Fingerprint{Size: size, SHA256: hex.EncodeToString(hash.Sum(nil))}, err
}
