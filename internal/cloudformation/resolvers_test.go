package cloudformation_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"regexp"
	"strings"
	"testing"

	"github.com/appsyncctl/appsyncctl/internal/emulator/appsync"
	"github.com/appsyncctl/appsyncctl/internal/emulator/appsync/store"
	"github.com/appsyncctl/appsyncctl/internal/redact"
	"github.com/appsyncctl/appsyncctl/internal/schema"
)

// answer is what a field comes to.
type answer struct {
	Result json.RawMessage `json:"result"`
	Errors []struct {
		Type    string `json:"type"`
		Message string `json:"message"`
	} `json:"errors"`
}

// A step is one operation. In its arguments ID1, ID2… stand for the ids of the customers
// that were created, in that order, and NEXT for the nextToken of the list before.
type step struct{ field, args string }

// TestResolvers makes the template's resolvers and the emulator do the same, each in a
// table of its own in one DynamoDB, and compares every answer: results, the type and the
// words of errors, the order and the end of pages.
func TestResolvers(t *testing.T) {
	steps := []step{
		{"listCustomers", `{}`},
		{"getCustomer", `{"id": "nobody"}`},
		{"createCustomer", `{"input": {"name": "customer1", "city": "Boston", "state": "MA", "country": "USA"}}`},
		{"createCustomer", `{"input": {"name": "customer2", "city": "Dallas", "state": "TX", "country": "USA"}}`},
		{"createCustomer", `{"input": {"name": "Ünïcødé 😀 \u0000\n\"", "city": "东京"}}`},
		{"createCustomer", `{"input": {"name": null, "city": "Boston"}}`},
		{"createCustomer", `{"input": {}}`},
		{"createCustomer", `{"input": {"name": "", "city": "Boston"}}`},
		{"getCustomer", `{"id": ""}`},
		{"deleteCustomer", `{"input": {"id": ""}}`},
		{"updateCustomer", `{"input": {"id": "", "city": "Boston"}}`},
		{"createCustomer", `{"input": {"name": "customer1", "city": "Boston", "state": "MA", "country": "USA"}}`},
		{"getCustomer", `{"id": "ID1"}`},
		{"getCustomer", `{"id": "ID3"}`},
		{"getCustomer", `{"id": "ID4"}`},
		{"getCustomer", `{"id": "ID5"}`},

		{"listCustomers", `{}`},
		{"listCustomers", `{"limit": null, "nextToken": null, "filter": null}`},
		{"listCustomers", `{"limit": 4}`},
		{"listCustomers", `{"limit": 4, "nextToken": "NEXT"}`},
		{"listCustomers", `{"limit": 6}`},
		{"listCustomers", `{"limit": 6, "nextToken": "NEXT"}`},
		{"listCustomers", `{"limit": 7}`},
		{"listCustomers", `{"limit": 7, "nextToken": ""}`},
		{"listCustomers", `{"limit": 1, "filter": {"name": {"eq": "customer2"}}}`},
		{"listCustomers", `{"limit": 1, "filter": {"name": {"eq": "customer2"}}, "nextToken": "NEXT"}`},
		{"listCustomers", `{"limit": 0}`},
		{"listCustomers", `{"limit": -1}`},

		{"updateCustomer", `{"input": {"id": "ID1", "city": "Cambridge"}}`},
		{"getCustomer", `{"id": "ID1"}`},
		{"updateCustomer", `{"input": {"id": "ID1", "city": null, "state": "", "name": "customer one"}}`},
		{"getCustomer", `{"id": "ID1"}`},
		{"listCustomers", `{"filter": {"city": {"ne": null}}}`},
		{"updateCustomer", `{"input": {"id": "ID1", "city": null, "state": ""}}`},
		{"updateCustomer", `{"input": {"id": "ID1"}}`},
		{"updateCustomer", `{"input": {"id": "ID4", "name": "now a text", "country": "0"}}`},
		{"updateCustomer", `{"input": {"id": "nobody", "city": "Boston"}}`},
		{"updateCustomer", `{"input": {"id": "nobody", "city": null}}`},
		{"updateCustomer", `{"input": {"id": "nobody"}}`},
		{"getCustomer", `{"id": "nobody"}`},

		{"deleteCustomer", `{"input": {"id": "ID2"}}`},
		{"deleteCustomer", `{"input": {"id": "ID2"}}`},
		{"getCustomer", `{"id": "ID2"}`},
		{"updateCustomer", `{"input": {"id": "ID2", "city": "Boston"}}`},
		{"listCustomers", `{}`},
	}
	for i := range 20 { // which is more than the default limit lets through
		steps = append(steps, step{"createCustomer", fmt.Sprintf(`{"input": {"name": "one of %d"}}`, i)})
	}
	steps = append(steps, step{"listCustomers", `{}`}, step{"listCustomers", `{"nextToken": "NEXT"}`})
	for _, operator := range []string{"eq", "ne", "lt", "le", "gt", "ge", "contains", "notContains", "beginsWith"} {
		for _, operand := range []string{`"Boston"`, `"B"`, `"ton"`, `"boston"`, `"东"`} {
			steps = append(steps, step{"listCustomers", fmt.Sprintf(`{"filter": {"city": {%q: %s}}}`, operator, operand)})
		}
		steps = append(steps, step{"listCustomers", fmt.Sprintf(`{"filter": {"id": {%q: "ID3"}}}`, operator)})
	}
	// Not lt, le, gt and ge: DynamoDB refuses to order by NULL, which dynalite does not know.
	for _, operator := range []string{"eq", "ne", "contains", "notContains", "beginsWith"} {
		steps = append(steps, step{"listCustomers", fmt.Sprintf(`{"filter": {"name": {%q: null}}}`, operator)})
	}
	for _, filter := range []string{
		`{"city": {"between": ["A", "C"]}}`,
		`{"city": {"between": ["Boston", "Boston"]}}`,
		`{"city": {"between": ["C", "A"]}}`,
		`{"city": {"between": ["A", null]}}`,
		`{"city": {"between": [null, "A"]}}`,
		`{"id": {"between": ["0", "8"]}}`,
		`{"city": {"ge": "A", "lt": "C"}}`,
		`{"city": {"eq": "Boston"}, "state": {"eq": "MA"}}`,
		`{"city": {"eq": "Boston"}, "state": {"ne": "MA"}, "name": {"beginsWith": "now"}}`,
		`{"name": {"eq": "Ünïcødé 😀 \u0000\n\""}}`,
		`{}`,
		`{"city": {}}`,
	} {
		steps = append(steps, step{"listCustomers", `{"filter": ` + filter + `}`})
	}
	compare(t, schema.Wizard(), steps)
}

// TestExtendedResolvers is TestResolvers for ids that the caller chooses. The same
// customer created twice is done both times, as AppSync's data source has it; one that
// differs, if only by a null where nothing is, which the API shows alike, is a conflict.
func TestExtendedResolvers(t *testing.T) {
	compare(t, schema.Extended(), []step{
		{"createCustomer", `{"input": {"id": "mine", "name": "customer1"}}`},
		{"createCustomer", `{"input": {"id": "mine", "name": "another"}}`},
		{"createCustomer", `{"input": {"id": null, "name": "customer2"}}`},
		{"createCustomer", `{"input": {"name": "customer3"}}`},
		{"getCustomer", `{"id": "ID4"}`},
		{"createCustomer", `{"input": {"id": "mine", "name": "customer1"}}`},
		{"createCustomer", `{"input": {"id": "mine", "name": "customer1", "city": null}}`},
		{"createCustomer", `{"input": {"id": "mine", "name": "customer1", "city": ""}}`},
		{"createCustomer", `{"input": {"id": "mine"}}`},
		{"createCustomer", `{"input": {"id": "whole", "name": null, "city": "", "state": "MA", "country": "东京"}}`},
		{"createCustomer", `{"input": {"country": "东京", "state": "MA", "city": "", "name": null, "id": "whole"}}`},
		{"createCustomer", `{"input": {"id": "whole", "name": "", "city": "", "state": "MA", "country": "东京"}}`},
		{"createCustomer", `{"input": {"id": "whole", "city": "", "state": "MA", "country": "东京"}}`},
		{"createCustomer", `{"input": {"id": ""}}`},
		{"updateCustomer", `{"input": {"id": "mine", "city": "Boston"}}`},
		{"createCustomer", `{"input": {"id": "mine", "name": "customer1"}}`},
		{"createCustomer", `{"input": {"id": "mine", "name": "customer1", "city": "Boston"}}`},
		{"updateCustomer", `{"input": {"id": "mine", "city": null}}`},
		{"createCustomer", `{"input": {"id": "mine", "name": "customer1"}}`},
		{"deleteCustomer", `{"input": {"id": "mine"}}`},
		{"deleteCustomer", `{"input": {"id": "mine"}}`},
		{"updateCustomer", `{"input": {"id": "mine", "name": "customer1"}}`},
		{"createCustomer", `{"input": {"id": "mine", "name": "customer1"}}`},
		{"getCustomer", `{"id": "mine"}`},
		{"getCustomer", `{"id": "whole"}`},
		{"listCustomers", `{}`},
	})
}

func compare(t *testing.T, sdl string, steps []step) {
	t.Helper()
	host := startHost(t, workshop(t))
	emulator := openEmulator(t, sdl, host.Endpoint)
	var ids, emulated, resolved []string // each side has its own nextTokens
	for _, step := range steps {
		emulators := emulator.resolve(t, step.field, fill(step.args, ids, emulated))
		id := find(emulators, "id")
		templates := host.resolve(t, step.field, fill(step.args, ids, resolved), id)
		if step.field == "createCustomer" {
			ids = append(ids, id)
		}
		emulated, resolved = append(emulated, find(emulators, "nextToken")), append(resolved, find(templates, "nextToken"))
		if got, want := essence(t, templates), essence(t, emulators); got != want {
			t.Errorf("%s %s\ntemplate: %s\nemulator: %s", step.field, step.args, got, want)
		}
	}
}

// fill puts ids and the last nextToken into arguments.
func fill(args string, ids, tokens []string) json.RawMessage {
	for i, id := range ids {
		args = strings.ReplaceAll(args, fmt.Sprintf(`"ID%d"`, i+1), `"`+id+`"`)
	}
	if len(tokens) > 0 {
		args = strings.ReplaceAll(args, `"NEXT"`, `"`+tokens[len(tokens)-1]+`"`)
	}
	return json.RawMessage(args)
}

// find returns a text of the result, or "".
func find(a answer, field string) string {
	var result map[string]any
	_ = json.Unmarshal(a.Result, &result) // null, an object
	text, _ := result[field].(string)
	return text
}

// essence is an answer without what differs by nature: the request id of an error and
// what stands in a nextToken.
func essence(t *testing.T, a answer) string {
	t.Helper()
	var result any
	if err := json.Unmarshal(a.Result, &result); err != nil {
		t.Fatal(err)
	}
	if object, ok := result.(map[string]any); ok {
		if items, isPage := object["items"].([]any); isPage {
			for _, item := range items {
				complete(item.(map[string]any))
			}
			if object["nextToken"] != nil {
				object["nextToken"] = "there is more"
			}
		} else {
			complete(object)
		}
	}
	text := encode(t, result)
	for _, single := range a.Errors {
		text += "\n" + single.Type + ": " + regexp.MustCompile(`400, Request ID: \w+`).ReplaceAllString(single.Message, "400, Request ID: …")
	}
	return text
}

// complete gives a customer the fields that GraphQL answers with null.
func complete(customer map[string]any) {
	for _, field := range []string{"id", "name", "city", "state", "country"} {
		if _, given := customer[field]; !given {
			customer[field] = nil
		}
	}
}

// emulatedAPI is the emulator's API over a table of the same DynamoDB.
type emulatedAPI struct{ handler http.Handler }

func openEmulator(t *testing.T, sdl, dynamoDB string) emulatedAPI {
	t.Helper()
	for name, value := range map[string]string{
		"AWS_ENDPOINT_URL_DYNAMODB": dynamoDB, "AWS_REGION": "eu-west-1", "AWS_ACCESS_KEY_ID": "x", "AWS_SECRET_ACCESS_KEY": "x",
		"AWS_CONFIG_FILE": "/dev/null", "AWS_SHARED_CREDENTIALS_FILE": "/dev/null", "AWS_PROFILE": "",
	} {
		t.Setenv(name, value)
	}
	table, err := store.OpenDynamoDB(t.Context(), "emulator")
	if err != nil {
		t.Fatal(err)
	}
	api, err := appsync.New(appsync.Config{Schema: sdl, Table: table, APIKeys: []redact.Secret{"da2-x"}})
	if err != nil {
		t.Fatal(err)
	}
	return emulatedAPI{api}
}

// resolve asks for a field with all that it has.
func (e emulatedAPI) resolve(t *testing.T, field string, args json.RawMessage) answer {
	t.Helper()
	const customer = `{ id name city state country }`
	document := map[string]string{
		"getCustomer":    `query ($id: ID!) { getCustomer(id: $id) ` + customer + ` }`,
		"listCustomers":  `query ($filter: TableCustomerFilterInput, $limit: Int, $nextToken: String) { listCustomers(filter: $filter, limit: $limit, nextToken: $nextToken) { items ` + customer + ` nextToken } }`,
		"createCustomer": `mutation ($input: CreateCustomerInput!) { createCustomer(input: $input) ` + customer + ` }`,
		"updateCustomer": `mutation ($input: UpdateCustomerInput!) { updateCustomer(input: $input) ` + customer + ` }`,
		"deleteCustomer": `mutation ($input: DeleteCustomerInput!) { deleteCustomer(input: $input) ` + customer + ` }`,
	}[field]
	request := httptest.NewRequestWithContext(t.Context(), http.MethodPost, "/graphql",
		bytes.NewBufferString(encode(t, map[string]any{"query": document, "variables": args})))
	request.Header.Set("x-api-key", "da2-x")
	recorder := httptest.NewRecorder()
	e.handler.ServeHTTP(recorder, request)
	var body struct {
		Data   map[string]json.RawMessage
		Errors []struct{ ErrorType, Message string }
	}
	if err := json.Unmarshal(recorder.Body.Bytes(), &body); err != nil || body.Data == nil {
		t.Fatalf("%s %s: %v: %s", field, args, err, recorder.Body)
	}
	a := answer{Result: body.Data[field]}
	convert(t, body.Errors, &a.Errors)
	for i, single := range body.Errors {
		a.Errors[i].Type = single.ErrorType
	}
	return a
}
