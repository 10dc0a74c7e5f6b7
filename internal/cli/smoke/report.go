// What smoke says: a line for each step when it is done, or one document at the end,
// and the reports of CI systems. All of it has the same steps in each run.

package smoke

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/appsyncctl/appsyncctl/internal/app"
	"github.com/appsyncctl/appsyncctl/internal/doctor"
	"github.com/appsyncctl/appsyncctl/internal/failure"
	"github.com/appsyncctl/appsyncctl/internal/output"
	"github.com/appsyncctl/appsyncctl/internal/redact"
	"github.com/appsyncctl/appsyncctl/internal/report"
	"github.com/appsyncctl/appsyncctl/internal/smoke"
)

// reporter collects the findings of a run.
type reporter struct {
	out      io.Writer
	format   app.Format
	profile  string
	version  string
	secrets  *redact.Secrets
	sinks    report.Sinks
	now      func() time.Time
	started  time.Time
	mu       sync.Mutex // for findings and finished: a signal comes at any time
	finished bool
	findings []doctor.Finding
	held     []doctor.Finding // of one category and with nothing to say, not shown yet
}

// newReporter returns the report of a run whose settings are not known yet.
func newReporter(world *app.App, options smokeOptions) *reporter {
	return &reporter{
		out: world.Out, format: options.format, profile: "default", version: world.Build.Version, secrets: world.Secrets,
		sinks: report.Sinks{JUnit: options.junit, GitHub: options.github}, now: world.Now, started: world.Now(),
	}
}

// step takes a finding and shows it. Checks that passed, or were skipped for one
// reason, are shown together: there are many, and what people look for is the rest.
func (r *reporter) step(finding doctor.Finding) {
	finding = setAside(finding)
	r.mu.Lock()
	r.findings = append(r.findings, finding)
	r.mu.Unlock()
	if r.format == app.JSON || offTopic(finding) {
		return
	}
	if len(r.held) > 0 && !alike(r.held[0], finding) {
		r.showHeld()
	}
	if quiet(finding) {
		r.held = append(r.held, finding)
		return
	}
	r.line(result(finding), string(finding.ID)+"  "+finding.Title, finding.Elapsed, reason(finding))
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

func (r *reporter) showHeld() {
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

func (r *reporter) line(result, name string, elapsed time.Duration, reason string) {
	duration := ""
	if elapsed > 0 {
		duration = fmt.Sprintf("%.1f ms", output.Milliseconds(elapsed))
	}
	line := fmt.Sprintf("%-7s  %-52s  %10s", result, name, duration)
	if reason != "" {
		line += "  " + reason
	}
	_, _ = fmt.Fprintln(r.out, output.Line(strings.TrimRight(r.secrets.Text(line), " "))) // the verdict reports a broken pipe
}

// result is what became of a step, as a word of the table.
func result(finding doctor.Finding) string {
	if finding.Result == doctor.Warning {
		return "warning"
	}
	return string(doctor.Outcome(finding.Check, finding.Result))
}

// reason says why a step did not simply pass.
func reason(finding doctor.Finding) string {
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
func (r *reporter) skipSteps(reason string) {
	for _, step := range smoke.Plan()[len(r.findings):] {
		r.step(doctor.Finding{Check: step, Verdict: doctor.Verdict{Result: doctor.Skipped, Message: reason}})
	}
}

// begin takes the step before all others, once there is all that they need.
func (r *reporter) begin() {
	ready := doctor.OK.With("there is all that it needs")
	r.step(doctor.Finding{Check: smoke.Beginning(), Verdict: ready, Elapsed: r.now().Sub(r.started)})
}

// abandon ends a run that cannot go on: the next step has the reason, and those
// after it are skipped because of that.
func (r *reporter) abandon(ctx context.Context, err error) error {
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
func (r *reporter) interrupted() {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.finished {
		return
	}
	file := report.Sinks{JUnit: r.sinks.JUnit}
	early := &reporter{profile: r.profile, secrets: r.secrets, started: r.started, findings: slices.Clone(r.findings)}
	for _, step := range smoke.Plan()[len(early.findings):] {
		early.findings = append(early.findings, doctor.Finding{Check: step, Verdict: doctor.Skipped.With("interrupted; cleaning up")})
	}
	_ = file.Write(early.run(r.now().Sub(r.started)), r.secrets.All()) // finish tells what cannot be written
}

// finish writes the verdict and all reports, and returns the error of the first step
// that failed.
func (r *reporter) finish(ctx context.Context) error {
	r.showHeld()
	elapsed := r.now().Sub(r.started)
	failure := r.failure(ctx)
	var shown error
	if r.format == app.JSON {
		shown = output.JSON(r.out, r.document(failure, elapsed))
	} else {
		_, shown = fmt.Fprintln(r.out, "\n"+output.Line(r.verdict(failure, elapsed)))
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.finished = true
	return errors.Join(failure, shown, r.sinks.Write(r.run(elapsed), r.secrets.All()))
}

// document is what -o json writes of a run that ended with err. It is in doctor's form
// and in doctor's words.
func (r *reporter) document(err error, elapsed time.Duration) doctor.Report {
	var found []doctor.FindingView
	for _, finding := range r.findings {
		found = append(found, doctor.NewFindingView(finding, nil, r.secrets.Text))
	}
	view := doctor.NewReport(smoke.Plan(), found, r.version, elapsed)
	if err != nil && (view.Verdict == doctor.OK || view.Verdict == doctor.Warning) {
		view.Verdict = doctor.Unknown // it was interrupted, or nothing ran
	}
	return view
}

// run is the findings as the reports of CI systems have them.
func (r *reporter) run(elapsed time.Duration) report.Run {
	run := report.Run{Suite: "appsyncctl.smoke", Started: r.started, Elapsed: elapsed}
	for _, finding := range r.findings {
		run.Cases = append(run.Cases, doctor.NewFindingView(finding, nil, r.secrets.Text).Case("smoke", r.profile, finding.Elapsed))
	}
	return run
}

// stepFailed is the error of a step that did not pass.
func stepFailed(f doctor.Finding) error {
	err := failure.WithText(f.Err, string(f.ID)+": "+f.Title+": "+f.Message)
	if f.Category == doctor.Settings {
		err = failure.Wrap(failure.Usage, err)
	}
	return app.Advise(err, f.Fix)
}

// failure is the first step that failed, else the signal that ended the run, else
// that nothing ran.
func (r *reporter) failure(ctx context.Context) error {
	for _, finding := range r.findings {
		if finding.Result == doctor.Failure || finding.Result == doctor.Unknown && ctx.Err() == nil {
			return stepFailed(r.clean(finding))
		}
	}
	if ctx.Err() == nil {
		if blind, ok := r.untested(); ok {
			return stepFailed(blind)
		}
	}
	ran := func(f doctor.Finding) bool { return f.Result != doctor.Skipped && f.ID != smoke.Beginning().ID }
	switch {
	case ctx.Err() != nil:
		return context.Cause(ctx)
	case !slices.ContainsFunc(r.findings, ran):
		return errors.New("no step was taken")
	default:
		return nil
	}
}

// untested returns a step that was skipped because of another, while nothing failed:
// what was to be tested was not.
func (r *reporter) untested() (doctor.Finding, bool) {
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
func (r *reporter) clean(finding doctor.Finding) doctor.Finding {
	finding.Message, finding.Fix = r.secrets.Text(finding.Message), r.secrets.Text(finding.Fix)
	return finding
}

// verdict is what became of a run that ended with err, in a line: how many steps it is
// about, of those that were taken, and in parentheses what else came of them.
func (r *reporter) verdict(err error, elapsed time.Duration) string {
	count, warnings := make(map[report.Result]int), 0
	for _, finding := range r.findings {
		count[doctor.Outcome(finding.Check, finding.Result)]++
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
		text = "failed: " + app.Message(err)
		if bad > 0 {
			text = fmt.Sprintf("failed: %d of %d steps", bad, taken)
		}
		note(count[report.Errored], "error", "errors")
		note(count[report.Passed]-warnings, "passed", "passed")
	}
	note(warnings, "warning", "warnings")
	text += fmt.Sprintf(" in %.1f ms", output.Milliseconds(elapsed))
	if len(others) > 0 {
		text += " (" + strings.Join(others, ", ") + ")"
	}
	return text
}
