package appsync_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"iter"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/uuid"

	"github.com/appsyncctl/appsyncctl/internal/emulator/appsync"
	"github.com/appsyncctl/appsyncctl/internal/emulator/appsync/store"
)

const (
	createMutation = `mutation C($input: CreateCustomerInput!) { createCustomer(input: $input) { id name city state country } }`
	updateMutation = `mutation U($input: UpdateCustomerInput!) { updateCustomer(input: $input) { id name city state country } }`
	listQuery      = `query L($filter: TableCustomerFilterInput, $limit: Int, $nextToken: String) { listCustomers(filter: $filter, limit: $limit, nextToken: $nextToken) { items { id } nextToken } }`
)

type record struct {
	ID                         string
	Name, City, State, Country *string
}

type page struct {
	ListCustomers struct {
		Items     []record
		NextToken *string
	}
}

func (p page) ids() []string {
	ids := []string{}
	for _, item := range p.ListCustomers.Items {
		ids = append(ids, item.ID)
	}
	return ids
}

func (s *service) create(t *testing.T, input map[string]any) record {
	t.Helper()
	return data[struct{ CreateCustomer record }](t, s, createMutation, map[string]any{"input": input}).CreateCustomer
}

func (s *service) list(t *testing.T, variables map[string]any) page {
	t.Helper()
	return data[page](t, s, listQuery, variables)
}

func TestCreate(t *testing.T) {
	s := serve(t, nil)
	first := s.create(t, map[string]any{"name": "customer1", "city": "Boston"})
	second := s.create(t, map[string]any{"name": "customer1", "city": "Boston"})
	if id, err := uuid.Parse(first.ID); err != nil || id.Version() != 4 {
		t.Errorf("id %q is no version 4 UUID", first.ID)
	}
	if first.ID == second.ID {
		t.Error("two creates share an id")
	}
	if *first.Name != "customer1" || *first.City != "Boston" || first.State != nil {
		t.Errorf("got %+v", first)
	}
	got := data[struct{ GetCustomer *record }](t, s, `query($id: ID!) { getCustomer(id: $id) { id name } }`, map[string]any{"id": first.ID})
	if got.GetCustomer == nil || *got.GetCustomer.Name != "customer1" {
		t.Errorf("get: %+v", got)
	}
	if got := s.call(t, `{ getCustomer(id: "none") { id } }`, nil); got != `{"data":{"getCustomer":null}}` {
		t.Errorf("get of none: %s", got)
	}
}

func TestConflict(t *testing.T) {
	s := serve(t, extended)
	s.create(t, map[string]any{"id": "1", "name": "another"})
	got := s.call(t, "mutation {\n  createCustomer(input: {id: \"1\"}) { id }\n}", nil)
	want := regexp.MustCompile(`^` + regexp.QuoteMeta(`{"data":{"createCustomer":null},"errors":[{"path":["createCustomer"],"data":null,`+
		`"errorType":"DynamoDB:ConditionalCheckFailedException","errorInfo":null,"locations":[{"line":2,"column":3,"sourceName":null}],`+
		`"message":"The conditional request failed (Service: DynamoDb, Status Code: 400, Request ID: `) + `[0-9A-Z]{52}` +
		regexp.QuoteMeta(`, Extended Request ID: null)"}]}`) + `$`)
	if !want.MatchString(got) {
		t.Errorf("got  %s\nwant %s", got, want)
	}
}

// A create that is sent once more, since its answer was lost, succeeds as it did the
// first time and makes nothing; one that differs by anything does not.
func TestCreateAgain(t *testing.T) {
	tests := []struct {
		name   string
		second map[string]any
		same   bool
	}{
		{"the same", map[string]any{"id": "1", "name": "a", "city": nil, "state": ""}, true},
		{"another text", map[string]any{"id": "1", "name": "A", "city": nil, "state": ""}, false},
		{"no city, where it is null", map[string]any{"id": "1", "name": "a", "state": ""}, false},
		{"an empty city, where it is null", map[string]any{"id": "1", "name": "a", "city": "", "state": ""}, false},
		{"a null, where it is empty", map[string]any{"id": "1", "name": "a", "city": nil, "state": nil}, false},
		{"a null, where nothing is", map[string]any{"id": "1", "name": "a", "city": nil, "state": "", "country": nil}, false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			s := serve(t, extended)
			input := map[string]any{"input": map[string]any{"id": "1", "name": "a", "city": nil, "state": ""}}
			first := s.call(t, createMutation, input)
			got := s.call(t, createMutation, map[string]any{"input": tt.second})
			if tt.same && got != first {
				t.Errorf("got %s, want %s", got, first)
			}
			if !tt.same && !strings.Contains(got, `"errorType":"DynamoDB:ConditionalCheckFailedException"`) {
				t.Errorf("got %s", got)
			}
			if again := s.call(t, createMutation, input); again != first {
				t.Errorf("afterwards %s is there, want %s", again, first)
			}
			if ids := s.list(t, nil).ids(); len(ids) != 1 {
				t.Errorf("there are %v", ids)
			}
		})
	}
}

// After a change the first create is none of the record that is there.
func TestCreateAgainAfterAnUpdate(t *testing.T) {
	s := serve(t, extended)
	input := map[string]any{"input": map[string]any{"id": "1", "name": "a"}}
	s.call(t, createMutation, input)
	s.call(t, updateMutation, map[string]any{"input": map[string]any{"id": "1", "city": "b"}})
	if got := s.call(t, createMutation, input); !strings.Contains(got, "ConditionalCheckFailed") {
		t.Errorf("got %s", got)
	}
	s.call(t, updateMutation, map[string]any{"input": map[string]any{"id": "1", "city": nil}})
	if got, want := s.call(t, createMutation, input), `{"data":{"createCustomer":{"id":"1","name":"a","city":null,"state":null,"country":null}}}`; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}

func TestCreateAgainIsTold(t *testing.T) {
	s := serve(t, extended)
	c := s.connect(t)
	c.subscribe("1", "subscription { onCreateCustomer { id } }", nil)
	for range 2 {
		s.create(t, map[string]any{"id": "a"})
		c.want(`{"id":"1","type":"data","payload":{"data":{"onCreateCustomer":{"id":"a"}}}}`)
	}
}

// A failure of the table is the field's, not the server's.
func TestStoreFails(t *testing.T) {
	s := serve(t, func(c *appsync.Config) { c.Table = brokenTable{store.NewMemory()} })
	for _, query := range []string{`{ a: getCustomer(id: "1") { id } }`, `{ a: listCustomers { nextToken } }`} {
		got := s.call(t, query, nil)
		if !strings.HasPrefix(got, `{"data":{"a":null},"errors":[{"path":["a"],"data":null,"errorType":"DynamoDB:DynamoDbException"`) || strings.Contains(got, "disk") {
			t.Errorf("got %s", got)
		}
	}
}

type brokenTable struct{ store.Table }

func (brokenTable) Get(context.Context, string) (store.Item, bool, error) {
	return store.Item{}, false, errors.New("the disk is gone")
}

func (brokenTable) Scan(context.Context, string) iter.Seq2[store.Item, error] {
	return func(yield func(store.Item, error) bool) { yield(store.Item{}, errors.New("the disk is gone")) }
}

// Two mutations in one request run in order, and the failure of one leaves the
// other's data.
func TestPartialData(t *testing.T) {
	s := serve(t, extended)
	got := s.call(t, `mutation { a: createCustomer(input: {id: "1"}) { id } b: createCustomer(input: {id: "1", name: ""}) { id } }`, nil)
	if !strings.HasPrefix(got, `{"data":{"a":{"id":"1"},"b":null},"errors":[{"path":["b"],`) {
		t.Errorf("got %s", got)
	}
}

func TestUpdate(t *testing.T) {
	s := serve(t, extended)
	s.create(t, map[string]any{"id": "1", "name": "a", "city": "b", "state": "c", "country": "d"})
	got := s.call(t, updateMutation, map[string]any{"input": map[string]any{"id": "1", "name": "new", "city": nil, "state": ""}})
	if want := `{"data":{"updateCustomer":{"id":"1","name":"new","city":null,"state":null,"country":"d"}}}`; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
	// Removed, not set to NULL: a NULL would equal null.
	if ids := s.list(t, map[string]any{"filter": map[string]any{"city": map[string]any{"eq": nil}}}).ids(); len(ids) != 0 {
		t.Errorf("a removed attribute is NULL: %v", ids)
	}
	got = s.call(t, updateMutation, map[string]any{"input": map[string]any{"id": "2", "name": "x"}})
	if !strings.HasPrefix(got, `{"data":{"updateCustomer":null},"errors":[{"path":["updateCustomer"],"data":null,"errorType":"DynamoDB:ConditionalCheckFailedException"`) {
		t.Errorf("update of none: %s", got)
	}
}

func TestDelete(t *testing.T) {
	s := serve(t, extended)
	s.create(t, map[string]any{"id": "1", "name": "a"})
	const mutation = `mutation { deleteCustomer(input: {id: "1"}) { id name } }`
	if got, want := s.call(t, mutation, nil), `{"data":{"deleteCustomer":{"id":"1","name":"a"}}}`; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
	if got, want := s.call(t, mutation, nil), `{"data":{"deleteCustomer":null}}`; got != want {
		t.Errorf("again: got %s, want %s", got, want)
	}
	if ids := s.list(t, nil).ids(); len(ids) != 0 {
		t.Errorf("left: %v", ids)
	}
}

func TestEmptyKey(t *testing.T) {
	s := serve(t, extended)
	for _, query := range []string{
		`{ getCustomer(id: "") { id } }`,
		`mutation { createCustomer(input: {id: ""}) { id } }`,
		`mutation { updateCustomer(input: {id: ""}) { id } }`,
		`mutation { deleteCustomer(input: {id: ""}) { id } }`,
	} {
		if got := s.call(t, query, nil); !strings.Contains(got, `"errorType":"DynamoDB:DynamoDbException"`) {
			t.Errorf("%s: %s", query, got)
		}
	}
}

// pages follows nextToken to the end and returns the ids of each page.
func (s *service) pages(t *testing.T, variables map[string]any) [][]string {
	t.Helper()
	var pages [][]string
	for range 100 {
		got := s.list(t, variables)
		pages = append(pages, got.ids())
		if got.ListCustomers.NextToken == nil {
			return pages
		}
		variables["nextToken"] = *got.ListCustomers.NextToken
	}
	t.Fatal("pages do not end")
	return nil
}

func TestPages(t *testing.T) {
	s := serve(t, extended)
	var inserted []string
	for n := range 45 {
		id := fmt.Sprintf("c%02d", n)
		inserted = append(inserted, id)
		s.create(t, map[string]any{"id": id, "city": "Boston"})
	}
	pages := s.pages(t, map[string]any{})
	if len(pages) != 3 || len(pages[0]) != 20 || len(pages[1]) != 20 || len(pages[2]) != 5 {
		t.Fatalf("default pages: %v", pages)
	}
	all := slices.Concat(pages...)
	if slices.Equal(all, inserted) {
		t.Error("the scan has the order of insertion")
	}
	if again := slices.Concat(s.pages(t, map[string]any{"limit": 7})...); !slices.Equal(all, again) {
		t.Error("the order of the scan is not stable")
	}
	if got := slices.Sorted(slices.Values(all)); !slices.Equal(got, inserted) {
		t.Errorf("got %v", got)
	}

	// The limit counts before the filter: all pages but one are empty.
	filter := map[string]any{"id": map[string]any{"eq": all[12]}}
	pages = s.pages(t, map[string]any{"limit": 10, "filter": filter})
	if want := "[[] [" + all[12] + "] [] [] []]"; fmt.Sprint(pages) != want {
		t.Errorf("filtered pages: got %v, want %v", pages, want)
	}
	// A page that ends at the limit has a token, though nothing follows.
	if pages = s.pages(t, map[string]any{"limit": 45}); len(pages) != 2 || len(pages[1]) != 0 {
		t.Errorf("exact limit: %v", pages)
	}
	// null is the default, "" is no token.
	if got := s.list(t, map[string]any{"limit": nil, "nextToken": ""}).ids(); len(got) != 20 {
		t.Errorf("limit null: %d items", len(got))
	}
}

func TestPageOfAMegabyte(t *testing.T) {
	s := serve(t, nil)
	large := strings.Repeat("x", 300<<10)
	for range 5 {
		s.create(t, map[string]any{"name": large})
	}
	pages := s.pages(t, map[string]any{})
	if len(pages) != 2 || len(pages[0]) != 4 || len(pages[1]) != 1 {
		t.Errorf("got %v", pages)
	}
}

func TestPageTokens(t *testing.T) {
	s := serve(t, nil)
	for range 3 {
		s.create(t, map[string]any{"name": "a"})
	}
	token := *s.list(t, map[string]any{"limit": 1}).ListCustomers.NextToken
	if len(token) < 200 || !strings.HasPrefix(token, "eyJ2ZXJzaW9uIjozLCJ0b2tlbiI6I") { // {"version":3,"token":"
		t.Errorf("token %q", token)
	}
	broken := []byte(token)
	broken[len(broken)/2] ^= 1
	tests := []struct {
		name      string
		variables map[string]any
		ok        bool
	}{
		{"the same arguments", map[string]any{"limit": 1, "nextToken": token}, true},
		{"another limit", map[string]any{"limit": 2, "nextToken": token}, false},
		{"another filter", map[string]any{"limit": 1, "nextToken": token, "filter": map[string]any{"name": map[string]any{"eq": "a"}}}, false},
		{"tampered with", map[string]any{"limit": 1, "nextToken": string(broken)}, false},
		{"made up", map[string]any{"limit": 1, "nextToken": "abc"}, false},
		{"empty inside", map[string]any{"limit": 1, "nextToken": "e30="}, false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got := s.call(t, listQuery, tt.variables)
			if refused := strings.Contains(got, `"message":"Invalid pagination token given."`); refused == tt.ok {
				t.Errorf("got %s", got)
			}
		})
	}
}

// TestNextTokenOutlivesTheAPI walks pages over a restart.
func TestNextTokenOutlivesTheAPI(t *testing.T) {
	name := filepath.Join(t.TempDir(), "customers.db")
	first := openFile(t, name)
	for _, id := range []string{"1", "2", "3"} {
		if err := first.Create(t.Context(), store.Item{ID: id}); err != nil {
			t.Fatal(err)
		}
	}
	const query = `query($token: String) { listCustomers(limit: 2, nextToken: $token) { items { id } nextToken } }`
	type page struct {
		ListCustomers struct {
			Items     []struct{ ID string }
			NextToken string
		}
	}
	open := func(file *store.File) *service {
		return serve(t, func(c *appsync.Config) { c.Table, c.TokenKey = file, file.TokenKey() })
	}
	got := data[page](t, open(first), query, nil)
	if err := first.Close(); err != nil {
		t.Fatal(err)
	}
	rest := data[page](t, open(openFile(t, name)), query, map[string]any{"token": got.ListCustomers.NextToken})
	var all []string
	for _, item := range append(got.ListCustomers.Items, rest.ListCustomers.Items...) {
		all = append(all, item.ID)
	}
	slices.Sort(all)
	if !slices.Equal(all, []string{"1", "2", "3"}) {
		t.Errorf("got %v", all)
	}
}

func TestLimitBelowOne(t *testing.T) {
	s := serve(t, nil)
	for _, limit := range []int{0, -1} {
		got := s.call(t, listQuery, map[string]any{"limit": limit})
		if want := fmt.Sprintf("Value '%d' at 'limit' failed to satisfy constraint", limit); !strings.Contains(got, want) {
			t.Errorf("got %s, want %s", got, want)
		}
	}
}

func FuzzPageToken(f *testing.F) {
	f.Add("")
	f.Add("e30=")
	f.Add("eyJ2ZXJzaW9uIjozLCJ0b2tlbiI6IkFBQUEifQ==")
	f.Fuzz(func(t *testing.T, token string) {
		s := serve(t, nil)
		body := s.call(t, listQuery, map[string]any{"nextToken": token})
		if !json.Valid([]byte(body)) {
			t.Errorf("%q: %s", token, body)
		}
	})
}
