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

// An InputError says that an input cannot be read as what it should be.
type InputError struct{ Reason string }

func (e *InputError) Error() string { return "the input cannot be read: " + e.Reason }

// A ChangedError says that an input is not what it was.
type ChangedError struct{ Path string }

func (e *ChangedError) Error() string {
	return e.Path + " is not the file that the import began with"
}

// rows is an open input.
type rows interface {
	next() (Row, error) // io.EOF after the last
}

// Rows yields all rows. A row that cannot be imported has a Fault; an error is the end,
// and one of *SyntaxError, *HeaderError, *InputError or of the file.
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
		return nil, &InputError{"it is UTF-16; convert it to UTF-8 first"}
	case err != nil && !errors.Is(err, io.EOF):
		return nil, err
	}
	return text, nil
}

// readError makes the words of gzip those of a person.
func readError(err error) error {
	switch {
	case errors.Is(err, gzip.ErrHeader), errors.Is(err, gzip.ErrChecksum), errors.Is(err, io.ErrUnexpectedEOF):
		return &InputError{fmt.Sprintf("the compressed data is damaged or cut off (%v)", err)}
	default:
		return err
	}
}

func (in *Input) byName() Format {
	if in.Format != "" {
		return in.Format
	}
	name := strings.TrimSuffix(strings.ToLower(in.Path), ".gz")
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
