// Whether an API's schema has what this program's operations ask for.

package appsync

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/Khan/genqlient/graphql"
	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/formatter"
	"github.com/vektah/gqlparser/v2/parser"
	"github.com/vektah/gqlparser/v2/validator"
)

// Misfits returns what the operations of this package want and the schema has not, or
// has otherwise, each in words: "Query has no field listCustomers". None is a fit.
// An error says that the schema is none.
func (i *Introspection) Misfits() ([]string, error) {
	bare := &Introspection{schema: i.schema}
	bare.schema.Directives = nil // no operation uses one
	schema, err := validator.LoadSchema(validator.Prelude, &ast.Source{Input: bare.SDL()})
	if err != nil {
		return nil, fmt.Errorf("the API's schema cannot be read: %s", Short(err.Error()))
	}
	var all []string
	for _, text := range []string{
		ListCustomers_Operation, GetCustomer_Operation, CreateCustomer_Operation, UpdateCustomer_Operation, DeleteCustomer_Operation,
		OnCreateCustomer_Operation, OnUpdateCustomer_Operation, OnDeleteCustomer_Operation,
	} {
		document, err := parser.ParseQuery(&ast.Source{Input: text})
		if err != nil {
			return nil, err
		}
		all = append(all, rootMisfits(schema, document)...)
	}
	customer := []string{"id", "name", "city", "state", "country"}
	all = append(all, memberMisfits(schema.Types["Customer"], customer)...)
	all = append(all, inputMisfits(schema.Types["CreateCustomerInput"], customer[1:], "id")...)
	all = append(all, inputMisfits(schema.Types["UpdateCustomerInput"], customer)...)
	all = append(all, inputMisfits(schema.Types["TableCustomerFilterInput"], customer)...)
	return all, nil
}

// rootMisfits compares the root fields of a document and, if they are there, the rest
// of it by GraphQL's own rules.
func rootMisfits(schema *ast.Schema, document *ast.QueryDocument) []string {
	operation := document.Operations[0]
	kind := strings.ToUpper(string(operation.Operation[:1])) + string(operation.Operation[1:])
	root := map[ast.Operation]*ast.Definition{ast.Query: schema.Query, ast.Mutation: schema.Mutation, ast.Subscription: schema.Subscription}[operation.Operation]
	for _, selection := range operation.SelectionSet {
		field, ok := selection.(*ast.Field)
		if ok && (root == nil || root.Fields.ForName(field.Name) == nil) {
			return []string{fmt.Sprintf("%s has no field %s", kind, field.Name)}
		}
	}
	var all []string
	for _, wrong := range validator.ValidateWithRules(schema, document, nil) {
		if wrong.Rule == "FieldsOnCorrectType" && strings.HasSuffix(wrong.Message, `on type "Customer".`) {
			continue // named once, and not by each operation
		}
		message, _, _ := strings.Cut(wrong.Message, " Did you mean")
		all = append(all, operation.Name+": "+Short(message))
	}
	return all
}

// memberMisfits returns the names that a type lacks; a type that is not there is
// missed elsewhere.
func memberMisfits(of *ast.Definition, names []string) []string {
	var all []string
	for _, name := range names {
		if of != nil && of.Fields.ForName(name) == nil {
			all = append(all, fmt.Sprintf("%s has no field %s", of.Name, name))
		}
	}
	return all
}

// inputMisfits is memberMisfits, and what an input wants that is never sent.
func inputMisfits(of *ast.Definition, names []string, also ...string) []string {
	all := memberMisfits(of, names)
	if of == nil {
		return all
	}
	for _, field := range of.Fields {
		if field.Type.NonNull && field.DefaultValue == nil && !slices.Contains(names, field.Name) && !slices.Contains(also, field.Name) {
			all = append(all, fmt.Sprintf("%s wants a field %s that is never sent", of.Name, field.Name))
		}
	}
	return all
}

// RehearseQueries lets the API itself compare the queries with its schema, which it
// does also when introspection is off: every field is skipped, so that no resolver
// runs. A misfit is an *Error in the API's words.
func RehearseQueries(ctx context.Context, client graphql.Client) error {
	for _, query := range []struct {
		text      string
		variables map[string]any
	}{
		{ListCustomers_Operation, nil},
		{GetCustomer_Operation, map[string]any{"id": "rehearsal"}},
	} {
		document, err := parser.ParseQuery(&ast.Source{Input: query.text})
		if err != nil {
			return err
		}
		request := &graphql.Request{Query: skipped(document), OpName: document.Operations[0].Name, Variables: query.variables}
		var data struct {
			Type string `json:"__typename"`
		}
		if err := client.MakeRequest(ctx, request, &graphql.Response{Data: &data}); err != nil {
			return err
		}
		if data.Type == "" {
			return errors.New("the API has answered another query")
		}
	}
	return nil
}

// skipped is a document whose root fields are skipped, but for __typename.
func skipped(document *ast.QueryDocument) string {
	operation := document.Operations[0]
	for _, selection := range operation.SelectionSet {
		if field, ok := selection.(*ast.Field); ok {
			field.Directives = append(field.Directives, &ast.Directive{
				Name:      "skip",
				Arguments: ast.ArgumentList{{Name: "if", Value: &ast.Value{Kind: ast.BooleanValue, Raw: "true"}}},
			})
		}
	}
	operation.SelectionSet = append(operation.SelectionSet, &ast.Field{Alias: "__typename", Name: "__typename"})
	var text strings.Builder
	formatter.NewFormatter(&text).FormatQueryDocument(document)
	return text.String()
}
