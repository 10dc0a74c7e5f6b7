package output_test

import (
	"encoding/json"
	"errors"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/appsyncctl/appsyncctl/internal/output"
)

// Characters that command a terminal or turn the direction of writing. They are
// written as escapes here, so that this file reads as it is.
const (
	escape     = "\x1b[31m"
	csi        = "\u009b31m"
	title      = "\x1b]0;x\a"
	rightLeft  = "\u202e"
	isolate    = "\u2066"
	popIsolate = "\u2069"
	mark       = "\ufffd" // what a person sees instead
)

func TestLine(t *testing.T) {
	tests := []struct{ name, text, line, lines string }{
		{"plain", "Ann of Köln, 東京 🙂", "Ann of Köln, 東京 🙂", "Ann of Köln, 東京 🙂"},
		{"empty", "", "", ""},
		{"line breaks and tabs", "a\nb\tc", "a b c", "a\nb\tc"},
		{"carriage return", "safe\rfake", "safe fake", "safe" + mark + "fake"},
		{"Unicode line breaks", "a\u2028b\u2029c", "a b c", "a\u2028b\u2029c"},
		{"colour", escape + "red", mark + "[31mred", mark + "[31mred"},
		{"colour in one character", csi + "red", mark + "31mred", mark + "31mred"},
		{"window title", title, mark + "]0;x" + mark, mark + "]0;x" + mark},
		{"backspace, null, delete", "a\bb\x00c\x7fd", "a" + mark + "b" + mark + "c" + mark + "d", "a" + mark + "b" + mark + "c" + mark + "d"},
		{"next line", "a\u0085b", "a" + mark + "b", "a" + mark + "b"},
		{"override", "user" + rightLeft + "txt.exe", "user" + mark + "txt.exe", "user" + mark + "txt.exe"},
		{"isolates", isolate + "a" + popIsolate, mark + "a" + mark, mark + "a" + mark},
		{"no UTF-8", "a\x9b31m\xffb", "a" + mark + "31m" + mark + "b", "a" + mark + "31m" + mark + "b"},
		{"right to left by nature", "שלום", "שלום", "שלום"},
		{"joined emoji", "👩\u200d💻", "👩\u200d💻", "👩\u200d💻"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if got := output.Line(tt.text); got != tt.line {
				t.Errorf("Line: got %q, want %q", got, tt.line)
			}
			if got := output.Lines(tt.text); got != tt.lines {
				t.Errorf("Lines: got %q, want %q", got, tt.lines)
			}
		})
	}
}

func TestTable(t *testing.T) {
	tests := []struct {
		name   string
		header []string
		rows   [][]string
		want   string
	}{
		{"no rows", []string{"ID", "NAME"}, nil, "ID  NAME\n"},
		{"longest cell", []string{"ID", "NAME"}, [][]string{{"1", "Ann"}, {"1234", "B"}}, "ID    NAME\n1     Ann\n1234  B\n"},
		{"empty cells", []string{"A", "B", "C"}, [][]string{{"", "x", ""}, {"", "", "y"}}, "A  B  C\n   x\n      y\n"},
		{"short row", []string{"A", "B"}, [][]string{{"x"}}, "A  B\nx\n"},
		{"accents", []string{"CITY", "N"}, [][]string{{"Köln", "1"}, {"Ko\u0308ln", "2"}}, "CITY  N\nKöln  1\nKo\u0308ln  2\n"},
		{"East Asian", []string{"CITY", "N"}, [][]string{{"東京", "1"}, {"Rome", "2"}, {"서울특별시", "3"}}, "CITY        N\n東京        1\nRome        2\n서울특별시  3\n"},
		{"emoji", []string{"NAME", "N"}, [][]string{{"🙂🙂🙂", "1"}, {"abcdef", "2"}}, "NAME    N\n🙂🙂🙂  1\nabcdef  2\n"},
		{"line break in a cell", []string{"A", "B"}, [][]string{{"x\ny", "1"}}, "A    B\nx y  1\n"},
		{"a row that cannot be forged", []string{"ID", "NAME"}, [][]string{{"1", "a\n2   Eve"}}, "ID  NAME\n1   a 2   Eve\n"},
		{"control characters", []string{"A", "B"}, [][]string{{"1", escape + "x"}}, "A  B\n1  " + mark + "[31mx\n"},
		{"a long cell is whole", []string{"A"}, [][]string{{strings.Repeat("x", 500)}}, "A\n" + strings.Repeat("x", 500) + "\n"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			var before [][]string
			for _, row := range tt.rows {
				before = append(before, slices.Clone(row))
			}
			var got strings.Builder
			if err := output.Table(&got, tt.header, tt.rows); err != nil {
				t.Fatal(err)
			}
			if got.String() != tt.want {
				t.Errorf("got\n%s\nwant\n%s", got.String(), tt.want)
			}
			if !reflect.DeepEqual(tt.rows, before) {
				t.Error("the caller's rows were changed")
			}
		})
	}
}

func TestFields(t *testing.T) {
	tests := []struct {
		name  string
		pairs [][2]string
		want  string
	}{
		{"none", nil, ""},
		{"aligned", [][2]string{{"issuer", "x"}, {"id", "y"}}, "issuer  x\nid      y\n"},
		{"empty value", [][2]string{{"id", "x"}, {"issuer", ""}}, "id  x\n"},
		{"wide label", [][2]string{{"東京", "x"}, {"id", "y"}}, "東京  x\nid    y\n"},
		{"control characters", [][2]string{{"id", "a\n" + escape}}, "id  a " + mark + "[31m\n"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			var got strings.Builder
			if err := output.Fields(&got, tt.pairs); err != nil {
				t.Fatal(err)
			}
			if got.String() != tt.want {
				t.Errorf("got\n%s\nwant\n%s", got.String(), tt.want)
			}
		})
	}
}

func TestJSON(t *testing.T) {
	tests := []struct {
		name  string
		value any
		want  string
	}{
		{"null", nil, "null\n"},
		{"empty list", []string{}, "[]\n"},
		{"indented", map[string]any{"b": 1, "a": []int{1}}, "{\n  \"a\": [\n    1\n  ],\n  \"b\": 1\n}\n"},
		{"HTML stays", "<a href='x'>&</a>", "\"<a href='x'>&</a>\"\n"},
		{"other scripts stay", "東京 🙂", "\"東京 🙂\"\n"},
		{"C0", "\x1b[31m\n\t", "\"\\u001b[31m\\n\\t\"\n"},
		{"DEL", "a\x7fb", "\"a\\u007fb\"\n"},
		{"DEL and C1", "\x7f\u009b\u0085", "\"\\u007f\\u009b\\u0085\"\n"},
		{"bidirectional", "\u202e\u2066\u2069", "\"\\u202e\\u2066\\u2069\"\n"},
		{"in a name", map[string]int{"\u009b": 1}, "{\n  \"\\u009b\": 1\n}\n"},
		{"raw", json.RawMessage("{\"a\":\"\u009b\"}"), "{\n  \"a\": \"\\u009b\"\n}\n"},
		{"behind a backslash", "\\\u009b", "\"\\\\\\u009b\"\n"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			var got strings.Builder
			if err := output.JSON(&got, tt.value); err != nil {
				t.Fatal(err)
			}
			if got.String() != tt.want {
				t.Errorf("got %q, want %q", got.String(), tt.want)
			}
		})
	}
	var got strings.Builder
	if err := output.JSON(&got, func() {}); err == nil || got.Len() > 0 {
		t.Errorf("got %v and %q, want an error and nothing", err, got.String())
	}
}

var errFull = errors.New("no space left")

type full struct{}

func (full) Write([]byte) (int, error) { return 0, errFull }

// Results that nobody got are no success.
func TestWriterFails(t *testing.T) {
	for name, err := range map[string]error{
		"Table":  output.Table(full{}, []string{"A"}, nil),
		"Fields": output.Fields(full{}, [][2]string{{"a", "b"}}),
		"JSON":   output.JSON(full{}, 1),
	} {
		if !errors.Is(err, errFull) {
			t.Errorf("%s: got %v, want the writer's error", name, err)
		}
	}
}

// JSON changes no value and shows a terminal nothing that it would obey.
func FuzzJSON(f *testing.F) {
	f.Add("name", "\x1b[31m\u009b\u202e\x7f\\\"\n")
	f.Add("\u2028", "<&>")
	f.Fuzz(func(t *testing.T, name, text string) {
		if !utf8.ValidString(name) || !utf8.ValidString(text) {
			t.Skip("JSON has no other text")
		}
		want := map[string]any{name: text, "list" + name: []any{text, 1.5, nil}}
		var written strings.Builder
		if err := output.JSON(&written, want); err != nil {
			t.Fatal(err)
		}
		var got map[string]any
		if err := json.Unmarshal([]byte(written.String()), &got); err != nil {
			t.Fatalf("%q is no JSON: %v", written.String(), err)
		}
		if !reflect.DeepEqual(got, want) {
			t.Errorf("got %q, want %q", got, want)
		}
		wantHarmless(t, written.String())
		wantHarmless(t, strings.ReplaceAll(output.Lines(text), "\t", ""))
		if line := output.Line(text); strings.Contains(line, "\n") {
			t.Errorf("got a line break in %q", line)
		} else {
			wantHarmless(t, line)
		}
	})
}

// wantHarmless allows the marks for direction, which alone turn nothing around.
func wantHarmless(t *testing.T, text string) {
	t.Helper()
	for _, c := range text {
		if c != '\n' && (unicode.IsControl(c) || unicode.Is(unicode.Bidi_Control, c) && c > '\u2027') {
			t.Errorf("%U stands in %q", c, text)
		}
	}
}

func TestSpan(t *testing.T) {
	tests := []struct {
		d    time.Duration
		want string
	}{
		{0, "0 s"},
		{400 * time.Millisecond, "0 s"},
		{1500 * time.Millisecond, "2 s"},
		{59 * time.Second, "59 s"},
		{59600 * time.Millisecond, "1 min"},
		{time.Minute, "1 min"},
		{89 * time.Second, "1 min"},
		{90 * time.Second, "2 min"},
		{59*time.Minute + 29*time.Second, "59 min"},
		{59*time.Minute + 30*time.Second, "1 h"},
		{time.Hour, "1 h"},
		{90 * time.Minute, "1 h 30 min"},
		{90*time.Minute + 40*time.Second, "1 h 31 min"},
		{119*time.Minute + 40*time.Second, "2 h"},
		{24 * time.Hour, "24 h"},
		{47*time.Hour + 59*time.Minute, "47 h 59 min"},
		{47*time.Hour + 59*time.Minute + 40*time.Second, "2 days"},
		{71 * time.Hour, "2 days"},
		{30 * 24 * time.Hour, "30 days"},
	}
	for _, tt := range tests {
		if got := output.Span(tt.d); got != tt.want {
			t.Errorf("%v: got %q, want %q", tt.d, got, tt.want)
		}
	}
}
