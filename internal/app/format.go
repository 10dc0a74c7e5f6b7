package app

import (
	"io"

	"github.com/appsyncctl/appsyncctl/internal/failure"
	"github.com/appsyncctl/appsyncctl/internal/output"
)

// Format is the value of --output.
type Format output.Format

// The formats.
const (
	Table = Format(output.AsTable)
	JSON  = Format(output.AsJSON)
	JSONL = Format(output.AsJSONL)
	CSV   = Format(output.AsCSV)
	YAML  = Format(output.AsYAML)
	ID    = Format(output.AsID)
)

// Formats returns all formats.
func Formats() []Format {
	var all []Format
	for _, format := range output.Formats() {
		all = append(all, Format(format))
	}
	return all
}

// ForPrograms reports whether a program reads the result, which then reads errors as
// well.
func (f Format) ForPrograms() bool { return f == JSON || f == JSONL }

// CheckDocument refuses the formats that only records can be written in.
func (f Format) CheckDocument() error {
	if f == CSV || f == ID {
		return failure.Errorf(failure.Usage, "this result is no list of records: -o %s cannot write it", f)
	}
	return nil
}

// Write writes a result that is one document, with table for people.
func (f Format) Write(w io.Writer, document any, table func(io.Writer) error) error {
	if err := f.CheckDocument(); err != nil {
		return err
	}
	switch f {
	case JSON:
		return output.JSON(w, document)
	case JSONL:
		return output.JSONLine(w, document)
	case YAML:
		return output.YAML(w, document)
	default:
		return table(w)
	}
}
