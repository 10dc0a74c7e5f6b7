package cli

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/appsyncctl/appsyncctl/internal/checkup"
	"github.com/appsyncctl/appsyncctl/internal/output"
)

// doctorView is the document that doctor writes with -o json. It has all checks, in
// causal order, whatever comes of them.
type doctorView struct {
	Verdict checkup.Result `json:"verdict"` // the worst result that counts: ok, warning, unknown or failure
	Cause   *string        `json:"cause"`   // the check whose failure explains the others; null without one
	Counts  doctorCounts   `json:"counts"`
	Checks  []findingView  `json:"checks"`
	Version string         `json:"version"` // of this program
	Elapsed float64        `json:"elapsed_ms"`
}

// doctorCounts are numbers of checks. They add up to all: what is suppressed is
// counted as that only.
type doctorCounts struct {
	OK         int `json:"ok"`
	Warning    int `json:"warning"`
	Failure    int `json:"failure"`
	Unknown    int `json:"unknown"`
	Skipped    int `json:"skipped"`
	Suppressed int `json:"suppressed"`
}

type findingView struct {
	ID         string             `json:"id"`
	Category   checkup.Category   `json:"category"`
	Title      string             `json:"title"` // what holds when it passes
	Result     checkup.Result     `json:"result"`
	Message    string             `json:"message"`
	Evidence   []checkup.Evidence `json:"evidence"`
	Fix        *string            `json:"fix"`     // one thing to do
	Because    *string            `json:"because"` // the check that this one is a consequence of
	Elapsed    float64            `json:"elapsed_ms"`
	Suppressed bool               `json:"suppressed"` // a finding, but one that does not count
}

// newFindingView presents a finding; clean takes secrets out of its texts.
func newFindingView(finding checkup.Finding, suppressed checkList, clean func(string) string) findingView {
	text := func(text string) string { return output.Line(clean(text)) }
	view := findingView{
		ID:       finding.ID,
		Category: finding.Category,
		Title:    finding.Title,
		Result:   finding.Result,
		Message:  text(finding.Message),
		Evidence: make([]checkup.Evidence, 0, len(finding.Evidence)),
		Fix:      unlessEmpty(text(finding.Fix)),
		Because:  unlessEmpty(finding.Because),
		Elapsed:  milliseconds(finding.Elapsed),
	}
	if view.Message == "" && view.Because != nil {
		view.Message = "see " + finding.Because
	}
	for _, fact := range finding.Evidence {
		view.Evidence = append(view.Evidence, checkup.Evidence{
			Name: text(fact.Name), Expected: text(fact.Expected), Found: text(fact.Found), From: text(fact.From),
		})
	}
	view.Suppressed = view.problem() && slices.Contains(suppressed, finding.ID)
	return view
}

func unlessEmpty(text string) *string {
	if text == "" {
		return nil
	}
	return &text
}

// problem reports whether there is something to say about the finding.
func (v findingView) problem() bool { return slices.Index(severities(), v.Result) > 0 }

// newDoctorView sums findings up. Checks without one are unknown.
func newDoctorView(found []findingView, version string, elapsed time.Duration) doctorView {
	view := doctorView{Verdict: checkup.OK, Version: version, Elapsed: milliseconds(elapsed)}
	for _, check := range checkup.Catalogue() {
		i := slices.IndexFunc(found, func(f findingView) bool { return f.ID == check.ID })
		if i < 0 {
			missing := checkup.Finding{Check: check, Verdict: checkup.Verdict{Result: checkup.Unknown, Message: "the examination did not come this far"}}
			view.add(newFindingView(missing, nil, strings.TrimSpace))
			continue
		}
		view.add(found[i])
	}
	view.Cause = view.cause()
	return view
}

func (v *doctorView) add(finding findingView) {
	v.Checks = append(v.Checks, finding)
	if finding.Suppressed {
		v.Counts.Suppressed++
		return
	}
	*v.Counts.of(finding.Result)++
	if slices.Index(severities(), finding.Result) > slices.Index(severities(), v.Verdict) {
		v.Verdict = finding.Result
	}
}

func (c *doctorCounts) of(result checkup.Result) *int {
	switch result {
	case checkup.OK:
		return &c.OK
	case checkup.Warning:
		return &c.Warning
	case checkup.Failure:
		return &c.Failure
	case checkup.Skipped:
		return &c.Skipped
	default:
		return &c.Unknown
	}
}

// cause returns the first failure that is no consequence of another. Where all are, it
// returns what the first is a consequence of, if that is a warning, such as one of a
// token that not every API takes; or else the first.
func (v *doctorView) cause() *string {
	var first *findingView
	for _, finding := range v.Checks {
		switch {
		case finding.Result != checkup.Failure || finding.Suppressed:
		case finding.Because == nil:
			return &finding.ID
		case first == nil:
			first = &finding
		}
	}
	if first == nil {
		return nil
	}
	for _, finding := range v.Checks {
		if finding.ID == *first.Because && finding.Result == checkup.Warning && !finding.Suppressed {
			return &finding.ID
		}
	}
	return &first.ID
}

// summary is the verdict in one line.
func (v *doctorView) summary() string {
	c := v.Counts
	var parts []string
	for _, part := range []struct {
		count      int
		one, words string
	}{{c.Failure, "failure", "failures"}, {c.Warning, "warning", "warnings"}, {c.Unknown, "unknown", "unknown"}} {
		switch part.count {
		case 0:
		case 1:
			parts = append(parts, "1 "+part.one)
		default:
			parts = append(parts, fmt.Sprintf("%d %s", part.count, part.words))
		}
	}
	text := "no problem found"
	if len(parts) > 0 {
		text = strings.Join(parts, ", ")
	}
	text += fmt.Sprintf("; %d of %d checks ok", c.OK, len(v.Checks))
	if c.Skipped > 0 {
		text += fmt.Sprintf(", %d skipped", c.Skipped)
	}
	if c.Suppressed > 0 {
		text += fmt.Sprintf(", %d suppressed", c.Suppressed)
	}
	return text
}
