package report

import (
	"regexp"
	"strings"
	"unicode"
	"unicode/utf8"
)

// escapeSequence is what makes a terminal do something (ECMA-48): control sequences,
// strings up to their terminator such as a window's title, and the short ones. A string
// ends where another sequence starts, so that the search takes no square of the length.
var escapeSequence = regexp.MustCompile(
	`(?:\x1b\[|\x{9b})[0-?]*[ -/]*[@-~]` +
		`|(?:\x1b[\]PX^_]|[\x{9d}\x{90}\x{98}\x{9e}\x{9f}])[^\x07\x1b\x{80}-\x{9f}]*(?:\x07|\x1b\\|\x{9c})` +
		`|\x1b[ -/]*[0-~]`)

// plain returns the text in text: valid UTF-8 without escape sequences, without
// characters that XML 1.0 forbids (section 2.2) or allows but discourages, and without
// those that turn the direction of writing. Line breaks become \n, tabs stay. Marks by
// which Jenkins and GitLab attach files of the runner to a case are broken.
func plain(text string) string {
	text = strings.ToValidUTF8(text, string(unicode.ReplacementChar))
	if strings.ContainsFunc(text, unicode.IsControl) {
		text = escapeSequence.ReplaceAllString(text, "")
	}
	text = strings.ReplaceAll(text, "\r\n", "\n")
	text = strings.Map(func(c rune) rune {
		switch {
		case c == '\n', c == '\t':
			return c
		case c == '\r', c == '\u2028', c == '\u2029':
			return '\n'
		case unicode.IsControl(c), // C0, DEL and C1
			c&0xfffe == 0xfffe, '\ufdd0' <= c && c <= '\ufdef', // not characters
			c == '\u061c', c == '\u200e', c == '\u200f',
			'\u202a' <= c && c <= '\u202e', '\u2066' <= c && c <= '\u2069':
			return -1
		default:
			return c
		}
	}, text)
	return strings.NewReplacer("[[ATTACHMENT", "[[ ATTACHMENT", "[[PROPERTY", "[[ PROPERTY").Replace(text)
}

// oneLine is plain on one line, with single blanks between the words.
func oneLine(text string) string { return strings.Join(strings.Fields(plain(text)), " ") }

// lines is plain without blanks at the ends of lines and empty lines around them.
func lines(text string) string {
	all := strings.Split(plain(text), "\n")
	for i, line := range all {
		all[i] = strings.TrimRightFunc(line, unicode.IsSpace)
	}
	return strings.Trim(strings.Join(all, "\n"), "\n")
}

// cut shortens text to at most limit bytes, and shows where.
func cut(text string, limit int) string {
	const mark = " […]"
	if len(text) <= limit {
		return text
	}
	end := max(0, limit-len(mark))
	for end > 0 && !utf8.RuneStart(text[end]) {
		end--
	}
	return strings.TrimRightFunc(text[:end], unicode.IsSpace) + mark
}
