package bulk

import (
	"compress/gzip"
	"context"
	"io"
	"strings"
	"time"
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
	Notice func(string)
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
	pages := e.pages(ctx, "")
	defer pages.stop()
	text := encoder.header()
	for {
		page, more, err := pages.next()
		if err != nil || !more {
			if err == nil { // the header of an empty list
				_, err = e.write(w, text)
			}
			return records, err
		}
		for _, record := range page.Records {
			if text, err = encoder.append(text, record); err != nil {
				return records, err
			}
		}
		if _, err := e.write(w, text); err != nil {
			return records, err
		}
		text = text[:0]
		records += len(page.Records)
		e.Progress(records)
	}
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

// pages fetches pages ahead: the next one is on its way while one is written.
func (e *Export) pages(ctx context.Context, token string) *pageReader {
	ctx, cancel := context.WithCancel(ctx)
	r := &pageReader{cancel: cancel, fetched: make(chan fetched, 1)}
	go func() {
		defer close(r.fetched)
		guard := pageGuard{}
		for {
			page, err := e.API.List(ctx, token)
			if err == nil && page.Next != "" {
				err = guard.check(page)
			}
			select {
			case r.fetched <- fetched{page, err}:
			case <-ctx.Done():
				r.fetched <- fetched{err: context.Cause(ctx)}
				return
			}
			if err != nil || page.Next == "" {
				return
			}
			token = page.Next
		}
	}()
	return r
}

type fetched struct {
	page Page
	err  error
}

type pageReader struct {
	cancel  context.CancelFunc
	fetched chan fetched
}

// next returns the next page, or false after the last.
func (r *pageReader) next() (Page, bool, error) {
	got, more := <-r.fetched
	return got.page, more, got.err
}

// stop ends the fetching, and returns when nothing is under way.
func (r *pageReader) stop() {
	r.cancel()
	for range r.fetched {
		continue // so that the goroutine can end
	}
}
