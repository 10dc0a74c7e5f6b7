package bulk

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
	"unicode/utf8"
)

// jsonlRows reads rows from JSON objects, one a line. A null is an unset field.
type jsonlRows struct {
	lines   *rowReader
	columns Columns
	number  int
}

func newJSONLRows(in *bufio.Reader, columns Columns) *jsonlRows {
	return &jsonlRows{lines: newRowReader(in), columns: columns}
}

func (r *jsonlRows) next() (Row, error) {
	for {
		if err := r.lines.begin(); err != nil {
			return Row{}, err
		}
		text := bytes.TrimSpace(r.lines.raw)
		if len(text) == 0 {
			continue
		}
		r.number++
		row := Row{Number: r.number, Line: r.lines.line, Raw: r.lines.raw}
		row.Record, row.Fault = r.record(text)
		return row, nil
	}
}

// record reads an object key by key: encoding/json alone would take the last of two
// equal keys and make up characters for those that are broken.
func (r *jsonlRows) record(text []byte) (Record, *Fault) {
	if !utf8.Valid(text) {
		return nil, &Fault{Reason: "the line is not UTF-8"}
	}
	if text[0] != '{' {
		return nil, &Fault{Reason: "the line is not a JSON object"}
	}
	decoder := json.NewDecoder(bytes.NewReader(text))
	decoder.UseNumber()
	if _, err := decoder.Token(); err != nil {
		return nil, notJSON(err)
	}
	record, seen := Record{}, make(map[string]bool)
	for decoder.More() {
		token, err := decoder.Token()
		if err != nil {
			return nil, notJSON(err)
		}
		key, _ := token.(string)
		field, known := r.columns.field(key)
		if !known {
			return nil, &Fault{Field: key, Reason: "no field has this name"}
		}
		var raw json.RawMessage
		if err := decoder.Decode(&raw); err != nil {
			return nil, notJSON(err)
		}
		if field == "" {
			continue
		}
		if seen[field] {
			return nil, &Fault{Field: field, Reason: "the field is given twice"}
		}
		seen[field] = true
		if string(raw) == "null" {
			continue
		}
		var value string
		if err := json.Unmarshal(raw, &value); err != nil {
			return nil, &Fault{Field: field, Reason: "the value is neither text nor null"}
		}
		if broken(raw, value) {
			return nil, &Fault{Field: field, Reason: "the value holds half of a surrogate pair"}
		}
		record[field] = value
	}
	if _, err := decoder.Token(); err != nil {
		return nil, notJSON(err)
	}
	if _, err := decoder.Token(); !errors.Is(err, io.EOF) {
		return nil, &Fault{Reason: "there is more than one JSON value on the line"}
	}
	return record, nil
}

// broken reports whether decoding has put U+FFFD where the text had none.
func broken(raw []byte, value string) bool {
	const replacement = "\ufffd"
	return strings.Count(value, replacement) > bytes.Count(raw, []byte(replacement))+
		bytes.Count(bytes.ToLower(raw), []byte(`\ufffd`))
}

func notJSON(err error) *Fault {
	if syntax, ok := errors.AsType[*json.SyntaxError](err); ok {
		return &Fault{Reason: fmt.Sprintf("the line is not JSON: %v at character %d", syntax, syntax.Offset)}
	}
	return &Fault{Reason: "the line is not one whole JSON object"}
}
