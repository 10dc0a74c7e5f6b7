// What becomes of a run of smoke as a whole.

package cli

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/appsyncctl/appsyncctl/internal/doctor"
	"github.com/appsyncctl/appsyncctl/internal/report"
	"github.com/appsyncctl/appsyncctl/internal/smoke"
)

// A stepError is a step that did not pass.
type stepError struct{ finding doctor.Finding }

func (e *stepError) Error() string {
	return string(e.finding.ID) + ": " + e.finding.Title + ": " + e.finding.Message
}
func (e *stepError) Unwrap() error { return e.finding.Err }

// nothingRanError says that a test tested nothing.
type nothingRanError struct{}

func (*nothingRanError) Error() string { return "no step was taken" }

// failure is the first step that failed, else the signal that ended the run, else
// that nothing ran.
func (r *smokeReport) failure(ctx context.Context) error {
	for _, finding := range r.findings {
		if finding.Result == doctor.Failure || finding.Result == doctor.Unknown && ctx.Err() == nil {
			return &stepError{r.clean(finding)}
		}
	}
	if ctx.Err() == nil {
		if blind, ok := r.untested(); ok {
			return &stepError{blind}
		}
	}
	ran := func(f doctor.Finding) bool { return f.Result != doctor.Skipped && f.ID != smoke.Beginning().ID }
	switch {
	case ctx.Err() != nil:
		return context.Cause(ctx)
	case !slices.ContainsFunc(r.findings, ran):
		return &nothingRanError{}
	default:
		return nil
	}
}

// untested returns a step that was skipped because of another, while nothing failed:
// what was to be tested was not.
func (r *smokeReport) untested() (doctor.Finding, bool) {
	i := slices.IndexFunc(r.findings, func(f doctor.Finding) bool {
		return f.Category == smoke.Category && f.Result == doctor.Skipped && f.Because != ""
	})
	if i < 0 {
		return doctor.Finding{}, false
	}
	finding := r.findings[i]
	finding.Message = "skipped because of " + string(finding.Because)
	return finding, true
}

// clean takes secrets out of what is said of a finding.
func (r *smokeReport) clean(finding doctor.Finding) doctor.Finding {
	finding.Message, finding.Fix = r.secrets.Text(finding.Message), r.secrets.Text(finding.Fix)
	return finding
}

// verdict is what became of a run that ended with err, in a line: how many steps it is
// about, of those that were taken, and in parentheses what else came of them.
func (r *smokeReport) verdict(err error, elapsed time.Duration) string {
	count, warnings := make(map[report.Result]int), 0
	for _, finding := range r.findings {
		count[outcome(finding.Check, finding.Result)]++
		if finding.Result == doctor.Warning {
			warnings++
		}
	}
	bad := count[report.Failed] + count[report.Errored]
	taken := len(r.findings) - count[report.Skipped]
	var others []string
	note := func(n int, one, many string) {
		switch n {
		case 0:
		case 1:
			others = append(others, "1 "+one)
		default:
			others = append(others, fmt.Sprintf("%d %s", n, many))
		}
	}
	text := fmt.Sprintf("passed: all %d steps", taken)
	if err != nil {
		text = "failed: " + message(err)
		if bad > 0 {
			text = fmt.Sprintf("failed: %d of %d steps", bad, taken)
		}
		note(count[report.Errored], "error", "errors")
		note(count[report.Passed]-warnings, "passed", "passed")
	}
	note(warnings, "warning", "warnings")
	text += fmt.Sprintf(" in %.1f ms", milliseconds(elapsed))
	if len(others) > 0 {
		text += " (" + strings.Join(others, ", ") + ")"
	}
	return text
}
