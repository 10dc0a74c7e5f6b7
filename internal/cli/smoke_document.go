package cli

import (
	"fmt"
	"strings"
	"time"

	"github.com/appsyncctl/appsyncctl/internal/checkup"
	"github.com/appsyncctl/appsyncctl/internal/report"
)

// smokeView is the document that smoke writes with -o json.
type smokeView struct {
	Verdict string          `json:"verdict"` // passed or failed
	Elapsed float64         `json:"elapsed_ms"`
	Steps   []smokeStepView `json:"steps"`
}

type smokeStepView struct {
	ID       string             `json:"id"`
	Group    string             `json:"group"`
	Name     string             `json:"name"`
	Result   string             `json:"result"` // passed, warning, failed, error or skipped
	Elapsed  float64            `json:"elapsed_ms"`
	Reason   string             `json:"reason,omitempty"`
	Because  string             `json:"because,omitempty"` // the id of the step that this one needs, or follows from
	Evidence []checkup.Evidence `json:"evidence,omitempty"`
	Fix      string             `json:"fix,omitempty"`
	Notes    []string           `json:"notes,omitempty"` // attempts that failed before one did not
}

func (r *smokeReport) document(verdict string, elapsed time.Duration) smokeView {
	view := smokeView{Verdict: verdict, Elapsed: milliseconds(elapsed)}
	for _, finding := range r.findings {
		step := smokeStepView{
			ID: finding.ID, Group: string(finding.Category), Name: finding.Title, Result: smokeResult(finding.Result),
			Elapsed: milliseconds(finding.Elapsed), Because: finding.Because, Fix: r.secrets.clean(finding.Fix),
		}
		if finding.Result != checkup.OK {
			step.Reason = r.secrets.clean(finding.Message)
		}
		for _, e := range finding.Evidence {
			step.Evidence = append(step.Evidence, checkup.Evidence{
				Name: e.Name, Expected: r.secrets.clean(e.Expected), Found: r.secrets.clean(e.Found), From: e.From,
			})
		}
		for _, note := range finding.Notes {
			step.Notes = append(step.Notes, r.secrets.clean(note))
		}
		view.Steps = append(view.Steps, step)
	}
	return view
}

// run is the findings as the reports of CI systems have them.
func (r *smokeReport) run(elapsed time.Duration) report.Run {
	run := report.Run{Suite: "appsyncctl.smoke", Started: r.started, Elapsed: elapsed}
	for _, finding := range r.findings {
		step := report.Case{
			Group:   report.Group("appsyncctl", "smoke", r.profile, string(finding.Category)),
			Name:    finding.ID + " " + finding.Title,
			Elapsed: finding.Elapsed,
			Notes:   finding.Notes,
		}
		switch finding.Result {
		case checkup.OK:
			step.Result = report.Passed
		case checkup.Warning:
			step.Result, step.Warning = report.Passed, finding.Message
		case checkup.Failure:
			step.Result = report.Failed
		case checkup.Unknown:
			step.Result = report.Errored
		case checkup.Skipped:
			step.Result = report.Skipped
		}
		if finding.Result != checkup.OK && finding.Result != checkup.Warning {
			step.Message, step.Details = smokeReason(finding), smokeDetails(finding)
		}
		run.Cases = append(run.Cases, step)
	}
	return run
}

// smokeDetails is what a finding rests on, a line each, and what to do.
func smokeDetails(finding checkup.Finding) string {
	var lines []string
	for _, e := range finding.Evidence {
		line := e.Name + ": "
		if e.Expected != "" {
			line += "expected " + e.Expected + ", "
		}
		lines = append(lines, fmt.Sprintf("%sfound %s (%s)", line, e.Found, e.From))
	}
	if finding.Fix != "" {
		lines = append(lines, "fix: "+finding.Fix)
	}
	if finding.Result != checkup.Skipped {
		lines = append(lines, "see: appsyncctl help "+finding.ID)
	}
	return strings.Join(lines, "\n")
}
