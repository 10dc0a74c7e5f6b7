// Answers of an API: those that were saved, as curl -i writes them or only their bodies,
// and what an answer means in AppSync's terms.

package doctor

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/textproto"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/appsyncctl/appsyncctl/internal/appsync"
	kind "github.com/appsyncctl/appsyncctl/internal/failure"
)

// An Answer is what an API once said.
type Answer struct {
	Status int // 0 if only the body was saved
	Header http.Header
	Body   []byte

	parsed *appsync.ResponseError // what the client has made of it; nil: Body is to be read
}

// justNow reports whether the client has got the answer a moment ago, for the very token
// that is looked at.
func (a *Answer) justNow() bool { return a.parsed != nil }

// date is when the answer was given, by the API's clock; zero if it does not say.
func (a *Answer) date() time.Time {
	if a.parsed != nil {
		return a.parsed.Date
	}
	date, _ := http.ParseTime(a.Header.Get("Date"))
	return date
}

// status is that of the saved answer; that of a body alone follows from its words, and
// is 0 if they say nothing.
func (a *Answer) status() int {
	if a.Status != 0 {
		return a.Status
	}
	data, err := appsync.ReadAnswer(http.StatusOK, nil, a.Body)
	answer, _ := errors.AsType[*appsync.ResponseError](err)
	if answer == nil {
		return http.StatusOK
	}
	for _, single := range answer.Errors {
		switch single.Type {
		case "UnauthorizedException":
			return http.StatusUnauthorized
		case "LimitExceededError":
			return http.StatusTooManyRequests
		case "MalformedHttpRequestException", "BadRequestException":
			return http.StatusBadRequest
		case "GraphQLSchemaException":
			return http.StatusBadGateway
		}
	}
	if len(answer.Errors) > 0 || len(data) > 0 {
		return http.StatusOK
	}
	return map[string]int{
		"Forbidden": http.StatusForbidden, "Missing Authentication Token": http.StatusForbidden,
		"Unauthorized": http.StatusUnauthorized, "Not Found": http.StatusNotFound,
		"Rate limit exceeded": http.StatusTooManyRequests, "Too Many Requests": http.StatusTooManyRequests, "Limit Exceeded": http.StatusTooManyRequests,
		"Internal Server Error": http.StatusInternalServerError, "Service Unavailable": http.StatusServiceUnavailable,
	}[answer.Message]
}

const (
	maxAnswer = 8 << 20 // bytes; AppSync's own have at most 5 MB
	maxBlocks = 20      // answers in one file
)

// An AnswerError says why a saved answer cannot be read. It quotes nothing of it, except
// the message of an error of this program.
type AnswerError struct{ Reason string }

func (e *AnswerError) Error() string { return "the saved answer cannot be read: " + e.Reason }

// Kind implements the interface of failure.Of.
func (*AnswerError) Kind() kind.Kind { return kind.Usage }

// ReadAnswer reads a saved answer: status line, header and body, as curl -i writes
// them (RFC 9112 section 4; HTTP/2 has no reason phrase), or the body alone, whose
// Status is then 0. Of several, as after a redirect, a 100 Continue or a proxy's
// CONNECT, the last one counts. A file of more than 8 MiB, and one without an answer in
// it, is an *AnswerError, as is the error that a command of this program wrote to
// standard error with -o json; other errors are r's.
func ReadAnswer(r io.Reader) (*Answer, error) {
	text, err := io.ReadAll(io.LimitReader(r, maxAnswer+1))
	switch {
	case err != nil:
		return nil, fmt.Errorf("read the saved answer: %w", err)
	case len(text) > maxAnswer:
		return nil, &AnswerError{fmt.Sprintf("it has more than %d MiB", maxAnswer>>20)}
	}
	text = bytes.TrimLeft(bytes.TrimPrefix(text, []byte("\ufeff")), " \t\r\n")
	if len(text) == 0 {
		return nil, &AnswerError{"it is empty"}
	}
	if message, is := commandError(text); is {
		return nil, &AnswerError{"it is an error of this program: " + message}
	}
	answer := &Answer{Body: text}
	for range maxBlocks {
		status, isStatus, err := statusLine(answer.Body)
		if err != nil {
			return nil, err
		}
		if !isStatus {
			return answer, nil
		}
		header, body, err := block(answer.Body)
		if err != nil {
			return nil, err
		}
		answer = &Answer{Status: status, Header: header, Body: body}
		next := bytes.TrimLeft(body, "\r\n")
		if _, another, err := statusLine(next); !another || err != nil {
			return answer, nil //nolint:nilerr // a body may begin in any way
		}
		answer.Body = next
	}
	return nil, &AnswerError{fmt.Sprintf("it has more than %d answers", maxBlocks)}
}

// commandError returns the message of the error that a command writes to standard error
// with -o json. There may be lines before it: what --debug and notices write.
func commandError(text []byte) (message string, is bool) {
	lines := bytes.Split(bytes.TrimSpace(text), []byte("\n"))
	for _, line := range slices.Backward(append(lines, text)) { // text itself may have been formatted
		var document struct {
			Error struct {
				Message  string `json:"message"`
				ExitCode int    `json:"exit_code"` // never 0
			} `json:"error"`
		}
		if json.Unmarshal(line, &document) == nil && document.Error.ExitCode != 0 {
			return document.Error.Message, true
		}
	}
	return "", false
}

// statusLine reads the status code that text begins with, if it begins with a status
// line at all.
func statusLine(text []byte) (status int, isStatus bool, err error) {
	rest, isHTTP := bytes.CutPrefix(text, []byte("HTTP/"))
	if !isHTTP {
		return 0, false, nil
	}
	line, _, _ := bytes.Cut(rest, []byte("\n"))
	fields := strings.Fields(string(line))
	if len(fields) < 2 || len(fields[1]) != 3 {
		return 0, false, &AnswerError{"its status line has no status"}
	}
	status, err = strconv.Atoi(fields[1])
	if err != nil || status < 100 || status > 599 {
		return 0, false, &AnswerError{"its status line has no status"}
	}
	return status, true, nil
}

// block splits what begins with a status line into header and body.
func block(text []byte) (http.Header, []byte, error) {
	reader := bufio.NewReader(bytes.NewReader(text))
	if _, err := reader.ReadSlice('\n'); err != nil && !errors.Is(err, io.EOF) {
		return nil, nil, &AnswerError{"its status line is too long"}
	}
	header, err := textproto.NewReader(reader).ReadMIMEHeader()
	if err != nil && !errors.Is(err, io.EOF) { // a header may be all there is
		return nil, nil, &AnswerError{"its header is not HTTP's"}
	}
	body, err := io.ReadAll(reader)
	return http.Header(header), body, err
}

// response is a reply that has been read. At most one of lost and answer is set; none of
// them is plain success.
type response struct {
	*reply
	lost   error                  // no whole answer came
	answer *appsync.ResponseError // what is not plain success
	data   json.RawMessage        // beside errors or without; empty if there is none
}

func read(r *reply) response {
	if r.Err != nil {
		return response{reply: r, lost: r.Err}
	}
	if r.parsed != nil {
		return response{reply: r, answer: r.parsed}
	}
	data, err := appsync.ReadAnswer(r.Status, r.Header, r.Body)
	answer, _ := errors.AsType[*appsync.ResponseError](err)
	return response{reply: r, answer: answer, data: data}
}

// accepted tells whether the caller was let in, whatever became of the fields.
func (h response) accepted() bool {
	return h.lost == nil && h.Status == http.StatusOK && (h.answer == nil || len(h.answer.Errors) > 0)
}

// field returns a field of the data as it is, and whether it is there.
func (h response) field(name string) (value json.RawMessage, there bool) {
	var data map[string]json.RawMessage
	if json.Unmarshal(h.data, &data) != nil {
		return nil, false
	}
	value, there = data[name]
	return value, there
}

// typed tells whether {__typename} was answered, or errors were in its place.
func (h response) typed() bool {
	var name string
	value, there := h.field("__typename")
	return h.answer != nil || there && json.Unmarshal(value, &name) == nil && name != ""
}

// refused tells whether AppSync refused the caller at its edge. What speaks of AWS's
// signature may have another status than 401.
func (h response) refused() bool {
	return h.answer != nil && len(h.answer.Errors) > 0 &&
		(h.answer.Unauthorized() || h.Status == http.StatusForbidden && wantsSignature(h, strings.ToLower(h.words())))
}

// inconclusive tells whether nothing follows from the reply: none came, or a 5xx, or the call
// was one too many.
func (h response) inconclusive() bool {
	return h.lost != nil || h.answer != nil && (h.answer.Throttled() || h.Status >= 500 && !h.schemaless())
}

// schemaless tells whether the API has no schema, which AppSync answers with 502.
func (h response) schemaless() bool {
	return h.answer != nil && h.answer.HasType("GraphQLSchemaException")
}

// err is why the reply is not plain success; nil if it is.
func (h response) err() error {
	if h.lost != nil || h.answer == nil {
		return h.lost
	}
	return h.answer
}

// words are the first error's own, without the period that some of AppSync's have.
func (h response) words() string {
	switch {
	case h.answer == nil:
		return ""
	case len(h.answer.Errors) > 0:
		return strings.TrimSuffix(h.answer.Errors[0].Message, ".")
	default:
		return strings.TrimSuffix(h.answer.Message, ".")
	}
}

// told is an answer that is not plain success in a sentence. The status of one that was
// saved may not be known.
func (h response) told() string {
	switch {
	case h.Status != 0 || len(h.answer.Errors) > 0:
		return h.answer.Error()
	case h.answer.Message != "":
		return "an answer that says " + strconv.Quote(h.answer.Message)
	default:
		return h.answer.NotGraphQL
	}
}
