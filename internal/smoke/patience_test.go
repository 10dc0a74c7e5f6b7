package smoke_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/appsyncctl/appsyncctl/internal/doctor"
)

// At Ctrl-C a creation that is under way is waited for, so that it can be deleted.
func TestSmokeInterruptedWhileCreating(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		fake := newAPI()
		test := newTest("http://api.test/graphql", direct{api: fake})
		test.Meter.Base = late{test.Meter.Base} // a fifth of a second
		ctx, cancel := context.WithCancel(t.Context())
		test.Done = func(f doctor.Finding) {
			if f.ID == "SMOKE-003" {
				time.AfterFunc(100*time.Millisecond, cancel)
			}
		}
		findings := test.Run(ctx)
		if created := step(t, findings, "SMOKE-004"); created.Result != doctor.OK {
			t.Errorf("the creation is %s: %s", created.Result, created.Message)
		}
		if got := fake.calls("CreateCustomer"); got != 1 || fake.left() != nil {
			t.Errorf("%d customers were created, left are %q", got, fake.left())
		}
	})
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
				findings := newTest("http://api.test/graphql", direct{api: fake}).Run(t.Context())
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
		after doctor.ID // the step after which the context ends
		made  int       // customers that were created by then
	}{
		{"", 0}, {"SMOKE-002", 0}, {"SMOKE-004", 1}, {"SMOKE-005", 2}, {"SMOKE-006", 2}, {"SMOKE-010", 2}, {"SMOKE-011", 2},
	}
	for _, tt := range tests {
		t.Run("after "+string(tt.after), func(t *testing.T) {
			fake := newAPI()
			ctx, cancel := context.WithCancel(t.Context())
			defer cancel()
			if tt.after == "" {
				cancel()
			}
			test := serve(t, fake)
			test.Done = func(f doctor.Finding) {
				if f.ID == tt.after {
					cancel()
				}
			}
			findings := test.Run(ctx)
			for _, f := range findings {
				cleans := f.ID == "SMOKE-011" || f.ID == "SMOKE-012"
				if f.ID > tt.after && !cleans && f.Result != doctor.Skipped {
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
		findings := newTest("http://api.test/graphql", direct{api: fake}).Run(ctx)
		got := step(t, findings, "SMOKE-006")
		if got.Result != doctor.Unknown || !errors.Is(got.Err, errStop) || got.Elapsed != 2500*time.Millisecond {
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
		findings := newTest("http://api.test/graphql", direct{fake, hangs}).Run(t.Context())
		for id, want := range map[doctor.ID]string{"SMOKE-011": first + " (id-1) is left behind", "SMOKE-012": second + " (id-2) is left behind"} {
			got := step(t, findings, id)
			if got.Result != doctor.Unknown || !errors.Is(got.Err, context.DeadlineExceeded) || !strings.HasPrefix(got.Message, want) {
				t.Errorf("got %s: %s (%v), want %q and the deadline", got.Result, got.Message, got.Err, want)
			}
		}
		if got := time.Since(start); got != 20*time.Second {
			t.Errorf("took %v, want 10s for each deletion", got)
		}
	})
}
