// Package appsync is an AWS AppSync API that runs on a laptop: the console wizard's
// Customer API behind AppSync's edge. Its tables are in store, the AWS account around it
// in account.
//
// A request passes these stations:
//
//	api.go        POST, GET and application/graphql, and what cannot be read
//	authorize.go  which mode the headers ask for, and whether they prove it
//	execute.go    the GraphQL engine, and its errors in AppSync's shape
//	resolve.go    what the wizard's resolvers do, with DynamoDB's semantics
//	realtime.go   the WebSocket side of subscriptions
//
// What is GraphQL's and not AppSync's stands behind the executor of execute.go: documents
// (document.go), their validation (validate.go), worded as AppSync words it, and their
// variables (variables.go). It executes on graph-gophers/graphql-go: a real engine, so that
// selections, fragments, aliases and null propagation are not ours to get wrong.
// Documents are parsed and walked with vektah/gqlparser, which genqlient needs
// anyway: AppSync's engine is graphql-java, whose validation errors have their own
// words and paths, and the walker lets us say them. Tokens are verified with
// go-jose, IAM signatures with AWS's own signer, sockets run on coder/websocket.
//
// Behaviour that no source confirms is named so where it is coded, and is a field
// of Config where a caller could want the other way.
package appsync

import (
	"bytes"
	"compress/gzip"
	"encoding/json"
	"errors"
	"fmt"
	"mime"
	"net/http"
	"path"
	"strings"
	"time"

	"github.com/google/uuid"
	"github.com/vektah/gqlparser/v2"
	"github.com/vektah/gqlparser/v2/ast"

	"github.com/appsyncctl/appsyncctl/internal/emulator/appsync/signature"
)

// AppSync's limits (AppSync endpoints and quotas page).
const (
	executionTime = 30 * time.Second
	maxResponse   = 5 << 20 // bytes, of the data
)

// API is one AppSync API. It serves POST and GET on any path, and the real-time
// protocol on a path that ends in /realtime.
type API struct {
	config     Config
	executor   *executor
	authorizer authorizer
	guard      guard
}

// New makes an API from its configuration. An error names the field at fault.
func New(config Config) (*API, error) {
	config = config.complete()
	schema, err := gqlparser.LoadSchema(&ast.Source{Name: "schema", Input: config.Schema})
	if err != nil {
		return nil, fmt.Errorf("schema: %w", err)
	}
	tokens, err := newPageTokens(config.TokenKey)
	if err != nil {
		return nil, fmt.Errorf("token key: %w", err)
	}
	access := guard{schema: schema, only: config.DefaultMode}
	executor, err := newExecutor(config, schema,
		&resolver{table: config.Table, tokens: tokens, hub: newHub(), guard: access, fault: config.Fault})
	if err != nil {
		return nil, fmt.Errorf("schema: %w", err)
	}
	modes, err := newAuthorizer(config)
	if err != nil {
		return nil, err
	}
	return &API{config: config, executor: executor, authorizer: modes, guard: access}, nil
}

// ServeHTTP implements http.Handler.
func (a *API) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if strings.HasSuffix(path.Clean(r.URL.Path), "/realtime") {
		a.serveRealtime(w, r)
		return
	}
	a.serveGraphQL(w, r)
}

func (a *API) serveGraphQL(w http.ResponseWriter, r *http.Request) {
	a.headers(w.Header())
	if r.Method == http.MethodOptions {
		w.Header().Set("Access-Control-Allow-Methods", "GET, POST, OPTIONS")
		w.Header().Set("Access-Control-Allow-Headers", r.Header.Get("Access-Control-Request-Headers"))
		w.WriteHeader(http.StatusOK)
		return
	}
	answer, refused := a.answer(r)
	if refused != nil {
		w.Header().Set("x-amzn-ErrorType", refused.Type)
		write(w, r, refused.Status, refusalBody(refused))
		return
	}
	w.Header().Set("x-amzn-appsync-tokensconsumed", "1")
	write(w, r, http.StatusOK, answer.encode())
}

func (a *API) answer(r *http.Request) (*response, *refusal) {
	if r.Method != http.MethodPost && r.Method != http.MethodGet {
		return nil, &refusal{Status: http.StatusMethodNotAllowed, Type: "BadRequestException", Message: "Method not allowed."}
	}
	read, refused := readRequest(r)
	if refused != nil {
		return nil, refused
	}
	mode, refused := a.authorizer.authorize(r.Context(), read)
	if refused != nil {
		return nil, refused
	}
	req, refused := decode(r, read.Body)
	if refused != nil {
		return nil, refused
	}
	return a.executor.execute(withMode(r.Context(), mode), req)
}

func (a *API) headers(h http.Header) {
	h.Set("Content-Type", "application/json;charset=UTF-8")
	h.Set("x-amzn-RequestId", uuid.NewString())
	h.Set("Date", a.config.Now().UTC().Format(http.TimeFormat))
	h.Set("Vary", "accept-encoding")
	h.Set("Access-Control-Allow-Origin", "*")
	h.Set("Access-Control-Expose-Headers", "x-amzn-RequestId,x-amzn-ErrorType,x-amz-user-agent,x-amzn-ErrorMessage,Date,x-amz-schema-version")
}

// request is a GraphQL request, however it came.
type request struct {
	Query         string         `json:"query"`
	OperationName string         `json:"operationName"`
	Variables     map[string]any `json:"variables"`
}

// readRequest reads the whole body: an IAM signature covers it.
func readRequest(r *http.Request) (signature.Request, *refusal) {
	read, err := signature.Read(r)
	if large := (*http.MaxBytesError)(nil); errors.As(err, &large) {
		return signature.Request{}, &refusal{Status: http.StatusRequestEntityTooLarge, Type: "MalformedHttpRequestException", Message: "Request body is too large."}
	}
	if err != nil {
		return signature.Request{}, malformed("Unable to parse GraphQL query.")
	}
	return read, nil
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

// refusalBody prints as the edge prints: indented, with a blank before each colon.
func refusalBody(r *refusal) []byte {
	kind, message := quote(r.Type), quote(r.Message)
	first, second := `"errorType" : `+kind, `"message" : `+message
	if r.Status != http.StatusUnauthorized {
		first, second = second, first
	}
	return fmt.Appendf(nil, "{\n  \"errors\" : [ {\n    %s,\n    %s\n  } ]\n}", first, second)
}

func quote(s string) string { return string(marshal(s)) }

// marshal encodes what is known to encode, and leaves < > & alone as AppSync does.
func marshal(v any) []byte {
	var text bytes.Buffer
	encoder := json.NewEncoder(&text)
	encoder.SetEscapeHTML(false)
	_ = encoder.Encode(v)
	return bytes.TrimSuffix(text.Bytes(), []byte("\n"))
}

func write(w http.ResponseWriter, r *http.Request, status int, body []byte) {
	if acceptsGzip(r.Header.Get("Accept-Encoding")) {
		var packed bytes.Buffer
		zip := gzip.NewWriter(&packed)
		_, _ = zip.Write(body) // into memory
		_ = zip.Close()
		w.Header().Set("Content-Encoding", "gzip")
		body = packed.Bytes()
	}
	w.WriteHeader(status)
	_, _ = w.Write(body) // the client may have gone
}

func acceptsGzip(header string) bool {
	for part := range strings.SplitSeq(header, ",") {
		name, weight, _ := strings.Cut(strings.TrimSpace(part), ";")
		if name == "gzip" {
			weight = strings.ReplaceAll(weight, " ", "")
			return weight != "q=0" && weight != "q=0.0"
		}
	}
	return false
}
