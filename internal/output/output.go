// Package output writes results: a table for people; JSON, JSON Lines, CSV and YAML
// for programs, or what a jq expression selects. Text that came from a server is
// made harmless before it can reach a terminal.
//
// A Writer takes records one by one, so that a list of any length can pass.
//
// The width of a cell is measured with mattn/go-runewidth, which knows East
// Asian characters and emoji.
package output

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"math"
	"strings"
	"time"

	"github.com/mattn/go-runewidth"
)

// JSON writes value as one indented document. HTML characters stay as they are;
// control characters that JSON allows are escaped, which changes no value.
func JSON(w io.Writer, value any) error {
	document, err := marshal(value)
	if err != nil {
		return err
	}
	var text bytes.Buffer
	if err := json.Indent(&text, document, "", "  "); err != nil {
		return err
	}
	text.WriteByte('\n')
	_, err = w.Write(escapeBytes(text.Bytes()))
	return err
}

// JSONLine writes value as one document on one line.
func JSONLine(w io.Writer, value any) error {
	document, err := marshal(value)
	if err != nil {
		return err
	}
	_, err = w.Write(append(escapeBytes(document), '\n'))
	return err
}

// marshal is json.Marshal without its care for HTML.
func marshal(value any) ([]byte, error) {
	var text bytes.Buffer
	encoder := json.NewEncoder(&text)
	encoder.SetEscapeHTML(false)
	if err := encoder.Encode(value); err != nil {
		return nil, err
	}
	return bytes.TrimSuffix(text.Bytes(), []byte("\n")), nil
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

// Span says a duration as a person would, in its two largest units.
func Span(d time.Duration) string {
	switch {
	case d.Round(time.Second) < time.Minute:
		return fmt.Sprintf("%d s", int(d.Round(time.Second).Seconds()))
	case d.Round(time.Minute) < time.Hour:
		return fmt.Sprintf("%d min", int(d.Round(time.Minute).Minutes()))
	}
	minutes := int(d.Round(time.Minute).Minutes())
	hours, minutes := minutes/60, minutes%60
	switch {
	case hours >= 48:
		return fmt.Sprintf("%d days", hours/24)
	case minutes == 0:
		return fmt.Sprintf("%d h", hours)
	default:
		return fmt.Sprintf("%d h %d min", hours, minutes)
	}
}

// Milliseconds is a duration as documents have it, to a tenth.
func Milliseconds(d time.Duration) float64 { return math.Round(d.Seconds()*1e4) / 10 }
