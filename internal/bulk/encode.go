package bulk

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strings"
)

// encoder writes records in a format, with the fields in a fixed order.
type encoder struct {
	format Format
	fields []string // the id first
}

// header is what stands before the first record.
func (e encoder) header() []byte {
	if e.format == JSONL {
		return nil
	}
	return []byte(strings.Join(e.fields, ",") + "\r\n")
}

// append appends a record to text.
func (e encoder) append(text []byte, record Record) ([]byte, error) {
	if e.format == JSONL {
		return e.appendJSON(text, record)
	}
	for i, field := range e.fields {
		if i > 0 {
			text = append(text, ',')
		}
		if value, set := record[field]; set {
			text = append(text, csvValue(value)...)
		}
	}
	return append(text, "\r\n"...), nil
}

// csvValue quotes what RFC 4180 asks to quote, an empty text, which else were null, and
// blanks at the ends, which some readers drop.
func csvValue(value string) string {
	if value == "" || strings.ContainsAny(value, ",\"\r\n") || strings.Trim(value, " \t") != value {
		return `"` + strings.ReplaceAll(value, `"`, `""`) + `"`
	}
	return value
}

func (e encoder) appendJSON(text []byte, record Record) ([]byte, error) {
	for i, field := range e.fields {
		before := byte(',')
		if i == 0 {
			before = '{'
		}
		text = fmt.Appendf(append(text, before), "%q:", field)
		value, set := record[field]
		if !set {
			text = append(text, "null"...)
			continue
		}
		var quoted bytes.Buffer
		encoder := json.NewEncoder(&quoted)
		encoder.SetEscapeHTML(false)
		if err := encoder.Encode(value); err != nil {
			return nil, err
		}
		text = append(text, bytes.TrimSuffix(quoted.Bytes(), []byte("\n"))...)
	}
	return append(text, "}\n"...), nil
}
