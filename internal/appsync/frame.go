// Real-time frames, read in all the shapes that AppSync and its simulators give
// them.

package appsync

import (
	"cmp"
	"encoding/json"
	"net/http"
	"time"
)

// A frame is one message of the server.
type frame struct {
	id      string
	kind    string // type; "" when the frame cannot be read
	payload json.RawMessage
	errors  errorList // beside the payload, where some put them
}

func parseFrame(data []byte) frame {
	var wire struct {
		ID      text            `json:"id"`
		Type    text            `json:"type"`
		Payload json.RawMessage `json:"payload"`
		Errors  errorList       `json:"errors"`
	}
	if json.Unmarshal(data, &wire) != nil {
		return frame{}
	}
	return frame{id: string(wire.ID), kind: string(wire.Type), payload: wire.Payload, errors: wire.Errors}
}

// keepAliveTimeout returns how long the server may be silent after this connection_ack.
func (f frame) keepAliveTimeout() time.Duration {
	var ack struct {
		Timeout float64 `json:"connectionTimeoutMs"`
	}
	const most = 24 * time.Hour
	switch _ = json.Unmarshal(f.payload, &ack); {
	case ack.Timeout <= 0:
		return keepAliveDefault
	case ack.Timeout >= float64(most.Milliseconds()):
		return most
	default:
		return max(time.Second, time.Duration(ack.Timeout)*time.Millisecond)
	}
}

// refusal returns what a connection_error or an error frame says. Its Status is
// the errorCode; 200 without one, as for what GraphQL itself refuses.
func (f frame) refusal() *ResponseError {
	var inside struct {
		Errors errorList `json:"errors"`
	}
	all := f.errors
	codes := []json.RawMessage{f.payload}
	if json.Unmarshal(f.payload, &inside) == nil && len(inside.Errors) > 0 {
		all = append(all, inside.Errors...)
		codes = append(codes, errorEntries(f.payload)...)
	} else if len(all) == 0 {
		all = soleError(f.payload)
	}
	refused := &ResponseError{Errors: all}
	for _, entry := range codes {
		refused.Status = cmp.Or(refused.Status, errorCode(entry))
	}
	if refused.Status == 0 {
		refused.Status = statusOfType(all)
	}
	return refused
}

// soleError reads a payload that is an error itself: an object with a message, or
// a text.
func soleError(payload json.RawMessage) errorList {
	sole := &Error{Message: "no reason given"}
	if len(payload) > 0 && string(payload) != "null" && string(payload) != "{}" {
		_ = sole.UnmarshalJSON(payload) // reads whatever it is given
	}
	return errorList{sole}
}

func errorEntries(payload json.RawMessage) []json.RawMessage {
	var inside struct {
		Errors json.RawMessage `json:"errors"`
	}
	_ = json.Unmarshal(payload, &inside)
	var entries []json.RawMessage
	if json.Unmarshal(inside.Errors, &entries) != nil {
		entries = []json.RawMessage{inside.Errors}
	}
	return entries
}

// errorCode reads errorCode, an HTTP status; 0 when there is none.
func errorCode(entry json.RawMessage) int {
	var coded struct {
		Code json.Number `json:"errorCode"` // a number, or a text that holds one
	}
	if json.Unmarshal(entry, &coded) != nil {
		return 0
	}
	code, err := coded.Code.Int64()
	if err != nil || code < 400 || code > 599 {
		return 0
	}
	return int(code)
}

// statusOfType is the status of the errors that AppSync gives no code.
func statusOfType(all errorList) int {
	for _, single := range all {
		switch single.Type {
		case "UnauthorizedException":
			return http.StatusUnauthorized
		case "LimitExceededError":
			return http.StatusTooManyRequests
		}
	}
	return http.StatusOK
}

// deliverable is a data payload in the shape that genqlient reads: an errorType
// goes into the extensions, and what is no result becomes an error.
func deliverable(payload json.RawMessage) json.RawMessage {
	var result struct {
		Data   json.RawMessage `json:"data"`
		Errors errorList       `json:"errors"`
	}
	err := json.Unmarshal(payload, &result)
	hasData := len(result.Data) > 0 && string(result.Data) != "null"
	switch {
	case err == nil && hasData && len(result.Errors) == 0:
		return payload
	case len(result.Errors) == 0:
		result.Errors = errorList{{Message: "an event without data"}}
	}
	type wireError struct {
		Message    string            `json:"message"`
		Extensions map[string]string `json:"extensions"`
	}
	wire := make([]wireError, len(result.Errors))
	for i, single := range result.Errors {
		wire[i] = wireError{single.Message, map[string]string{"errorType": single.Type}}
	}
	encoded, err := json.Marshal(map[string]any{"errors": wire})
	if err != nil {
		return json.RawMessage(`{"errors":[{"message":"an event that cannot be read"}]}`)
	}
	return encoded
}
