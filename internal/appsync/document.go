package appsync

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"github.com/Khan/genqlient/graphql"
	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/gqlerror"
	"github.com/vektah/gqlparser/v2/parser"

	"github.com/appsyncctl/appsyncctl/internal/failure"
)

// NextTokenVariable is the variable that a document must declare to be paged.
const NextTokenVariable = "nextToken"

// DocumentErrorf says why a GraphQL document cannot be sent.
func DocumentErrorf(format string, args ...any) error {
	return failure.Errorf(failure.Usage, "the GraphQL document is not usable: "+format, args...)
}

// An AnyOperation is one operation of a document that somebody wrote. What the
// document means to the API's schema, only the API can tell.
type AnyOperation struct {
	Name         string // may be empty
	Subscription bool
	Mutation     bool

	text     string
	declared map[string]bool // the variables
}

// ParseOperation reads the operation called name; name may be empty if the
// document has one only. Errors are those of DocumentErrorf.
func ParseOperation(text, name string) (*AnyOperation, error) {
	document, err := parser.ParseQuery(&ast.Source{Input: text})
	if err != nil {
		return nil, DocumentErrorf("%s", syntax(err))
	}
	var names []string
	for _, operation := range document.Operations {
		names = append(names, operation.Name)
	}
	switch {
	case len(names) == 0:
		return nil, DocumentErrorf("it has no operation")
	case name == "" && len(names) > 1:
		return nil, DocumentErrorf("it has several operations: choose one of %s", strings.Join(names, ", "))
	}
	chosen := document.Operations[0]
	if name != "" {
		if chosen = document.Operations.ForName(name); chosen == nil {
			return nil, DocumentErrorf("it has no operation %q", name)
		}
	}
	operation := &AnyOperation{
		Name:         chosen.Name,
		Subscription: chosen.Operation == ast.Subscription,
		Mutation:     chosen.Operation == ast.Mutation,
		text:         text,
		declared:     make(map[string]bool),
	}
	for _, variable := range chosen.VariableDefinitions {
		operation.declared[variable.Variable] = true
	}
	return operation, nil
}

func syntax(err error) string {
	if failure, ok := errors.AsType[*gqlerror.Error](err); ok && len(failure.Locations) > 0 {
		at := failure.Locations[0]
		return fmt.Sprintf("line %d, column %d: %s", at.Line, at.Column, Short(failure.Message))
	}
	return Short(err.Error())
}

// Request returns the request for the operation. A variable that the operation
// does not declare is an error: the API would ignore it without a word.
func (o *AnyOperation) Request(variables map[string]any) (*graphql.Request, error) {
	for name := range variables {
		if !o.declared[name] {
			return nil, DocumentErrorf("the operation has no variable $%s", name)
		}
	}
	return &graphql.Request{Query: o.text, OpName: o.Name, Variables: variables}, nil
}

// Pages reports whether the operation can go on from page to page: it is a query
// and declares $nextToken.
func (o *AnyOperation) Pages() bool {
	return !o.Mutation && !o.Subscription && o.declared[NextTokenVariable]
}

// FindNextToken returns the nextToken in data that is nearest to its top; empty
// if there is none that leads on.
func FindNextToken(data json.RawMessage) (string, error) {
	var top any
	if err := json.Unmarshal(data, &top); err != nil {
		return "", err
	}
	for level := []any{top}; len(level) > 0; {
		var below []any
		for _, value := range level {
			switch value := value.(type) {
			case map[string]any:
				if token, ok := value["nextToken"].(string); ok && token != "" {
					return token, nil
				}
				for _, child := range value {
					below = append(below, child)
				}
			case []any:
				below = append(below, value...)
			}
		}
		level = below
	}
	return "", nil
}
