package appsync

import (
	"context"
	"encoding/json"
	"errors"
	"maps"

	"github.com/graph-gophers/graphql-go"
	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/parser"
)

// maxTokens bounds the lexical tokens of a document, against documents that are
// small on the wire and huge in memory.
const maxTokens = 15000

// response is a GraphQL answer. data is null when the request was not executed.
type response struct {
	data   json.RawMessage
	errors []any
}

func (r *response) encode() []byte {
	data := r.data
	if data == nil {
		data = json.RawMessage("null")
	}
	answer := struct {
		Data   json.RawMessage `json:"data"`
		Errors []any           `json:"errors,omitempty"`
	}{data, r.errors}
	return marshal(answer)
}

// prepared is a request that passed validation.
type prepared struct {
	request
	document  *ast.QueryDocument
	operation *ast.OperationDefinition
}

// prepare parses and validates. It returns a refusal for what the edge refuses, a
// response for what the GraphQL engine would.
func (a *API) prepare(req request) (*prepared, *response, *refusal) {
	document, err := parser.ParseQueryWithTokenLimit(&ast.Source{Input: req.Query}, maxTokens)
	if err != nil || len(document.Operations) == 0 {
		return nil, nil, malformed("Unable to parse GraphQL query.")
	}
	if req.OperationName == "" && len(document.Operations) > 1 {
		return nil, nil, badRequest("Missing operation name.")
	}
	operation := document.Operations.ForName(req.OperationName)
	if operation == nil {
		return nil, nil, badRequest("Unknown operation named '" + req.OperationName + "'.")
	}
	if invalid := a.validate(document); len(invalid) > 0 {
		return nil, &response{errors: invalid}, nil
	}
	if invalid := a.checkLimits(operation); invalid != nil {
		return nil, &response{errors: []any{invalid}}, nil
	}
	variables, invalid := coerceVariables(a.schema, operation, req.Variables)
	if invalid != nil {
		return nil, &response{errors: []any{invalid}}, nil
	}
	req.Variables = variables
	req.Query = withoutAbsent(document, operation, variables, req.Query)
	return &prepared{request: req, document: document, operation: operation}, nil, nil
}

// execute runs a query or a mutation.
func (a *API) execute(ctx context.Context, req request) (*response, *refusal) {
	p, invalid, refused := a.prepare(req)
	if refused != nil || invalid != nil {
		return invalid, refused
	}
	if p.operation.Operation == ast.Subscription {
		// AppSync once answered with MQTT topics here; what it does today is unconfirmed.
		return nil, badRequest("Subscriptions are served on the real-time endpoint.")
	}
	ctx, cancel := context.WithTimeout(ctx, a.config.ExecutionTime)
	defer cancel()
	// The engine fills in defaults, so it gets a map of its own.
	result := a.engine.Exec(ctx, p.Query, p.OperationName, maps.Clone(p.Variables))
	if errors.Is(ctx.Err(), context.DeadlineExceeded) {
		return a.timedOut(p), nil
	}
	answer := a.render(p, result)
	if len(answer.data) > maxResponse {
		return &response{errors: []any{requestError{Message: "Response size exceeds the limit."}}}, nil // unconfirmed words
	}
	return a.disturb(p, answer), nil
}

// render puts the engine's answer into AppSync's shape.
func (a *API) render(p *prepared, result *graphql.Response) *response {
	answer := &response{data: result.Data}
	for _, e := range result.Errors {
		places := p.locate(e.Path)
		var field *resolveError
		var denied *fieldDenied
		var null *nullError
		switch err := e.ResolverError; {
		case errors.As(err, &field):
			answer.errors = append(answer.errors, fieldError{Path: e.Path, ErrorType: field.Type, Locations: places, Message: field.Message})
		case errors.As(err, &denied):
			answer.errors = append(answer.errors, fieldError{Path: e.Path, ErrorType: "Unauthorized", Locations: places, Message: denied.Error()})
		case errors.As(err, &null):
			answer.errors = append(answer.errors, requestError{Path: e.Path, Message: "Cannot return null for non-nullable type: '" +
				null.Type + "' within parent '" + null.Parent + "' (" + pathText(e.Path) + ")"})
		default:
			for _, l := range e.Locations {
				places = append(places, location{Line: l.Line, Column: l.Column})
			}
			answer.errors = append(answer.errors, requestError{Path: e.Path, Locations: places, Message: e.Message})
		}
	}
	return answer
}

// disturb makes the faults that change a finished answer.
func (a *API) disturb(p *prepared, answer *response) *response {
	root := p.rootField()
	if root == nil {
		return answer
	}
	if a.config.Fault(FaultPartialData, root.Name) {
		answer.errors = append(answer.errors, fieldError{Path: []any{root.Alias}, ErrorType: "Lambda:Unhandled",
			Locations: []location{place(root.Position)}, Message: "partial data on demand"})
	}
	if a.config.Fault(FaultNullData, root.Name) {
		return &response{}
	}
	return answer
}

func (a *API) timedOut(p *prepared) *response {
	root := p.rootField()
	if root == nil {
		return &response{errors: []any{requestError{Message: "Execution timed out."}}}
	}
	data, _ := json.Marshal(map[string]any{root.Alias: nil})
	return &response{data: data, errors: []any{fieldError{Path: []any{root.Alias}, ErrorType: "ExecutionTimeout",
		Locations: []location{place(root.Position)}, Message: "Execution timed out."}}}
}
