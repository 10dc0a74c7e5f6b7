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
	"sync"
	"time"

	"github.com/appsyncctl/appsyncctl/internal/doctor"
	"github.com/appsyncctl/appsyncctl/internal/output"
	"github.com/appsyncctl/appsyncctl/internal/redact"
	"github.com/appsyncctl/appsyncctl/internal/smoke"
)

// smokeReport collects the findings of a run.
type smokeReport struct {
	out      io.Writer
	format   format
	profile  string
	version  string
	secrets  *redact.Secrets
	sinks    smokeSinks
	now      func() time.Time
	started  time.Time
	mu       sync.Mutex // for findings and finished: a signal comes at any time
	finished bool
	findings []doctor.Finding
	held     []doctor.Finding // of one category and with nothing to say, not shown yet
}

// newSmokeReport returns the report of a run whose settings are not known yet.
func (app *App) newSmokeReport(options smokeOptions) *smokeReport {
	return &smokeReport{
		out: app.Out, format: options.format, profile: "default", version: app.Build.Version, secrets: app.Secrets,
		sinks: smokeSinks{options.junit, options.github}, now: app.Now, started: app.Now(),
	}
}

// step takes a finding and shows it. Checks that passed, or were skipped for one
// reason, are shown together: there are many, and what people look for is the rest.
func (r *smokeReport) step(finding doctor.Finding) {
	finding = setAside(finding)
	r.mu.Lock()
	r.findings = append(r.findings, finding)
	r.mu.Unlock()
	if r.format == asJSON || offTopic(finding) {
		return
	}
	if len(r.held) > 0 && !alike(r.held[0], finding) {
		r.showHeld()
	}
	if quiet(finding) {
		r.held = append(r.held, finding)
		return
	}
	r.line(smokeResult(finding), string(finding.ID)+"  "+finding.Title, finding.Elapsed, smokeReason(finding))
	if finding.Fix != "" && !finding.Passed() {
		_, _ = fmt.Fprintln(r.out, "         fix: "+output.Line(r.secrets.Text(finding.Fix)))
	}
}

// offTopic reports whether a finding says only that it is about something else than
// this set-up.
func offTopic(f doctor.Finding) bool {
	return f.Unasked || f.Category != smoke.Category && f.Result == doctor.Skipped && f.Because == ""
}

// quiet reports whether a finding needs no line of its own.
func quiet(f doctor.Finding) bool {
	if f.Category == smoke.Category {
		return f.Because == smoke.Beginning().ID
	}
	return f.Result == doctor.OK || f.Result == doctor.Skipped
}

// alike reports whether two quiet findings can share a line.
func alike(a, b doctor.Finding) bool {
	return quiet(b) && a.Category == b.Category && a.Because == b.Because
}

// setAside makes of what nobody could find out about things beside the API, such as its
// configuration in AWS, a step that is skipped: it is not what is tested.
// So is what was cut off by a signal.
func setAside(finding doctor.Finding) doctor.Finding {
	if finding.Result == doctor.Unknown && errors.Is(finding.Err, context.Canceled) {
		finding.Result, finding.Message = doctor.Skipped, "interrupted"
	}
	if finding.Result == doctor.Unknown && finding.Aside() {
		finding.Result = doctor.Skipped
		finding.Message = "could not be found out: " + finding.Message
	}
	return finding
}

func (r *smokeReport) showHeld() {
	if len(r.held) == 0 {
		return
	}
	var elapsed time.Duration
	passed := 0
	for _, finding := range r.held {
		elapsed = max(elapsed, finding.Elapsed) // they ran at once
		if finding.Result == doctor.OK {
			passed++
		}
	}
	category := r.held[0].Category
	if because := r.held[0].Because; because != "" {
		r.line("skipped", howMany(len(r.held), category), 0, "because of "+string(because))
	} else if passed > 0 {
		r.line("passed", howMany(passed, category), elapsed, "")
	}
	r.held = nil
}

// howMany is a number of findings of one category.
func howMany(n int, category doctor.Category) string {
	what := "check"
	if category == smoke.Category {
		what = "step"
	}
	if n > 1 {
		what += "s"
	}
	return fmt.Sprintf("%s: %d %s", category, n, what)
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
	_, _ = fmt.Fprintln(r.out, output.Line(strings.TrimRight(r.secrets.Text(line), " "))) // the verdict reports a broken pipe
}

// smokeResult is what became of a step, as a word of the table.
func smokeResult(finding doctor.Finding) string {
	if finding.Result == doctor.Warning {
		return "warning"
	}
	return string(outcome(finding.Check, finding.Result))
}

// smokeReason says why a step did not simply pass.
func smokeReason(finding doctor.Finding) string {
	switch {
	case finding.Result == doctor.OK:
		return ""
	case finding.Because != "" && finding.Message == "":
		return "because of " + string(finding.Because)
	case finding.Because != "":
		return finding.Message + " (because of " + string(finding.Because) + ")"
	default:
		return finding.Message
	}
}

// skipSteps takes the steps that are left as skipped.
func (r *smokeReport) skipSteps(reason string) {
	for _, step := range smoke.Plan()[len(r.findings):] {
		r.step(doctor.Finding{Check: step, Verdict: doctor.Verdict{Result: doctor.Skipped, Message: reason}})
	}
}

// begin takes the step before all others, once there is all that they need.
func (r *smokeReport) begin() {
	ready := doctor.OK.With("there is all that it needs")
	r.step(doctor.Finding{Check: smoke.Beginning(), Verdict: ready, Elapsed: r.now().Sub(r.started)})
}

// abandon ends a run that cannot go on: the next step has the reason, and those
// after it are skipped because of that.
func (r *smokeReport) abandon(ctx context.Context, err error) error {
	verdict := doctor.Verdict{Result: doctor.Unknown, Message: err.Error(), Err: err}
	for _, check := range smoke.Plan()[len(r.findings):] {
		r.step(doctor.Finding{Check: check, Verdict: verdict})
		if verdict.Result == doctor.Unknown {
			verdict = doctor.Verdict{Result: doctor.Skipped, Because: check.ID}
		}
	}
	return r.finish(ctx)
}

// interrupted writes the reports as they are when a signal comes, with what is left as
// skipped: CI systems kill a cancelled job that takes its time, and what was seen should
// not be lost. finish replaces them.
func (r *smokeReport) interrupted() {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.finished {
		return
	}
	file := smokeSinks{junit: r.sinks.junit}
	early := &smokeReport{profile: r.profile, secrets: r.secrets, started: r.started, findings: slices.Clone(r.findings)}
	for _, step := range smoke.Plan()[len(early.findings):] {
		early.findings = append(early.findings, doctor.Finding{Check: step, Verdict: doctor.Skipped.With("interrupted; cleaning up")})
	}
	_ = file.write(early.run(r.now().Sub(r.started)), r.secrets.All()) // finish tells what cannot be written
}

// finish writes the verdict and all reports, and returns the error of the first step
// that failed.
func (r *smokeReport) finish(ctx context.Context) error {
	r.showHeld()
	elapsed := r.now().Sub(r.started)
	failure := r.failure(ctx)
	var shown error
	if r.format == asJSON {
		shown = output.JSON(r.out, r.document(failure, elapsed))
	} else {
		_, shown = fmt.Fprintln(r.out, "\n"+output.Line(r.verdict(failure, elapsed)))
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.finished = true
	return errors.Join(failure, shown, r.sinks.write(r.run(elapsed), r.secrets.All()))
}

func milliseconds(d time.Duration) float64 {
	return math.Round(d.Seconds()*1e4) / 10
}
