package appsync

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"mime"
	"net/http"
)

// request is a GraphQL request, however it came.
type request struct {
	Query         string         `json:"query"`
	OperationName string         `json:"operationName"`
	Variables     map[string]any `json:"variables"`
}

// readBody reads the whole body: an IAM signature covers it.
func readBody(r *http.Request) ([]byte, *refusal) {
	body, err := io.ReadAll(http.MaxBytesReader(nil, r.Body, maxBody))
	if large := (*http.MaxBytesError)(nil); errors.As(err, &large) {
		return nil, &refusal{Status: http.StatusRequestEntityTooLarge, Type: "MalformedHttpRequestException", Message: "Request body is too large."}
	}
	if err != nil {
		return nil, malformed("Unable to parse GraphQL query.")
	}
	return body, nil
}

// decode reads GET with parameters, POST with JSON, and POST with a bare document
// (application/graphql). Batches are refused like anything else that is no request.
func decode(r *http.Request, body []byte) (request, *refusal) {
	if r.Method == http.MethodGet {
		return decodeParameters(r)
	}
	if len(bytes.TrimSpace(body)) == 0 {
		return request{}, malformed("Request body is empty.")
	}
	kind, _, _ := mime.ParseMediaType(r.Header.Get("Content-Type"))
	if kind == "application/graphql" && body[0] != '{' {
		return request{Query: string(body)}, nil
	}
	var req request
	if err := json.Unmarshal(body, &req); err == nil && req.Query != "" {
		return req, nil
	}
	// A bare document that is an anonymous query opens with a brace, as JSON does;
	// AppSync reads it under any type (graphql/graphql-over-http#81).
	if !json.Valid(body) {
		return request{Query: string(body)}, nil
	}
	return request{}, malformed("Unable to parse GraphQL query.")
}

func decodeParameters(r *http.Request) (request, *refusal) {
	parameters := r.URL.Query()
	req := request{Query: parameters.Get("query"), OperationName: parameters.Get("operationName")}
	if req.Query == "" {
		return request{}, malformed("Request body is empty.")
	}
	if variables := parameters.Get("variables"); variables != "" {
		if err := json.Unmarshal([]byte(variables), &req.Variables); err != nil {
			return request{}, malformed("Unable to parse GraphQL query.")
		}
	}
	return req, nil
}
