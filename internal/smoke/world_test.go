// The world of the tests: one smoke test of a made-up API, and words for what came of
// it.

package smoke_test

import (
	"context"
	"maps"
	"net/http"
	"net/http/httptest"
	"slices"
	"testing"
	"time"

	"github.com/Khan/genqlient/graphql"

	"github.com/appsyncctl/appsyncctl/internal/appsync"
	"github.com/appsyncctl/appsyncctl/internal/doctor"
	"github.com/appsyncctl/appsyncctl/internal/smoke"
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

// old is one whose time was over in 2001.
const old = "eyJhbGciOiJSUzI1NiJ9.eyJleHAiOjEwMDAwMDAwMDB9.c2lnbmF0dXJl"

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

// newTest returns a smoke test of the API behind transport.
func newTest(endpoint string, transport http.RoundTripper) *smoke.Test {
	meter := &smoke.Meter{Base: transport, Now: time.Now}
	with := func(token string, transport http.RoundTripper) graphql.Client {
		return &appsync.Client{Endpoint: endpoint, HTTP: &http.Client{Transport: withToken{token, transport}}}
	}
	return &smoke.Test{
		API:       with(signed, meter),
		Presented: func(token string) graphql.Client { return with(token, transport) },
		Expired:   old,
		Token:     func(context.Context) (string, error) { return signed, nil },
		Mark:      smoke.Mark{Begun: begun, ID: "AAAAAAAA"},
		Meter:     meter,
		Now:       time.Now,
		Done:      func(doctor.Finding) {},
	}
}

// serve returns a smoke test of fake, which a server serves until the test ends.
func serve(t *testing.T, fake *api) *smoke.Test {
	t.Helper()
	server := httptest.NewServer(fake)
	t.Cleanup(server.Close)
	return newTest(server.URL, server.Client().Transport)
}

// outcomes puts the findings that are not ok into words, by their ids; skipped
// steps only if they name a reason of this run's.
func outcomes(findings []doctor.Finding) map[string]string {
	told := make(map[string]string)
	for _, f := range findings {
		switch {
		case f.Result == doctor.OK, f.Unasked:
		case f.Because != "":
			told[string(f.ID)] = "skipped because of " + string(f.Because)
		default:
			told[string(f.ID)] = string(f.Result) + ": " + f.Message
		}
	}
	return told
}

// wantOutcomes checks that all steps are there, and what became of those that are
// not ok.
func wantOutcomes(t *testing.T, findings []doctor.Finding, want map[string]string) {
	t.Helper()
	var got, all []string
	for _, f := range findings {
		got = append(got, string(f.ID))
	}
	for _, step := range smoke.Steps()[1:] {
		all = append(all, string(step.ID))
	}
	if !slices.Equal(got, all) {
		t.Errorf("took the steps %q, want %q", got, all)
	}
	if got := outcomes(findings); !maps.Equal(got, want) {
		t.Errorf("got  %q\nwant %q", got, want)
	}
}

// step returns the finding of one step.
func step(t *testing.T, findings []doctor.Finding, id doctor.ID) doctor.Finding {
	t.Helper()
	i := slices.IndexFunc(findings, func(f doctor.Finding) bool { return f.ID == id })
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

// deleting returns a function that answers the deletion of one customer.
func deleting(id string, status int, body string) func(string, int, map[string]any) *answer {
	return func(op string, _ int, variables map[string]any) *answer {
		if op == "DeleteCustomer" && variables["id"] == id {
			return &answer{status, body}
		}
		return nil
	}
}
