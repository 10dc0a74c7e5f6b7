package appsync

import "encoding/json"

// inbound is a frame from the client.
type inbound struct {
	ID      string `json:"id"`
	Type    string `json:"type"`
	Payload struct {
		Data       string `json:"data"` // a GraphQL request, as JSON in a text
		Extensions struct {
			Authorization map[string]string `json:"authorization"`
		} `json:"extensions"`
	} `json:"payload"`
}

// outbound is a frame to the client.
type outbound struct {
	ID      string `json:"id,omitempty"`
	Type    string `json:"type"`
	Payload any    `json:"payload,omitempty"`
}

type ackPayload struct {
	ConnectionTimeoutMs int64 `json:"connectionTimeoutMs"`
}

type dataPayload struct {
	Data   json.RawMessage `json:"data"`
	Errors []any           `json:"errors,omitempty"`
}

type errorPayload struct {
	Errors []any `json:"errors"`
}

// frameError is an error of a connection or of a subscription.
type frameError struct {
	ErrorType string `json:"errorType"`
	ErrorCode int    `json:"errorCode,omitempty"`
	Message   string `json:"message"`
}

func errorFrame(id string, errors ...any) outbound {
	return outbound{ID: id, Type: "error", Payload: errorPayload{Errors: errors}}
}

func (r *refusal) frame() frameError {
	return frameError{ErrorType: r.Type, ErrorCode: r.Status, Message: r.Message}
}
