package checkup_test

import (
	"context"
	"errors"
	"maps"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/Khan/genqlient/graphql"

	"github.com/appsyncctl/appsyncctl/internal/appsync"
	"github.com/appsyncctl/appsyncctl/internal/checkup"
)

// begun is when the runs of these tests begin.
var begun = time.Date(2026, 3, 14, 15, 9, 26, 0, time.UTC)

// names of the two customers.
const (
	first  = "customer1 (appsyncctl-smoke 20260314T150926Z AAAAAAAA)"
	second = "customer2 (appsyncctl-smoke 20260314T150926Z AAAAAAAA)"
)

// signed is a token as the API takes it: a JWT of claims without meaning.
const signed = "eyJhbGciOiJSUzI1NiJ9.eyJleHAiOjQwMDAwMDAwMDB9.c2lnbmF0dXJl"

// withToken sends a token with each request.
type withToken struct {
	token string
	http.RoundTripper
}

func (t withToken) RoundTrip(req *http.Request) (*http.Response, error) {
	req = req.Clone(req.Context())
	req.Header.Set("Authorization", t.token)
	return t.RoundTripper.RoundTrip(req)
}

// newSmoke returns a smoke test of the API behind transport.
func newSmoke(endpoint string, transport http.RoundTripper) *checkup.Smoke {
	meter := &checkup.Meter{Base: transport, Now: time.Now}
	presented := func(token string) graphql.Client {
		return &appsync.Client{Endpoint: endpoint, HTTP: &http.Client{Transport: withToken{token, meter}}}
	}
	return &checkup.Smoke{
		API:       presented(signed),
		Presented: presented,
		Token:     func(context.Context) (string, error) { return signed, nil },
		Mark:      checkup.Mark{Begun: begun, ID: "AAAAAAAA"},
		Meter:     meter,
		Now:       time.Now,
		Done:      func(checkup.Finding) {},
	}
}

// outcomes puts the findings that are not ok into words, by their ids; skipped
// steps only if they name a reason of this run's.
func outcomes(findings []checkup.Finding) map[string]string {
	told := make(map[string]string)
	for _, f := range findings {
		switch {
		case f.Result == checkup.OK, strings.HasPrefix(f.Message, "not asked for"), strings.HasPrefix(f.Message, "no limit is set"):
		case f.Because != "":
			told[f.ID] = "skipped because of " + f.Because
		default:
			told[f.ID] = string(f.Result) + ": " + f.Message
		}
	}
	return told
}

// wantOutcomes checks that all steps are there, and what became of those that are
// not ok.
func wantOutcomes(t *testing.T, findings []checkup.Finding, want map[string]string) {
	t.Helper()
	var got, all []string
	for _, f := range findings {
		got = append(got, f.ID)
	}
	for _, step := range checkup.SmokeSteps() {
		all = append(all, step.ID)
	}
	if !slices.Equal(got, all) {
		t.Errorf("took the steps %q, want %q", got, all)
	}
	if got := outcomes(findings); !maps.Equal(got, want) {
		t.Errorf("got  %q\nwant %q", got, want)
	}
}

// step returns the finding of one step.
func step(t *testing.T, findings []checkup.Finding, id string) checkup.Finding {
	t.Helper()
	i := slices.IndexFunc(findings, func(f checkup.Finding) bool { return f.ID == id })
	if i < 0 {
		t.Fatalf("no step %s", id)
	}
	return findings[i]
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
		nothing = "skipped: nothing was created"
		denied  = `{"data":{"createCustomer":null},"errors":[{"errorType":"Unauthorized","message":"Not Authorized"}]}`
		down    = "the API answered 503 Service Unavailable with an empty body"
	)
	// after returns what becomes of steps that need one which did not pass.
	after := func(cause string, ids ...string) map[string]string {
		told := make(map[string]string)
		for _, id := range ids {
			told[id] = "skipped because of " + cause
		}
		return told
	}
	with := func(told map[string]string, id, outcome string) map[string]string {
		told[id] = outcome
		return told
	}
	firstLost := []string{"SMOKE-005", "SMOKE-006", "SMOKE-009", "SMOKE-010"}
	tests := []struct {
		name string
		api  func(*api)
		want map[string]string
		left []string
	}{
		{"all is well", func(*api) {}, map[string]string{}, nil},
		{"each customer on a page of its own", func(a *api) { a.pageSize = 1 }, map[string]string{}, nil},
		{
			"the first is not created", func(a *api) { a.instead = fails("CreateCustomer", 1, 200, denied) },
			with(with(with(with(after("SMOKE-004", firstLost...), "SMOKE-004", "failure: Unauthorized: Not Authorized"),
				"SMOKE-011", nothing), "SMOKE-012", nothing), "SMOKE-013", nothing), nil,
		},
		{
			"the second is not created", func(a *api) { a.instead = fails("CreateCustomer", 2, 200, denied) },
			with(with(after("SMOKE-005", "SMOKE-006"), "SMOKE-005", "failure: Unauthorized: Not Authorized"), "SMOKE-012", nothing), nil,
		},
		{
			"created, with an error beside it", func(a *api) {
				a.instead = fails("CreateCustomer", 1, 200,
					`{"data":{"createCustomer":{"id":"id-7"}},"errors":[{"message":"no right to see the name"}]}`)
				a.records = []record{{"id": "id-7", "name": first}}
			},
			with(with(after("SMOKE-004", firstLost...), "SMOKE-004", "failure: no right to see the name"), "SMOKE-012", nothing), nil,
		},
		{
			"no id", func(a *api) { a.shown = changed("CreateCustomer", first, "id", "") },
			with(with(with(with(after("SMOKE-004", firstLost...), "SMOKE-004", "failure: the API returned no id for "+first),
				"SMOKE-011", nothing), "SMOKE-012", nothing), "SMOKE-013", nothing),
			[]string{first}, // nobody knows which
		},
		{
			"null and no reason", func(a *api) { a.instead = fails("CreateCustomer", 2, 200, `{"data":{"createCustomer":null}}`) },
			with(with(after("SMOKE-005", "SMOKE-006"), "SMOKE-005", "failure: the API returned no id for "+second), "SMOKE-012", nothing), nil,
		},
		{
			"a field that was created otherwise", func(a *api) { a.shown = changed("CreateCustomer", first, "city", "BOSTON") },
			with(with(after("SMOKE-004", firstLost...), "SMOKE-004", `failure: city was sent as "Boston" and came back as "BOSTON"`), "SMOKE-012", nothing), nil,
		},
		{
			"a name that was not stored", func(a *api) { a.shown = changed("CreateCustomer", second, "name", nil) },
			with(after("SMOKE-005", "SMOKE-006"), "SMOKE-005", `failure: name was sent as "`+second+`" and came back as null`), nil,
		},
		{
			"a field that is listed otherwise", func(a *api) { a.shown = changed("ListCustomers", second, "state", "tx") },
			map[string]string{"SMOKE-006": `failure: state was sent as "TX" and came back as "tx"`}, nil,
		},
		{
			"the list fails", func(a *api) { a.instead = fails("ListCustomers", 1, 503, "") },
			map[string]string{"SMOKE-006": "unknown: " + down}, nil,
		},
		{
			"it cannot be read", func(a *api) { a.instead = fails("GetCustomer", 1, 200, `{"data":{"getCustomer":null}}`) },
			with(after("SMOKE-009", "SMOKE-010"), "SMOKE-009", "failure: "+first+" (id-1) was created and is not found"), nil,
		},
		{
			"another field is changed too", func(a *api) { a.shown = changed("UpdateCustomer", first, "state", "") },
			map[string]string{"SMOKE-010": `failure: state was sent as "MA" and came back as ""`}, nil,
		},
		{
			"the change is not stored", func(a *api) {
				a.shown = func(op string, n int, r record) record {
					if op != "GetCustomer" || n != 2 {
						return r
					}
					other := maps.Clone(r)
					other["city"] = "Boston"
					return other
				}
			},
			map[string]string{"SMOKE-010": `failure: city was sent as "Cambridge" and came back as "Boston"`}, nil,
		},
		{
			"strangers are let in", func(a *api) { a.stranger = nil },
			map[string]string{
				"SMOKE-001": "failure: the API accepted a token with a changed signature",
				"SMOKE-002": "failure: the API accepted a token with an end in the past",
			}, nil,
		},
		{
			"a firewall refuses", func(a *api) {
				a.stranger = func(string) *answer { return &answer{403, `{"message":"Forbidden"}`} }
			},
			map[string]string{
				"SMOKE-001": "failure: the API answered a token with a changed signature with status 403 instead of 401",
				"SMOKE-002": "failure: the API answered a token with an end in the past with status 403 instead of 401",
			}, nil,
		},
		{
			"a broken authorizer", func(a *api) { a.stranger = func(string) *answer { return &answer{503, ""} } },
			map[string]string{"SMOKE-001": "unknown: " + down, "SMOKE-002": "unknown: " + down}, nil,
		},
		{
			"refused by a resolver only", func(a *api) {
				a.stranger = func(string) *answer {
					return &answer{200, `{"data":{"__typename":null},"errors":[{"errorType":"Unauthorized","message":"no"}]}`}
				}
			},
			map[string]string{
				"SMOKE-001": "failure: the API answered a token with a changed signature with status 200 instead of 401",
				"SMOKE-002": "failure: the API answered a token with an end in the past with status 200 instead of 401",
			}, nil,
		},
		{
			"one cannot be deleted", func(a *api) {
				a.instead = fails("DeleteCustomer", 1, 200, `{"data":{"deleteCustomer":null},"errors":[{"message":"not now"}]}`)
			},
			with(after("SMOKE-011", "SMOKE-013"), "SMOKE-011", "failure: "+first+" (id-1) is left behind: not now"),
			[]string{first},
		},
		{
			"somebody else deleted one", func(a *api) {
				a.instead = func(op string, n int, _ map[string]any) *answer {
					if op == "DeleteCustomer" && n == 1 {
						a.records = a.records[:1] // before this call comes to it
					}
					return nil
				}
			},
			map[string]string{"SMOKE-012": "failure: " + second + " (id-2) was gone before it was deleted"}, nil,
		},
		{
			"a deletion that deletes nothing", func(a *api) {
				a.instead = fails("DeleteCustomer", 1, 200, `{"data":{"deleteCustomer":{"id":"id-1"}}}`)
			},
			map[string]string{"SMOKE-013": "failure: " + first + " (id-1) was deleted and is still found"}, []string{first},
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			fake := newAPI()
			tt.api(fake)
			server := httptest.NewServer(fake)
			defer server.Close()
			smoke := newSmoke(server.URL, server.Client().Transport)
			var told []checkup.Finding
			smoke.Done = func(f checkup.Finding) { told = append(told, f) }

			findings := smoke.Run(t.Context())
			wantOutcomes(t, findings, tt.want)
			if len(told) != len(findings) || !maps.Equal(outcomes(told), outcomes(findings)) {
				t.Errorf("Done was told %+v\nRun returned  %+v", told, findings)
			}
			if got := fake.left(); !slices.Equal(got, tt.left) {
				t.Errorf("left behind: %q, want %q", got, tt.left)
			}
		})
	}
}

// A creation without an answer may have run: it is looked for by its mark, and told if
// it does not show.
func TestSmokeLostCreation(t *testing.T) {
	for _, ran := range []bool{true, false} {
		synctest.Test(t, func(t *testing.T) {
			fake := newAPI()
			fake.instead = func(op string, n int, variables map[string]any) *answer {
				if op != "CreateCustomer" || n != 1 {
					return nil
				}
				if ran {
					r := record{"id": "id-lost"}
					maps.Copy(r, variables["input"].(map[string]any))
					fake.records = append(fake.records, r)
				}
				return &answer{503, ""}
			}
			findings := newSmoke("http://api.test/graphql", direct{api: fake}).Run(t.Context())
			got := step(t, findings, "SMOKE-011")
			if ran && got.Result != checkup.OK {
				t.Errorf("it ran: got %+v", got.Verdict)
			}
			if !ran && (got.Result != checkup.Failure || !strings.Contains(got.Message, "may be left behind") || got.Fix != "appsyncctl smoke clean") {
				t.Errorf("it did not run: got %+v", got.Verdict)
			}
			if left := fake.left(); left != nil {
				t.Errorf("left behind: %q", left)
			}
			if notes := step(t, findings, "SMOKE-004").Notes; !slices.Equal(notes, []string{"an attempt was answered with 503"}) {
				t.Errorf("the notes of the creation are %q", notes)
			}
		})
	}
}

// At Ctrl-C a creation that is under way is waited for, so that it can be deleted.
func TestSmokeInterruptedWhileCreating(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		fake := newAPI()
		smoke := newSmoke("http://api.test/graphql", direct{api: fake})
		smoke.Meter.Base = late{smoke.Meter.Base} // a fifth of a second
		ctx, cancel := context.WithCancel(t.Context())
		smoke.Done = func(f checkup.Finding) {
			if f.ID == "SMOKE-003" {
				time.AfterFunc(100*time.Millisecond, cancel)
			}
		}
		findings := smoke.Run(ctx)
		if created := step(t, findings, "SMOKE-004"); created.Result != checkup.OK {
			t.Errorf("the creation is %s: %s", created.Result, created.Message)
		}
		if got := fake.calls("CreateCustomer"); got != 1 || fake.left() != nil {
			t.Errorf("%d customers were created, left are %q", got, fake.left())
		}
	})
}

// What the checks found decides what makes sense.
func TestSmokeAfterFailedChecks(t *testing.T) {
	fake := newAPI()
	server := httptest.NewServer(fake)
	defer server.Close()
	smoke := newSmoke(server.URL, server.Client().Transport)
	accepted, found := checkup.Find("API-011")
	if !found {
		t.Fatal("there is no check API-011")
	}
	smoke.Checks = []checkup.Finding{{Check: accepted, Verdict: checkup.Verdict{Result: checkup.Skipped, Because: "AUTH-010"}}}
	for _, f := range smoke.Run(t.Context()) {
		if f.Result != checkup.Skipped {
			t.Errorf("%s is %s: %s", f.ID, f.Result, f.Message)
		}
		if f.ID == "SMOKE-004" && f.Because != "AUTH-010" {
			t.Errorf("the creation was skipped because of %q, want AUTH-010", f.Because)
		}
	}
	if fake.calls("CreateCustomer")+fake.calls("Refused") > 0 {
		t.Error("the API was called")
	}
}

// Nothing is written, and what asks for a write is skipped.
func TestSmokeReadOnly(t *testing.T) {
	fake := newAPI()
	server := httptest.NewServer(fake)
	defer server.Close()
	smoke := newSmoke(server.URL, server.Client().Transport)
	smoke.ReadOnly = true
	for _, f := range smoke.Run(t.Context()) {
		want := checkup.Skipped
		if f.ID == "SMOKE-001" || f.ID == "SMOKE-002" {
			want = checkup.OK
		}
		if f.Result != want {
			t.Errorf("%s is %s: %s", f.ID, f.Result, f.Message)
		}
	}
	for _, operation := range []string{"CreateCustomer", "UpdateCustomer", "DeleteCustomer"} {
		if fake.calls(operation) > 0 {
			t.Errorf("%s was called", operation)
		}
	}
}

// A customer that is to stay is not deleted, and its id is told.
func TestSmokeKeep(t *testing.T) {
	fake := newAPI()
	server := httptest.NewServer(fake)
	defer server.Close()
	smoke := newSmoke(server.URL, server.Client().Transport)
	smoke.Keep = true
	findings := smoke.Run(t.Context())
	wantOutcomes(t, findings, map[string]string{
		"SMOKE-011": "skipped: kept: id-1", "SMOKE-012": "skipped: kept: id-2", "SMOKE-013": "skipped: kept: id-1",
	})
	if got := fake.left(); !slices.Equal(got, []string{first, second}) {
		t.Errorf("left: %q", got)
	}
}

// A table is what it says by itself.
func TestSmokeTable(t *testing.T) {
	tests := []struct {
		name  string
		table table
		want  string
	}{
		{"both", func(r map[string]string) map[string]string { return r }, ""},
		{"none", func(map[string]string) map[string]string { return nil }, "failure: the table has no item id-1, though the API created " + first},
		{"another city", func(r map[string]string) map[string]string { r["city"] = "Berlin"; return r },
			`failure: city was sent as "Boston" and came back as "Berlin"`},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			fake := newAPI()
			server := httptest.NewServer(fake)
			defer server.Close()
			smoke := newSmoke(server.URL, server.Client().Transport)
			smoke.Table = tableOf{fake, tt.table}
			if got := outcomes(smoke.Run(t.Context()))["SMOKE-007"]; got != tt.want {
				t.Errorf("got %q, want %q", got, tt.want)
			}
		})
	}
}

// table changes an item on its way out of a table; nil hides it.
type table func(map[string]string) map[string]string

type tableOf struct {
	api    *api
	change table
}

func (t tableOf) Item(_ context.Context, id string) (map[string]string, bool, error) {
	t.api.mu.Lock()
	defer t.api.mu.Unlock()
	i, found := t.api.find(id)
	if !found {
		return nil, false, nil
	}
	item := make(map[string]string)
	for name, value := range t.api.records[i] {
		item[name], _ = value.(string)
	}
	item = t.change(item)
	return item, item != nil, nil
}

// Callers map errors to exit codes by their types.
func TestSmokeErrorsKeepTheirTypes(t *testing.T) {
	fake := newAPI()
	fake.stranger = nil
	fake.instead = fails("DeleteCustomer", 1, 429, "")
	server := httptest.NewServer(fake)
	defer server.Close()
	findings := newSmoke(server.URL, server.Client().Transport).Run(t.Context())
	if err := step(t, findings, "SMOKE-001").Err; !is[*checkup.AcceptedError](err) {
		t.Errorf("got %v, want an *AcceptedError", err)
	}
	if answered, ok := errors.AsType[*appsync.ResponseError](step(t, findings, "SMOKE-011").Err); !ok || !answered.Throttled() {
		t.Errorf("got %v, want a throttled *ResponseError", step(t, findings, "SMOKE-011").Err)
	}
}

func is[T error](err error) bool {
	_, ok := errors.AsType[T](err)
	return ok
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
		{"at once", [2]int{1, 1}, 1, 0, ""},
		{"the second time", [2]int{2, 2}, 2, time.Second, ""},
		{"one after the other", [2]int{4, 2}, 4, 3 * time.Second, ""},
		{"the last time", [2]int{1, 5}, 5, 4 * time.Second, ""},
		{"too late", [2]int{1, 6}, 5, 4 * time.Second, "failure: " + second + " was created, but the list does not show it"},
		{"both too late", [2]int{6, 6}, 5, 4 * time.Second, "failure: " + first + " was created, but the list does not show it"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				fake := newAPI()
				fake.shown = func(op string, n int, r record) record {
					if op == "ListCustomers" && (r["name"] == first && n < tt.shownBy[0] || r["name"] == second && n < tt.shownBy[1]) {
						return nil
					}
					return r
				}
				findings := newSmoke("http://api.test/graphql", direct{api: fake}).Run(t.Context())
				if got := outcomes(findings)["SMOKE-006"]; got != tt.want {
					t.Errorf("got %q, want %q", got, tt.want)
				}
				if got := step(t, findings, "SMOKE-006").Elapsed; got != tt.elapsed {
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
	tests := []struct {
		after string // the step after which the context ends
		made  int    // customers that were created by then
	}{
		{"", 0}, {"SMOKE-002", 0}, {"SMOKE-004", 1}, {"SMOKE-005", 2}, {"SMOKE-006", 2}, {"SMOKE-010", 2}, {"SMOKE-011", 2},
	}
	for _, tt := range tests {
		t.Run("after "+tt.after, func(t *testing.T) {
			fake := newAPI()
			server := httptest.NewServer(fake)
			defer server.Close()
			ctx, cancel := context.WithCancel(t.Context())
			defer cancel()
			if tt.after == "" {
				cancel()
			}
			smoke := newSmoke(server.URL, server.Client().Transport)
			smoke.Done = func(f checkup.Finding) {
				if f.ID == tt.after {
					cancel()
				}
			}
			findings := smoke.Run(ctx)
			for _, f := range findings {
				cleans := f.ID == "SMOKE-011" || f.ID == "SMOKE-012"
				if f.ID > tt.after && !cleans && f.Result != checkup.Skipped {
					t.Errorf("%s is %s after the interruption", f.ID, f.Result)
				}
			}
			if got := fake.calls("CreateCustomer"); got != tt.made {
				t.Errorf("%d customers were created, want %d", got, tt.made)
			}
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
		findings := newSmoke("http://api.test/graphql", direct{api: fake}).Run(ctx)
		got := step(t, findings, "SMOKE-006")
		if got.Result != checkup.Unknown || !errors.Is(got.Err, errStop) || got.Elapsed != 2500*time.Millisecond {
			t.Errorf("the list ended as %s with %v after %v", got.Result, got.Err, got.Elapsed)
		}
		if got := fake.calls("ListCustomers"); got != 3 {
			t.Errorf("listed %d times, want 3", got)
		}
		if left := fake.left(); left != nil {
			t.Errorf("left behind: %q", left)
		}
	})
}

// An API that hangs does not hold up the clean-up for ever.
func TestSmokeCleanUpEnds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		fake := newAPI()
		hangs := func(body string) bool { return strings.Contains(body, "deleteCustomer") }
		start := time.Now()
		findings := newSmoke("http://api.test/graphql", direct{fake, hangs}).Run(t.Context())
		for id, want := range map[string]string{"SMOKE-011": first + " (id-1) is left behind", "SMOKE-012": second + " (id-2) is left behind"} {
			got := step(t, findings, id)
			if got.Result != checkup.Unknown || !errors.Is(got.Err, context.DeadlineExceeded) || !strings.HasPrefix(got.Message, want) {
				t.Errorf("got %s: %s (%v), want %q and the deadline", got.Result, got.Message, got.Err, want)
			}
		}
		if got := time.Since(start); got != 20*time.Second {
			t.Errorf("took %v, want 10s for each deletion", got)
		}
	})
}
