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
	Name    string  `json:"name"`
	Result  string  `json:"result"` // passed, failed or skipped
	Elapsed float64 `json:"elapsed_ms"`
	Reason  string  `json:"reason,omitempty"`
}

func newSmokeReport(out io.Writer, format format) *smokeReport {
	return &smokeReport{out: out, format: format}
}

func (r *smokeReport) step(result checkup.StepResult) {
	step := smokeStepView{Name: result.Step, Result: "passed", Elapsed: milliseconds(result.Elapsed)}
	switch {
	case result.Err != nil:
		step.Result, step.Reason = "failed", result.Err.Error()
	case result.Skipped != "":
		step.Result, step.Reason = "skipped", result.Skipped
	}
	r.view.Steps = append(r.view.Steps, step)
	if r.format == asJSON {
		return
	}
	duration := ""
	if result.Skipped == "" {
		duration = fmt.Sprintf("%.1f ms", step.Elapsed)
	}
	line := fmt.Sprintf("%-7s  %-36s  %10s", step.Result, step.Name, duration)
	if step.Reason != "" {
		line += "  " + step.Reason
	}
	_, _ = fmt.Fprintln(r.out, output.Line(line)) // the verdict reports a broken pipe
}

// finish writes the verdict and returns the error of the first failed step.
func (r *smokeReport) finish(ctx context.Context, results []checkup.StepResult) error {
	var failure error
	for _, result := range results {
		if result.Err != nil && failure == nil {
			failure = fmt.Errorf("%s: %w", result.Step, result.Err)
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
	passed := 0
	for _, result := range results {
		if result.Passed() {
			passed++
		}
	}
	_, err := fmt.Fprintf(r.out, "\n%s: %d of %d steps in %.1f ms\n", r.view.Verdict, passed, len(results), r.view.Elapsed)
	return errors.Join(failure, err)
}

func milliseconds(d time.Duration) float64 {
	return math.Round(d.Seconds()*1e4) / 10
}
