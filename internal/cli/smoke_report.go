package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math"
	"time"

	"github.com/appsyncctl/appsyncctl/internal/checkup"
	"github.com/appsyncctl/appsyncctl/internal/output"
)

// smokeReport shows each step when it is done, and the verdict at the end.
type smokeReport struct {
	out    io.Writer
	format format
	view   smokeView
}

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
	Because  string             `json:"because,omitempty"`
	Evidence []checkup.Evidence `json:"evidence,omitempty"`
	Fix      string             `json:"fix,omitempty"`
	Notes    []string           `json:"notes,omitempty"`
}

func newSmokeReport(out io.Writer, format format) *smokeReport {
	return &smokeReport{out: out, format: format}
}

func (r *smokeReport) step(finding checkup.Finding) {
	step := smokeStepView{
		ID: finding.ID, Group: string(finding.Category), Name: finding.Title, Result: smokeResult(finding),
		Elapsed: milliseconds(finding.Elapsed), Because: finding.Because,
		Evidence: finding.Evidence, Fix: finding.Fix, Notes: finding.Notes,
	}
	if finding.Result != checkup.OK {
		step.Reason = finding.Message
	}
	r.view.Steps = append(r.view.Steps, step)
	if r.format == asJSON {
		return
	}
	duration := ""
	if finding.Result != checkup.Skipped {
		duration = fmt.Sprintf("%.1f ms", step.Elapsed)
	}
	line := fmt.Sprintf("%-7s  %-38s  %10s", step.Result, step.Name, duration)
	switch {
	case step.Because != "" && step.Reason == "":
		line += "  because of " + step.Because
	case step.Reason != "":
		line += "  " + step.Reason
	}
	_, _ = fmt.Fprintln(r.out, output.Line(line)) // the verdict reports a broken pipe
}

// smokeResult is a result in the words of test reports.
func smokeResult(finding checkup.Finding) string {
	return map[checkup.Result]string{
		checkup.OK: "passed", checkup.Warning: "warning", checkup.Failure: "failed", checkup.Unknown: "error", checkup.Skipped: "skipped",
	}[finding.Result]
}

// A stepError is a step that did not pass.
type stepError struct{ finding checkup.Finding }

func (e *stepError) Error() string { return e.finding.Title + ": " + e.finding.Message }
func (e *stepError) Unwrap() error { return e.finding.Err }

// finish writes the verdict and returns the error of the first step that failed.
func (r *smokeReport) finish(ctx context.Context, findings []checkup.Finding) error {
	var failure error
	passed, ran := 0, 0
	for _, finding := range findings {
		if finding.Result != checkup.Skipped {
			ran++
		}
		if finding.Passed() {
			passed++
		} else if finding.Result != checkup.Skipped && failure == nil {
			failure = &stepError{finding}
		}
	}
	if failure == nil && ctx.Err() != nil {
		failure = context.Cause(ctx)
	}
	r.view.Verdict = "passed"
	if failure != nil {
		r.view.Verdict = "failed"
	}
	if r.format == asJSON {
		return errors.Join(failure, output.JSON(r.out, r.view))
	}
	_, err := fmt.Fprintf(r.out, "\n%s: %d of %d steps in %.1f ms\n", r.view.Verdict, passed, ran, r.view.Elapsed)
	return errors.Join(failure, err)
}

func milliseconds(d time.Duration) float64 {
	return math.Round(d.Seconds()*1e4) / 10
}
