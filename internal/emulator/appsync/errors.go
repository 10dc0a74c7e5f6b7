package appsync

import (
	"fmt"
	"net/http"
	"strings"

	"github.com/google/uuid"
)

// A refusal is an answer from AppSync's edge: no data, one error, its own status.
type refusal struct {
	Status  int
	Type    string
	Message string
}

func unauthorized(message string) *refusal {
	return &refusal{Status: http.StatusUnauthorized, Type: "UnauthorizedException", Message: message}
}

func malformed(message string) *refusal {
	return &refusal{Status: http.StatusBadRequest, Type: "MalformedHttpRequestException", Message: message}
}

func badRequest(message string) *refusal {
	return &refusal{Status: http.StatusBadRequest, Type: "BadRequestException", Message: message}
}

// A resolveError is an error that a resolver appended, with AppSync's type.
type resolveError struct{ Type, Message string }

func (e *resolveError) Error() string { return e.Message }

// tableFailure words an error as the DynamoDB data source does.
func tableFailure(kind, message string) error {
	id := strings.ToUpper(strings.ReplaceAll(uuid.NewString()+uuid.NewString(), "-", ""))[:52]
	return &resolveError{Type: kind, Message: fmt.Sprintf(
		"%s (Service: DynamoDb, Status Code: 400, Request ID: %s, Extended Request ID: null)", message, id)}
}

// fieldDenied is the refusal of one field to a caller who was let in.
func fieldDenied(field, parent string) error {
	return &resolveError{Type: "Unauthorized", Message: "Not Authorized to access " + field + " on type " + parent}
}

// A nullError says that a non-null field came out null, in graphql-java's words.
type nullError struct{ Type, Parent string }

func (e *nullError) Error() string {
	return fmt.Sprintf("no value for the non-null type %s in %s", e.Type, e.Parent)
}

// location is a place in the document; AppSync never names the source.
type location struct {
	Line       int     `json:"line"`
	Column     int     `json:"column"`
	SourceName *string `json:"sourceName"`
}

// requestError is an error without a type: the document, a variable or the engine
// is at fault. Its path and locations are null when unknown.
type requestError struct {
	Path      []any      `json:"path"`
	Locations []location `json:"locations"`
	Message   string     `json:"message"`
}

// fieldError is an error of a resolver: AppSync's keys stand beside the message and
// not in extensions.
type fieldError struct {
	Path      []any      `json:"path"`
	Data      any        `json:"data"`
	ErrorType string     `json:"errorType"`
	ErrorInfo any        `json:"errorInfo"`
	Locations []location `json:"locations"`
	Message   string     `json:"message"`
}
