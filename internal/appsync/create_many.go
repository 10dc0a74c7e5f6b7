package appsync

import (
	"context"
	"fmt"
	"strconv"
	"strings"

	"github.com/Khan/genqlient/graphql"
)

// CreateCustomers is CreateCustomer for several customers in one request: a field for
// each, told apart by aliases. AppSync executes them one after the other and gives each
// its own errors. The result has an entry for each input, nil where the answer has none;
// the error, if any, is a *ResponseError as for one, and ErrorAt finds what it says of
// an entry.
func CreateCustomers(ctx context.Context, client graphql.Client, inputs []CreateCustomerInput) ([]*Customer, error) {
	return many(ctx, client, manyFields[CreateCustomerInput]{
		operation: "mutation CreateCustomers", variable: "CreateCustomerInput!", field: "createCustomer(input: %s)",
	}, inputs)
}

// GetCustomers is GetCustomer for several ids in one request. An entry is nil where
// there is no customer.
func GetCustomers(ctx context.Context, client graphql.Client, ids []string) ([]*Customer, error) {
	return many(ctx, client, manyFields[string]{
		operation: "query GetCustomers", variable: "ID!", field: "getCustomer(id: %s)",
	}, ids)
}

// ErrorAt returns what an answer says of entry i of a CreateCustomers or GetCustomers;
// nil when it says nothing of it.
func (e *ResponseError) ErrorAt(i int) *Error {
	for _, single := range e.Errors {
		if len(single.Path) > 0 && single.Path[0] == alias(i) {
			return single
		}
	}
	return nil
}

// manyFields is an operation that asks for the same field with one variable each.
// genqlient cannot generate it, since their number is not known.
type manyFields[V any] struct {
	operation string
	variable  string // its type
	field     string // with %s for the variable
}

func many[V any](ctx context.Context, client graphql.Client, fields manyFields[V], values []V) ([]*Customer, error) {
	variables := make(map[string]V, len(values))
	var query strings.Builder
	query.WriteString(fields.operation + "(")
	for i, value := range values {
		variables[alias(i)] = value
		fmt.Fprintf(&query, "$%s: %s ", alias(i), fields.variable)
	}
	query.WriteString(") {\n")
	for i := range values {
		fmt.Fprintf(&query, "%s: "+fields.field+" { ...Customer }\n", alias(i), "$"+alias(i))
	}
	query.WriteString("}\n" + customerFragment())

	answers := make(map[string]*Customer, len(values))
	_, name, _ := strings.Cut(fields.operation, " ")
	err := client.MakeRequest(ctx,
		&graphql.Request{OpName: name, Query: query.String(), Variables: variables},
		&graphql.Response{Data: &answers})
	customers := make([]*Customer, len(values))
	for i := range values {
		customers[i] = answers[alias(i)]
	}
	return customers, err
}

func alias(i int) string { return "c" + strconv.Itoa(i) }

// customerFragment is the one that the generated operations use.
func customerFragment() string {
	return CreateCustomer_Operation[strings.Index(CreateCustomer_Operation, "fragment Customer "):]
}
