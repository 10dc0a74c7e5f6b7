// An API for the smoke test to run against: as much of AppSync as it touches, and
// able to go wrong in each way that it looks for.

package smoke_test

import (
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"net/http/httptest"
	"slices"
	"strconv"
	"sync"
)

// record is a customer as it stands in an answer.
type record map[string]any

// answer is what comes in place of the API's own words.
type answer struct {
	status int
	body   string
}

// api is a GraphQL API that knows the operations on customers.
type api struct {
	// shown changes a record on its way out, if set. n counts the calls of the
	// operation from 1. It may return nil, which hides the record.
	shown func(operation string, n int, r record) record
	// instead may answer for the API; nil where it does not.
	instead func(operation string, n int, variables map[string]any) *answer
	// stranger is the answer to a call with another token than signed; nil lets it in.
	stranger func(token string) *answer
	// pageSize is how many records a page of the list holds; 0 is all.
	pageSize int

	mu      sync.Mutex
	count   map[string]int // calls by operation
	made    int            // customers in all
	records []record
}

var refused = &answer{http.StatusUnauthorized, `{"errors":[{"errorType":"UnauthorizedException","message":"You are not authorized to make this call."}]}`}

func newAPI() *api {
	return &api{stranger: func(string) *answer { return refused }, count: make(map[string]int)}
}

// ServeHTTP implements http.Handler.
func (a *api) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	a.mu.Lock()
	defer a.mu.Unlock()
	w.Header().Set("Content-Type", "application/json")
	if token := r.Header.Get("Authorization"); token != signed && a.stranger != nil {
		if told := a.stranger(token); told != nil {
			told.write(w)
			return
		}
	}
	var request struct {
		Operation string         `json:"operationName"`
		Variables map[string]any `json:"variables"`
	}
	if err := json.NewDecoder(r.Body).Decode(&request); err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	a.count[request.Operation]++
	if a.instead != nil {
		if other := a.instead(request.Operation, a.count[request.Operation], request.Variables); other != nil {
			other.write(w)
			return
		}
	}
	data, err := json.Marshal(map[string]any{"data": a.run(request.Operation, request.Variables)})
	if err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	_, _ = w.Write(data)
}

func (a *api) run(operation string, variables map[string]any) map[string]any {
	switch operation {
	case "CreateCustomer":
		a.made++
		r := record{"id": fmt.Sprintf("id-%d", a.made)}
		maps.Copy(r, variables["input"].(map[string]any))
		a.records = append(a.records, r)
		return map[string]any{"createCustomer": a.show(operation, r)}
	case "ListCustomers":
		return map[string]any{"listCustomers": a.list(variables)}
	case "GetCustomer":
		if r, found := a.find(variables["id"]); found {
			return map[string]any{"getCustomer": a.show(operation, a.records[r])}
		}
		return map[string]any{"getCustomer": nil}
	case "UpdateCustomer":
		input := variables["input"].(map[string]any)
		r, found := a.find(input["id"])
		if !found {
			return map[string]any{"updateCustomer": nil}
		}
		changed := maps.Clone(a.records[r])
		maps.Copy(changed, input)
		a.records[r] = changed
		return map[string]any{"updateCustomer": a.show(operation, changed)}
	case "DeleteCustomer":
		i, found := a.find(variables["id"])
		if !found {
			return map[string]any{"deleteCustomer": nil}
		}
		r := a.records[i]
		a.records = slices.Delete(a.records, i, i+1)
		return map[string]any{"deleteCustomer": r}
	case "Refused":
		return map[string]any{"__typename": "Query"}
	default:
		return nil
	}
}

func (a *api) find(id any) (index int, found bool) {
	index = slices.IndexFunc(a.records, func(r record) bool { return r["id"] == id })
	return index, index >= 0
}

func (a *api) list(variables map[string]any) map[string]any {
	token, _ := variables["nextToken"].(string)
	start, _ := strconv.Atoi(token) // the first page has no token
	end, next := len(a.records), any(nil)
	if a.pageSize > 0 && start+a.pageSize < end {
		end = start + a.pageSize
		next = strconv.Itoa(end)
	}
	items := []record{}
	for _, r := range a.records[start:end] {
		if r = a.show("ListCustomers", r); r != nil {
			items = append(items, r)
		}
	}
	return map[string]any{"items": items, "nextToken": next}
}

func (a *api) show(operation string, r record) record {
	if a.shown == nil {
		return r
	}
	return a.shown(operation, a.count[operation], r)
}

// left returns the names of the customers that are still there.
func (a *api) left() []string {
	a.mu.Lock()
	defer a.mu.Unlock()
	var names []string
	for _, r := range a.records {
		names = append(names, fmt.Sprint(r["name"]))
	}
	return names
}

// calls returns how often an operation was called.
func (a *api) calls(operation string) int {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.count[operation]
}

func (o *answer) write(w http.ResponseWriter) {
	w.WriteHeader(o.status)
	_, _ = w.Write([]byte(o.body))
}

// direct is the API without a network, for tests in which time stands still.
type direct struct {
	*api
	// hangs says which request is never answered; nil if all are.
	hangs func(body string) bool
}

// RoundTrip implements http.RoundTripper.
func (d direct) RoundTrip(req *http.Request) (*http.Response, error) {
	if err := req.Context().Err(); err != nil {
		return nil, err
	}
	body, err := req.GetBody()
	if err != nil {
		return nil, err
	}
	var text json.RawMessage
	if err := json.NewDecoder(body).Decode(&text); err != nil {
		return nil, err
	}
	if d.hangs != nil && d.hangs(string(text)) {
		<-req.Context().Done()
		return nil, req.Context().Err()
	}
	w := httptest.NewRecorder()
	d.ServeHTTP(w, req)
	return w.Result(), nil
}
