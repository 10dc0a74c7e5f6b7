package appsync

import (
	"slices"
	"strings"

	"github.com/Khan/genqlient/graphql"
	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/formatter"
	"github.com/vektah/gqlparser/v2/parser"
)

// givenArguments makes subscriptions name only the arguments that match has. An
// API may lack others, and a server that takes a missing variable for null would
// let nothing pass.
type givenArguments struct {
	graphql.WebSocketClient
	match Match
}

// Subscribe implements graphql.WebSocketClient.
func (g givenArguments) Subscribe(req *graphql.Request, channel any, forward graphql.ForwardDataFunction) (string, error) {
	document, err := parser.ParseQuery(&ast.Source{Input: req.Query})
	if err != nil {
		return "", err
	}
	given := g.match.names()
	for _, operation := range document.Operations {
		operation.VariableDefinitions = slices.DeleteFunc(operation.VariableDefinitions, func(v *ast.VariableDefinition) bool {
			return !slices.Contains(given, v.Variable)
		})
		for _, selection := range operation.SelectionSet {
			if field, ok := selection.(*ast.Field); ok {
				field.Arguments = slices.DeleteFunc(field.Arguments, func(a *ast.Argument) bool {
					return !slices.Contains(given, a.Name)
				})
			}
		}
	}
	var text strings.Builder
	formatter.NewFormatter(&text).FormatQueryDocument(document)
	asked := *req
	asked.Query = text.String()
	return g.WebSocketClient.Subscribe(&asked, channel, forward)
}

// names are the arguments that a match gives.
func (m Match) names() []string {
	var names []string
	for name, value := range map[string]*string{"id": m.ID, "name": m.Name, "city": m.City, "state": m.State, "country": m.Country} {
		if value != nil {
			names = append(names, name)
		}
	}
	return names
}
