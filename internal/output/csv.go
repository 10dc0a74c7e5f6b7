package output

import (
	"bufio"
	"strings"
)

// csvEncoder writes CSV by RFC 4180: a header, CRLF after each row, quotes where
// they are needed. RFC 4180 knows no null; as PostgreSQL and others do, null is
// written as nothing and an empty text as a pair of quotes.
type csvEncoder struct {
	columns  []string
	safe     bool // no cell starts a formula
	harmless bool // for a terminal
	started  bool
}

func (e *csvEncoder) record(w *bufio.Writer, record Record) error {
	if err := e.head(w); err != nil {
		return err
	}
	for i, cell := range record.Cells {
		if i > 0 {
			if err := w.WriteByte(','); err != nil {
				return err
			}
		}
		if cell == nil {
			continue
		}
		if _, err := w.WriteString(e.cell(*cell)); err != nil {
			return err
		}
	}
	_, err := w.WriteString("\r\n")
	return err
}

func (e *csvEncoder) head(w *bufio.Writer) error {
	if e.started {
		return nil
	}
	e.started = true
	_, err := w.WriteString(strings.Join(e.columns, ",") + "\r\n")
	return err
}

func (e *csvEncoder) flush(*bufio.Writer) error { return nil }

func (e *csvEncoder) end(w *bufio.Writer) error { return e.head(w) }

// cell quotes a text where RFC 4180 asks for it, and where a reader could lose
// blanks or take the text for null.
func (e *csvEncoder) cell(text string) string {
	if e.harmless {
		text = Lines(text)
	}
	if e.safe && formula(text) {
		text = "'" + text
	}
	if text == "" || strings.ContainsAny(text, ",\"\r\n") || strings.Trim(text, " \t") != text {
		return `"` + strings.ReplaceAll(text, `"`, `""`) + `"`
	}
	return text
}

// formula reports whether a spreadsheet would compute a cell instead of showing
// it (OWASP, "CSV Injection").
func formula(text string) bool {
	return text != "" && strings.ContainsRune("=+-@\t\r\n", rune(text[0]))
}
