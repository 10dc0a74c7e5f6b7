package doctor_test

import (
	"testing"

	"github.com/appsyncctl/appsyncctl/internal/doctor"
)

// TestCatalogue holds every check to what the help and the reports promise of it.
func TestCatalogue(t *testing.T) {
	order := []doctor.Category{doctor.Settings, doctor.Network, doctor.Provider, doctor.Storage, doctor.Token, doctor.API}
	place := 0
	seen := make(map[doctor.ID]bool)
	for _, check := range doctor.Catalogue() {
		for place < len(order) && order[place] != check.Category {
			place++
		}
		if place == len(order) {
			t.Fatalf("%s is in the category %s, which is out of order", check.ID, check.Category)
		}
		if seen[check.ID] {
			t.Errorf("two checks are called %s", check.ID)
		}
		if check.Title == "" || len(check.Meaning) < 80 {
			t.Errorf("%s has no title, or too few words on what it means", check.ID)
		}
		if found, ok := doctor.Find(check.ID); !ok || found.Title != check.Title {
			t.Errorf("Find(%q) returned %q, %t", check.ID, found.Title, ok)
		}
		for _, id := range check.DependsOn() {
			if !seen[id] {
				t.Errorf("%s depends on %s, which does not come before it", check.ID, id)
			}
		}
		seen[check.ID] = true
	}
	if _, ok := doctor.Find("AUTH-999"); ok {
		t.Error("Find has found AUTH-999")
	}
}
