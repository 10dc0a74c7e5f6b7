package smoke_test

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/appsyncctl/appsyncctl/internal/appsync"
	"github.com/appsyncctl/appsyncctl/internal/doctor"
)

// What the checks found decides what makes sense.
func TestSmokeAfterFailedChecks(t *testing.T) {
	fake := newAPI()
	test := serve(t, fake)
	accepted, found := doctor.Find("API-011")
	if !found {
		t.Fatal("there is no check API-011")
	}
	test.Checks = []doctor.Finding{{Check: accepted, Verdict: doctor.Verdict{Result: doctor.Skipped, Because: "AUTH-010"}}}
	for _, f := range test.Run(t.Context()) {
		if f.Result != doctor.Skipped {
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
	test := serve(t, fake)
	test.ReadOnly = true
	for _, f := range test.Run(t.Context()) {
		want := doctor.Skipped
		if f.ID == "SMOKE-001" || f.ID == "SMOKE-002" {
			want = doctor.OK
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
	test := serve(t, fake)
	test.Keep = true
	findings := test.Run(t.Context())
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
			test := serve(t, fake)
			test.Table = tableOf{fake, tt.table}
			if got := outcomes(test.Run(t.Context()))["SMOKE-007"]; got != tt.want {
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
	fake.instead = deleting("id-1", 429, "")
	findings := serve(t, fake).Run(t.Context())
	if err := step(t, findings, "SMOKE-001").Err; err == nil || !strings.HasPrefix(err.Error(), "the API accepted ") {
		t.Errorf("got %v, want that the API accepted it", err)
	}
	if answered, ok := errors.AsType[*appsync.ResponseError](step(t, findings, "SMOKE-011").Err); !ok || !answered.Throttled() {
		t.Errorf("got %v, want a throttled *ResponseError", step(t, findings, "SMOKE-011").Err)
	}
}

// Without a token that has really expired nobody can tell, and nothing is claimed. One
// that has not expired is none.
func TestSmokeExpired(t *testing.T) {
	for token, want := range map[string]doctor.Result{"": doctor.Skipped, old: doctor.OK, signed: doctor.Failure, "opaque": doctor.Failure} {
		fake := newAPI()
		test := serve(t, fake)
		test.Expired = token
		if got := step(t, test.Run(t.Context()), "SMOKE-002"); got.Result != want {
			t.Errorf("%q: %s: %s", token, got.Result, got.Message)
		}
	}
}

// A deletion that was not answered may have been carried out, and need not be again.
func TestSmokeLostDeletion(t *testing.T) {
	fake := newAPI()
	fake.instead = func(op string, _ int, variables map[string]any) *answer {
		if op != "DeleteCustomer" || variables["id"] != "id-1" {
			return nil
		}
		if i, found := fake.find("id-1"); found {
			fake.records = slices.Delete(fake.records, i, i+1)
		}
		return &answer{503, ""}
	}
	findings := serve(t, fake).Run(t.Context())
	wantOutcomes(t, findings, map[string]string{})
}
