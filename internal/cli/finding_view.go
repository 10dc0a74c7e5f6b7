// What doctor and smoke say of a finding: the same things, in the same form.

package cli

import (
	"slices"

	"github.com/appsyncctl/appsyncctl/internal/doctor"
	"github.com/appsyncctl/appsyncctl/internal/output"
	"github.com/appsyncctl/appsyncctl/internal/report"
)

// findingView is a finding as doctor and smoke present it.
type findingView struct {
	ID         doctor.ID         `json:"id"`
	Category   doctor.Category   `json:"category"`
	Title      string            `json:"title"` // what holds when it passes
	Result     doctor.Result     `json:"result"`
	Message    string            `json:"message"`
	Evidence   []doctor.Evidence `json:"evidence"`
	Fix        *string           `json:"fix"`     // one thing to do
	Because    *doctor.ID        `json:"because"` // the check that this one is a consequence of
	Elapsed    float64           `json:"elapsed_ms"`
	Suppressed bool              `json:"suppressed"` // a finding, but one that does not count
	Notes      []string          `json:"notes"`      // what went wrong on the way and was mended by trying again

	weight doctor.Result // how bad it is for the verdict
}

// newFindingView presents a finding; clean takes secrets out of its texts.
func newFindingView(finding doctor.Finding, suppressed checkList, clean func(string) string) findingView {
	text := func(text string) string { return output.Line(clean(text)) }
	view := findingView{
		ID:       finding.ID,
		Category: finding.Category,
		Title:    finding.Title,
		Result:   finding.Result,
		Message:  text(finding.Message),
		Evidence: make([]doctor.Evidence, 0, len(finding.Evidence)),
		Fix:      unlessEmpty(text(finding.Fix)),
		Because:  unlessEmpty(finding.Because),
		Elapsed:  milliseconds(finding.Elapsed),
		Notes:    make([]string, 0, len(finding.Notes)),
		weight:   weight(finding),
	}
	if view.Message == "" && view.Because != nil {
		view.Message = "see " + string(finding.Because)
	}
	for _, fact := range finding.Evidence {
		view.Evidence = append(view.Evidence, doctor.Evidence{
			Name: text(fact.Name), Expected: text(fact.Expected), Found: text(fact.Found), From: text(fact.From),
		})
	}
	for _, note := range finding.Notes {
		view.Notes = append(view.Notes, text(note))
	}
	view.Suppressed = view.problem() && slices.Contains(suppressed, finding.ID)
	return view
}

func unlessEmpty[T ~string](text T) *T {
	if text == "" {
		return nil
	}
	return &text
}

// problem reports whether there is something to say about the finding.
func (v findingView) problem() bool { return slices.Index(severities(), v.Result) > 0 }

// basis is what the finding rests on, a line each, and what to do.
func (v findingView) basis() []string {
	var lines []string
	for _, fact := range v.Evidence {
		lines = append(lines, evidenceLine(fact))
	}
	if v.Fix != nil {
		lines = append(lines, "fix: "+*v.Fix)
	}
	if v.problem() {
		lines = append(lines, "see: appsyncctl help "+string(v.ID))
	}
	return lines
}

func evidenceLine(fact doctor.Evidence) string {
	text := fact.Name + ": "
	switch {
	case fact.Expected == "":
		text += fact.Found
	case fact.Found == "":
		text += "expected " + fact.Expected + ", found nothing"
	default:
		text += "expected " + fact.Expected + ", found " + fact.Found
	}
	if fact.From != "" {
		text += " (from " + fact.From + ")"
	}
	return text
}

// mark is a result as a word that any terminal and any log can show.
func mark(result doctor.Result) string {
	switch result {
	case doctor.OK:
		return "ok"
	case doctor.Warning:
		return "warn"
	case doctor.Failure:
		return "FAIL"
	case doctor.Skipped:
		return "skip"
	default:
		return "?"
	}
}

// outcome is the result of a check in the words of test reports, which have none for a
// warning, and which tell a thing that is wrong from one that could not be tested: with
// missing settings, without a network or a token nothing is known of the API.
func outcome(check doctor.Check, result doctor.Result) report.Result {
	switch {
	case result == doctor.OK || result == doctor.Warning:
		return report.Passed
	case result == doctor.Skipped:
		return report.Skipped
	case result == doctor.Failure && !prepares(check):
		return report.Failed
	default:
		return report.Errored
	}
}

// prepares reports whether a check is about what a test needs, and not about what it
// tests.
func prepares(check doctor.Check) bool {
	switch check.Category {
	case doctor.Settings, doctor.Network, doctor.Storage:
		return true
	default:
		return check.ID == doctor.TokenObtained
	}
}
