// Package failure sorts errors by what their user can do about them.
//
// The code that makes an error decides on its kind. The command line computes the exit
// code and the advice from it, in one place. Whether something is worth another try is a
// different question: see retry.Transient.
package failure

import (
	"errors"
	"fmt"
)

// A Kind is a group of errors of which the command line makes the same exit code.
type Kind int

// The kinds. An error may wrap others, of other kinds; the later in this list counts. A
// broken setting often shows first as a refusal or as a lost connection, and a lost
// connection may stand behind a refusal.
const (
	Other      Kind = iota
	GraphQL         // the API answered with GraphQL errors
	Login           // a login is needed, or was refused
	Redirected      // a redirect, where a login was to be renewed: something else is there
	Network         // no answer, throttling or a fault of a server, after all retries
	Usage           // the command line or a setting is wrong or missing
	Outage          // an import has given up on an API that does not answer
	Rejected        // an import rejected rows, or found others under their ids
	Unknown         // some rows of an import may or may not have been created
)

// Of returns the kind of err: of what it wraps, the latest in the list of kinds. An error
// tells its kind by a method Kind() Kind; others are of the kind Other.
func Of(err error) Kind {
	kind := Other
	if known, ok := err.(interface{ Kind() Kind }); ok {
		kind = known.Kind()
	}
	switch err := err.(type) { //nolint:errorlint // this walks the chain
	case interface{ Unwrap() error }:
		if inner := err.Unwrap(); inner != nil {
			kind = max(kind, Of(inner))
		}
	case interface{ Unwrap() []error }:
		for _, inner := range err.Unwrap() {
			kind = max(kind, Of(inner))
		}
	}
	return kind
}

// Is reports whether err is, or wraps, an error of the type E.
func Is[E error](err error) bool {
	_, ok := errors.AsType[E](err)
	return ok
}

// Errorf is fmt.Errorf for an error of a kind.
func Errorf(kind Kind, format string, args ...any) error {
	return &failure{kind: kind, err: fmt.Errorf(format, args...)}
}

// Wrap gives err a kind, and leaves its text as it is. Of nil it makes nil.
func Wrap(kind Kind, err error) error {
	if err == nil {
		return nil
	}
	return &failure{kind: kind, err: err}
}

// WithText returns an error that wraps err, which may be nil, and has another text.
func WithText(err error, text string) error { return &failure{text: text, err: err} }

// failure is an error with a kind, or with a text in the place of what it wraps.
type failure struct {
	kind Kind
	text string // empty for that of err
	err  error
}

func (f *failure) Error() string {
	if f.text != "" {
		return f.text
	}
	return f.err.Error()
}
func (f *failure) Unwrap() error { return f.err }

// Kind implements the interface that Of asks for.
func (f *failure) Kind() Kind { return f.kind }
