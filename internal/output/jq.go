package output

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"

	"github.com/itchyny/gojq"

	"github.com/appsyncctl/appsyncctl/internal/failure"
)

// A Query is a jq expression. itchyny/gojq runs it, which needs no jq on the
// machine; it sees neither files nor the environment.
type Query struct{ code *gojq.Code }

// ParseQuery compiles a jq expression.
func ParseQuery(expression string) (*Query, error) {
	parsed, err := gojq.Parse(expression)
	if err != nil {
		return nil, failure.Errorf(failure.Usage, "jq: %w", err)
	}
	code, err := gojq.Compile(parsed)
	if err != nil {
		return nil, failure.Errorf(failure.Usage, "jq: %w", err)
	}
	return &Query{code}, nil
}

// Write writes what the expression makes of value, one result a line: a text as
// it is, anything else as compact JSON, as jq --raw-output does. harmless makes
// texts safe for a terminal.
func (q *Query) Write(ctx context.Context, w io.Writer, value any, harmless bool) error {
	document, err := marshal(value)
	if err != nil {
		return err
	}
	input, err := plain(document)
	if err != nil {
		return err
	}
	return q.runner(ctx, harmless)(w, input)
}

// A runner applies a query to a value that plain made.
type runner func(w io.Writer, input any) error

func (q *Query) runner(ctx context.Context, harmless bool) runner {
	return func(w io.Writer, input any) error {
		results := q.code.RunWithContext(ctx, input)
		for {
			result, more := results.Next()
			if !more {
				return nil
			}
			if err, failed := result.(error); failed {
				if halt, ok := errors.AsType[*gojq.HaltError](err); ok && halt.Value() == nil {
					return nil // halt
				}
				if ctx.Err() != nil {
					return context.Cause(ctx)
				}
				return fmt.Errorf("jq: %w", err)
			}
			if err := writeResult(w, result, harmless); err != nil {
				return err
			}
		}
	}
}

func writeResult(w io.Writer, result any, harmless bool) error {
	text, isText := result.(string)
	if !isText {
		document, err := gojq.Marshal(result)
		if err != nil {
			return fmt.Errorf("jq: %w", err)
		}
		text = escape(string(document))
	} else if harmless {
		text = Lines(text)
	}
	_, err := io.WriteString(w, text+"\n")
	return err
}

// plain decodes a document into the types that gojq knows. Numbers stay exact.
func plain(document []byte) (any, error) {
	decoder := json.NewDecoder(bytes.NewReader(document))
	decoder.UseNumber()
	var value any
	err := decoder.Decode(&value)
	return value, err
}

// queryEach applies a query to each record.
type queryEach struct{ run runner }

func (e *queryEach) record(w *bufio.Writer, record Record) error {
	input, err := recordInput(record)
	if err != nil {
		return err
	}
	return e.run(w, input)
}

func (e *queryEach) flush(*bufio.Writer) error { return nil }
func (e *queryEach) end(*bufio.Writer) error   { return nil }

// queryAll applies a query to the array of all records.
type queryAll struct {
	run  runner
	held []any
}

func (e *queryAll) record(_ *bufio.Writer, record Record) error {
	input, err := recordInput(record)
	e.held = append(e.held, input)
	return err
}

func (e *queryAll) flush(*bufio.Writer) error { return nil }

func (e *queryAll) end(w *bufio.Writer) error {
	if e.held == nil {
		e.held = []any{}
	}
	return e.run(w, e.held)
}

func recordInput(record Record) (any, error) {
	document, err := marshal(record.Value)
	if err != nil {
		return nil, err
	}
	return plain(document)
}
