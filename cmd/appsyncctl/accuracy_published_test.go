package main

import (
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/appsyncctl/appsyncctl/internal/doctor"
)

const accuracyFile = "../../internal/doctor/ACCURACY.md"

// TestAccuracyIsPublished compares the published matrix with the rows that TestAccuracy
// plays; -update writes it.
func TestAccuracyIsPublished(t *testing.T) {
	want := accuracyText(accuracyGroups())
	got, err := os.ReadFile(accuracyFile)
	switch {
	case err == nil && string(got) == want:
		return
	case !*update:
		t.Fatalf("%s differs from the tests; write it with: go test ./cmd/appsyncctl -update", accuracyFile)
	}
	if err := os.WriteFile(accuracyFile, []byte(want), 0o644); err != nil {
		t.Fatal(err)
	}
}

// TestAccuracyRows holds the rows to their form: a name of one's own each, and enough of
// them.
func TestAccuracyRows(t *testing.T) {
	counts := countAccuracy(accuracyGroups())
	if counts.wrong < 60 || counts.sound < 12 || counts.unknown < 12 {
		t.Errorf("there are %+v rows, want at least 60 wrong, 12 unknown and 12 sound", counts)
	}
	names := map[string]bool{}
	for _, group := range accuracyGroups() {
		for _, row := range group.rows {
			if names[row.wrong] {
				t.Errorf("there are two rows called %q", row.wrong)
			}
			names[row.wrong] = true
			if (row.id == "") != (group.name == soundGroup) || (row.says == "") != (group.name == soundGroup) {
				t.Errorf("the row %q does not say what it wants", row.wrong)
			}
		}
	}
}

type accuracyCounts struct{ wrong, unknown, sound int }

func countAccuracy(groups []accuracyGroup) accuracyCounts {
	var counts accuracyCounts
	for _, group := range groups {
		switch group.name {
		case soundGroup:
			counts.sound += len(group.rows)
		case unknownGroup:
			counts.unknown += len(group.rows)
		default:
			counts.wrong += len(group.rows)
		}
	}
	return counts
}

func (c accuracyCounts) String() string {
	return fmt.Sprintf("%d set-ups with one thing wrong, %d at a bad time and %d sound ones", c.wrong, c.unknown, c.sound)
}

// accuracySentence is what the README says of the matrix.
func accuracySentence() string {
	return fmt.Sprintf("\nHow well it does is [tested and published](internal/doctor/ACCURACY.md):\n%s.\n\n", countAccuracy(accuracyGroups()))
}

// accuracyText is the matrix as people read it.
func accuracyText(groups []accuracyGroup) string {
	titles := map[string]string{}
	for _, check := range doctor.Catalogue() {
		titles[string(check.ID)] = check.Title
	}
	var text strings.Builder
	fmt.Fprintf(&text, `# What doctor finds

%s are played by the real
program against the emulator, each time the tests run (`+"`TestAccuracy`"+` in cmd/appsyncctl). Of what is wrong,
the cause has to be named first, with a fix; of a bad time, nothing may be called a failure; of a sound
set-up, nothing may be said. Each of the %d checks passes in at least one row and is named first in at
least one. This file is written by the tests: `+"`go test ./cmd/appsyncctl -update`"+`.
`, countAccuracy(groups), len(titles))
	for _, group := range groups {
		fmt.Fprintf(&text, "\n## %s\n\n", group.name)
		if group.name == soundGroup {
			for _, row := range group.rows {
				fmt.Fprintf(&text, "- %s\n", row.wrong)
			}
			continue
		}
		named := "Cause named first"
		if group.name == unknownGroup {
			named = "Not known first"
		}
		fmt.Fprintf(&text, "| What is wrong | %s | The check, when it passes |\n| --- | --- | --- |\n", named)
		for _, row := range group.rows {
			id := row.id
			if row.result != "" {
				id += " (" + string(row.result) + ")"
			}
			fmt.Fprintf(&text, "| %s | %s | %s |\n", row.wrong, id, titles[row.id])
		}
	}
	return text.String()
}
