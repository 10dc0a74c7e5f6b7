package cli

import (
	"fmt"
	"io"
	"runtime"
	"strings"
	"time"

	"github.com/appsyncctl/appsyncctl/internal/checkup"
	"github.com/appsyncctl/appsyncctl/internal/output"
)

// doctorReport shows each finding when it is there, and the verdict at the end. With
// -o json it writes one document, whatever happens.
type doctorReport struct {
	out      io.Writer
	json     bool
	short    bool
	notice   func(string)
	suppress checkList
	clean    func(string) string // takes secrets out of a text
	version  string
	now      func() time.Time

	start    time.Time
	found    []findingView
	category checkup.Category // whose heading stands last
	written  bool             // the document, or the verdict
	view     checkupView      // once finish was called
}

func (app *App) newDoctorReport(options doctorOptions) *doctorReport {
	r := &doctorReport{
		out:      app.Out,
		json:     options.format.document.machine(),
		short:    options.format.short,
		notice:   app.notice,
		suppress: options.suppress,
		clean:    strings.TrimSpace,
		version:  app.Build.Version,
		now:      app.Now,
		start:    app.Now(),
	}
	if r.json {
		r.notice = func(string) {} // standard error is for one document then
	}
	return r
}

// show shows a finding.
func (r *doctorReport) show(finding checkup.Finding) {
	view := newFindingView(finding, r.suppress, r.clean)
	r.found = append(r.found, view)
	switch {
	case r.json, r.short && (!view.problem() || view.Suppressed):
		return
	case !r.short && view.Category != r.category:
		if r.category != "" {
			r.line("")
		}
		r.category = view.Category
		r.line(string(view.Category))
	}
	r.line(view.heading())
	if !view.problem() || view.Suppressed {
		return
	}
	for _, line := range append([]string{view.Message}, view.basis()...) {
		r.line(strings.Repeat(" ", len("  FAIL  ")) + line)
	}
}

// line writes a line. That it could not be written is noticed when the program ends.
func (r *doctorReport) line(text string) { _, _ = fmt.Fprintln(r.out, output.Line(text)) }

func (v findingView) heading() string {
	text := fmt.Sprintf("  %-4s  %-9s  %s", mark(v.Result), v.ID, v.Title)
	switch {
	case v.Suppressed:
		return text + " (suppressed)"
	case v.Result == checkup.Skipped:
		return text + " (" + v.Message + ")"
	default:
		return text
	}
}

// finish shows what was not shown yet, and the verdict.
func (r *doctorReport) finish(findings []checkup.Finding) error {
	for _, finding := range findings[len(r.found):] {
		r.show(finding)
	}
	r.view = newCheckupView(checkup.Catalogue(), r.found, r.version, r.now().Sub(r.start))
	r.written = true
	if r.json {
		return output.JSON(r.out, r.view)
	}
	if !r.short || r.view.Counts.OK+r.view.Counts.Skipped < len(r.view.Checks) {
		r.line("")
	}
	if cause := r.view.Cause; cause != nil {
		for _, finding := range r.view.Checks {
			if finding.ID == *cause {
				r.line("cause: " + finding.ID + " " + finding.Message)
			}
		}
	}
	r.line(r.view.summary())
	return nil
}

// brokenError says that a command itself is broken.
type brokenError struct{ command, reason string }

func (e *brokenError) Error() string { return e.command + " broke down: " + e.reason }

// newBrokenError is the error of a command after a panic. What was thrown may hold
// anything, so only the runtime's own words are repeated.
func newBrokenError(command string, thrown any) *brokenError {
	if known, ok := thrown.(runtime.Error); ok {
		return &brokenError{command, known.Error()}
	}
	return &brokenError{command, fmt.Sprintf("panic of type %T", thrown)}
}

// breakDown ends a report after a panic.
func (r *doctorReport) breakDown(thrown any) error {
	if r.json && !r.written {
		_ = output.JSON(r.out, newCheckupView(checkup.Catalogue(), r.found, r.version, r.now().Sub(r.start))) // it is an error already
	}
	return newBrokenError("doctor", thrown)
}

// summary is the verdict of doctor in one line.
func (v *checkupView) summary() string {
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
