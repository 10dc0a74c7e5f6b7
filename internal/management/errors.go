package management

import (
	"fmt"
	"net/http"
	"regexp"
	"strings"
	"time"

	"github.com/appsyncctl/appsyncctl/internal/failure"
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

// Transient reports whether the same request may work later.
func (e *Error) Transient() bool {
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

// Kind implements the interface of failure.Of.
func (e *Error) Kind() failure.Kind {
	switch {
	case e.Transient():
		return failure.Network
	case e.Unauthorized():
		return failure.Login
	default:
		return failure.Other
	}
}

// A ScopeError says that the token lacks scopes for what is to be done. Nothing has been
// done yet.
type ScopeError struct{ Missing []string }

func (e *ScopeError) Error() string { return "the token lacks " + strings.Join(e.Missing, ", ") }

// Kind implements the interface of failure.Of.
func (*ScopeError) Kind() failure.Kind { return failure.Login }

// A TokenError says why a token is none for the Management API. It holds none of it.
type TokenError struct{ Reason string }

func (e *TokenError) Error() string { return "not a token for the Management API: " + e.Reason }

// Kind implements the interface of failure.Of.
func (*TokenError) Kind() failure.Kind { return failure.Usage }

// A TransportError says that a request got no answer.
type TransportError struct {
	Request string
	Err     error
}

func (e *TransportError) Error() string {
	return e.Request + " of the Management API: " + e.Err.Error()
}
func (e *TransportError) Unwrap() error { return e.Err }

// Kind implements the interface of failure.Of.
func (*TransportError) Kind() failure.Kind { return failure.Network }

// Transient implements the interface of retry.Transient. What the request has done is for
// its sender to know.
func (*TransportError) Transient() bool { return true }

// notAuth0s says that an answer cannot be understood: something else is there.
func notAuth0s(r request, status int) error {
	return fmt.Errorf("%s of the Management API: the answer (%d) does not look like Auth0's", r, status)
}

// A ConflictError says that applications with a name are there, but that they cannot be
// used: several have it, so that none of them can be meant, or one is for something else.
// They are left alone.
type ConflictError struct {
	Name   string
	IDs    []string
	Reason string // why the only one cannot be used
}

func (e *ConflictError) Error() string {
	if len(e.IDs) > 1 {
		return fmt.Sprintf("%d applications have the name %q: %s", len(e.IDs), e.Name, strings.Join(e.IDs, ", "))
	}
	return fmt.Sprintf("the application %q (%s) cannot be used: %s", e.Name, strings.Join(e.IDs, ", "), e.Reason)
}

var (
	// tokenLike is a JSON Web Token, whole or cut off.
	tokenLike = regexp.MustCompile(`eyJ[\w-]{5,}(?:\.[\w-]*){1,4}`)
	// secretMember is what a form or JSON calls a secret.
	secretMember = regexp.MustCompile(`((?:\w*secret|\w*token|password)(?:=|\\?"\s*:\s*\\?"))[^\s&"'\\,;]+`)
)

// short cuts a text that is clean.
func short(text string) string {
	if len(text) <= mostMessage {
		return text
	}
	return strings.ToValidUTF8(text[:mostMessage], "") + "…"
}

// mostMessage bounds what is kept of a message, in bytes.
const mostMessage = 1000
