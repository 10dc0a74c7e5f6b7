// What can go wrong, in types to decide by. A message is one short line and holds
// nothing that was sent in confidence.

package auth

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"time"

	"github.com/appsyncctl/appsyncctl/internal/failure"
	"github.com/appsyncctl/appsyncctl/internal/redact"
)

// The error codes that callers decide by (RFC 6749, sections 4.1.2.1 and 5.2; RFC
// 8628, section 3.5; too_many_requests and mfa_required are Auth0's).
const (
	AccessDenied         = "access_denied"
	AuthorizationPending = "authorization_pending"
	ExpiredToken         = "expired_token"
	InvalidClient        = "invalid_client"
	InvalidGrant         = "invalid_grant"
	InvalidScope         = "invalid_scope"
	MFARequired          = "mfa_required"
	SlowDown             = "slow_down"
	TooManyRequests      = "too_many_requests"
	UnauthorizedClient   = "unauthorized_client"
)

// An Error is a provider's refusal: an answer whose status is not 2xx, or one
// that holds the error parameter of RFC 6749, section 5.2.
type Error struct {
	Endpoint    string        // host and path that answered
	Status      int           // HTTP status; 0 for an error that came by redirect
	Code        string        // "invalid_client"; empty if the body says none, as gateways' pages do
	Description string        // the provider's words on one line, at most 300 bytes; may be empty
	RetryAfter  time.Duration // how long to wait before the next try; 0 if unknown
	Quotas      []Quota       // the limits that the answer's header told

	interval time.Duration // a new polling interval, beside slow_down; 0 if none
}

func (e *Error) Error() string {
	var words []string
	if e.Status != 0 {
		words = append(words, fmt.Sprint(e.Status))
	}
	switch {
	case e.Code != "":
		words = append(words, e.Code)
	case http.StatusText(e.Status) != "":
		words = append(words, http.StatusText(e.Status))
	}
	if len(words) == 0 {
		words = append(words, "with an error")
	}
	message := e.Endpoint + " answered " + strings.Join(words, " ")
	if e.Description != "" {
		message += ": " + e.Description
	}
	if e.Status/100 == 3 {
		message += " (redirects are not followed)"
	}
	return message
}

// Transient says that the same request may succeed later: the provider throttles
// or is out of order.
func (e *Error) Transient() bool {
	return e.Status == http.StatusTooManyRequests || e.Status >= 500
}

// Kind implements the interface of failure.Of.
func (e *Error) Kind() failure.Kind {
	switch {
	case e.Transient():
		return failure.Network
	case e.Status/100 == 3:
		return failure.Redirected
	default:
		return failure.Login
	}
}

// RefusesClient reports whether the provider does not take the client for who it says
// it is: the secret or the key is wrong, or the client ID. RFC 6749, section 5.2, has
// the code invalid_client for that; Auth0 answers 401 with access_denied.
func (e *Error) RefusesClient() bool {
	return !e.Transient() && (e.Code == InvalidClient || e.Status == http.StatusUnauthorized)
}

// newError reads the refusal in a. A secret that was sent is taken out of the
// description, in case the provider repeats it. Gateways answer with pages and
// plain text: then the status is all there is.
func newError(a *answer) *Error {
	var body struct {
		Error       json.RawMessage `json:"error"`
		Description json.RawMessage `json:"error_description"`
		Message     json.RawMessage `json:"message"`
		Interval    json.RawMessage `json:"interval"`
	}
	_ = json.Unmarshal(a.body, &body) // not JSON: the status says enough
	quotas := quotas(a.header, a.received)
	e := &Error{
		Endpoint:    place(a.endpoint),
		Status:      a.status,
		Code:        text(body.Error),
		Description: text(body.Description),
		RetryAfter:  retryAfter(a.header, quotas, a.received),
		Quotas:      quotas,
		interval:    seconds(body.Interval),
	}
	if e.Description == "" {
		e.Description = text(body.Message)
	}
	e.clean(a.secrets)
	return e
}

// clean makes the provider's words fit for a message.
func (e *Error) clean(secrets []string) {
	e.Code, e.Description = scrub(e.Code, secrets), scrub(e.Description, secrets)
	// Some put the status text where the code belongs.
	if strings.ContainsFunc(e.Code, notInCode) || len(e.Code) > 64 {
		if e.Description == "" {
			e.Description = e.Code
		}
		e.Code = ""
	}
	e.Description = short(e.Description)
}

// scrub takes secrets out of what a server, or the network code that quotes one,
// says.
func scrub(s string, secrets []string) string {
	for _, secret := range secrets {
		s = strings.ReplaceAll(s, secret, redact.Redacted)
	}
	return s
}

// notInCode finds what no error code has: codes are words of ASCII letters and
// underscores, while the RFC allows nearly everything.
func notInCode(r rune) bool {
	return !('a' <= r && r <= 'z' || 'A' <= r && r <= 'Z' || '0' <= r && r <= '9' || strings.ContainsRune("_-.", r))
}

// short puts s on one line of at most 300 bytes.
func short(s string) string {
	s = strings.Join(strings.Fields(s), " ")
	if len(s) > 300 {
		s = strings.ToValidUTF8(s[:297], "") + "…"
	}
	return s
}

// A TransportError is a request that got no answer.
type TransportError struct {
	Endpoint string // host and path that were asked
	Sent     bool   // the provider may have got the request; false if it surely did not
	Err      error  // why; context.Canceled and net.Error are found in it

	secrets []string // what Err may quote of the request, where a server echoed it
}

func (e *TransportError) Error() string {
	return "no answer from " + e.Endpoint + ": " + short(scrub(e.Err.Error(), e.secrets))
}
func (e *TransportError) Unwrap() error { return e.Err }

// Kind implements the interface of failure.Of.
func (*TransportError) Kind() failure.Kind { return failure.Network }

// Transient says that the next request may get an answer.
func (*TransportError) Transient() bool { return true }

// An AnswerError is a 2xx answer that makes no sense.
type AnswerError struct {
	Endpoint string // host and path that answered
	Problem  string // "it is not JSON"
}

func (e *AnswerError) Error() string {
	return fmt.Sprintf("the answer of %s cannot be used: %s", e.Endpoint, e.Problem)
}

// An UnsupportedError says that the provider's metadata names no endpoint for
// what was asked.
type UnsupportedError struct {
	Issuer  string
	Feature string // "the device code grant"
}

func (e *UnsupportedError) Error() string { return e.Issuer + " does not offer " + e.Feature }

// Kind implements the interface of failure.Of.
func (*UnsupportedError) Kind() failure.Kind { return failure.Usage }

// An EndpointError says why no secret is sent to an endpoint that the provider's
// metadata names.
type EndpointError struct {
	Endpoint string // host and path; empty if it cannot be read
	Reason   string
}

func (e *EndpointError) Error() string {
	return fmt.Sprintf("the provider's endpoint %q is refused: %s", e.Endpoint, e.Reason)
}

// Kind implements the interface of failure.Of.
func (*EndpointError) Kind() failure.Kind { return failure.Usage }
