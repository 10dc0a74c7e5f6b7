package appsync

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"time"

	"github.com/appsyncctl/appsyncctl/internal/failure"
)

// A ResponseError is an answer that is not plain success. Data that came with it
// has been decoded all the same. errors.As finds the single *Error in it.
type ResponseError struct {
	Status     int           // HTTP status
	RequestID  string        // x-amzn-RequestId, for AWS support
	ErrorType  string        // x-amzn-ErrorType: "UnauthorizedException"
	Errors     []*Error      // the GraphQL errors
	Message    string        // message of a body without errors, as gateways send
	NotGraphQL string        // what came instead of a GraphQL answer; empty if one came
	Mutation   bool          // the request may have changed something
	RetryAfter time.Duration // how long the API asks to wait; 0 if it does not
	Date       time.Time     // by the server's clock; zero when it did not say
}

func (e *ResponseError) Error() string {
	switch {
	case len(e.Errors) > 0:
		return list(e.Errors)
	case e.Message != "":
		return fmt.Sprintf("the API answered %s: %s", status(e.Status), Short(e.Message))
	case e.NotGraphQL != "":
		return fmt.Sprintf("the API answered %s with %s", status(e.Status), Short(e.NotGraphQL))
	default:
		return "the API answered " + status(e.Status)
	}
}

// list joins the first errors; an answer may hold thousands.
func list(all []*Error) string {
	const shown = 5
	var texts []string
	for _, single := range all[:min(shown, len(all))] {
		texts = append(texts, single.Error())
	}
	if more := len(all) - shown; more > 0 {
		texts = append(texts, fmt.Sprintf("and %d more", more))
	}
	return strings.Join(texts, "; ")
}

// Short cuts a server's text to what fits into an error.
func Short(s string) string {
	const most = 500 // bytes
	if len(s) > most {
		s = strings.ToValidUTF8(s[:most], "") + "…"
	}
	return s
}

// Unwrap lets errors.As find each *Error.
func (e *ResponseError) Unwrap() []error {
	all := make([]error, len(e.Errors))
	for i, single := range e.Errors {
		all[i] = single
	}
	return all
}

// Unauthorized reports whether AppSync refused the caller at its edge, before
// anything ran: status 401, or an Unauthorized type under another 4xx.
func (e *ResponseError) Unauthorized() bool {
	if e.Status == http.StatusUnauthorized {
		return true
	}
	if e.Status < 400 || e.Status > 499 {
		return false
	}
	return e.HasType("UnauthorizedException") || e.HasType("Unauthorized")
}

// Throttled reports whether AppSync refused the request for its rate: status 429
// or LimitExceededError.
func (e *ResponseError) Throttled() bool {
	return e.Status == http.StatusTooManyRequests || e.Status >= 400 && e.HasType(limitExceeded)
}

// Transient implements the interface of retry.Transient.
func (e *ResponseError) Transient() bool {
	return e.Throttled() || e.Status >= http.StatusInternalServerError
}

// Kind implements the interface of failure.Of.
func (e *ResponseError) Kind() failure.Kind {
	switch {
	case e.Transient():
		return failure.Network
	case e.Unauthorized():
		return failure.Login
	default:
		return failure.Other // each *Error in it is of a kind of its own
	}
}

// HasType reports whether the answer, or an error in it, is of this type.
func (e *ResponseError) HasType(name string) bool {
	if e.ErrorType == name {
		return true
	}
	for _, single := range e.Errors {
		if single.Type == name {
			return true
		}
	}
	return false
}

// ErrorAt returns what an answer says of entry i of a CreateCustomers or GetCustomers;
// nil when it says nothing of it.
func (e *ResponseError) ErrorAt(i int) *Error {
	for _, single := range e.Errors {
		if len(single.Path) > 0 && single.Path[0] == alias(i) {
			return single
		}
	}
	return nil
}

// NullError says that an operation was answered with null, and no error says why.
type NullError struct{ Operation string }

func (e *NullError) Error() string {
	return "the API answered " + e.Operation + " with null and no reason"
}

// An Error is one entry of errors, as AppSync writes them: errorType, errorInfo
// and data stand beside message (AppSync developer guide, "Error handling").
// Validation errors have no Type and no Path.
type Error struct {
	Message string
	Type    string // "DynamoDB:ConditionalCheckFailedException"; may be empty
	Path    []any  // field names and list indexes
	Info    json.RawMessage
	Data    json.RawMessage
}

func (e *Error) Error() string {
	if e.Type == "" {
		return Short(e.Message)
	}
	return Short(e.Type + ": " + e.Message)
}

// Kind implements the interface of failure.Of.
func (*Error) Kind() failure.Kind { return failure.GraphQL }

// limitExceeded is the type with which AppSync itself refuses what comes too fast.
const limitExceeded = "LimitExceededError"

// name returns the type without the data source that stands before it behind a colon:
// "DynamoDB:ThrottlingException".
func (e *Error) name() string {
	if _, name, found := strings.Cut(e.Type, ":"); found {
		return name
	}
	return e.Type
}

// Throttled reports whether AppSync or the data source behind it refused a field for its
// rate.
func (e *Error) Throttled() bool { return e.name() == limitExceeded || e.sourceThrottled() }

// sourceThrottled knows DynamoDB's names (its developer guide, "Error handling").
func (e *Error) sourceThrottled() bool {
	switch e.name() {
	case "ProvisionedThroughputExceededException", "ThrottlingException", "RequestLimitExceeded":
		return true
	default:
		return false
	}
}

// Transient reports whether the error tells of trouble behind the API that has nothing to
// do with what was asked.
func (e *Error) Transient() bool {
	switch e.name() {
	case "ExecutionTimeout", "ExecutionTimeoutException", "InternalServerError", "InternalFailure", "ServiceUnavailable":
		return true
	default:
		return e.sourceThrottled()
	}
}

// UnmarshalJSON reads an entry and forgives members of unexpected types: one odd
// entry must not hide the others.
func (e *Error) UnmarshalJSON(data []byte) error {
	var entry struct {
		Message    text            `json:"message"`
		Type       text            `json:"errorType"`
		Path       path            `json:"path"`
		Info       json.RawMessage `json:"errorInfo"`
		Data       json.RawMessage `json:"data"`
		Extensions json.RawMessage `json:"extensions"`
	}
	if err := json.Unmarshal(data, &entry); err != nil {
		e.Message = "an error of unknown shape"
		var plain string
		if json.Unmarshal(data, &plain) == nil {
			e.Message = plain
		}
		return nil
	}
	*e = Error{
		Message: string(entry.Message),
		Type:    typeName(string(entry.Type)),
		Path:    entry.Path,
		Info:    entry.Info,
		Data:    entry.Data,
	}
	if e.Type == "" { // gateways built on other servers put it there
		var extensions struct {
			Type text `json:"errorType"`
		}
		_ = json.Unmarshal(entry.Extensions, &extensions)
		e.Type = typeName(string(extensions.Type))
	}
	if e.Message == "" && e.Type == "" {
		e.Message = "an error without a message"
	}
	return nil
}

// maxErrors are kept of an answer; nobody reads more.
const maxErrors = 1000

// errorList is an array of errors, or the single object that some send.
type errorList []*Error

func (l *errorList) UnmarshalJSON(data []byte) error {
	if bytes.HasPrefix(data, []byte("{")) {
		data = append(append([]byte("["), data...), ']')
	}
	var entries []json.RawMessage
	if err := json.Unmarshal(data, &entries); err != nil {
		*l = errorList{{Message: "errors of unknown shape"}}
		return nil //nolint:nilerr // the odd shape is the error now
	}
	for _, data := range entries[:min(len(entries), maxErrors)] {
		entry := new(Error)
		if string(data) == "null" {
			entry.Message = "an error of unknown shape"
		} else if err := entry.UnmarshalJSON(data); err != nil {
			return err
		}
		*l = append(*l, entry)
	}
	return nil
}

// text is a string; any other JSON value reads as empty.
type text string

func (t *text) UnmarshalJSON(data []byte) error {
	var value string
	if json.Unmarshal(data, &value) == nil {
		*t = text(value)
	}
	return nil
}

// path is an array; any other JSON value reads as none.
type path []any

func (p *path) UnmarshalJSON(data []byte) error {
	var value []any
	if json.Unmarshal(data, &value) == nil {
		*p = value
	}
	return nil
}

// typeName strips what stands around a type's name:
// "com.amazonaws.deepdish.graphql.auth#BadRequestException", "Name:http://…".
func typeName(name string) string {
	if _, after, found := strings.Cut(name, "#"); found {
		name = after
	}
	before, _, _ := strings.Cut(name, ":http")
	return before
}

func status(code int) string {
	return strings.TrimSpace(fmt.Sprintf("%d %s", code, http.StatusText(code)))
}
