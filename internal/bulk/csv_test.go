package bulk_test

import (
	"bytes"
	"compress/gzip"
	"encoding/csv"
	"errors"
	"maps"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/appsyncctl/appsyncctl/internal/bulk"
	"github.com/appsyncctl/appsyncctl/internal/failure"
)

// read writes text into a file and reads its rows.
func read(t *testing.T, name, text string, in bulk.Input) ([]bulk.Row, error) {
	t.Helper()
	in.Path = filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(in.Path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	if in.Columns.Fields == nil {
		in.Columns.Fields = fields
	}
	var rows []bulk.Row
	for row, err := range in.Rows() {
		if err != nil {
			return rows, err
		}
		row.Raw = bytes.Clone(row.Raw)
		rows = append(rows, row)
	}
	return rows, nil
}

func TestCSV(t *testing.T) {
	tests := []struct {
		name, text string
		want       []bulk.Record
		lines      []int
	}{
		{"plain", "name,city\nAnn,Rome\nBob,Oslo\n", []bulk.Record{{"name": "Ann", "city": "Rome"}, {"name": "Bob", "city": "Oslo"}}, []int{2, 3}},
		{"no line end at the end", "name\nAnn", []bulk.Record{{"name": "Ann"}}, []int{2}},
		{"CRLF, blank lines", "name\r\n\r\nAnn\r\n\r\nBob\r\n", []bulk.Record{{"name": "Ann"}, {"name": "Bob"}}, []int{3, 5}},
		{"null and empty", "name,city\n,\"\"\n\"\",\n", []bulk.Record{{"city": ""}, {"name": ""}}, []int{2, 3}},
		{"quotes", "name,city\n\"a \"\"b\"\"\",\"c,d\"\n", []bulk.Record{{"name": `a "b"`, "city": "c,d"}}, []int{2}},
		{"lines in a value", "name,city\n\"a\r\nb\nc\",x\ny,z\n", []bulk.Record{{"name": "a\r\nb\nc", "city": "x"}, {"name": "y", "city": "z"}}, []int{2, 5}},
		{"byte order mark", "\ufeffname\nAnn\n", []bulk.Record{{"name": "Ann"}}, []int{2}},
		{"header in another case", " Name ,CITY\nAnn,Rome\n", []bulk.Record{{"name": "Ann", "city": "Rome"}}, []int{2}},
		{"blanks stay", "name\n Ann \n", []bulk.Record{{"name": " Ann "}}, []int{2}},
		{"a carriage return inside", "name\na\rb\n", []bulk.Record{{"name": "a\rb"}}, []int{2}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			rows, err := read(t, "in.csv", tt.text, bulk.Input{})
			if err != nil || len(rows) != len(tt.want) {
				t.Fatalf("got %d rows and %v, want %d", len(rows), err, len(tt.want))
			}
			for i, row := range rows {
				if row.Fault != nil || !maps.Equal(row.Record, tt.want[i]) || row.Line != tt.lines[i] || row.Number != i+1 {
					t.Errorf("row %d: got %q on line %d with %v, want %q on %d", i+1, row.Record, row.Line, row.Fault, tt.want[i], tt.lines[i])
				}
			}
		})
	}
}

func TestFaultyRows(t *testing.T) {
	tests := []struct{ file, name, text, field, reason string }{
		{"in.csv", "too few", "name,city\nAnn\n", "", "the row has 1 values and the header 2 columns"},
		{"in.csv", "quote inside", "name,city\n5\" pipe,x\n", "", "there is a quote inside a value that is not in quotes"},
		{"in.csv", "text behind a quote", "name,city\n\"a\"b,x\n", "", "there is text after the closing quote of a value"},
		{"in.csv", "no UTF-8", "name,city\n\xff,x\n", "name", "the value is not UTF-8"},
		{"in.jsonl", "no JSON", "{\"name\":}\n", "", "the line is not JSON"},
		{"in.jsonl", "cut off", "{\"name\":\"a\"\n", "", "the line is not one whole JSON object"},
		{"in.jsonl", "no object", "[1]\n", "", "the line is not a JSON object"},
		{"in.jsonl", "two values", "{\"name\":\"a\"} {}\n", "", "there is more than one JSON value on the line"},
		{"in.jsonl", "unknown field", "{\"fax\":\"1\"}\n", "fax", "no field has this name"},
		{"in.jsonl", "field twice", "{\"name\":\"a\",\"name\":\"b\"}\n", "name", "the field is given twice"},
		{"in.jsonl", "number", "{\"name\":1}\n", "name", "the value is neither text nor null"},
		{"in.jsonl", "half a pair", "{\"name\":\"\\ud800\"}\n", "name", "the value holds half of a surrogate pair"},
		{"in.jsonl", "no UTF-8", "{\"name\":\"\xff\"}\n", "", "the line is not UTF-8"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			good := "x,y\n"
			if tt.file == "in.jsonl" {
				good = "{\"name\":\"x\",\"city\":null}\n"
			}
			rows, err := read(t, tt.file, tt.text+good, bulk.Input{})
			if err != nil || len(rows) != 2 {
				t.Fatalf("got %d rows and %v", len(rows), err)
			}
			got := rows[0].Fault
			if got == nil || got.Field != tt.field || !strings.HasPrefix(got.Reason, tt.reason) {
				t.Errorf("got %+v, want %s: %s", got, tt.field, tt.reason)
			}
			if _, before, _ := strings.Cut("\n"+tt.text, "\n"); !strings.HasSuffix(before, string(rows[0].Raw)) {
				t.Errorf("the row is not verbatim: %q", rows[0].Raw)
			}
			if rows[1].Fault != nil || rows[1].Record["name"] != "x" {
				t.Errorf("the row after it is %+v", rows[1])
			}
		})
	}
}

func TestUnreadableInputs(t *testing.T) {
	var whole bytes.Buffer
	zip := gzip.NewWriter(&whole)
	_, _ = zip.Write([]byte("name\n" + strings.Repeat("Ann\n", 10000))) // a bytes.Buffer takes everything
	_ = zip.Close()
	tests := []struct{ name, text, want string }{
		{"open quote", "name\n\"a\nb\n", "line 2: the row has a quote that is never closed"},
		{"long row", "name\n" + strings.Repeat("x", 2<<20), "line 2: the row has more than 1024 KiB; is a quote left open?"},
		{"unknown column", "name,fax\n", `the column "fax": no field has this name; the fields are id, name, city`},
		{"column twice", "name,Name\n", `the column "Name": the field name is also that of the column "name"`},
		{"empty", "", "the header: there is none: the input is empty"},
		{"UTF-16", "\xff\xfen\x00", "the input cannot be read: it is UTF-16; convert it to UTF-8 first"},
		{"cut gzip", whole.String()[:whole.Len()/2], "the input cannot be read: the compressed data is damaged or cut off (unexpected EOF)"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			_, err := read(t, "in.csv", tt.text, bulk.Input{})
			if err == nil || err.Error() != tt.want || failure.Of(err) != failure.Usage {
				t.Errorf("got %v of the kind %d, want %s", err, failure.Of(err), tt.want)
			}
		})
	}
	rows, err := read(t, "in", whole.String(), bulk.Input{})
	if err != nil || len(rows) != 10000 {
		t.Errorf("of a whole gzip %d rows were read: %v", len(rows), err)
	}
}

func TestColumns(t *testing.T) {
	columns := bulk.Columns{Fields: fields, Map: map[string]string{"Full Name": "name", "fax": ""}}
	rows, err := read(t, "in.csv", "Full Name;fax;city\nAnn;1;Rome\n", bulk.Input{Columns: columns, Delimiter: ';'})
	if err != nil || len(rows) != 1 || !maps.Equal(rows[0].Record, bulk.Record{"name": "Ann", "city": "Rome"}) {
		t.Errorf("got %v and %v", rows, err)
	}
	_, err = read(t, "in.csv", "name\nAnn\n", bulk.Input{Columns: columns})
	if _, ok := errors.AsType[*bulk.HeaderError](err); !ok {
		t.Errorf("a mapped column that is missing: got %v", err)
	}
}

// FuzzCSV compares with encoding/csv wherever that takes the text, and checks that rows
// are verbatim: together they are the input.
func FuzzCSV(f *testing.F) {
	for _, text := range []string{"a,b\n", "\"a\"\"b\",\n", "\"a\nb\",c\r\n", "a\"b\n", "\"", ",,\n\n,", "\"a\"b\n", "\r\n", "\r"} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		rows, err := read(t, "in.csv", "name,city\n"+text, bulk.Input{})
		var raw strings.Builder
		for _, row := range rows {
			raw.Write(row.Raw)
		}
		if err == nil && strings.ReplaceAll(strings.ReplaceAll(raw.String(), "\r", ""), "\n", "") !=
			strings.ReplaceAll(strings.ReplaceAll(text, "\r", ""), "\n", "") {
			t.Errorf("the rows of %q are %q", text, raw.String())
		}
		if strings.Contains(text, "\r") { // encoding/csv changes them
			return
		}
		reader := csv.NewReader(strings.NewReader(text))
		reader.FieldsPerRecord = -1
		want, wantErr := reader.ReadAll()
		if wantErr != nil {
			return
		}
		if err != nil || len(rows) != len(want) {
			t.Fatalf("%q: got %d rows and %v, want %d", text, len(rows), err, len(want))
		}
		for i, row := range rows {
			if row.Fault == nil && (row.Record["name"] != want[i][0] || row.Record["city"] != want[i][1]) {
				t.Errorf("%q: row %d is %q, want %q", text, i+1, row.Record, want[i])
			}
			if row.Fault != nil && len(want[i]) == 2 && row.Fault.Reason != "the value is not UTF-8" {
				t.Errorf("%q: row %d: %s", text, i+1, row.Fault.Reason)
			}
		}
	})
}

// FuzzJSONL checks that whatever is read without a fault is what encoding/json reads.
func FuzzJSONL(f *testing.F) {
	for _, text := range []string{`{"name":"a"}`, `{"name":"\ud800"}`, `{"name":"a","NAME":"b"}`, `{"name":null}`, `{`, `{"name":"�"}`, "{}\n{}"} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		rows, err := read(t, "in.jsonl", text, bulk.Input{})
		if err != nil {
			return
		}
		for _, row := range rows {
			if row.Fault == nil && row.Record == nil {
				t.Errorf("%q: row %d has neither a fault nor a record", text, row.Number)
			}
			for field, value := range row.Record {
				if strings.Contains(value, "\ufffd") && !strings.Contains(strings.ToLower(text), `\ufffd`) && !strings.Contains(text, "\ufffd") {
					t.Errorf("%q: the %s was changed to %q", text, field, value)
				}
			}
		}
	})
}
