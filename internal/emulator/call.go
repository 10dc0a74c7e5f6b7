// What a request is about, for the log and for choosing faults.

package emulator

import (
	"bytes"
	"encoding/json"
	"io"
	"mime"
	"net/http"
	"net/url"
	"slices"
	"sync"

	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/parser"
)

// call says what a request asks for, without anything that could be secret: the log
// shows it, and faults are chosen by it.
type call struct {
	Method    string `json:"method"`
	Path      string `json:"path"`
	Operation string `json:"operation,omitempty"` // GraphQL: its name, else its first field; token endpoint: the grant type; AWS: the action

	// rootFields returns the names of the fields that a GraphQL request asks for. It is
	// nil for other requests.
	rootFields func() []string
}

const (
	peekLimit = 1 << 20 // bytes of a body that are looked at
	nameLimit = 200     // bytes of a path or an operation that are kept
)

// describe reads as much of the body as it needs and puts it back.
func describe(r *http.Request) call {
	c := call{Method: r.Method, Path: clip(r.URL.Path)}
	switch {
	case r.URL.Path == "/graphql" && r.Method == http.MethodGet:
		query := r.URL.Query()
		c.graphql(query.Get("operationName"), query.Get("query"))
	case r.URL.Path == "/graphql" && r.Method == http.MethodPost:
		var body struct{ OperationName, Query string }
		if json.Unmarshal(peek(r), &body) == nil {
			c.graphql(body.OperationName, body.Query)
		}
	case r.URL.Path == "/oauth/token" && r.Method == http.MethodPost:
		c.Operation = grantType(r.Header.Get("Content-Type"), peek(r))
	default:
		c.Operation = accountOperation(r)
	}
	c.Operation = clip(c.Operation)
	return c
}

func peek(r *http.Request) []byte {
	start, _ := io.ReadAll(io.LimitReader(r.Body, peekLimit)) // whoever reads on meets the error
	r.Body = struct {
		io.Reader
		io.Closer
	}{io.MultiReader(bytes.NewReader(start), r.Body), r.Body}
	return start
}

// graphql says which operation of a document a request asks for. The document is parsed
// only if that is needed: most requests give the name.
func (c *call) graphql(name, query string) {
	operation := sync.OnceValue(func() *ast.OperationDefinition {
		document, err := parser.ParseQuery(&ast.Source{Input: query})
		if err != nil {
			return nil
		}
		return document.Operations.ForName(name)
	})
	c.rootFields = func() []string { return rootFields(operation()) }
	if c.Operation = name; name == "" && operation() != nil {
		c.Operation = operation().Name
	}
	if fields := c.rootFields; c.Operation == "" && len(fields()) > 0 {
		c.Operation = fields()[0]
	}
}

// rootFields returns the names of an operation's fields, each once.
func rootFields(operation *ast.OperationDefinition) (names []string) {
	if operation == nil {
		return nil
	}
	for _, selection := range operation.SelectionSet {
		if field, ok := selection.(*ast.Field); ok && !slices.Contains(names, field.Name) {
			names = append(names, field.Name)
		}
	}
	return names
}

func grantType(contentType string, body []byte) string {
	if kind, _, _ := mime.ParseMediaType(contentType); kind == "application/json" {
		var object struct {
			GrantType string `json:"grant_type"`
		}
		_ = json.Unmarshal(body, &object) // a body the tenant cannot read either has no grant type
		return object.GrantType
	}
	form, _ := url.ParseQuery(string(body))
	return form.Get("grant_type")
}

func clip(text string) string { return text[:min(len(text), nameLimit)] }
