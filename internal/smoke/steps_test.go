package smoke_test

import (
	"fmt"
	"slices"
	"testing"

	"github.com/appsyncctl/appsyncctl/internal/doctor"
	"github.com/appsyncctl/appsyncctl/internal/smoke"
)

// TestPlan holds every step to what the help and the reports promise of it: constant
// ids in their order, texts, and needs that come before it.
func TestPlan(t *testing.T) {
	plan := smoke.Plan()
	if plan[0].ID != smoke.Beginning().ID {
		t.Errorf("the plan begins with %s", plan[0].ID)
	}
	if want := len(doctor.Catalogue()) + len(smoke.Steps()); len(plan) != want {
		t.Errorf("%d are planned, want %d", len(plan), want)
	}
	seen := make(map[doctor.ID]bool)
	for _, check := range plan {
		if seen[check.ID] {
			t.Errorf("two are called %s", check.ID)
		}
		for _, id := range check.Needs() {
			if !seen[id] {
				t.Errorf("%s needs %s, which does not come before it", check.ID, id)
			}
		}
		seen[check.ID] = true
	}
	for i, step := range smoke.Steps() {
		if want := doctor.ID(fmt.Sprintf("SMOKE-%03d", i)); step.ID != want || step.Category != smoke.Category {
			t.Errorf("step %d is %s in the category %s, want %s", i, step.ID, step.Category, want)
		}
		if step.Title == "" || len(step.Meaning) < 200 {
			t.Errorf("%s has no title, or too few words on what it means", step.ID)
		}
		if found, ok := smoke.Find(step.ID); !ok || found.Title != step.Title {
			t.Errorf("Find(%q) returned %q, %t", step.ID, found.Title, ok)
		}
		if !slices.ContainsFunc(plan, func(c doctor.Check) bool { return c.ID == step.ID }) {
			t.Errorf("%s is not planned", step.ID)
		}
	}
	for _, id := range []doctor.ID{"SMOKE-999", "API-011", ""} {
		if found, ok := smoke.Find(id); ok {
			t.Errorf("Find(%q) has found %s", id, found.ID)
		}
	}
}
