// Which customers a subscription tells of: the arguments of AppSync's subscriptions.

package appsync

import (
	"encoding/json"
	"slices"
	"strings"

	"github.com/Khan/genqlient/graphql"
	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/formatter"
	"github.com/vektah/gqlparser/v2/parser"
)

// A Match restricts changes to customers with these values; nil lets every value
// pass. AppSync compares what the mutation selected of the record.
type Match struct {
	ID      *string `json:"id,omitempty"`
	Name    *string `json:"name,omitempty"`
	City    *string `json:"city,omitempty"`
	State   *string `json:"state,omitempty"`
	Country *string `json:"country,omitempty"`
}

// MatchOf turns a filter into arguments of a subscription, which know equality
// only. Other operators are an error.
func MatchOf(filter *TableCustomerFilterInput) (Match, error) {
	var match Match
	if filter == nil {
		return match, nil
	}
	match.ID = eq((*TableStringFilterInput)(filter.Id))
	match.Name, match.City = eq(filter.Name), eq(filter.City)
	match.State, match.Country = eq(filter.State), eq(filter.Country)
	asked, err := json.Marshal(filter)
	if err != nil {
		return match, err
	}
	if taken, err := json.Marshal(match.Filter()); err != nil || string(taken) != string(asked) {
		return match, filterErrorf("a subscription compares by = only, each field once")
	}
	return match, nil
}

func eq(conditions *TableStringFilterInput) *string {
	if conditions == nil {
		return nil
	}
	return conditions.Eq
}

// Filter is the way back from MatchOf; nil without a condition.
func (m Match) Filter() *TableCustomerFilterInput {
	if m == (Match{}) {
		return nil
	}
	equals := func(value *string) *TableStringFilterInput {
		if value == nil {
			return nil
		}
		return &TableStringFilterInput{Eq: value}
	}
	return &TableCustomerFilterInput{
		Id: (*TableIDFilterInput)(equals(m.ID)), Name: equals(m.Name), City: equals(m.City),
		State: equals(m.State), Country: equals(m.Country),
	}
}

// Passes reports whether a customer has the values.
func (m Match) Passes(c *Customer) bool {
	same := func(want, have *string) bool { return want == nil || have != nil && *have == *want }
	return same(m.ID, &c.Id) && same(m.Name, c.Name) && same(m.City, c.City) && same(m.State, c.State) && same(m.Country, c.Country)
}

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
