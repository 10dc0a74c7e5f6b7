package bulk

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"unicode/utf8"

	"github.com/appsyncctl/appsyncctl/internal/failure"
)

// A cell is a value of a CSV row. encoding/csv is not used because it drops what we
// must keep: whether an empty value stood in quotes, the row verbatim, and a carriage
// return before a line feed within a value.
type cell struct {
	text   string
	quoted bool
}

// csvScanner splits CSV (RFC 4180) into rows. Lines end with LF or CRLF.
type csvScanner struct {
	*rowReader
	comma byte
}

func newCSVScanner(in *bufio.Reader, comma byte) *csvScanner {
	return &csvScanner{newRowReader(in), comma}
}

// scan returns the next row that is not a blank line, or io.EOF. The fault is that of
// a row whose quotes are wrong but whose end is clear.
func (s *csvScanner) scan() ([]cell, *Fault, error) {
	for {
		if err := s.begin(); err != nil {
			return nil, nil, err
		}
		if len(bytes.TrimRight(s.raw, "\r\n")) > 0 {
			return s.cells()
		}
	}
}

func (s *csvScanner) cells() (cells []cell, fault *Fault, err error) {
	for at := 0; ; at++ {
		var one cell
		if at < len(s.raw) && s.raw[at] == '"' {
			if one.text, at, err = s.quoted(at + 1); err != nil {
				return nil, nil, err
			}
			one.quoted = true
			if rest, _ := s.plain(at); rest != "" {
				fault = &Fault{Reason: "there is text after the closing quote of a value"}
			}
			_, at = s.plain(at)
		} else {
			one.text, at = s.plain(at)
			if bytes.IndexByte([]byte(one.text), '"') >= 0 {
				fault = &Fault{Reason: "there is a quote inside a value that is not in quotes"}
			}
		}
		cells = append(cells, one)
		if at >= len(s.raw) || s.raw[at] != s.comma {
			return cells, fault, nil
		}
	}
}

// plain returns the text up to the next comma or the end of the line, and where it ends.
func (s *csvScanner) plain(at int) (string, int) {
	rest := s.raw[at:]
	if end := bytes.IndexByte(rest, '\n'); end >= 0 {
		rest = rest[:end]
	}
	if end := bytes.IndexByte(rest, s.comma); end >= 0 {
		return string(rest[:end]), at + end
	}
	return string(bytes.TrimSuffix(rest, []byte("\r"))), at + len(rest)
}

// quoted returns the text up to the closing quote and what comes after it, reading
// more lines as needed.
func (s *csvScanner) quoted(at int) (string, int, error) {
	var text []byte
	for {
		end := bytes.IndexByte(s.raw[at:], '"')
		if end < 0 {
			text = append(text, s.raw[at:]...)
			at = len(s.raw)
			if err := s.more(); errors.Is(err, io.EOF) {
				return "", 0, failure.Errorf(failure.Usage, "line %d: the row has a quote that is never closed", s.line)
			} else if err != nil {
				return "", 0, err
			}
			continue
		}
		text = append(text, s.raw[at:at+end]...)
		at += end + 1
		if at >= len(s.raw) || s.raw[at] != '"' {
			return string(text), at, nil
		}
		text = append(text, '"') // "" stands for "
		at++
	}
}

// A HeaderError says that the columns of a CSV input do not fit.
type HeaderError struct {
	Column string // empty when it is no single column
	Reason string
}

func (e *HeaderError) Error() string {
	if e.Column == "" {
		return "the header: " + e.Reason
	}
	return fmt.Sprintf("the column %q: %s", e.Column, e.Reason)
}

// Kind implements the interface of failure.Of.
func (*HeaderError) Kind() failure.Kind { return failure.Usage }

// csvRows reads rows from CSV with a header. An empty value without quotes is an unset
// field, an empty value in quotes is an empty text, as in PostgreSQL's COPY.
type csvRows struct {
	scanner *csvScanner
	fields  []string // by column; empty for a column that is left out
	header  []byte   // verbatim
	number  int
}

func newCSVRows(scanner *csvScanner, columns Columns) (*csvRows, error) {
	cells, fault, err := scanner.scan()
	switch {
	case errors.Is(err, io.EOF):
		return nil, &HeaderError{Reason: "there is none: the input is empty"}
	case err != nil:
		return nil, err
	case fault != nil:
		return nil, &HeaderError{Reason: fault.Reason}
	}
	r := &csvRows{scanner: scanner, header: append([]byte(nil), scanner.raw...)}
	names := make([]string, len(cells))
	for i, c := range cells {
		names[i] = c.text
	}
	r.fields, err = columns.fields(names)
	return r, err
}

func (r *csvRows) next() (Row, error) {
	cells, fault, err := r.scanner.scan()
	if err != nil {
		return Row{}, err
	}
	r.number++
	row := Row{Number: r.number, Line: r.scanner.line, Raw: r.scanner.raw, Record: Record{}, Fault: fault}
	if row.Fault == nil && len(cells) != len(r.fields) {
		row.Fault = &Fault{Reason: fmt.Sprintf("the row has %d values and the header %d columns", len(cells), len(r.fields))}
	}
	if row.Fault != nil {
		return row, nil
	}
	for i, c := range cells {
		if r.fields[i] == "" || c.text == "" && !c.quoted {
			continue
		}
		if !utf8.ValidString(c.text) {
			row.Fault = &Fault{Field: r.fields[i], Reason: "the value is not UTF-8"}
		}
		row.Record[r.fields[i]] = c.text
	}
	return row, nil
}
