package checkup_test

import (
	"context"
	"errors"
	"maps"
	"net/http"
	"net/http/httptest"
	"reflect"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/appsyncctl/appsyncctl/internal/appsync"
	"github.com/appsyncctl/appsyncctl/internal/checkup"
)

// steps are the names in each run: people compare runs by them.
var steps = []string{
	"get an access token",
	"create customer1 (Boston, MA, USA)",
	"create customer2 (Dallas, TX, USA)",
	"list both customers",
	"refuse a call without a token",
	"delete customer1",
	"delete customer2",
}

var errToken = errors.New("no token today")

// withToken sends a token with each request.
type withToken struct{ http.RoundTripper }

func (t withToken) RoundTrip(req *http.Request) (*http.Response, error) {
	req = req.Clone(req.Context())
	req.Header.Set("Authorization", "token")
	return t.RoundTripper.RoundTrip(req)
}

// newSmoke returns a smoke test of the API behind transport.
func newSmoke(endpoint string, transport http.RoundTripper) *checkup.Smoke {
	return &checkup.Smoke{
		Token:     func(context.Context) error { return nil },
		API:       &appsync.Client{Endpoint: endpoint, HTTP: &http.Client{Transport: withToken{transport}}},
		Anonymous: &appsync.Client{Endpoint: endpoint, HTTP: &http.Client{Transport: transport}},
		Now:       time.Now,
		Done:      func(checkup.StepResult) {},
	}
}

// outcome puts a result into words.
func outcome(r checkup.StepResult) string {
	switch {
	case r.Err != nil:
		return "failed: " + r.Err.Error()
	case r.Skipped != "":
		return "skipped: " + r.Skipped
	default:
		return "passed"
	}
}

// wantResults checks the names of all steps, and what became of each.
func wantResults(t *testing.T, results []checkup.StepResult, want ...string) {
	t.Helper()
	var names, got []string
	for _, r := range results {
		names = append(names, r.Step)
		got = append(got, outcome(r))
		if passed := outcome(r) == "passed"; r.Passed() != passed {
			t.Errorf("%s: Passed is %t, want %t", r.Step, r.Passed(), passed)
		}
	}
	if !slices.Equal(names, steps) {
		t.Errorf("got the steps %q\nwant %q", names, steps)
	}
	if !slices.Equal(got, want) {
		t.Errorf("got  %s\nwant %s", strings.Join(got, "\n     "), strings.Join(want, "\n     "))
	}
}

// changed returns a function that shows one field of a customer with another value.
func changed(operation, name, field string, value any) func(string, int, record) record {
	return func(op string, _ int, r record) record {
		if op != operation || r["name"] != name {
			return r
		}
		other := maps.Clone(r)
		other[field] = value
		return other
	}
}

// fails returns a function that answers the nth call of one operation.
func fails(operation string, nth, status int, body string) func(string, int, map[string]any) *answer {
	return func(op string, n int, _ map[string]any) *answer {
		if op == operation && n == nth {
			return &answer{status, body}
		}
		return nil
	}
}

func TestSmoke(t *testing.T) {
	const (
		passed  = "passed"
		nothing = "skipped: nothing was created"
		denied  = `{"data":{"createCustomer":null},"errors":[{"errorType":"Unauthorized","message":"Not Authorized"}]}`
	)
	after := func(step int) string { return "skipped: because of: " + steps[step] }
	tests := []struct {
		name  string
		token error
		api   func(*api)
		want  []string
		left  []string
	}{
		{
			"all is well", nil, func(*api) {},
			[]string{passed, passed, passed, passed, passed, passed, passed}, nil,
		},
		{
			"each customer on a page of its own", nil, func(a *api) { a.pageSize = 1 },
			[]string{passed, passed, passed, passed, passed, passed, passed}, nil,
		},
		{
			"no token", errToken, func(*api) {},
			[]string{"failed: no token today", after(0), after(0), after(0), after(0), nothing, nothing}, nil,
		},
		{
			"the first is not created", nil, func(a *api) { a.instead = fails("CreateCustomer", 1, 200, denied) },
			[]string{passed, "failed: Unauthorized: Not Authorized", after(1), after(1), after(1), nothing, nothing}, nil,
		},
		{
			"the second is not created", nil, func(a *api) { a.instead = fails("CreateCustomer", 2, 200, denied) },
			[]string{passed, passed, "failed: Unauthorized: Not Authorized", after(2), after(2), passed, nothing}, nil,
		},
		{
			"created, with an error beside it", nil, func(a *api) {
				a.instead = fails("CreateCustomer", 1, 200,
					`{"data":{"createCustomer":{"id":"id-7"}},"errors":[{"message":"no right to see the name"}]}`)
				a.records = []record{{"id": "id-7", "name": "customer1"}}
			},
			[]string{passed, "failed: no right to see the name", after(1), after(1), after(1), passed, nothing}, nil,
		},
		{
			"no id", nil, func(a *api) { a.shown = changed("CreateCustomer", "customer1", "id", "") },
			[]string{passed, "failed: the API returned no id for customer1", after(1), after(1), after(1), nothing, nothing},
			[]string{"customer1"}, // nobody knows which
		},
		{
			"null and no reason", nil, func(a *api) {
				a.instead = fails("CreateCustomer", 2, 200, `{"data":{"createCustomer":null}}`)
			},
			[]string{passed, passed, "failed: the API returned no id for customer2", after(2), after(2), passed, nothing}, nil,
		},
		{
			"a field that was created otherwise", nil, func(a *api) { a.shown = changed("CreateCustomer", "customer1", "city", "BOSTON") },
			[]string{passed, `failed: city was sent as "Boston" and came back as "BOSTON"`, after(1), after(1), after(1), passed, nothing}, nil,
		},
		{
			"a name that was not stored", nil, func(a *api) { a.shown = changed("CreateCustomer", "customer2", "name", nil) },
			[]string{passed, passed, `failed: name was sent as "customer2" and came back as null`, after(2), after(2), passed, passed}, nil,
		},
		{
			"a field that is listed otherwise", nil, func(a *api) { a.shown = changed("ListCustomers", "customer2", "state", "tx") },
			[]string{passed, passed, passed, `failed: state was sent as "TX" and came back as "tx"`, after(3), passed, passed}, nil,
		},
		{
			"a field that is listed as null", nil, func(a *api) { a.shown = changed("ListCustomers", "customer1", "country", nil) },
			[]string{passed, passed, passed, `failed: country was sent as "USA" and came back as null`, after(3), passed, passed}, nil,
		},
		{
			"the list fails", nil, func(a *api) { a.instead = fails("ListCustomers", 1, 503, "") },
			[]string{passed, passed, passed, "failed: the API answered 503 Service Unavailable with an empty body", after(3), passed, passed}, nil,
		},
		{
			"open to everyone", nil, func(a *api) { a.anonymous = nil },
			[]string{passed, passed, passed, passed, "failed: the API answered a call without a token: it is open to everyone", passed, passed}, nil,
		},
		{
			"a firewall refuses", nil, func(a *api) { a.anonymous = &answer{status: 403, body: `{"message":"Forbidden"}`} },
			[]string{passed, passed, passed, passed, "failed: the API answered a call without a token with status 403 instead of 401", passed, passed}, nil,
		},
		{
			"a broken authorizer", nil, func(a *api) { a.anonymous = &answer{status: 500} },
			[]string{passed, passed, passed, passed, "failed: the API answered a call without a token with status 500 instead of 401", passed, passed}, nil,
		},
		{
			"refused by a resolver only", nil, func(a *api) {
				a.anonymous = &answer{200, `{"data":{"listCustomers":null},"errors":[{"errorType":"Unauthorized","message":"no"}]}`}
			},
			[]string{passed, passed, passed, passed, "failed: the API answered a call without a token with status 200 instead of 401", passed, passed}, nil,
		},
		{
			"one cannot be deleted", nil, func(a *api) {
				a.instead = fails("DeleteCustomer", 1, 200, `{"data":{"deleteCustomer":null},"errors":[{"message":"not now"}]}`)
			},
			[]string{passed, passed, passed, passed, passed, "failed: customer1 (id-1) is left behind: not now", passed},
			[]string{"customer1"},
		},
		{
			"somebody else deleted one", nil, func(a *api) {
				a.instead = func(op string, n int, _ map[string]any) *answer {
					if op == "DeleteCustomer" && n == 1 {
						a.records = a.records[:1] // before this call comes to it
					}
					return nil
				}
			},
			[]string{passed, passed, passed, passed, passed, passed, "failed: customer2 (id-2) was gone before it was deleted"}, nil,
		},
		{
			"a failed step and a failed deletion", nil, func(a *api) {
				a.instead = func(op string, _ int, _ map[string]any) *answer {
					if op == "CreateCustomer" {
						return nil
					}
					return &answer{503, ""}
				}
			},
			[]string{
				passed, passed, passed, "failed: the API answered 503 Service Unavailable with an empty body", after(3),
				"failed: customer1 (id-1) is left behind: the API answered 503 Service Unavailable with an empty body",
				"failed: customer2 (id-2) is left behind: the API answered 503 Service Unavailable with an empty body",
			}, []string{"customer1", "customer2"},
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			fake := newAPI()
			tt.api(fake)
			server := httptest.NewServer(fake)
			defer server.Close()
			smoke := newSmoke(server.URL, server.Client().Transport)
			smoke.Token = func(context.Context) error { return tt.token }
			var told []checkup.StepResult
			smoke.Done = func(r checkup.StepResult) { told = append(told, r) }

			results := smoke.Run(t.Context())
			wantResults(t, results, tt.want...)
			if !reflect.DeepEqual(told, results) {
				t.Errorf("Done was told %+v\nRun returned  %+v", told, results)
			}
			if got := fake.left(); !slices.Equal(got, tt.left) {
				t.Errorf("left behind: %q, want %q", got, tt.left)
			}
		})
	}
}

// A network that fails is no proof that strangers are refused, nor that they are let in.
func TestSmokeAnonymousWithoutAnswer(t *testing.T) {
	fake := newAPI()
	fake.anonymous = &answer{}
	server := httptest.NewServer(fake)
	defer server.Close()
	result := newSmoke(server.URL, server.Client().Transport).Run(t.Context())[4]
	_, open := errors.AsType[*checkup.OpenAPIError](result.Err)
	_, answered := errors.AsType[*appsync.ResponseError](result.Err)
	if result.Err == nil || open || answered {
		t.Errorf("got %v, want the network's error", result.Err)
	}
}

// Callers map errors to exit codes by their types.
func TestSmokeErrorsKeepTheirTypes(t *testing.T) {
	fake := newAPI()
	fake.anonymous = nil
	fake.instead = fails("DeleteCustomer", 1, 429, "")
	server := httptest.NewServer(fake)
	defer server.Close()
	results := newSmoke(server.URL, server.Client().Transport).Run(t.Context())
	if _, open := errors.AsType[*checkup.OpenAPIError](results[4].Err); !open {
		t.Errorf("got %v, want an *OpenAPIError", results[4].Err)
	}
	if answered, ok := errors.AsType[*appsync.ResponseError](results[5].Err); !ok || !answered.Throttled() {
		t.Errorf("got %v, want a throttled *ResponseError", results[5].Err)
	}
}

// A list is eventually consistent: a new record may come late, or in parts.
func TestSmokeListIsLate(t *testing.T) {
	tests := []struct {
		name    string
		shownBy [2]int // the call of the list that first shows customer1 and customer2
		calls   int
		elapsed time.Duration
		want    string
	}{
		{"at once", [2]int{1, 1}, 1, 0, "passed"},
		{"the second time", [2]int{2, 2}, 2, time.Second, "passed"},
		{"one after the other", [2]int{4, 2}, 4, 3 * time.Second, "passed"},
		{"the last time", [2]int{1, 5}, 5, 4 * time.Second, "passed"},
		{"too late", [2]int{1, 6}, 5, 4 * time.Second, "failed: customer2 was created, but the list does not show it"},
		{"both too late", [2]int{6, 6}, 5, 4 * time.Second, "failed: customer1 was created, but the list does not show it"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				fake := newAPI()
				fake.shown = func(op string, n int, r record) record {
					if op == "ListCustomers" && (r["name"] == "customer1" && n < tt.shownBy[0] || r["name"] == "customer2" && n < tt.shownBy[1]) {
						return nil
					}
					return r
				}
				results := newSmoke("http://api.test/graphql", direct{api: fake}).Run(t.Context())
				if got := outcome(results[3]); got != tt.want {
					t.Errorf("got %q, want %q", got, tt.want)
				}
				if got := results[3].Elapsed; got != tt.elapsed {
					t.Errorf("took %v, want %v", got, tt.elapsed)
				}
				if got := fake.calls("ListCustomers"); got != tt.calls {
					t.Errorf("listed %d times, want %d", got, tt.calls)
				}
				if left := fake.left(); left != nil {
					t.Errorf("left behind: %q", left)
				}
			})
		})
	}
}

// After Ctrl-C nothing new begins, and what was created is deleted all the same.
func TestSmokeInterrupted(t *testing.T) {
	const passed, interrupted, nothing = "passed", "skipped: interrupted", "skipped: nothing was created"
	tests := []struct {
		name  string
		after string // the step after which the context ends
		want  []string
	}{
		{"before the first step", "", []string{interrupted, interrupted, interrupted, interrupted, interrupted, nothing, nothing}},
		{"after the token", steps[0], []string{passed, interrupted, interrupted, interrupted, interrupted, nothing, nothing}},
		{"after the first customer", steps[1], []string{passed, passed, interrupted, interrupted, interrupted, passed, nothing}},
		{"after both customers", steps[2], []string{passed, passed, passed, interrupted, interrupted, passed, passed}},
		{"after the list", steps[3], []string{passed, passed, passed, passed, interrupted, passed, passed}},
		{"in the clean-up", steps[5], []string{passed, passed, passed, passed, passed, passed, passed}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			fake := newAPI()
			server := httptest.NewServer(fake)
			defer server.Close()
			ctx, cancel := context.WithCancel(t.Context())
			defer cancel()
			if tt.after == "" {
				cancel()
			}
			smoke := newSmoke(server.URL, server.Client().Transport)
			smoke.Done = func(r checkup.StepResult) {
				if r.Step == tt.after {
					cancel()
				}
			}
			wantResults(t, smoke.Run(ctx), tt.want...)
			if left := fake.left(); left != nil {
				t.Errorf("left behind: %q", left)
			}
		})
	}
}

// Ctrl-C is heard while the list is awaited, and its cause is passed on.
func TestSmokeInterruptedBetweenLists(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		fake := newAPI()
		fake.shown = func(op string, _ int, r record) record {
			if op == "ListCustomers" {
				return nil
			}
			return r
		}
		errStop := errors.New("stop")
		ctx, cancel := context.WithCancelCause(t.Context())
		defer time.AfterFunc(2500*time.Millisecond, func() { cancel(errStop) }).Stop()
		results := newSmoke("http://api.test/graphql", direct{api: fake}).Run(ctx)
		wantResults(t, results, "passed", "passed", "passed", "failed: stop",
			"skipped: because of: list both customers", "passed", "passed")
		if got := results[3].Elapsed; got != 2500*time.Millisecond {
			t.Errorf("the list ended after %v, want 2.5s", got)
		}
		if got := fake.calls("ListCustomers"); got != 3 {
			t.Errorf("listed %d times, want 3", got)
		}
	})
}

// An API that hangs does not hold up the clean-up for ever.
func TestSmokeCleanUpEnds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		fake := newAPI()
		hangs := func(body string) bool { return strings.Contains(body, "deleteCustomer") }
		start := time.Now()
		results := newSmoke("http://api.test/graphql", direct{fake, hangs}).Run(t.Context())
		for i, want := range []string{"customer1 (id-1) is left behind", "customer2 (id-2) is left behind"} {
			got := results[5+i].Err
			if !errors.Is(got, context.DeadlineExceeded) || !strings.HasPrefix(got.Error(), want) {
				t.Errorf("got %v, want %q and the deadline", got, want)
			}
		}
		if got := time.Since(start); got != time.Minute {
			t.Errorf("took %v, want 30s for each deletion", got)
		}
	})
}
