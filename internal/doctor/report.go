// What doctor and smoke say of a finding: the same things, in the same form. A Report is
// the document of both, and a Case what test reports have.

package doctor

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/appsyncctl/appsyncctl/internal/output"
	"github.com/appsyncctl/appsyncctl/internal/report"
)

// Report is the document that doctor and smoke write with -o json. It has all that
// they look at, in their order, whatever comes of it.
type Report struct {
	Verdict Result        `json:"verdict"` // the worst result that counts: ok, warning, unknown or failure; see Finding.Weight
	Cause   *ID           `json:"cause"`   // the check whose failure explains the others; null without one
	Counts  Counts        `json:"counts"`
	Checks  []FindingView `json:"checks"`  // those of smoke are its steps, too
	Version string        `json:"version"` // of this program
	Elapsed float64       `json:"elapsed_ms"`
}

// Counts are numbers of checks. They add up to all: what is suppressed is
// counted as that only.
type Counts struct {
	OK         int `json:"ok"`
	Warning    int `json:"warning"`
	Failure    int `json:"failure"`
	Unknown    int `json:"unknown"`
	Skipped    int `json:"skipped"`
	Suppressed int `json:"suppressed"`
}

// NewReport sums up what was found of all that was planned. Checks without a finding
// are unknown.
func NewReport(plan []Check, found []FindingView, version string, elapsed time.Duration) Report {
	view := Report{Verdict: OK, Version: version, Elapsed: output.Milliseconds(elapsed)}
	for _, check := range plan {
		i := slices.IndexFunc(found, func(f FindingView) bool { return f.ID == check.ID })
		if i < 0 {
			missing := Finding{Check: check, Verdict: Verdict{Result: Unknown, Message: "the examination did not get this far"}}
			view.add(NewFindingView(missing, nil, strings.TrimSpace))
			continue
		}
		view.add(found[i])
	}
	view.Cause = view.cause()
	return view
}

func (v *Report) add(finding FindingView) {
	v.Checks = append(v.Checks, finding)
	if finding.Suppressed {
		v.Counts.Suppressed++
		return
	}
	*v.Counts.of(finding.Result)++
	if slices.Index(Severities(), finding.weight) > slices.Index(Severities(), v.Verdict) {
		v.Verdict = finding.weight
	}
}

func (c *Counts) of(result Result) *int {
	switch result {
	case OK:
		return &c.OK
	case Warning:
		return &c.Warning
	case Failure:
		return &c.Failure
	case Skipped:
		return &c.Skipped
	default:
		return &c.Unknown
	}
}

// cause returns the failure that the API's refusal comes from, if it refuses the caller
// and one is known, else the first failure that is no consequence of another. Where all are, it
// returns what the first is a consequence of, if that is a warning, such as one of a
// token that not every API takes; or else the first.
func (v *Report) cause() *ID {
	if refused := v.failed(CallerAccepted); refused != nil && refused.Because != nil {
		if explains := v.failed(*refused.Because); explains != nil && explains.Because == nil {
			return &explains.ID
		}
	}
	var first *FindingView
	for _, finding := range v.Checks {
		switch {
		case finding.Result != Failure || finding.Suppressed:
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
		if finding.ID == *first.Because && finding.Result == Warning && !finding.Suppressed {
			return &finding.ID
		}
	}
	return &first.ID
}

// failed returns the finding of a check that failed and counts.
func (v *Report) failed(id ID) *FindingView {
	for _, finding := range v.Checks {
		if finding.ID == id && finding.Result == Failure && !finding.Suppressed {
			return &finding
		}
	}
	return nil
}

// Severities are the results that can be found, the mildest first. Not to know is
// worse than a warning: there may be a failure behind it.
func Severities() []Result {
	return []Result{OK, Warning, Unknown, Failure}
}

// Weight is how bad a finding is. That nobody can tell how things are beside the way to
// the API is a warning only: the API can be called all the same.
func (f Finding) Weight() Result {
	if f.Result == Unknown && f.Aside() {
		return Warning
	}
	return f.Result
}

// Suppressed are the checks whose findings do not count.
type Suppressed []ID

// With adds the checks of findings that are consequences of what is in the list.
func (l Suppressed) With(findings []Finding) Suppressed {
	all := slices.Clone(l)
	for _, finding := range findings { // a cause stands before what follows from it
		if slices.Contains(all, finding.Because) && !slices.Contains(all, finding.ID) {
			all = append(all, finding.ID)
		}
	}
	return all
}

// FindingView is a finding as doctor and smoke present it.
type FindingView struct {
	ID         ID         `json:"id"`
	Category   Category   `json:"category"`
	Title      string     `json:"title"` // what holds when it passes
	Result     Result     `json:"result"`
	Message    string     `json:"message"`
	Evidence   []Evidence `json:"evidence"`
	Fix        *string    `json:"fix"`     // one thing to do
	Because    *ID        `json:"because"` // the check that this one is a consequence of
	Elapsed    float64    `json:"elapsed_ms"`
	Suppressed bool       `json:"suppressed"` // a finding, but one that does not count
	Notes      []string   `json:"notes"`      // what went wrong on the way and was mended by trying again

	weight Result // how bad it is for the verdict
}

// NewFindingView presents a finding; clean takes secrets out of its texts.
func NewFindingView(finding Finding, suppressed Suppressed, clean func(string) string) FindingView {
	text := func(text string) string { return output.Line(clean(text)) }
	view := FindingView{
		ID:       finding.ID,
		Category: finding.Category,
		Title:    finding.Title,
		Result:   finding.Result,
		Message:  text(finding.Message),
		Evidence: make([]Evidence, 0, len(finding.Evidence)),
		Fix:      unlessEmpty(text(finding.Fix)),
		Because:  unlessEmpty(finding.Because),
		Elapsed:  output.Milliseconds(finding.Elapsed),
		Notes:    make([]string, 0, len(finding.Notes)),
		weight:   finding.Weight(),
	}
	if view.Message == "" && view.Because != nil {
		view.Message = "see " + string(finding.Because)
	}
	for _, fact := range finding.Evidence {
		view.Evidence = append(view.Evidence, Evidence{
			Name: text(fact.Name), Expected: text(fact.Expected), Found: text(fact.Found), From: text(fact.From),
		})
	}
	for _, note := range finding.Notes {
		view.Notes = append(view.Notes, text(note))
	}
	view.Suppressed = view.Problem() && slices.Contains(suppressed, finding.ID)
	return view
}

func unlessEmpty[T ~string](text T) *T {
	if text == "" {
		return nil
	}
	return &text
}

// Problem reports whether there is something to say about the finding.
func (v FindingView) Problem() bool { return slices.Index(Severities(), v.Result) > 0 }

// Basis is what the finding rests on, a line each, and what to do.
func (v FindingView) Basis() []string {
	var lines []string
	for _, fact := range v.Evidence {
		lines = append(lines, evidenceLine(fact))
	}
	if v.Fix != nil {
		lines = append(lines, "fix: "+*v.Fix)
	}
	if v.Problem() {
		lines = append(lines, "see: appsyncctl help "+string(v.ID))
	}
	return lines
}

func evidenceLine(fact Evidence) string {
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
func mark(result Result) string {
	switch result {
	case OK:
		return "ok"
	case Warning:
		return "warn"
	case Failure:
		return "FAIL"
	case Skipped:
		return "skip"
	default:
		return "?"
	}
}

// Outcome is the result of a check in the words of test reports, which have none for a
// warning, and which tell a thing that is wrong from one that could not be tested: with
// missing settings, without a network or a token nothing is known of the API.
func Outcome(check Check, result Result) report.Result {
	switch {
	case result == OK || result == Warning:
		return report.Passed
	case result == Skipped:
		return report.Skipped
	case result == Failure && !prepares(check):
		return report.Failed
	default:
		return report.Errored
	}
}

// prepares reports whether a check is about what a test needs, and not about what it
// tests.
func prepares(check Check) bool {
	switch check.Category {
	case Settings, Network, Storage:
		return true
	default:
		return check.ID == TokenObtained
	}
}

// Heading is the finding as a line.
func (v FindingView) Heading() string {
	text := fmt.Sprintf("  %-4s  %-9s  %s", mark(v.Result), v.ID, v.Title)
	switch {
	case v.Suppressed:
		return text + " (suppressed)"
	case v.Result == Skipped:
		return text + " (" + v.Message + ")"
	default:
		return text
	}
}

// Case is the finding as a case of the reports of a command.
func (v FindingView) Case(command, profile string, elapsed time.Duration) report.Case {
	step := report.Case{
		Group:   report.Group("appsyncctl", command, profile, string(v.Category)),
		Name:    string(v.ID) + " " + v.Title,
		Elapsed: elapsed,
		Result:  Outcome(Check{ID: v.ID, Category: v.Category}, v.weight),
		Notes:   v.Notes,
	}
	switch {
	case v.Suppressed:
		step.Result, step.Message = report.Skipped, "suppressed: "+v.reason()
	case v.weight == Warning:
		step.Warning = v.reason()
	case v.weight != OK:
		step.Message, step.Details = v.reason(), strings.Join(v.Basis(), "\n")
	}
	return step
}

// reason says why a check did not simply pass, and because of which one.
func (v FindingView) reason() string {
	switch {
	case v.Because == nil:
		return v.Message
	case v.Message == "see "+string(*v.Because):
		return "because of " + string(*v.Because)
	default:
		return v.Message + " (because of " + string(*v.Because) + ")"
	}
}

// Summary is the verdict of doctor in one line.
func (v *Report) Summary() string {
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
	switch {
	case len(parts) > 0:
		text = strings.Join(parts, ", ")
	case c.Suppressed > 0:
		text = "nothing else found"
	}
	text += fmt.Sprintf("; %d of %d checks ok", c.OK, len(v.Checks))
	if c.Skipped > 0 {
		text += fmt.Sprintf(", %d skipped", c.Skipped)
	}
	if c.Suppressed > 0 {
		var ids []ID
		for _, finding := range v.Checks {
			if finding.Suppressed {
				ids = append(ids, finding.ID)
			}
		}
		text += fmt.Sprintf(", %d suppressed: %s", c.Suppressed, JoinIDs(ids, ", "))
	}
	return text
}

// JoinIDs lists ids.
func JoinIDs(ids []ID, between string) string {
	texts := make([]string, len(ids))
	for i, id := range ids {
		texts[i] = string(id)
	}
	return strings.Join(texts, between)
}
