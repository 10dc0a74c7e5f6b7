// Answers that a command of this program has told of, as a pipeline saves them.

package checkup

import (
	"bytes"
	"encoding/json"
	"net/http"
	"slices"
	"strings"
)

// readTold reads the error that a command writes to standard error with -o json, and
// makes the answer of it that the command got. There may be lines before it: what
// --debug and notices write. If text has no such error, the second result is false.
func readTold(text []byte) (answer *Answer, is bool, err error) {
	lines := bytes.Split(bytes.TrimSpace(text), []byte("\n"))
	for _, line := range slices.Backward(append(lines, text)) { // text itself may have been formatted
		var document struct {
			Error *toldError `json:"error"`
		}
		if json.Unmarshal(line, &document) != nil || document.Error == nil || document.Error.ExitCode == 0 {
			continue
		}
		if document.Error.Status == 0 {
			return nil, true, &AnswerError{"it is an error of this program, which got no answer from the API"}
		}
		return document.Error.answer(), true, nil
	}
	return nil, false, nil
}

// toldError is that error, as far as it is needed. Its keys are promised to programs.
type toldError struct {
	Type      string `json:"type"` // AppSync's, or a class of exit codes in lower case
	Message   string `json:"message"`
	RequestID string `json:"request_id"`
	Status    int    `json:"status"`
	ExitCode  int    `json:"exit_code"` // never 0
}

// answer is what the API said. The message is that of appsync.ResponseError: type and
// words of the first GraphQL error, or a sentence about an answer that has none.
func (t *toldError) answer() *Answer {
	answer := &Answer{Status: t.Status, Header: http.Header{}}
	if t.RequestID != "" {
		answer.Header.Set("x-amzn-RequestId", t.RequestID)
	}
	if t.Type != strings.ToLower(t.Type) {
		answer.Header.Set("x-amzn-ErrorType", t.Type)
	}
	if sentence, other := strings.CutPrefix(t.Message, "the API answered "); other {
		if _, words, has := strings.Cut(sentence, ": "); has {
			answer.Body = jsonText(map[string]string{"message": words})
		} else if strings.HasSuffix(sentence, "(HTML)") {
			answer.Body = []byte("<html>")
		}
		return answer
	}
	single := map[string]string{"message": t.Message}
	if words, typed := strings.CutPrefix(t.Message, t.Type+": "); typed {
		single = map[string]string{"errorType": t.Type, "message": words}
	}
	answer.Body = jsonText(map[string]any{"errors": []any{single}})
	return answer
}

// jsonText is value in JSON.
func jsonText(value any) []byte {
	text, err := json.Marshal(value)
	if err != nil { // maps of texts can always be written
		return nil
	}
	return text
}
