package management

import (
	"fmt"
	"net/http"
	"strings"
	"time"
)

// An Error is a refusal of the Management API.
type Error struct {
	Request    string // "POST clients"
	Status     int
	Message    string        // Auth0's words; may be empty
	Code       string        // errorCode, such as "insufficient_scope"; may be empty
	RetryAfter time.Duration // how long it asks to wait; 0 if it does not
}

func (e *Error) Error() string {
	text := e.Message
	if text == "" {
		text = http.StatusText(e.Status)
	}
	return fmt.Sprintf("%s of the Management API: %d: %s", e.Request, e.Status, text)
}

// Temporary reports whether the same request may work later.
func (e *Error) Temporary() bool {
	return e.Status == http.StatusTooManyRequests || e.Status >= http.StatusInternalServerError
}

// Unauthorized reports whether the token is refused, or is for less than what was asked.
func (e *Error) Unauthorized() bool {
	return e.Status == http.StatusUnauthorized || e.Status == http.StatusForbidden
}

// Scopes returns those of which Auth0 wanted one, if it says so.
func (e *Error) Scopes() []string {
	_, list, found := strings.Cut(e.Message, "expected any of:")
	if !found {
		return nil
	}
	return strings.FieldsFunc(list, func(c rune) bool { return c == ',' || c == ' ' })
}

// A ScopeError says that the token lacks scopes for what is to be done. Nothing has been
// done yet.
type ScopeError struct{ Missing []string }

func (e *ScopeError) Error() string { return "the token lacks " + strings.Join(e.Missing, ", ") }

// A TransportError says that a request got no answer.
type TransportError struct {
	Request string
	Err     error
}

func (e *TransportError) Error() string {
	return e.Request + " of the Management API: " + e.Err.Error()
}
func (e *TransportError) Unwrap() error { return e.Err }

// An AnswerError says that an answer cannot be understood: something else is there.
type AnswerError struct {
	Request string
	Status  int
}

func (e *AnswerError) Error() string {
	return fmt.Sprintf("%s of the Management API: the answer (%d) does not look like Auth0's", e.Request, e.Status)
}

// An AmbiguousError says that several applications have a name, so that none of them can
// be meant.
type AmbiguousError struct {
	Name string
	IDs  []string
}

func (e *AmbiguousError) Error() string {
	return fmt.Sprintf("%d applications have the name %q: %s", len(e.IDs), e.Name, strings.Join(e.IDs, ", "))
}

// A ConflictError says that an application with the name is there, but for something
// else. It is left alone.
type ConflictError struct{ Name, ID, Reason string }

func (e *ConflictError) Error() string {
	return fmt.Sprintf("the application %q (%s) cannot be used: %s", e.Name, e.ID, e.Reason)
}
