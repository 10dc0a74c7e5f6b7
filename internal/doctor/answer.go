// Saved answers of an API: as curl -i writes them, or only their bodies.

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
)

const (
	maxAnswer = 8 << 20 // bytes; AppSync's own have at most 5 MB
	maxBlocks = 20      // answers in one file
)

// An AnswerError says why a saved answer cannot be read. It quotes nothing of it, except
// the message of an error of this program.
type AnswerError struct{ Reason string }

func (e *AnswerError) Error() string { return "the saved answer cannot be read: " + e.Reason }

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
