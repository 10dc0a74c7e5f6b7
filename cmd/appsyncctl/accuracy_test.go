package main

import (
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/appsyncctl/appsyncctl/internal/doctor"
	"github.com/appsyncctl/appsyncctl/internal/emulator"
)

// An accuracyRow is a set-up with one thing wrong in it, and what doctor has to say of
// it first.
type accuracyRow struct {
	wrong  string        // as a person would say it; of a sound set-up, what is set up
	by     []change      // what makes it so
	id     string        // the check that has to be named
	says   string        // a part of its message
	fix    string        // a part of what is to be done; anything if empty
	result doctor.Result // of that check; failure if empty
}

const (
	warned = doctor.Warning

	unknownGroup = "A bad time"
	soundGroup   = "Sound set-ups"
)

// accuracyGroups are the rows in the order in which they are published.
func accuracyGroups() []accuracyGroup {
	return []accuracyGroup{
		{"Settings", (*accuracyRow).misconfigured, settingsRows()},
		{"Network", (*accuracyRow).misconfigured, networkRows()},
		{"Provider", (*accuracyRow).misconfigured, providerRows()},
		{"Token store", (*accuracyRow).misconfigured, storageRows()},
		{"Getting a token", (*accuracyRow).misconfigured, grantRows()},
		{"Token", (*accuracyRow).misconfigured, tokenRows()},
		{"The API's edge", (*accuracyRow).misconfigured, edgeRows()},
		{"The API refuses", (*accuracyRow).misconfigured, refusalRows()},
		{"The API's use", (*accuracyRow).misconfigured, useRows()},
		{unknownGroup, (*accuracyRow).undecided, unknownRows()},
		{soundGroup, (*accuracyRow).sound, soundRows()},
	}
}

// An accuracyGroup is a kind of rows with what has to be true of each.
type accuracyGroup struct {
	name string
	want func(row *accuracyRow, t *testing.T, got diagnosis)
	rows []accuracyRow
}

// TestAccuracy plays every row by the real program, and then looks whether all checks
// were seen to pass and to name a cause.
func TestAccuracy(t *testing.T) {
	t.Parallel()
	st := &stage{demo: started(t, emulator.Config{AutoApprove: true}), other: started(t, emulator.Config{})}
	seen := &sightings{passed: map[string]bool{}, named: map[string]bool{}}
	rows := 0
	for _, group := range accuracyGroups() {
		for _, row := range group.rows {
			rows++
			t.Run(group.name+"/"+row.wrong, func(t *testing.T) {
				t.Parallel()
				got := st.diagnose(t, row.by)
				group.want(&row, t, got)
				seen.add(row, got, !t.Failed())
			})
		}
	}
	t.Cleanup(func() { // when all rows have been played
		if seen.rows < rows { // -run chose some of them
			return
		}
		for _, check := range doctor.Catalogue() {
			if !seen.passed[string(check.ID)] {
				t.Errorf("%s passes in no row", check.ID)
			}
			if !seen.named[string(check.ID)] {
				t.Errorf("%s is named first in no row", check.ID)
			}
		}
	})
}

// sightings are what the rows have shown of the checks.
type sightings struct {
	mu            sync.Mutex
	rows          int
	passed, named map[string]bool
}

func (s *sightings) add(row accuracyRow, got diagnosis, right bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.rows++
	s.named[row.id] = s.named[row.id] || right
	for _, f := range got.Checks {
		s.passed[f.ID] = s.passed[f.ID] || f.Result == doctor.OK
	}
}

// misconfigured wants the cause named first, with a way out.
func (row *accuracyRow) misconfigured(t *testing.T, got diagnosis) {
	t.Helper()
	first, verdict, code := got.check(got.Cause), doctor.Failure, 1
	if row.result == warned {
		first, verdict, code = got.of(warned), warned, 0
	}
	t.Logf("%s %s\nfix: %s", first.ID, first.Message, first.Fix)
	switch {
	case first.ID != row.id || got.Verdict != verdict:
		t.Errorf("the verdict is %s and the cause %q, want %s and %s\n%s", got.Verdict, first.ID, verdict, row.id, got.problems())
	case !strings.Contains(first.Message, row.says):
		t.Errorf("%s says %q, want something with %q", first.ID, first.Message, row.says)
	case first.Fix == "" || !strings.Contains(first.Fix, row.fix):
		t.Errorf("the fix of %s is %q, want one with %q", first.ID, first.Fix, row.fix)
	}
	if got.code != code {
		t.Errorf("the exit code is %d, want %d", got.code, code)
	}
}

// undecided wants no failure, and the first thing named that could not be found out: it
// fails doctor, unless it lies beside the way to the API.
func (row *accuracyRow) undecided(t *testing.T, got diagnosis) {
	t.Helper()
	first, verdict, code := got.of(doctor.Unknown), doctor.Unknown, 1
	if check, _ := doctor.Find(doctor.ID(row.id)); check.Aside() {
		verdict, code = doctor.Warning, 0
	}
	t.Logf("%s %s", first.ID, first.Message)
	switch {
	case got.Verdict != verdict || got.Cause != "":
		t.Errorf("the verdict is %s and the cause %q, want %s and none\n%s", got.Verdict, got.Cause, verdict, got.problems())
	case first.ID != row.id || !strings.Contains(first.Message, row.says):
		t.Errorf("%s is unknown: %q, want %s that says %q", first.ID, first.Message, row.id, row.says)
	}
	if got.code != code {
		t.Errorf("the exit code is %d, want %d", got.code, code)
	}
}

// sound wants nothing to be found.
func (row *accuracyRow) sound(t *testing.T, got diagnosis) {
	t.Helper()
	if got.Verdict != doctor.OK || got.code != 0 || got.problems() != "" {
		t.Errorf("the verdict is %s and the exit code %d, want ok and 0\n%s", got.Verdict, got.code, got.problems())
	}
}

// problems are all findings that are neither good nor skipped.
func (d diagnosis) problems() string {
	var text strings.Builder
	for _, f := range d.Checks {
		if !slices.Contains([]doctor.Result{doctor.OK, doctor.Skipped}, f.Result) {
			fmt.Fprintf(&text, "%s %s: %s (fix: %s; because: %s)\n", f.Result, f.ID, f.Message, f.Fix, f.Because)
		}
	}
	return text.String()
}
