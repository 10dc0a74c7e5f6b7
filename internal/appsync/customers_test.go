package appsync_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"reflect"
	"slices"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/appsyncctl/appsyncctl/internal/appsync"
	"github.com/appsyncctl/appsyncctl/internal/paging"
)

// page is an answer with the customers of ids; "" stands for null.
func page(next string, ids ...string) reply {
	items := []any{}
	for _, id := range ids {
		if id == "" {
			items = append(items, nil)
		} else {
			items = append(items, map[string]any{"id": id})
		}
	}
	connection := map[string]any{"items": items, "nextToken": nil}
	if next != "" {
		connection["nextToken"] = next
	}
	body, err := json.Marshal(map[string]any{"data": map[string]any{"listCustomers": connection}})
	if err != nil {
		panic(err)
	}
	return reply{body: string(body)}
}

// collect reads all customers and the error at the end.
func collect(t *testing.T, server *api, limit int) (ids []string, err error) {
	t.Helper()
	for customer, failed := range appsync.Customers(t.Context(), server.client(), appsync.Paging{Limit: limit}) {
		if err != nil {
			t.Fatalf("something came after the error %v", err)
		}
		if failed != nil {
			if customer != nil {
				t.Errorf("got %v with an error", customer)
			}
			err = failed
			continue
		}
		if customer == nil {
			t.Fatal("got no customer and no error")
		}
		ids = append(ids, customer.Id)
	}
	return ids, err
}

func TestCustomers(t *testing.T) {
	partial := `{"data":{"listCustomers":{"items":[{"id":"c"}],"nextToken":"2"}},"errors":[{"message":"m"}]}`
	tests := []struct {
		name    string
		limit   int
		replies []reply
		want    []string
		sizes   []int // asked for
		problem string
	}{
		{"one page", 0, []reply{page("", "a", "b")}, []string{"a", "b"}, []int{1000}, ""},
		{"none", 0, []reply{page("")}, nil, []int{1000}, ""},
		{"null list", 0, []reply{{body: `{"data":{"listCustomers":null}}`}}, nil, []int{1000}, "with null and no reason"},
		{"null items", 0, []reply{{body: `{"data":{"listCustomers":{"items":null,"nextToken":null}}}`}}, nil, []int{1000}, ""},
		{"two pages", 0, []reply{page("1", "a"), page("", "b")}, []string{"a", "b"}, []int{1000, 1000}, ""},
		{"empty pages between", 0, []reply{page("1"), page("2", "a"), page("3"), page("", "b")}, []string{"a", "b"}, []int{1000, 1000, 1000, 1000}, ""},
		{"empty token ends it", 0, []reply{{body: `{"data":{"listCustomers":{"items":[{"id":"a"}],"nextToken":""}}}`}}, []string{"a"}, []int{1000}, ""},
		{"null items between", 0, []reply{page("", "", "a", "", "b", "")}, []string{"a", "b"}, []int{1000}, ""},
		{"limit within a page", 2, []reply{page("1", "a", "b", "c")}, []string{"a", "b"}, []int{2}, ""},
		{"limit across pages", 3, []reply{page("1", "a", "b"), page("2", "c", "d")}, []string{"a", "b", "c"}, []int{3, 3}, ""},
		{"limit at the end of a page", 2, []reply{page("1", "a", "b"), page("", "c")}, []string{"a", "b"}, []int{2}, ""},
		{"limit not reached", 5, []reply{page("1", "a"), page("", "b")}, []string{"a", "b"}, []int{5, 5}, ""},
		{"limit after nulls", 2, []reply{page("1", "", "a"), page("", "b")}, []string{"a", "b"}, []int{2, 2}, ""},
		{"limit over a page's size ends with a page", 1500, []reply{page("")}, nil, []int{750}, ""},
		{"repeated token", 0, []reply{page("1", "a"), page("1", "b"), page("", "c")}, []string{"a", "b"}, []int{1000, 1000}, "second time"},
		{"tokens in a circle", 0, []reply{page("1", "a"), page("2", "b"), page("1", "c"), page("", "d")}, []string{"a", "b", "c"}, []int{1000, 1000, 1000}, "second time"},
		{"error on the second page", 0, []reply{page("1", "a"), {status: 500, body: `{}`}}, []string{"a"}, []int{1000, 1000}, "500"},
		{"error with partial data", 0, []reply{page("1", "a"), {body: partial}, page("", "d")}, []string{"a", "c"}, []int{1000, 1000}, "m"},
		{"error with partial data at the limit", 2, []reply{page("1", "a"), {body: partial}}, []string{"a", "c"}, []int{2, 2}, "m"},
		{"error at once", 0, []reply{{status: 401, body: `{}`}}, nil, []int{1000}, "401"},
		{"no answer at once", 0, []reply{{err: http.ErrHandlerTimeout}}, nil, []int{1000}, "timeout"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			server := &api{replies: tt.replies}
			got, err := collect(t, server, tt.limit)
			if !slices.Equal(got, tt.want) {
				t.Errorf("got %q, want %q", got, tt.want)
			}
			if (err != nil) != (tt.problem != "") || err != nil && !strings.Contains(err.Error(), tt.problem) {
				t.Errorf("got error %v, want %q", err, tt.problem)
			}
			var sizes []int
			for i, body := range server.bodies {
				var sent struct {
					Variables struct {
						Limit     int
						NextToken *string
					}
				}
				if err := json.Unmarshal([]byte(body), &sent); err != nil {
					t.Fatal(err)
				}
				sizes = append(sizes, sent.Variables.Limit)
				if (sent.Variables.NextToken == nil) != (i == 0) {
					t.Errorf("request %d has nextToken %v", i+1, sent.Variables.NextToken)
				}
			}
			if !slices.Equal(sizes, tt.sizes) {
				t.Errorf("asked for pages of %v, want %v", sizes, tt.sizes)
			}
		})
	}
}

// endless answers with ever new tokens and the same items.
type endless struct {
	api
	items []string
}

func (e *endless) RoundTrip(req *http.Request) (*http.Response, error) {
	e.replies = []reply{page(fmt.Sprint("token ", len(e.bodies)), e.items...)}
	return e.api.RoundTrip(req)
}

func TestCustomersEndlessEmptyPages(t *testing.T) {
	filter, err := appsync.ParseFilter("name != x")
	if err != nil {
		t.Fatal(err)
	}
	tests := []struct {
		name   string
		items  []string
		filter *appsync.TableCustomerFilterInput
		want   int
	}{
		{"empty", nil, nil, 1000},
		{"nulls only", []string{"", ""}, nil, 1000},
		{"empty behind a filter", nil, filter, 20_000},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			server := &endless{items: tt.items}
			client := &appsync.Client{Endpoint: "https://api.example.com/graphql", HTTP: &http.Client{Transport: server}}
			var last error
			for _, err := range appsync.Pages(t.Context(), client, appsync.Paging{Filter: tt.filter}) {
				last = err
			}
			if _, ok := errors.AsType[*paging.EndlessError](last); !ok {
				t.Errorf("got %v, want an EndlessError", last)
			}
			if got := len(server.bodies); got != tt.want {
				t.Errorf("asked for %d pages, want %d", got, tt.want)
			}
		})
	}
}

// Whoever stops reading stops the requests.
func TestCustomersStops(t *testing.T) {
	server := &api{replies: []reply{page("1", "a", "b"), page("", "c")}}
	for customer, err := range appsync.Customers(t.Context(), server.client(), appsync.Paging{}) {
		if err != nil || customer.Id != "a" {
			t.Errorf("got %v, %v; want a", customer, err)
		}
		break
	}
	if len(server.bodies) > 2 { // the page that was read, and the one after it
		t.Errorf("sent %d requests, want 2 at most", len(server.bodies))
	}
}

// A page tells where to go on, whatever ended the list.
func TestPages(t *testing.T) {
	filter, err := appsync.ParseFilter("name != x")
	if err != nil {
		t.Fatal(err)
	}
	tests := []struct {
		name    string
		paging  appsync.Paging
		replies []reply
		size    int
		want    []appsync.Page // without the size
	}{
		{"the end", appsync.Paging{}, []reply{page("1", "a"), page("", "b")}, 1000,
			[]appsync.Page{{Customers: customers("a"), Next: "1"}, {Customers: customers("b"), Token: "1"}}},
		{"empty pages are pages", appsync.Paging{}, []reply{page("1"), page("")}, 1000,
			[]appsync.Page{{Customers: customers(), Next: "1"}, {Customers: customers(), Token: "1"}}},
		{"from a token on", appsync.Paging{Token: "7", Size: 5}, []reply{page("8", "a"), page("", "b")}, 5,
			[]appsync.Page{{Customers: customers("a"), Token: "7", Next: "8"}, {Customers: customers("b"), Token: "8"}}},
		{"limit at the end of a page", appsync.Paging{Limit: 1}, []reply{page("1", "a"), page("", "b")}, 1,
			[]appsync.Page{{Customers: customers("a"), Next: "1"}}},
		{"limit within the first page", appsync.Paging{Limit: 1, Filter: filter}, []reply{page("1", "a", "b"), page("", "c")}, 1000,
			[]appsync.Page{{Customers: customers("a"), Cut: 1}}},
		{"limit within another page", appsync.Paging{Limit: 2, Size: 3}, []reply{page("1", "a"), page("2", "b", "c", "d"), page("", "e")}, 3,
			[]appsync.Page{{Customers: customers("a"), Next: "1"}, {Customers: customers("b"), Token: "1", Next: "1", Cut: 2}}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			server := &api{replies: tt.replies}
			var got []appsync.Page
			for page, err := range appsync.Pages(t.Context(), server.client(), tt.paging) {
				if err != nil {
					t.Fatal(err)
				}
				if page.Size != tt.size {
					t.Errorf("got a page of size %d, want %d", page.Size, tt.size)
				}
				page.Size = 0
				got = append(got, *page)
			}
			if !reflect.DeepEqual(got, tt.want) {
				t.Errorf("got %+v, want %+v", got, tt.want)
			}
		})
	}
}

func customers(ids ...string) []*appsync.Customer {
	all := []*appsync.Customer{}
	for _, id := range ids {
		all = append(all, &appsync.Customer{Id: id})
	}
	return all
}

// The next page is fetched while the caller is busy with one.
func TestPagesFetchAhead(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		server := &api{replies: []reply{page("1", "a"), page("2", "b"), page("", "c")}}
		read := 0
		for _, err := range appsync.Pages(t.Context(), server.client(), appsync.Paging{}) {
			if err != nil {
				t.Fatal(err)
			}
			read++
			synctest.Wait()
			if got, want := len(server.bodies), min(read+1, 3); got != want {
				t.Errorf("at page %d there were %d requests, want %d", read, got, want)
			}
		}
	})
}

// What is not changed is left out; what is removed is null.
func TestCustomerChange(t *testing.T) {
	tests := []struct {
		name   string
		change appsync.CustomerChange
		want   string
	}{
		{"a field set", appsync.CustomerChange{ID: "a", Fields: map[string]*string{"city": new("Boston")}}, `{"city":"Boston","id":"a"}`},
		{"a field set to empty", appsync.CustomerChange{ID: "a", Fields: map[string]*string{"city": new("")}}, `{"city":"","id":"a"}`},
		{"a field removed", appsync.CustomerChange{ID: "a", Fields: map[string]*string{"city": nil}}, `{"city":null,"id":"a"}`},
		{"nothing", appsync.CustomerChange{ID: "a"}, `{"id":"a"}`},
		{"the id stays the id", appsync.CustomerChange{ID: "a", Fields: map[string]*string{"id": new("b")}}, `{"id":"a"}`},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got, err := json.Marshal(tt.change)
			if err != nil {
				t.Fatal(err)
			}
			if string(got) != tt.want {
				t.Errorf("got %s, want %s", got, tt.want)
			}
		})
	}
}
