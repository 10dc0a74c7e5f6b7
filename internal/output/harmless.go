package output

import (
	"fmt"
	"strings"
	"unicode"
)

// Line returns text on one line that a terminal can show safely: line breaks
// and tabs become blanks, other control characters and those that turn the
// direction of writing become U+FFFD, so that they are seen to have been there.
func Line(text string) string {
	return strings.Map(func(c rune) rune {
		switch {
		case c == '\n', c == '\r', c == '\t', c == '\u2028', c == '\u2029':
			return ' '
		case dangerous(c):
			return unicode.ReplacementChar
		default:
			return c
		}
	}, text)
}

// Lines is Line for a text of several lines: line breaks and tabs stay.
func Lines(text string) string {
	return strings.Map(func(c rune) rune {
		if c != '\n' && c != '\t' && dangerous(c) {
			return unicode.ReplacementChar
		}
		return c
	}, text)
}

// escape writes dangerous characters of a JSON text as \u escapes. They can only
// stand in its strings; line breaks and blanks between its tokens stay.
func escape(text string) string {
	var out strings.Builder
	for _, c := range text {
		if c != '\n' && dangerous(c) {
			fmt.Fprintf(&out, `\u%04x`, c)
		} else {
			out.WriteRune(c)
		}
	}
	return out.String()
}

// escapeBytes is escape without a copy where nothing is to be done, which is the
// rule.
func escapeBytes(text []byte) []byte {
	for _, b := range text {
		if b < ' ' && b != '\n' || b > '~' {
			return []byte(escape(string(text)))
		}
	}
	return text
}

// dangerous reports whether c can command a terminal (C0, DEL and C1, ECMA-48)
// or make text read other than it is written (bidirectional overrides and
// isolates, Unicode TR 36).
func dangerous(c rune) bool {
	return unicode.IsControl(c) ||
		'\u202a' <= c && c <= '\u202e' ||
		'\u2066' <= c && c <= '\u2069'
}
