package appsync_test

import (
	"context"
	"encoding/json"
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/Khan/genqlient/graphql"
	engine "github.com/graph-gophers/graphql-go"

	"github.com/appsyncctl/appsyncctl/internal/appsync"
	"github.com/appsyncctl/appsyncctl/internal/schema"
)

// told is an API that answers every request with the same data.
type told struct {
	data json.RawMessage
	sent []string
}

func (c *told) MakeRequest(_ context.Context, req *graphql.Request, resp *graphql.Response) error {
	c.sent = append(c.sent, req.Query)
	return json.Unmarshal(c.data, resp.Data)
}

// introspected is what an API with the schema tells of it.
func introspected(t *testing.T, sdl string) *appsync.Introspection {
	t.Helper()
	parsed, err := engine.ParseSchema(sdl, nil)
	if err != nil {
		t.Fatal(err)
	}
	data, err := parsed.ToJSON()
	if err != nil {
		t.Fatal(err)
	}
	introspection, err := appsync.Introspect(t.Context(), &told{data: data})
	if err != nil {
		t.Fatal(err)
	}
	return introspection
}

func TestMisfits(t *testing.T) {
	replaced := func(pairs ...string) string { return strings.NewReplacer(pairs...).Replace(schema.Wizard()) }
	tests := []struct {
		name string
		sdl  string
		want []string
	}{
		{"the wizard's", schema.Wizard(), nil},
		{"the wizard's, with ids on creation", schema.Extended(), nil},
		{"with more in it", replaced("type Customer {", "type Customer {\n\temail: String!"), nil},
		{"with other scalars", replaced("input DeleteCustomerInput", "scalar AWSDate\ninput DeleteCustomerInput", "type Customer {", "type Customer {\n\tsince: AWSDate"), nil},
		{"with what has a default", replaced("input CreateCustomerInput {", "input CreateCustomerInput {\n\ttier: Int! = 1"), nil},
		{
			"before a field was added", replaced("\tcountry: String\n", "", ", country: String", "", "\tcountry: TableStringFilterInput\n", ""),
			[]string{
				`OnCreateCustomer: Unknown argument "country" on field "Subscription.onCreateCustomer".`,
				`OnUpdateCustomer: Unknown argument "country" on field "Subscription.onUpdateCustomer".`,
				`OnDeleteCustomer: Unknown argument "country" on field "Subscription.onDeleteCustomer".`,
				"Customer has no field country", "CreateCustomerInput has no field country", "UpdateCustomerInput has no field country", "TableCustomerFilterInput has no field country",
			},
		},
		{
			"without lists", replaced("\tlistCustomers(filter: TableCustomerFilterInput, limit: Int, nextToken: String): CustomerConnection\n", ""),
			[]string{"Query has no field listCustomers"},
		},
		{
			"by another key", replaced("getCustomer(id: ID!)", "getCustomer(key: ID!)"),
			[]string{`GetCustomer: Unknown argument "id" on field "Query.getCustomer".`, `GetCustomer: Field "getCustomer" argument "key" of type "ID!" is required, but it was not provided.`},
		},
		{
			"with another type", replaced("limit: Int,", "limit: String,"),
			[]string{`ListCustomers: Variable "$limit" of type "Int" used in position expecting type "String".`},
		},
		{
			"with what nobody sends", replaced("input CreateCustomerInput {", "input CreateCustomerInput {\n\temail: String!"),
			[]string{"CreateCustomerInput wants a field email that is never sent"},
		},
		{
			"of something else", "type Query { ping: String }",
			[]string{
				"Query has no field listCustomers", "Query has no field getCustomer", "Mutation has no field createCustomer", "Mutation has no field updateCustomer",
				"Mutation has no field deleteCustomer", "Subscription has no field onCreateCustomer", "Subscription has no field onUpdateCustomer", "Subscription has no field onDeleteCustomer",
			},
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got, err := introspected(t, tt.sdl).Misfits()
			if err != nil {
				t.Fatal(err)
			}
			if !slices.Equal(got, tt.want) {
				t.Errorf("got  %q\nwant %q", got, tt.want)
			}
		})
	}
}

func TestMisfitsOfNoSchema(t *testing.T) {
	api := &told{data: json.RawMessage(`{"__schema":{"queryType":{"name":"Query"},"types":[{"kind":"OBJECT","name":"Query","fields":[{"name":"x","type":{"kind":"OBJECT","name":"Gone"}}]}]}}`)}
	introspection, err := appsync.Introspect(t.Context(), api)
	if err != nil {
		t.Fatal(err)
	}
	if misfits, err := introspection.Misfits(); err == nil || !strings.Contains(err.Error(), "Gone") {
		t.Errorf("got %q, %v; want what is wrong", misfits, err)
	}
}

// TestRehearseQueries sends the queries in a form that runs nothing.
func TestRehearseQueries(t *testing.T) {
	api := &told{data: json.RawMessage(`{"__typename":"Query"}`)}
	if err := appsync.RehearseQueries(t.Context(), api); err != nil {
		t.Fatal(err)
	}
	for i, field := range []string{"listCustomers", "getCustomer"} {
		if len(api.sent) != 2 || !strings.Contains(api.sent[i], field) || !strings.Contains(api.sent[i], "@skip(if: true)") || strings.Contains(api.sent[i], "mutation") {
			t.Errorf("sent %q", api.sent)
		}
	}
	if err := appsync.RehearseQueries(t.Context(), &told{data: json.RawMessage(`{}`)}); err == nil {
		t.Error("an answer to something else is taken")
	}
}

func TestReadAnswer(t *testing.T) {
	data, err := appsync.ReadAnswer(200, nil, []byte(`{"data":{"x":null},"errors":[{"errorType":"Unauthorized","message":"no"}]}`))
	answer, typed := errors.AsType[*appsync.ResponseError](err)
	if !typed || answer.Status != 200 || len(answer.Errors) != 1 || string(data) != `{"x":null}` {
		t.Errorf("got %s, %v", data, err)
	}
	if data, err = appsync.ReadAnswer(200, nil, []byte(`{"data":{}}`)); err != nil || string(data) != "{}" {
		t.Errorf("got %s, %v; want plain success", data, err)
	}
}
