// Findings as the reports of CI systems have them.

package cli

import (
	"strings"
	"time"

	"github.com/appsyncctl/appsyncctl/internal/doctor"
	"github.com/appsyncctl/appsyncctl/internal/report"
)

// reportCase is the finding as a case of the reports of a command.
func (v findingView) reportCase(command, profile string, elapsed time.Duration) report.Case {
	step := report.Case{
		Group:   report.Group("appsyncctl", command, profile, string(v.Category)),
		Name:    string(v.ID) + " " + v.Title,
		Elapsed: elapsed,
		Result:  outcome(doctor.Check{ID: v.ID, Category: v.Category}, v.weight),
		Notes:   v.Notes,
	}
	switch {
	case v.Suppressed:
		step.Result, step.Message = report.Skipped, "suppressed: "+v.reason()
	case v.weight == doctor.Warning:
		step.Warning = v.reason()
	case v.weight != doctor.OK:
		step.Message, step.Details = v.reason(), strings.Join(v.basis(), "\n")
	}
	return step
}

// reason says why a check did not simply pass, and because of which one.
func (v findingView) reason() string {
	switch {
	case v.Because == nil:
		return v.Message
	case v.Message == "see "+string(*v.Because):
		return "because of " + string(*v.Because)
	default:
		return v.Message + " (because of " + string(*v.Because) + ")"
	}
}
