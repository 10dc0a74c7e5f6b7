// Package output writes results: a table for people, JSON for programs. Text
// that came from a server is made harmless before it can reach a terminal.
//
// The width of a cell is measured with mattn/go-runewidth, which knows East
// Asian characters and emoji.
package output

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"strings"

	"github.com/mattn/go-runewidth"
)

// JSON writes value as one indented document. HTML characters stay as they are;
// control characters that JSON allows are escaped, which changes no value.
func JSON(w io.Writer, value any) error {
	var text bytes.Buffer
	encoder := json.NewEncoder(&text)
	encoder.SetEscapeHTML(false)
	encoder.SetIndent("", "  ")
	if err := encoder.Encode(value); err != nil {
		return err
	}
	_, err := io.WriteString(w, escape(text.String()))
	return err
}

// Table writes rows under header in aligned columns, two blanks apart. Cells are
// written whole: a row is never cut. A table without rows is its header.
func Table(w io.Writer, header []string, rows [][]string) error {
	all := append([][]string{header}, rows...)
	widths := make([]int, len(header))
	for r, row := range all {
		all[r] = make([]string, len(row))
		for c, cell := range row {
			all[r][c] = Line(cell)
			widths[c] = max(widths[c], runewidth.StringWidth(all[r][c]))
		}
	}
	var text strings.Builder
	for _, row := range all {
		var line strings.Builder
		for c, cell := range row {
			line.WriteString(cell)
			line.WriteString(strings.Repeat(" ", widths[c]-runewidth.StringWidth(cell)+2))
		}
		text.WriteString(strings.TrimRight(line.String(), " "))
		text.WriteByte('\n')
	}
	_, err := io.WriteString(w, text.String())
	return err
}

// Fields writes pairs of a label and a value, one a line, values aligned. Pairs
// with an empty value are left out.
func Fields(w io.Writer, pairs [][2]string) error {
	width := 0
	for _, pair := range pairs {
		if pair[1] != "" {
			width = max(width, runewidth.StringWidth(pair[0]))
		}
	}
	var text strings.Builder
	for _, pair := range pairs {
		if pair[1] != "" {
			fmt.Fprintf(&text, "%s%s  %s\n", pair[0], strings.Repeat(" ", width-runewidth.StringWidth(pair[0])), Line(pair[1]))
		}
	}
	_, err := io.WriteString(w, text.String())
	return err
}
