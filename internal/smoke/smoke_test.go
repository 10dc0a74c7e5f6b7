package smoke_test

import (
	"maps"
	"slices"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/appsyncctl/appsyncctl/internal/doctor"
)

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
			with(with(with(after("SMOKE-005", "SMOKE-006"), "SMOKE-005", "failure: Unauthorized: Not Authorized"), "SMOKE-012", nothing), "SMOKE-013", nothing), nil,
		},
		{
			"created, with an error beside it", func(a *api) {
				a.instead = fails("CreateCustomer", 1, 200,
					`{"data":{"createCustomer":{"id":"id-7"}},"errors":[{"message":"no right to see the name"}]}`)
				a.records = []record{{"id": "id-7", "name": first}}
			},
			with(with(with(after("SMOKE-004", firstLost...), "SMOKE-004", "failure: no right to see the name"), "SMOKE-012", nothing), "SMOKE-013", nothing), nil,
		},
		{
			"no id", func(a *api) { a.shown = changed("CreateCustomer", first, "id", "") },
			with(with(with(after("SMOKE-004", firstLost...), "SMOKE-004", "failure: the API returned no id for "+first),
				"SMOKE-012", nothing), "SMOKE-013", nothing),
			nil, // it is found by its mark
		},
		{
			"null and no reason", func(a *api) { a.instead = fails("CreateCustomer", 2, 200, `{"data":{"createCustomer":null}}`) },
			with(with(with(after("SMOKE-005", "SMOKE-006"), "SMOKE-005", "failure: the API returned no id for "+second), "SMOKE-012", nothing), "SMOKE-013", nothing), nil,
		},
		{
			"a field that was created otherwise", func(a *api) { a.shown = changed("CreateCustomer", first, "city", "BOSTON") },
			with(with(with(after("SMOKE-004", firstLost...), "SMOKE-004", `failure: city was sent as "Boston" and came back as "BOSTON"`), "SMOKE-012", nothing), "SMOKE-013", nothing), nil,
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
				"SMOKE-002": "failure: the API accepted an expired token",
			}, nil,
		},
		{
			"a firewall refuses", func(a *api) {
				a.stranger = func(string) *answer { return &answer{403, `{"message":"Forbidden"}`} }
			},
			map[string]string{
				"SMOKE-001": "failure: the API answered a token with a changed signature with status 403 instead of 401",
				"SMOKE-002": "failure: the API answered an expired token with status 403 instead of 401",
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
				"SMOKE-002": "failure: the API answered an expired token with status 200 instead of 401",
			}, nil,
		},
		{
			"one cannot be deleted", func(a *api) {
				a.instead = deleting("id-1", 200, `{"data":{"deleteCustomer":null},"errors":[{"message":"not now"}]}`)
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
			map[string]string{"SMOKE-012": "failure: " + second + " (id-2) was gone before it was deleted", "SMOKE-013": "skipped because of SMOKE-012"}, nil,
		},
		{
			"another is said to be deleted", func(a *api) {
				a.instead = deleting("id-2", 200, `{"data":{"deleteCustomer":{"id":"id-7","name":"Other Inc"}}}`)
			},
			with(after("SMOKE-012", "SMOKE-013"), "SMOKE-012", "failure: "+second+" (id-2) was to be deleted, and the API says that it deleted id-7"),
			[]string{second},
		},
		{
			"it is created, and cannot be shown", func(a *api) {
				a.instead = func(op string, n int, variables map[string]any) *answer {
					if op != "CreateCustomer" || n != 2 {
						return nil
					}
					r := record{"id": "id-hidden"}
					maps.Copy(r, variables["input"].(map[string]any))
					a.records = append(a.records, r)
					return &answer{200, `{"data":{"createCustomer":null},"errors":[{"errorType":"Unauthorized","path":["createCustomer","name"],"message":"Not Authorized"}]}`}
				}
			},
			with(after("SMOKE-005", "SMOKE-006"), "SMOKE-005", "failure: Unauthorized: Not Authorized"), nil,
		},
		{
			"a deletion that deletes nothing", func(a *api) {
				a.instead = deleting("id-1", 200, `{"data":{"deleteCustomer":{"id":"id-1"}}}`)
			},
			map[string]string{"SMOKE-013": "failure: " + first + " (id-1) was deleted and is still found"}, []string{first},
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			fake := newAPI()
			tt.api(fake)
			test := serve(t, fake)
			var told []doctor.Finding
			test.Done = func(f doctor.Finding) { told = append(told, f) }

			findings := test.Run(t.Context())
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
			findings := newTest("http://api.test/graphql", direct{api: fake}).Run(t.Context())
			got := step(t, findings, "SMOKE-011")
			if ran && got.Result != doctor.OK {
				t.Errorf("it ran: got %+v", got.Verdict)
			}
			if !ran && (got.Result != doctor.Failure || !strings.Contains(got.Message, "may be left behind") || got.Fix != "appsyncctl smoke clean --run AAAAAAAA") {
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
