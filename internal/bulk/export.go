package bulk

import (
	"bytes"
	"compress/gzip"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"iter"
	"strings"
	"time"

	"github.com/appsyncctl/appsyncctl/internal/paging"
)

// An Export writes all records of a list into a file, or a stream.
type Export struct {
	API    Lister
	Format Format
	Fields []string // of a record in the order of columns, the id first
	Gzip   bool
	// Source says what is exported: the API and the filter. A part file of another
	// source is not gone on with.
	Source string
	// Filtered says that the API filters what it lists, so that many pages may be empty.
	Filtered bool
	Notice   func(string)
	// Progress is told of the records written, after each page.
	Progress func(records int)

	sync syncer
}

// A Manifest describes an exported file.
type Manifest struct {
	File     string    `json:"file"`
	Source   string    `json:"source"`
	Format   Format    `json:"format"`
	Gzip     bool      `json:"gzip"`
	Records  int       `json:"records"`
	Bytes    int64     `json:"bytes"`
	SHA256   string    `json:"sha256"`
	Started  time.Time `json:"started"`
	Finished time.Time `json:"finished"`
	Resumed  int       `json:"resumed"`  // how often it was interrupted
	Repeated int       `json:"repeated"` // records that came twice and were left out
	Snapshot bool      `json:"snapshot"` // false: records may have changed while they were listed
}

// GzipByName reports whether a file's name says that it is compressed.
func GzipByName(path string) bool { return strings.HasSuffix(strings.ToLower(path), ".gz") }

// Stream writes the records to w and returns how many there were.
func (e *Export) Stream(ctx context.Context, w io.Writer) (records int, err error) {
	encoder := encoder{e.Format, e.Fields}
	text := encoder.header()
	for page, err := range e.pages(ctx, "") {
		if err != nil {
			return records, err
		}
		for _, record := range page.Items {
			if text, err = encoder.append(text, record); err != nil {
				return records, err
			}
		}
		if _, err := e.write(w, text); err != nil {
			return records, err
		}
		text = text[:0]
		records += len(page.Items)
		e.Progress(records)
	}
	return records, nil
}

// pages yields the pages from the one of token on.
func (e *Export) pages(ctx context.Context, token string) iter.Seq2[*paging.Page[Record], error] {
	return pages(ctx, e.API, paging.Walk{Token: token, Filtered: e.Filtered})
}

// pages walks over a list.
func pages(ctx context.Context, list Lister, walk paging.Walk) iter.Seq2[*paging.Page[Record], error] {
	return paging.Pages(ctx, walk, func(ctx context.Context, token string) (*paging.Page[Record], error) {
		page, err := list.List(ctx, token)
		if err != nil {
			return nil, err
		}
		return &paging.Page[Record]{Items: page.Records, Next: page.Next}, nil
	})
}

// write writes text as it is, or as one gzip member. Members follow each other in a
// file (RFC 1952, section 2.2), so that it can be cut between them.
func (e *Export) write(w io.Writer, text []byte) (int64, error) {
	if len(text) == 0 {
		return 0, nil
	}
	counted := &countingWriter{w: w}
	if !e.Gzip {
		_, err := counted.Write(text)
		return counted.n, err
	}
	zipped := gzip.NewWriter(counted)
	if _, err := zipped.Write(text); err != nil {
		return counted.n, err
	}
	err := zipped.Close()
	return counted.n, err
}

type countingWriter struct {
	w io.Writer
	n int64
}

func (c *countingWriter) Write(p []byte) (int, error) {
	n, err := c.w.Write(p)
	c.n += int64(n)
	return n, err
}

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
