package output

import (
	"bufio"
	"io"
	"strings"

	"github.com/mattn/go-runewidth"
)

const (
	// measuredRows are read before a table's first line is written. Their widths
	// then stay: a longer cell that comes later pushes its row to the right, or is
	// cut where a terminal ends.
	measuredRows = 1000

	narrowest = 8 // a column is not cut below this, as long as others can give
	gap       = 2 // blanks between columns
	ellipsis  = "…"
)

// tableEncoder writes records in aligned columns. It starts when measuredRows
// have come, at a flush or at the end.
type tableEncoder struct {
	header []string
	limit  int // columns of the terminal; 0 is without limit
	bold   bool
	widths []int      // nil before the start
	held   [][]string // until the start
}

func newTable(columns []string, limit int, bold bool) *tableEncoder {
	header := make([]string, len(columns))
	for i, name := range columns {
		header[i] = strings.ToUpper(name)
	}
	return &tableEncoder{header: header, limit: limit, bold: bold}
}

func (e *tableEncoder) record(w *bufio.Writer, record Record) error {
	row := make([]string, len(record.Cells))
	for i, cell := range record.Cells {
		if cell != nil {
			row[i] = Line(*cell)
		}
	}
	if e.widths != nil {
		return e.line(w, row)
	}
	if e.held = append(e.held, row); len(e.held) < measuredRows {
		return nil
	}
	return e.start(w)
}

func (e *tableEncoder) flush(w *bufio.Writer) error {
	if e.widths != nil || len(e.held) == 0 {
		return nil
	}
	return e.start(w)
}

func (e *tableEncoder) end(w *bufio.Writer) error {
	if e.widths != nil {
		return nil
	}
	return e.start(w)
}

func (e *tableEncoder) start(w *bufio.Writer) error {
	e.widths = measure(append([][]string{e.header}, e.held...), len(e.header))
	if e.limit > 0 {
		fit(e.widths, e.limit)
	}
	if e.bold {
		if _, err := w.WriteString("\x1b[1m"); err != nil {
			return err
		}
	}
	if err := e.head(w); err != nil {
		return err
	}
	for _, row := range e.held {
		if err := e.line(w, row); err != nil {
			return err
		}
	}
	e.held = nil
	return nil
}

func (e *tableEncoder) head(w *bufio.Writer) error {
	text := format(e.header, e.widths, e.limit > 0)
	if e.bold {
		text += "\x1b[0m"
	}
	_, err := w.WriteString(text + "\n")
	return err
}

func (e *tableEncoder) line(w *bufio.Writer, row []string) error {
	_, err := w.WriteString(format(row, e.widths, e.limit > 0) + "\n")
	return err
}

// Table writes rows under header in aligned columns, two blanks apart. Cells are
// written whole: a row is never cut. A table without rows is its header.
func Table(w io.Writer, header []string, rows [][]string) error {
	all := append([][]string{header}, rows...)
	for r, row := range all {
		all[r] = make([]string, len(row))
		for c, cell := range row {
			all[r][c] = Line(cell)
		}
	}
	widths := measure(all, len(header))
	var text strings.Builder
	for _, row := range all {
		text.WriteString(format(row, widths, false) + "\n")
	}
	_, err := io.WriteString(w, text.String())
	return err
}

func measure(rows [][]string, columns int) []int {
	widths := make([]int, columns)
	for _, row := range rows {
		for c, cell := range row {
			widths[c] = max(widths[c], runewidth.StringWidth(cell))
		}
	}
	return widths
}

// fit narrows the widest columns until a line has room in limit. The first
// column is what a person copies, an id: it gives last.
func fit(widths []int, limit int) {
	room := limit - gap*(len(widths)-1)
	for _, w := range widths {
		room -= w
	}
	for ; room < 0; room++ {
		first := min(1, len(widths)-1)
		c, ok := widest(widths[first:], narrowest)
		if c += first; !ok {
			c, ok = widest(widths, 1)
		}
		if !ok {
			return // too many columns for this terminal
		}
		widths[c]--
	}
}

// widest returns the widest column, if it is wider than least.
func widest(widths []int, least int) (column int, ok bool) {
	for c, w := range widths {
		if w > widths[column] {
			column = c
		}
	}
	return column, widths[column] > least
}

// format returns a row in columns of widths; cut says that a cell may not be wider.
func format(row []string, widths []int, cut bool) string {
	var line strings.Builder
	for c, cell := range row {
		width := runewidth.StringWidth(cell)
		if cut && width > widths[c] {
			cell = runewidth.Truncate(cell, widths[c], ellipsis)
			width = runewidth.StringWidth(cell)
		}
		line.WriteString(cell)
		line.WriteString(strings.Repeat(" ", max(0, widths[c]-width)+gap))
	}
	return strings.TrimRight(line.String(), " ")
}
