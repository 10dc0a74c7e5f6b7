package app

import (
	"errors"
	"fmt"
	"runtime"

	"github.com/appsyncctl/appsyncctl/internal/failure"
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

// Advise returns err with advice for its user, which is shown as a hint.
func Advise(err error, advice string) error {
	if err == nil {
		return nil
	}
	return &advised{err, advice}
}

// Advice returns the advice that comes with err; empty if none does.
func Advice(err error) string {
	if with, ok := errors.AsType[interface {
		error
		Advice() string
	}](err); ok {
		return with.Advice()
	}
	return ""
}

type advised struct {
	error
	advice string
}

func (a *advised) Unwrap() error  { return a.error }
func (a *advised) Advice() string { return a.advice }

// Panicked is the error of a command after a panic. What was thrown may hold anything, so
// only the runtime's own words are repeated.
func Panicked(command string, thrown any) error {
	if known, ok := thrown.(runtime.Error); ok {
		return fmt.Errorf("%s broke down: %v", command, known)
	}
	return fmt.Errorf("%s broke down: panic of type %T", command, thrown)
}
