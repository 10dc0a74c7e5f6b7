package output_test

import (
	"bytes"
	"context"
	"encoding/csv"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/mattn/go-runewidth"
	"go.yaml.in/yaml/v3"

	"github.com/appsyncctl/appsyncctl/internal/failure"
	"github.com/appsyncctl/appsyncctl/internal/output"
)

// A person is a record: an id, and a name that may be null.
type person struct {
	ID   string  `json:"id"`
	Name *string `json:"name"`
}

func (p person) record() output.Record {
	return output.Record{Value: p, Cells: []*string{&p.ID, p.Name}}
}

// written returns what a writer makes of people.
func written(t *testing.T, style output.Style, people ...person) string {
	t.Helper()
	style.Columns = []string{"id", "name"}
	var out bytes.Buffer
	w := output.NewWriter(t.Context(), &out, style)
	for _, p := range people {
		if err := w.Write(p.record()); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return out.String()
}

func query(t *testing.T, expression string) *output.Query {
	t.Helper()
	q, err := output.ParseQuery(expression)
	if err != nil {
		t.Fatal(err)
	}
	return q
}

func TestWriter(t *testing.T) {
	ann, nobody := person{"1", new("Ann")}, person{"2", nil}
	odd := person{"3", new("a\"b,\n" + escape)}
	formula := person{"4", new("=1+1")}
	tests := []struct {
		name   string
		style  output.Style
		people []person
		want   string
	}{
		{"table", output.Style{}, []person{ann, nobody}, "ID  NAME\n1   Ann\n2\n"},
		{"table of none", output.Style{Format: output.AsTable}, nil, "ID  NAME\n"},
		{"table that is bold", output.Style{Bold: true}, []person{ann}, "\x1b[1mID  NAME\x1b[0m\n1   Ann\n"},
		{"table that is cut", output.Style{Width: 12}, []person{{"1", new("a long name")}}, "ID  NAME\n1   a long …\n"},
		{"table with wide characters that is cut", output.Style{Width: 12}, []person{{"1", new("東京都千代田区")}}, "ID  NAME\n1   東京都…\n"},
		{"table, harmless", output.Style{}, []person{odd}, "ID  NAME\n3   a\"b, " + mark + "[31m\n"},
		{"JSON", output.Style{Format: output.AsJSON}, []person{ann, nobody}, "[\n  {\n    \"id\": \"1\",\n    \"name\": \"Ann\"\n  },\n  {\n    \"id\": \"2\",\n    \"name\": null\n  }\n]\n"},
		{"JSON of none", output.Style{Format: output.AsJSON}, nil, "[]\n"},
		{"JSON of one", output.Style{Format: output.AsJSON, Single: true}, []person{nobody}, "{\n  \"id\": \"2\",\n  \"name\": null\n}\n"},
		{"JSON Lines", output.Style{Format: output.AsJSONL}, []person{ann, odd}, "{\"id\":\"1\",\"name\":\"Ann\"}\n{\"id\":\"3\",\"name\":\"a\\\"b,\\n\\u001b[31m\"}\n"},
		{"JSON Lines with DEL", output.Style{Format: output.AsJSONL}, []person{{"3", new("a\x7fb")}}, "{\"id\":\"3\",\"name\":\"a\\u007fb\"}\n"},
		{"JSON Lines of none", output.Style{Format: output.AsJSONL}, nil, ""},
		{"CSV", output.Style{Format: output.AsCSV}, []person{ann, nobody, {"5", new("")}}, "id,name\r\n1,Ann\r\n2,\r\n5,\"\"\r\n"},
		{"CSV of none", output.Style{Format: output.AsCSV}, nil, "id,name\r\n"},
		{"CSV with quotes", output.Style{Format: output.AsCSV}, []person{odd, {"6", new(" x")}}, "id,name\r\n3,\"a\"\"b,\n" + escape + "\"\r\n6,\" x\"\r\n"},
		{"CSV with a line break of an old Mac", output.Style{Format: output.AsCSV}, []person{{"3", new("a\rb")}}, "id,name\r\n3,\"a\rb\"\r\n"},
		{"CSV at a terminal", output.Style{Format: output.AsCSV, Terminal: true}, []person{odd}, "id,name\r\n3,\"a\"\"b,\n" + mark + "[31m\"\r\n"},
		{"CSV with a formula", output.Style{Format: output.AsCSV}, []person{formula}, "id,name\r\n4,=1+1\r\n"},
		{"CSV for a spreadsheet", output.Style{Format: output.AsCSV, SafeCSV: true}, []person{formula, {"5", new("-1")}, {"6", new("@x")}, {"7", new("+1")}, {"8", new("\tx")}, ann}, "id,name\r\n4,'=1+1\r\n5,'-1\r\n6,'@x\r\n7,'+1\r\n8,'\tx\r\n1,Ann\r\n"},
		{"YAML", output.Style{Format: output.AsYAML}, []person{ann, nobody}, "- id: \"1\"\n  name: Ann\n- id: \"2\"\n  name: null\n"},
		{"YAML of none", output.Style{Format: output.AsYAML}, nil, "[]\n"},
		{"YAML of one", output.Style{Format: output.AsYAML, Single: true}, []person{{"x", new("null")}}, "id: x\nname: \"null\"\n"},
		{"YAML, harmless", output.Style{Format: output.AsYAML, Single: true}, []person{{"x", new(rightLeft + "a" + escape)}}, "id: x\nname: \"\\u202ea\\e[31m\"\n"},
		{"ids", output.Style{Format: output.AsID}, []person{ann, nobody}, "1\n2\n"},
		{"ids at a terminal", output.Style{Format: output.AsID, Terminal: true}, []person{{escape, nil}}, mark + "[31m\n"},
		{"jq on the list", output.Style{Format: output.AsJSON, Query: query(t, "length, .[1].name, .[0].name")}, []person{ann, nobody}, "2\nnull\nAnn\n"},
		{"jq on an empty list", output.Style{Query: query(t, "length")}, nil, "0\n"},
		{"jq on each line", output.Style{Format: output.AsJSONL, Query: query(t, ".id")}, []person{ann, nobody}, "1\n2\n"},
		{"jq on one", output.Style{Single: true, Query: query(t, "{n: .name}")}, []person{ann}, "{\"n\":\"Ann\"}\n"},
		{"jq at a terminal", output.Style{Single: true, Terminal: true, Query: query(t, ".name")}, []person{odd}, "a\"b,\n" + mark + "[31m\n"},
		{"jq that halts", output.Style{Query: query(t, ".[0].id, halt")}, []person{ann}, "1\n"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if got := written(t, tt.style, tt.people...); got != tt.want {
				t.Errorf("got\n%q, want\n%q", got, tt.want)
			}
		})
	}
}

// Numbers of a server pass jq unchanged, however large.
func TestQueryKeepsNumbers(t *testing.T) {
	var out bytes.Buffer
	err := query(t, ".n").Write(t.Context(), &out, json.RawMessage(`{"n":12345678901234567890123}`), false)
	if want := "12345678901234567890123\n"; err != nil || out.String() != want {
		t.Errorf("got %q, %v; want %q", out.String(), err, want)
	}
}

func TestQueryErrors(t *testing.T) {
	if _, err := output.ParseQuery(".["); !isQueryError(err, true) {
		t.Errorf("got %v, want an error of syntax", err)
	}
	if _, err := output.ParseQuery("nonsense(1)"); !isQueryError(err, true) {
		t.Errorf("got %v, want an error of syntax", err)
	}
	if err := query(t, ".a + 1").Write(t.Context(), io.Discard, map[string]string{"a": "x"}, false); !isQueryError(err, false) {
		t.Errorf("got %v, want an error of jq", err)
	}
	// An expression sees no environment and no other input.
	t.Setenv("SECRET", "s3cret")
	var out bytes.Buffer
	if err := query(t, "[env.SECRET, $ENV.SECRET]").Write(t.Context(), &out, nil, false); err != nil || out.String() != "[null,null]\n" {
		t.Errorf("got %q, %v", out.String(), err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := query(t, "repeat(.)").Write(ctx, io.Discard, 1, false); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v, want context.Canceled", err)
	}
}

func isQueryError(err error, syntax bool) bool {
	return err != nil && strings.HasPrefix(err.Error(), "jq: ") && (failure.Of(err) == failure.Usage) == syntax
}

// A table shows its first rows when it is flushed; their widths stay.
func TestWriterFlush(t *testing.T) {
	var out bytes.Buffer
	w := output.NewWriter(t.Context(), &out, output.Style{Columns: []string{"id", "name"}, Width: 20})
	for i, step := range []struct{ name, want string }{
		{"Ann", "ID  NAME\n1   Ann\n"},
		{"Bartholomew", "ID  NAME\n1   Ann\n2   Bar…\n"},
	} {
		if err := w.Write(person{fmt.Sprint(i + 1), new(step.name)}.record()); err != nil {
			t.Fatal(err)
		}
		if err := w.Flush(); err != nil {
			t.Fatal(err)
		}
		if out.String() != step.want {
			t.Errorf("got %q, want %q", out.String(), step.want)
		}
	}
}

// What cannot be written is told.
func TestWriterTellsFailures(t *testing.T) {
	for _, format := range output.Formats() {
		w := output.NewWriter(t.Context(), brokenPipe{}, output.Style{Format: format, Columns: []string{"id", "name"}})
		err := errors.Join(w.Write(person{"1", nil}.record()), w.Close())
		if !errors.Is(err, io.ErrClosedPipe) {
			t.Errorf("%s: got %v, want %v", format, err, io.ErrClosedPipe)
		}
	}
	w := output.NewWriter(t.Context(), io.Discard, output.Style{Format: output.AsID, Columns: []string{"name"}})
	if err := w.Write(output.Record{Cells: []*string{nil}}); err == nil {
		t.Error("records without an id have ids")
	}
}

type brokenPipe struct{}

func (brokenPipe) Write([]byte) (int, error) { return 0, io.ErrClosedPipe }

// No line of a table is wider than the terminal, and none can command it.
func FuzzTableFits(f *testing.F) {
	f.Add("7b1f2d0c-5a8e-4f7e-9d2b-3c6a1e0f9b84", "A name that is much too long", 40)
	f.Add("1", "東京都千代田区 👩\u200d💻🇯🇵", 21)
	f.Fuzz(func(t *testing.T, id, name string, width int) {
		if width < 10 || width > 300 {
			return
		}
		text := written(t, output.Style{Width: width}, person{id, &name})
		for line := range strings.Lines(text) {
			line = strings.TrimSuffix(line, "\n")
			if got := runewidth.StringWidth(line); got > width {
				t.Errorf("%q is %d wide, want %d at most", line, got, width)
			}
			if line != output.Line(line) {
				t.Errorf("%q is not harmless", line)
			}
		}
	})
}

// Every format that a program reads gives back what was written.
func FuzzRoundTrip(f *testing.F) {
	for _, seed := range []string{"Ann", "", "a,b\r\n\"c\"", "=1", "null", "~", "- x", "\x1b[31m", "\u202e", "\u2028", "2001-01-01", "1e3", " x "} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, name string) {
		if !utf8.ValidString(name) {
			return // JSON, as which all comes, has no such text
		}
		want := person{"1", &name}
		var fromYAML []struct{ ID, Name string }
		if err := yaml.Unmarshal([]byte(written(t, output.Style{Format: output.AsYAML}, want)), &fromYAML); err != nil || fromYAML[0].Name != name {
			t.Errorf("YAML gave back %q, %v; want %q", fromYAML, err, name)
		}
		var fromJSON []person
		if err := json.Unmarshal([]byte(written(t, output.Style{Format: output.AsJSON}, want)), &fromJSON); err != nil || *fromJSON[0].Name != name {
			t.Errorf("JSON gave back %v; want %q", err, name)
		}
		text := written(t, output.Style{Format: output.AsCSV}, want)
		rows, err := csv.NewReader(strings.NewReader(text)).ReadAll()
		// Go's reader turns CRLF within quotes into LF.
		if err != nil || rows[1][1] != strings.ReplaceAll(name, "\r\n", "\n") {
			t.Errorf("CSV gave back %q, %v; want %q", rows, err, name)
		}
	})
}
