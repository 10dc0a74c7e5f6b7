package appsync

import (
	"fmt"
	"slices"
	"strconv"

	"github.com/graph-gophers/graphql-go"

	"github.com/appsyncctl/appsyncctl/internal/emulator/appsync/store"
)

// customer answers for the fields of the type Customer.
type customer struct {
	item store.Item
	// selected holds the fields that a mutation selected; a subscriber sees no
	// others. Nil is all.
	selected []string
}

// A nullError says that a non-null field came out null, in graphql-java's words.
type nullError struct{ Type, Parent string }

func (e *nullError) Error() string {
	return fmt.Sprintf("no value for the non-null type %s in %s", e.Type, e.Parent)
}

func (c *customer) ID() (graphql.ID, error) {
	if !c.visible("id") {
		return "", &nullError{Type: "ID", Parent: "Customer"}
	}
	return graphql.ID(c.item.ID), nil
}

func (c *customer) Name() *string    { return c.attribute("name") }
func (c *customer) City() *string    { return c.attribute("city") }
func (c *customer) State() *string   { return c.attribute("state") }
func (c *customer) Country() *string { return c.attribute("country") }

func (c *customer) visible(field string) bool {
	return c.selected == nil || slices.Contains(c.selected, field)
}

func (c *customer) attribute(name string) *string {
	if !c.visible(name) {
		return nil
	}
	return c.item.Attributes[name]
}

// An argument is an ID or a String that knows whether it was given: an explicit
// null and no value differ in what DynamoDB stores.
type argument struct {
	Value *string
	Set   bool
}

// ImplementsGraphQLType implements decode.Unmarshaler.
func (argument) ImplementsGraphQLType(name string) bool { return name == "ID" || name == "String" } //nolint:recvcheck // the engine asks the value

// UnmarshalGraphQL implements decode.Unmarshaler.
func (a *argument) UnmarshalGraphQL(input any) error {
	a.Set = true
	switch v := input.(type) {
	case nil:
	case string:
		a.Value = &v
	case int32: // an ID may be written as a number
		text := strconv.Itoa(int(v))
		a.Value = &text
	case int:
		text := strconv.Itoa(v)
		a.Value = &text
	default:
		return fmt.Errorf("no text: %T", input)
	}
	return nil
}

// Nullable marks the type as one that takes nulls.
func (*argument) Nullable() {}

// fields are the attributes of an input.
type fields struct{ Name, City, State, Country argument }

// given yields the attributes that the input names, with an explicit null as nil.
func (f fields) given(yield func(string, *string) bool) {
	for name, a := range f.all() {
		if a.Set && !yield(name, a.Value) {
			return
		}
	}
}

func (f fields) all() map[string]argument {
	return map[string]argument{"name": f.Name, "city": f.City, "state": f.State, "country": f.Country}
}
