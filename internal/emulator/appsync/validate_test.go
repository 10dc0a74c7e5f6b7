package appsync_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/appsyncctl/appsyncctl/internal/emulator/appsync"
)

// requestErrors is what a request that was not executed gets.
func requestErrors(t *testing.T, body string) (message string, line, column int) {
	t.Helper()
	var got struct {
		Data   *json.RawMessage
		Errors []map[string]any
	}
	if err := json.Unmarshal([]byte(body), &got); err != nil {
		t.Fatal(err)
	}
	if len(got.Errors) == 0 || got.Data != nil {
		t.Fatalf("want data null and errors: %s", body)
	}
	first := got.Errors[0]
	if _, typed := first["errorType"]; typed || first["path"] != nil {
		t.Errorf("want no errorType and a null path: %s", body)
	}
	if places, _ := first["locations"].([]any); len(places) > 0 {
		place := places[0].(map[string]any)
		line, column = int(place["line"].(float64)), int(place["column"].(float64))
	}
	return first["message"].(string), line, column
}

func TestValidation(t *testing.T) {
	s := serve(t, nil)
	tests := []struct {
		query string
		// The parser points at a spread's name, graphql-java at its dots: 0 is not compared.
		line, column int
		want         string
	}{
		{"{badfield}", 1, 2, "FieldUndefined: Field 'badfield' in type 'Query' is undefined @ 'badfield'"},
		{"{\n  listCustomers { items { id nope } }\n}", 2, 30, "FieldUndefined: Field 'nope' in type 'Customer' is undefined @ 'listCustomers/items/nope'"},
		{"query N { x: badfield }", 1, 11, "FieldUndefined: Field 'badfield' in type 'Query' is undefined @ 'badfield'"},
		{"{listCustomers}", 1, 2, "SubSelectionRequired: Sub selection required for type CustomerConnection of field listCustomers @ 'listCustomers'"},
		{"{listCustomers{items}}", 1, 16, "SubSelectionRequired: Sub selection required for type null of field items @ 'listCustomers/items'"},
		{`{getCustomer(id: "1") {name {x}}}`, 1, 24, "SubSelectionNotAllowed: Sub selection not allowed on leaf type String of field name @ 'getCustomer/name'"},
		{`{getCustomer(id: "1") {id {x}}}`, 1, 24, "SubSelectionNotAllowed: Sub selection not allowed on leaf type null of field id @ 'getCustomer/id'"},
		{`{getCustomer(id: "1", x: 1) {id}}`, 1, 23, "UnknownArgument: Unknown field argument x @ 'getCustomer'"},
		{`{getCustomer {id}}`, 1, 2, "MissingFieldArgument: Missing field argument id @ 'getCustomer'"},
		{`{getCustomer(id: null) {id}}`, 1, 14, "WrongType: argument 'id' with value 'NullValue{}' must not be null @ 'getCustomer'"},
		{`{getCustomer(id: true) {id}}`, 1, 14, "WrongType: argument 'id' with value 'BooleanValue{value=true}' is not a valid 'ID' @ 'getCustomer'"},
		{`{listCustomers(limit: "x") {nextToken}}`, 1, 16, "WrongType: argument 'limit' with value 'StringValue{value='x'}' is not a valid 'Int' @ 'listCustomers'"},
		{`{listCustomers(filter: 1) {nextToken}}`, 1, 16, "WrongType: argument 'filter' with value 'IntValue{value=1}' must be an object type @ 'listCustomers'"},
		{`{listCustomers(filter: {name: {between: ["a", 1]}}) {nextToken}}`, 1, 16, "WrongType: argument 'filter.name.between[1]' with value 'ObjectValue{objectFields=[ObjectField{name='name', value=ObjectValue{objectFields=[ObjectField{name='between', value=ArrayValue{values=[StringValue{value='a'}, IntValue{value=1}]}}]}}]}' is not a valid 'String' @ 'listCustomers'"},
		{`mutation {createCustomer(input: {id: "1"}) {id}}`, 1, 26, "WrongType: argument 'input' with value 'ObjectValue{objectFields=[ObjectField{name='id', value=StringValue{value='1'}}]}' contains a field not in 'CreateCustomerInput': 'id' @ 'createCustomer'"},
		{`mutation {updateCustomer(input: {name: "a"}) {id}}`, 1, 26, "WrongType: argument 'input' with value 'ObjectValue{objectFields=[ObjectField{name='name', value=StringValue{value='a'}}]}' is missing required fields '[id]' @ 'updateCustomer'"},
		{`query($x: Nope) {getCustomer(id: $x) {id}}`, 1, 7, "UnknownType: Unknown type Nope"},
		{`query($x: Customer) {getCustomer(id: "1") {name @include(if: $x)}}`, 1, 7, "NonInputTypeOnVariable: Wrong type for a variable"},
		{`query($x: String!) {getCustomer(id: $x) {id}}`, 1, 37, "VariableTypeMismatch: Variable type 'String!' doesn't match expected type 'ID!' @ 'getCustomer'"},
		{`query($x: ID) {getCustomer(id: $x) {id}}`, 1, 32, "VariableTypeMismatch: Variable type 'ID' doesn't match expected type 'ID!' @ 'getCustomer'"},
		{`{getCustomer(id: $x) {id}}`, 1, 18, "UndefinedVariable: Undefined variable x @ 'getCustomer'"},
		{`{getCustomer(id: "1") {...F}} fragment F on Customer {name @include(if: $x)}`, 1, 73, "UndefinedVariable: Undefined variable x"},
		{`query($x: ID) {__typename}`, 1, 7, "UnusedVariable: Unused variable x"},
		{`{getCustomer(id: "1") {...F}}`, 0, 0, "UndefinedFragment: Undefined fragment F @ 'getCustomer'"},
		{`{__typename} fragment F on Customer {id}`, 1, 14, "UnusedFragment: Unused fragment F"},
		{`{getCustomer(id: "1") {...F}} fragment F on Customer {...G} fragment G on Customer {...F}`, 1, 31, "FragmentCycle: Fragment cycles not allowed"},
		{`{getCustomer(id: "1") {... on Nope {id}}}`, 0, 0, "UnknownType: Unknown type Nope @ 'getCustomer'"},
		{`query A {__typename} query A {__typename} query B {__typename}`, 1, 22, "DuplicateOperationName: There can be only one operation named 'A'"},
		{`{__typename} query B {__typename}`, 1, 1, "LoneAnonymousOperationViolation: Anonymous operation with other operations."},
		{`{getCustomer(id: "1") {...F}} fragment F on Query {__typename}`, 0, 0, "InvalidFragmentType: Fragment cannot be spread here as objects of type Customer can never be of type Query @ 'getCustomer'"},
		{`{getCustomer(id: "1") {...F}} fragment F on String {__typename}`, 1, 31, "InvalidFragmentType: Fragment type condition is invalid, must be on Object/Interface/Union @ 'F'"},
		{`{getCustomer(id: "1") {id @include(if: 1)}}`, 1, 36, "WrongType: argument 'if' with value 'IntValue{value=1}' is not a valid 'Boolean' @ 'getCustomer/id'"},
		{`{listCustomers(limit: 1.5) {nextToken}}`, 1, 16, "WrongType: argument 'limit' with value 'FloatValue{value=1.5}' is not a valid 'Int' @ 'listCustomers'"},
		{`{listCustomers(limit: 9999999999) {nextToken}}`, 1, 16, "WrongType: argument 'limit' with value 'IntValue{value=9999999999}' is not a valid 'Int' @ 'listCustomers'"},
		{`{listCustomers(nextToken: ENUM) {nextToken}}`, 1, 16, "WrongType: argument 'nextToken' with value 'EnumValue{name='ENUM'}' is not a valid 'String' @ 'listCustomers'"},
		{`{getCustomer(id: "1") {id @nope}}`, 0, 0, "UnknownDirective: Unknown directive nope @ 'getCustomer/id'"},
	}
	for _, tt := range tests {
		t.Run(tt.query, func(t *testing.T) {
			// The name chooses among several operations and is ignored by one without.
			name := ""
			if strings.Count(tt.query, "query") > 1 || strings.Contains(tt.query, "} query B") {
				name = "B"
			}
			body := s.post(t, string(encode(t, map[string]any{"query": tt.query, "operationName": name}))).body
			message, line, column := requestErrors(t, body)
			if want := "Validation error of type " + tt.want; message != want {
				t.Errorf("message:\ngot  %s\nwant %s", message, want)
			}
			if tt.line != 0 && (line != tt.line || column != tt.column) {
				t.Errorf("location: got %d:%d, want %d:%d", line, column, tt.line, tt.column)
			}
		})
	}
}

func TestVariables(t *testing.T) {
	s := serve(t, nil)
	type m = map[string]any
	const get = `query($id: ID!) { getCustomer(id: $id) { id } }`
	tests := []struct {
		name, query string
		variables   m
		want        string
		located     bool
	}{
		{"missing", get, nil, "Variable 'id' has coerced Null value for NonNull type 'ID!'", true},
		{"null", get, m{"id": nil}, "Variable 'id' has coerced Null value for NonNull type 'ID!'", true},
		{"missing input", createMutation, nil, "Variable 'input' has coerced Null value for NonNull type 'CreateCustomerInput!'", true},
		{"missing inside", updateMutation, m{"input": m{}}, "Variable 'input' has coerced Null value for NonNull type 'ID!'", true},
		{"unknown field", createMutation, m{"input": m{"id": "1"}}, "The variables input contains a field name 'id' that is not defined for input object type 'CreateCustomerInput' ", false},
		{"no object", createMutation, m{"input": "x"}, "Variable 'input' has an invalid value. Expected type 'Map' but was 'String'. Variables for input objects must be an instance of type 'Map'.", true},
		{"text for Int", listQuery, m{"limit": "ten"}, "Variable 'limit' has an invalid value. Expected type 'Int' but was 'String'.", true},
		{"fraction for Int", listQuery, m{"limit": 1.5}, "Variable 'limit' has an invalid value. Expected type 'Int' but was 'Double'.", true},
		{"too much for Int", listQuery, m{"limit": 1 << 40}, "Variable 'limit' has an invalid value. Expected type 'Int' but was 'Integer'.", true},
		{"list for ID", get, m{"id": []any{"1"}}, "Variable 'id' has an invalid value. Expected type 'ID' but was 'ArrayList'.", true},
		{"boolean for ID", get, m{"id": true}, "Variable 'id' has an invalid value. Expected type 'ID' but was 'Boolean'.", true},
		{"boolean for Int", listQuery, m{"limit": true}, "Variable 'limit' has an invalid value. Expected type 'Int' but was 'Boolean'.", true},
		{"number for Boolean", `query($x: Boolean!) { __typename @include(if: $x) }`, m{"x": 1}, "Variable 'x' has an invalid value. Expected type 'Boolean' but was 'Integer'.", true},
		{"null in a list", `query($b: [String!]!) { listCustomers(filter: {name: {between: $b}}) { nextToken } }`, m{"b": []any{nil}}, "Variable 'b' has coerced Null value for NonNull type 'String!'", true},
		{"object for String", createMutation, m{"input": m{"name": m{}}}, "Variable 'name' has an invalid value. Expected type 'String' but was 'LinkedHashMap'.", true},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			message, line, _ := requestErrors(t, s.call(t, tt.query, tt.variables))
			if message != tt.want {
				t.Errorf("got  %q\nwant %q", message, tt.want)
			}
			if (line > 0) != tt.located {
				t.Errorf("located: got %v, want %v", line > 0, tt.located)
			}
		})
	}
}

// graphql-java takes a number for a text and a text for a number where it can.
func TestLenientVariables(t *testing.T) {
	s := serve(t, nil)
	if got := s.create(t, map[string]any{"name": 42, "city": true}); *got.Name != "42" || *got.City != "true" {
		t.Errorf("got %s %s", *got.Name, *got.City)
	}
	if got := s.list(t, map[string]any{"limit": "10"}).ids(); len(got) != 1 {
		t.Errorf("limit as text: %v", got)
	}
	// Numbers serve as ids, in variables and in the document; defaults fill in.
	id := serve(t, extended)
	id.create(t, map[string]any{"id": 7})
	for _, query := range []string{"query($id: ID!) { getCustomer(id: $id) { id } }", "query($id: ID = 7) { getCustomer(id: $id) { id } }", "{ getCustomer(id: 7) { id } }"} {
		variables := map[string]any{}
		if strings.Contains(query, "ID!)") {
			variables["id"] = 7
		}
		if got, want := id.call(t, query, variables), `{"data":{"getCustomer":{"id":"7"}}}`; got != want {
			t.Errorf("%s: got %s, want %s", query, got, want)
		}
	}
	if got, want := s.call(t, "query($x: Boolean!) { __typename @include(if: $x) a: __typename }", map[string]any{"x": false}), `{"data":{"a":"Query"}}`; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
	// An unknown variable is ignored, a single value makes a list of one.
	got := s.call(t, listQuery, map[string]any{"more": 1, "filter": map[string]any{"id": map[string]any{"between": "a"}}})
	if want := `exactly two operands`; !strings.Contains(got, want) {
		t.Errorf("got %s, want %s", got, want)
	}
}

func TestLimits(t *testing.T) {
	tests := []struct {
		name   string
		config func(*appsync.Config)
		query  string
		want   string // empty is success
	}{
		{"deep enough", func(c *appsync.Config) { c.DepthLimit = 3 }, "{listCustomers{items{id}}}", ""},
		{"too deep", func(c *appsync.Config) { c.DepthLimit = 2 }, "{listCustomers{items{id}}}", "Query depth exceeds the limit of 2."},
		{"too deep in a fragment", func(c *appsync.Config) { c.DepthLimit = 2 }, "{listCustomers{...F}} fragment F on CustomerConnection {items{id}}", "Query depth exceeds the limit of 2."},
		{"fragments that multiply", func(c *appsync.Config) { c.DepthLimit = 3 }, bomb(40), "query expands to too many selections (limit 100000)"},
		{"few resolvers", func(c *appsync.Config) { c.ResolverLimit = 2 }, "{a: listCustomers{nextToken} b: listCustomers{nextToken}}", ""},
		{"many resolvers", func(c *appsync.Config) { c.ResolverLimit = 1 }, "{a: listCustomers{nextToken} b: listCustomers{nextToken}}", "Resolver count exceeds the limit of 1."},
		{"introspection", nil, "{__schema{queryType{name}}}", ""},
		{"no introspection", func(c *appsync.Config) { c.IntrospectionOff = true }, "{__schema{queryType{name}}}", "Validation error of type FieldUndefined: Field '__schema' in type 'Query' is undefined @ '__schema'"},
		{"no introspection of a type", func(c *appsync.Config) { c.IntrospectionOff = true }, `{__type(name: "Customer"){name}}`, "Validation error of type FieldUndefined: Field '__type' in type 'Query' is undefined @ '__type'"},
		{"__typename without introspection", func(c *appsync.Config) { c.IntrospectionOff = true }, "{__typename}", ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			s := serve(t, tt.config)
			if tt.want == "" {
				data[any](t, s, tt.query, nil)
				return
			}
			if got, _, _ := requestErrors(t, s.call(t, tt.query, nil)); got != tt.want {
				t.Errorf("got %q, want %q", got, tt.want)
			}
		})
	}
}

// bomb is a document of n fragments, each of which spreads the next one twice.
func bomb(n int) string {
	var text strings.Builder
	text.WriteString("{ listCustomers { ...F0 } }")
	for i := range n {
		fmt.Fprintf(&text, " fragment F%d on CustomerConnection { nextToken ...F%d ...F%d }", i, i+1, i+1)
	}
	fmt.Fprintf(&text, " fragment F%d on CustomerConnection { nextToken }", n)
	return text.String()
}
