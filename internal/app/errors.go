package app

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"slices"
	"strings"
	"syscall"

	"github.com/appsyncctl/appsyncctl/internal/failure"
	"github.com/appsyncctl/appsyncctl/internal/output"
)

// A UsageError says that a command line cannot be understood. Its hint is to ask for the
// help of the command that was called.
type UsageError struct {
	Err     error
	Command string // whose help to read, if it is not that of the command that was called
}

func (e *UsageError) Error() string { return e.Err.Error() }
func (e *UsageError) Unwrap() error { return e.Err }

// Kind implements the interface that failure.Of asks for.
func (e *UsageError) Kind() failure.Kind { return failure.Usage }

// Usagef returns a UsageError with a text as of fmt.Errorf.
func Usagef(format string, args ...any) error {
	return &UsageError{Err: fmt.Errorf(format, args...)}
}

// An AdvisedError is an error with advice for its user, which is shown as a hint.
type AdvisedError struct {
	Err    error
	Advice string
	Also   bool // the hint that Err has by itself stands before the advice
}

func (e *AdvisedError) Error() string { return e.Err.Error() }
func (e *AdvisedError) Unwrap() error { return e.Err }

// Advise returns err with advice for its user; without advice it returns err.
func Advise(err error, advice string) error {
	if err == nil || advice == "" {
		return err
	}
	return &AdvisedError{Err: err, Advice: advice}
}

// AlsoAdvise is Advise with advice that comes after the hint that err has by itself.
func AlsoAdvise(err error, advice string) error {
	return &AdvisedError{Err: err, Advice: advice, Also: true}
}

// Message returns an error on one line. It is empty if there is none, or if the reader of
// standard output has seen enough.
func Message(err error) string {
	switch {
	case err == nil:
		return ""
	case errors.Is(err, context.Canceled):
		return "interrupted"
	case errors.Is(err, syscall.EPIPE) && !lost(err):
		return ""
	default:
		// Joined errors stand on a line each; one may have come by two ways.
		return output.Line(strings.Join(slices.Compact(strings.Split(err.Error(), "\n")), "; "))
	}
}

// lost reports whether err is of a connection or a server.
func lost(err error) bool {
	kind := failure.Of(err)
	return kind == failure.Network || kind == failure.Outage
}

// Panicked is the error of a command after a panic. What was thrown may hold anything, so
// only the runtime's own words are repeated.
func Panicked(command string, thrown any) error {
	if known, ok := thrown.(runtime.Error); ok {
		return fmt.Errorf("%s broke down: %s", command, known.Error())
	}
	return fmt.Errorf("%s broke down: panic of type %T", command, thrown)
}
