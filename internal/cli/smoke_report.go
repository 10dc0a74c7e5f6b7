// What smoke says: a line for each step when it is done, or one document at the end,
// and the reports of CI systems. All of it has the same steps in each run.

package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math"
	"slices"
	"strings"
	"time"

	"github.com/appsyncctl/appsyncctl/internal/checkup"
	"github.com/appsyncctl/appsyncctl/internal/output"
)

// smokeReport collects the findings of a run.
type smokeReport struct {
	out      io.Writer
	format   format
	profile  string
	secrets  *secretTexts
	sinks    smokeSinks
	now      func() time.Time
	started  time.Time
	findings []checkup.Finding
	alike    []checkup.Finding // of one category and with nothing to say, not shown yet
}

func (app *App) newSmokeReport(profile string, secrets *secretTexts, options smokeOptions) *smokeReport {
	out := app.Out
	if options.tap == stdoutName {
		out = io.Discard // the one result on standard output is the report
	}
	return &smokeReport{
		out: out, format: options.format, profile: profile, secrets: secrets,
		sinks: app.smokeSinks(options), now: app.Now, started: app.Now(),
	}
}

// step takes a finding and shows it. Checks that passed, or were skipped for one
// reason, are shown together: there are many, and what people look for is the rest.
func (r *smokeReport) step(finding checkup.Finding) {
	finding = r.judged(finding)
	r.findings = append(r.findings, finding)
	if r.format == asJSON || pointless(finding) {
		return
	}
	if len(r.alike) > 0 && !alike(r.alike[0], finding) {
		r.showAlike()
	}
	if quiet(finding) {
		r.alike = append(r.alike, finding)
		return
	}
	r.line(smokeResult(finding.Result), finding.ID+"  "+finding.Title, finding.Elapsed, smokeReason(finding))
	if finding.Fix != "" && !finding.Passed() {
		_, _ = fmt.Fprintln(r.out, "         fix: "+output.Line(r.secrets.clean(finding.Fix)))
	}
}

// pointless reports whether a finding says only that it is about something else than
// this set-up.
func pointless(f checkup.Finding) bool {
	return f.Unasked || f.Category != checkup.Steps && f.Result == checkup.Skipped && f.Because == ""
}

// quiet reports whether a finding needs no line of its own.
func quiet(f checkup.Finding) bool {
	return f.Category != checkup.Steps && (f.Result == checkup.OK || f.Result == checkup.Skipped)
}

// alike reports whether two quiet findings can share a line.
func alike(a, b checkup.Finding) bool {
	return quiet(b) && a.Category == b.Category && a.Because == b.Because
}

// judged makes of what nobody could find out about things beside the API, such as its
// configuration in AWS, a step that is skipped: it is not what is tested.
func (r *smokeReport) judged(finding checkup.Finding) checkup.Finding {
	if finding.Result == checkup.Unknown && finding.Aside() {
		finding.Result = checkup.Skipped
		finding.Message = "could not be found out: " + finding.Message
	}
	return finding
}

func (r *smokeReport) showAlike() {
	if len(r.alike) == 0 {
		return
	}
	var elapsed time.Duration
	passed := 0
	for _, finding := range r.alike {
		elapsed += finding.Elapsed
		if finding.Result == checkup.OK {
			passed++
		}
	}
	category := string(r.alike[0].Category)
	if because := r.alike[0].Because; because != "" {
		r.line("skipped", category+": "+checks(len(r.alike)), 0, "because of "+because)
	} else if passed > 0 {
		r.line("passed", category+": "+checks(passed), elapsed, "")
	}
	r.alike = nil
}

func checks(n int) string {
	if n == 1 {
		return "1 check"
	}
	return fmt.Sprintf("%d checks", n)
}

func (r *smokeReport) line(result, name string, elapsed time.Duration, reason string) {
	duration := ""
	if elapsed > 0 {
		duration = fmt.Sprintf("%.1f ms", milliseconds(elapsed))
	}
	line := fmt.Sprintf("%-7s  %-52s  %10s", result, name, duration)
	if reason != "" {
		line += "  " + reason
	}
	_, _ = fmt.Fprintln(r.out, output.Line(strings.TrimRight(r.secrets.clean(line), " "))) // the verdict reports a broken pipe
}

// smokeResult is a result in the words of test reports.
func smokeResult(result checkup.Result) string {
	return map[checkup.Result]string{
		checkup.OK: "passed", checkup.Warning: "warning", checkup.Failure: "failed", checkup.Unknown: "error", checkup.Skipped: "skipped",
	}[result]
}

// smokeReason says why a step did not simply pass.
func smokeReason(finding checkup.Finding) string {
	switch {
	case finding.Result == checkup.OK:
		return ""
	case finding.Because != "" && finding.Message == "":
		return "because of " + finding.Because
	case finding.Because != "":
		return finding.Message + " (because of " + finding.Because + ")"
	default:
		return finding.Message
	}
}

// skipSteps takes the steps that come after the checks as skipped.
func (r *smokeReport) skipSteps(reason string) {
	for _, step := range checkup.SmokeSteps() {
		r.step(checkup.Finding{Check: step, Verdict: checkup.Verdict{Result: checkup.Skipped, Message: reason}})
	}
}

// abandon ends a run that cannot go on: the next step has the reason, and those
// after it are skipped because of that.
func (r *smokeReport) abandon(ctx context.Context, err error) error {
	all := slices.Concat(checkup.Catalogue(), checkup.SmokeSteps())
	verdict := checkup.Verdict{Result: checkup.Unknown, Message: err.Error(), Err: err}
	for _, check := range all[len(r.findings):] {
		r.step(checkup.Finding{Check: check, Verdict: verdict})
		if verdict.Result == checkup.Unknown {
			verdict = checkup.Verdict{Result: checkup.Skipped, Because: check.ID}
		}
	}
	return r.finish(ctx)
}

// A stepError is a step that did not pass.
type stepError struct{ finding checkup.Finding }

func (e *stepError) Error() string {
	return e.finding.ID + ": " + e.finding.Title + ": " + e.finding.Message
}
func (e *stepError) Unwrap() error { return e.finding.Err }

// nothingRanError says that a test tested nothing.
type nothingRanError struct{}

func (*nothingRanError) Error() string { return "no step was taken" }

// finish writes the verdict and all reports, and returns the error of the first step
// that failed.
func (r *smokeReport) finish(ctx context.Context) error {
	r.showAlike()
	elapsed := r.now().Sub(r.started)
	failure := r.failure(ctx)
	verdict := "passed"
	if failure != nil {
		verdict = "failed"
	}
	var shown error
	if r.format == asJSON {
		shown = output.JSON(r.out, r.document(verdict, elapsed))
	} else {
		counts := r.counts()
		_, shown = fmt.Fprintf(r.out, "\n%s: %d of %d steps in %.1f ms\n", verdict, counts.passed, counts.taken, milliseconds(elapsed))
	}
	return errors.Join(failure, shown, r.sinks.write(r.run(elapsed), r.secrets.all()))
}

// failure is the first step that failed, else the signal that ended the run, else
// that nothing ran.
func (r *smokeReport) failure(ctx context.Context) error {
	for _, finding := range r.findings {
		if finding.Result == checkup.Failure || finding.Result == checkup.Unknown && ctx.Err() == nil {
			return &stepError{r.clean(finding)}
		}
	}
	switch {
	case ctx.Err() != nil:
		return context.Cause(ctx)
	case r.counts().taken == 0:
		return &nothingRanError{}
	default:
		return nil
	}
}

// clean takes secrets out of what is said of a finding.
func (r *smokeReport) clean(finding checkup.Finding) checkup.Finding {
	finding.Message, finding.Fix = r.secrets.clean(finding.Message), r.secrets.clean(finding.Fix)
	return finding
}

type smokeCounts struct{ passed, taken int }

func (r *smokeReport) counts() smokeCounts {
	var counts smokeCounts
	for _, finding := range r.findings {
		if finding.Passed() {
			counts.passed++
		}
		if finding.Result != checkup.Skipped {
			counts.taken++
		}
	}
	return counts
}

func milliseconds(d time.Duration) float64 {
	return math.Round(d.Seconds()*1e4) / 10
}
