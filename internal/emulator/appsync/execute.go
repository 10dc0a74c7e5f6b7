package appsync

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"

	"github.com/graph-gophers/graphql-go"
	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/parser"
)

// maxTokens bounds the lexical tokens of a document, against documents that are
// small on the wire and huge in memory.
const maxTokens = 15000

// maxResolvers is how many resolvers a request may run (AppSync's quota).
const maxResolvers = 10_000

// executor runs the documents of requests on a schema: it validates them, words what is
// wrong as AppSync does, and leaves the rest to the engine and the resolvers below it.
type executor struct {
	schema *ast.Schema     // for validation
	engine *graphql.Schema // for execution
	config Config
}

func newExecutor(config Config, schema *ast.Schema, resolvers *resolver) (*executor, error) {
	engine, err := graphql.ParseSchema(config.Schema, resolvers,
		graphql.SubscribeResolverTimeout(config.ExecutionTime),
		graphql.Logger(silent{}))
	if err != nil {
		return nil, err
	}
	return &executor{schema: schema, engine: engine, config: config}, nil
}

// silent keeps the engine from writing a resolver's panic to the process's standard
// error; the panic still becomes an error of the answer.
type silent struct{}

// LogPanic implements log.Logger.
func (silent) LogPanic(context.Context, any) {}

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

// prepare parses and validates. It returns a refusal for what the edge refuses, a
// response for what the GraphQL engine would.
func (e *executor) prepare(req request) (*prepared, *response, *refusal) {
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
	if invalid := validate(e.schema, document, e.config.IntrospectionOff); len(invalid) > 0 {
		return nil, &response{errors: invalid}, nil
	}
	if invalid := e.checkLimits(operation); invalid != nil {
		return nil, &response{errors: []any{invalid}}, nil
	}
	variables, invalid := coerceVariables(e.schema, operation, req.Variables)
	if invalid != nil {
		return nil, &response{errors: []any{invalid}}, nil
	}
	req.Variables = variables
	req.Query = withoutAbsent(document, operation, variables, req.Query)
	return &prepared{request: req, document: document, operation: operation}, nil, nil
}

// checkLimits applies queryDepthLimit and resolverCountLimit. AppSync's words for
// either are not confirmed. Only root fields have resolvers on this API; AppSync
// does not count the fields that it reads from a parent's result.
func (e *executor) checkLimits(operation *ast.OperationDefinition) any {
	if limit := e.config.DepthLimit; limit > 0 {
		if (depths{}).of(operation.SelectionSet) > limit {
			return requestError{Message: fmt.Sprintf("Query depth exceeds the limit of %d.", limit)}
		}
	}
	limit := maxResolvers
	if e.config.ResolverLimit > 0 {
		limit = e.config.ResolverLimit
	}
	resolvers := 0
	for range eachField(operation.SelectionSet) {
		if resolvers++; resolvers > limit {
			return requestError{Message: fmt.Sprintf("Resolver count exceeds the limit of %d.", limit)}
		}
	}
	return nil
}

// execute runs a query or a mutation.
func (e *executor) execute(ctx context.Context, req request) (*response, *refusal) {
	p, invalid, refused := e.prepare(req)
	if refused != nil || invalid != nil {
		return invalid, refused
	}
	if p.operation.Operation == ast.Subscription {
		// AppSync once answered with MQTT topics here; what it does today is unconfirmed.
		return nil, badRequest("Subscriptions are served on the real-time endpoint.")
	}
	ctx, cancel := context.WithTimeout(ctx, e.config.ExecutionTime)
	defer cancel()
	// The engine fills in defaults, so it gets a map of its own.
	result := e.engine.Exec(ctx, p.Query, p.OperationName, maps.Clone(p.Variables))
	if errors.Is(ctx.Err(), context.DeadlineExceeded) {
		return e.timedOut(p), nil
	}
	answer := e.render(p, result)
	if len(answer.data) > maxResponse {
		return &response{errors: []any{requestError{Message: "Response size exceeds the limit."}}}, nil // unconfirmed words
	}
	return e.disturb(p, answer), nil
}

// subscribe returns the answers of a subscription until ctx ends. The subscriber is
// registered when it returns: nothing that happens afterwards is missed.
func (e *executor) subscribe(ctx context.Context, p *prepared) (<-chan any, error) {
	return e.engine.Subscribe(ctx, p.Query, p.OperationName, p.Variables)
}

// render puts the engine's answer into AppSync's shape.
func (e *executor) render(p *prepared, result *graphql.Response) *response {
	answer := &response{data: result.Data}
	for _, failure := range result.Errors {
		places := p.locate(failure.Path)
		var field *resolveError
		var null *nullError
		switch err := failure.ResolverError; {
		case errors.As(err, &field):
			answer.errors = append(answer.errors, fieldError{Path: failure.Path, ErrorType: field.Type, Locations: places, Message: field.Message})
		case errors.As(err, &null):
			answer.errors = append(answer.errors, requestError{Path: failure.Path, Message: "Cannot return null for non-nullable type: '" +
				null.Type + "' within parent '" + null.Parent + "' (" + pathText(failure.Path) + ")"})
		default:
			for _, l := range failure.Locations {
				places = append(places, location{Line: l.Line, Column: l.Column})
			}
			answer.errors = append(answer.errors, requestError{Path: failure.Path, Locations: places, Message: failure.Message})
		}
	}
	return answer
}

// disturb makes the faults that change a finished answer.
func (e *executor) disturb(p *prepared, answer *response) *response {
	root := p.rootField()
	if root == nil {
		return answer
	}
	if e.config.Fault(FaultPartialData, root.Name) {
		answer.errors = append(answer.errors, fieldError{Path: []any{root.Alias}, ErrorType: "Lambda:Unhandled",
			Locations: []location{locationOf(root.Position)}, Message: "partial data on demand"})
	}
	if e.config.Fault(FaultNullData, root.Name) {
		return &response{}
	}
	return answer
}

func (e *executor) timedOut(p *prepared) *response {
	root := p.rootField()
	if root == nil {
		return &response{errors: []any{requestError{Message: "Execution timed out."}}}
	}
	data, _ := json.Marshal(map[string]any{root.Alias: nil})
	return &response{data: data, errors: []any{fieldError{Path: []any{root.Alias}, ErrorType: "ExecutionTimeout",
		Locations: []location{locationOf(root.Position)}, Message: "Execution timed out."}}}
}
