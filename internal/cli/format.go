package cli

import (
	"errors"
	"fmt"
	"io"
	"slices"

	"github.com/appsyncctl/appsyncctl/internal/output"
)

// format is the value of --output.
type format string

const (
	table   = format(output.AsTable)
	asJSON  = format(output.AsJSON)
	asJSONL = format(output.AsJSONL)
	asCSV   = format(output.AsCSV)
	asYAML  = format(output.AsYAML)
	asID    = format(output.AsID)
)

// String implements pflag.Value.
func (f *format) String() string {
	if *f == "" {
		return string(table)
	}
	return string(*f)
}

// Set implements pflag.Value.
func (f *format) Set(text string) error {
	if !slices.Contains(output.Formats(), output.Format(text)) {
		return errors.New("must be table, json, jsonl, csv, yaml or id")
	}
	*f = format(text)
	return nil
}

// Type implements pflag.Value.
func (f *format) Type() string { return "format" }

// machine reports whether a program reads the result, which then reads errors as
// well.
func (f format) machine() bool { return f == asJSON || f == asJSONL }

// A formatError says that a result cannot be written in the format asked for.
type formatError struct{ reason string }

func (e *formatError) Error() string { return e.reason }

// oneDocument refuses the formats that only records can be written in.
func (f format) oneDocument() error {
	if f == asCSV || f == asID {
		return &formatError{fmt.Sprintf("this result is no list of records: -o %s cannot write it", f)}
	}
	return nil
}

// write writes a result that is one document; records are written by a
// customerWriter.
func (f format) write(w io.Writer, document any, asTable func(io.Writer) error) error {
	if err := f.oneDocument(); err != nil {
		return err
	}
	switch f {
	case asJSON:
		return output.JSON(w, document)
	case asJSONL:
		return output.JSONLine(w, document)
	case asYAML:
		return output.YAML(w, document)
	default:
		return asTable(w)
	}
}
