package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"runtime"
	"slices"
	"strings"
	"time"

	"github.com/appsyncctl/appsyncctl/internal/doctor"
	"github.com/appsyncctl/appsyncctl/internal/output"
	"github.com/appsyncctl/appsyncctl/internal/report"
)

// doctorReport shows each finding when it is there, and the verdict at the end. With
// -o json it writes one document, whatever happens.
type doctorReport struct {
	out      io.Writer
	json     bool
	short    bool
	notice   func(string)
	suppress checkList           // with what follows from it, as far as was found
	explains bool                // a token: what it holds is shown, also when nothing is wrong with it
	given    bool                // a token or an answer is examined, with settings or without
	clean    func(string) string // takes secrets out of a text
	profile  string
	version  string
	now      func() time.Time

	start    time.Time
	found    []findingView
	cases    []report.Case   // the same for CI systems
	category doctor.Category // whose heading stands last
	ended    []doctor.ID     // checks that were interrupted
	lacking  lackingSettings
	written  bool // the document, or the verdict
}

func (app *App) newDoctorReport(options doctorOptions) *doctorReport {
	r := &doctorReport{
		out:      app.Out,
		json:     options.format.document.ForPrograms(),
		short:    options.format.short,
		notice:   app.Notice,
		suppress: options.suppress,
		explains: options.token != "",
		given:    options.token != "" || options.response != "",
		clean:    app.Secrets.Text,
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
func (r *doctorReport) show(finding doctor.Finding) {
	r.suppress = r.suppress.spread([]doctor.Finding{finding})
	view := newFindingView(finding, r.suppress, r.clean)
	r.found = append(r.found, view)
	r.cases = append(r.cases, view.reportCase("doctor", r.profile, finding.Elapsed))
	r.lacking.add(finding)
	switch {
	case r.json, r.cutShort(finding), r.short && (!view.problem() || view.Suppressed):
		return
	case !r.short && view.Category != r.category:
		if r.category != "" {
			r.line("")
		}
		r.category = view.Category
		r.line(string(view.Category))
	}
	r.line(view.heading())
	var details []string
	switch {
	case view.problem() && !view.Suppressed:
		details = append([]string{view.Message}, view.basis()...)
	case r.explains && view.Category == doctor.Token && view.Result == doctor.OK:
		details = append([]string{view.Message}, view.basis()...)
	case r.explains && view.Category == doctor.Token:
		details = view.basis() // the heading has the message
	}
	for _, line := range details {
		r.line(strings.Repeat(" ", len("  FAIL  ")) + line)
	}
}

// cutShort reports whether a finding says only that the examination was interrupted, as
// another has said already.
func (r *doctorReport) cutShort(finding doctor.Finding) bool {
	interrupted := finding.Result == doctor.Unknown && errors.Is(finding.Err, context.Canceled)
	said := len(r.ended) > 0
	if interrupted {
		r.ended = append(r.ended, finding.ID)
	}
	return interrupted && said || finding.Result == doctor.Skipped && slices.Contains(r.ended, finding.Because)
}

// line writes a line. That it could not be written is noticed when the program ends.
func (r *doctorReport) line(text string) { _, _ = fmt.Fprintln(r.out, output.Line(text)) }

func (v findingView) heading() string {
	text := fmt.Sprintf("  %-4s  %-9s  %s", mark(v.Result), v.ID, v.Title)
	switch {
	case v.Suppressed:
		return text + " (suppressed)"
	case v.Result == doctor.Skipped:
		return text + " (" + v.Message + ")"
	default:
		return text
	}
}

// finish shows what was not shown yet, and the verdict.
func (r *doctorReport) finish(findings []doctor.Finding) error {
	for _, finding := range findings[len(r.found):] {
		r.show(finding)
	}
	view := newCheckupView(doctor.Catalogue(), r.found, r.version, r.now().Sub(r.start))
	r.written = true
	if r.json {
		return output.JSON(r.out, view)
	}
	if !r.short || view.Counts.OK+view.Counts.Skipped < len(view.Checks) {
		r.line("")
	}
	if r.given {
		for _, line := range r.lacking.lines() {
			r.line(line)
		}
	}
	if cause := view.Cause; cause != nil {
		for _, finding := range view.Checks {
			if finding.ID == *cause {
				r.line("cause: " + string(finding.ID) + " " + finding.Message)
			}
		}
	}
	r.line(view.summary())
	return nil
}

// refuse ends a report before it has begun: what the check called id is about is not
// there. It returns err, which standard error has in the other formats.
func (r *doctorReport) refuse(id doctor.ID, err error) error {
	check, _ := doctor.Find(id)
	if r.json {
		r.show(doctor.Finding{Check: check, Verdict: doctor.Verdict{Result: doctor.Failure, Message: err.Error(), Err: err}})
		_ = output.JSON(r.out, newCheckupView(doctor.Catalogue(), r.found, r.version, r.now().Sub(r.start))) // it is an error already
	}
	return err
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
		_ = output.JSON(r.out, newCheckupView(doctor.Catalogue(), r.found, r.version, r.now().Sub(r.start))) // it is an error already
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
		var ids []doctor.ID
		for _, finding := range v.Checks {
			if finding.Suppressed {
				ids = append(ids, finding.ID)
			}
		}
		text += fmt.Sprintf(", %d suppressed: %s", c.Suppressed, idList(ids, ", "))
	}
	return text
}
