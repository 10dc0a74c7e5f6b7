package bulk

import (
	"errors"
	"fmt"
	"io"
	"strings"
	"unicode/utf8"
)

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
