package doctor

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"github.com/appsyncctl/appsyncctl/internal/app"
	"github.com/appsyncctl/appsyncctl/internal/config"
	"github.com/appsyncctl/appsyncctl/internal/doctor"
	"github.com/appsyncctl/appsyncctl/internal/output"
	"github.com/appsyncctl/appsyncctl/internal/report"
)

// reporter shows each finding when it is there, and the verdict at the end. With
// -o json it writes one document, whatever happens.
type reporter struct {
	out      io.Writer
	json     bool
	short    bool
	notice   func(string)
	suppress doctor.Suppressed   // with what follows from it, as far as was found
	explains bool                // a token: what it holds is shown, also when nothing is wrong with it
	given    bool                // a token or an answer is examined, with settings or without
	clean    func(string) string // takes secrets out of a text
	profile  string
	version  string
	now      func() time.Time

	start    time.Time
	found    []doctor.FindingView
	cases    []report.Case   // the same for CI systems
	category doctor.Category // whose heading stands last
	ended    []doctor.ID     // checks that were interrupted
	lacking  lackingSettings
	written  bool // the document, or the verdict
}

func newReporter(world *app.App, options doctorOptions) *reporter {
	r := &reporter{
		out:      world.Out,
		json:     options.format.document.ForPrograms(),
		short:    options.format.short,
		notice:   world.Notice,
		suppress: options.suppress,
		explains: options.token != "",
		given:    options.token != "" || options.response != "",
		clean:    world.Secrets.Text,
		version:  world.Build.Version,
		now:      world.Now,
		start:    world.Now(),
	}
	if r.json {
		r.notice = func(string) {} // standard error is for one document then
	}
	return r
}

// show shows a finding.
func (r *reporter) show(finding doctor.Finding) {
	r.suppress = r.suppress.With([]doctor.Finding{finding})
	view := doctor.NewFindingView(finding, r.suppress, r.clean)
	r.found = append(r.found, view)
	r.cases = append(r.cases, view.Case("doctor", r.profile, finding.Elapsed))
	r.lacking.add(finding)
	switch {
	case r.json, r.cutShort(finding), r.short && (!view.Problem() || view.Suppressed):
		return
	case !r.short && view.Category != r.category:
		if r.category != "" {
			r.line("")
		}
		r.category = view.Category
		r.line(string(view.Category))
	}
	r.line(view.Heading())
	var details []string
	switch {
	case view.Problem() && !view.Suppressed:
		details = append([]string{view.Message}, view.Basis()...)
	case r.explains && view.Category == doctor.Token && view.Result == doctor.OK:
		details = append([]string{view.Message}, view.Basis()...)
	case r.explains && view.Category == doctor.Token:
		details = view.Basis() // the heading has the message
	}
	for _, line := range details {
		r.line(strings.Repeat(" ", len("  FAIL  ")) + line)
	}
}

// cutShort reports whether a finding says only that the examination was interrupted, as
// another has said already.
func (r *reporter) cutShort(finding doctor.Finding) bool {
	interrupted := finding.Result == doctor.Unknown && errors.Is(finding.Err, context.Canceled)
	said := len(r.ended) > 0
	if interrupted {
		r.ended = append(r.ended, finding.ID)
	}
	return interrupted && said || finding.Result == doctor.Skipped && slices.Contains(r.ended, finding.Because)
}

// line writes a line. That it could not be written is noticed when the program ends.
func (r *reporter) line(text string) { _, _ = fmt.Fprintln(r.out, output.Line(text)) }

// finish shows what was not shown yet, and the verdict.
func (r *reporter) finish(findings []doctor.Finding) error {
	for _, finding := range findings[len(r.found):] {
		r.show(finding)
	}
	view := doctor.NewReport(doctor.Catalogue(), r.found, r.version, r.now().Sub(r.start))
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
	r.line(view.Summary())
	return nil
}

// refuse ends a report before it has begun: what the check called id is about is not
// there. It returns err, which standard error has in the other formats.
func (r *reporter) refuse(id doctor.ID, err error) error {
	check, _ := doctor.Find(id)
	if r.json {
		r.show(doctor.Finding{Check: check, Verdict: doctor.Verdict{Result: doctor.Failure, Message: err.Error(), Err: err}})
		_ = output.JSON(r.out, doctor.NewReport(doctor.Catalogue(), r.found, r.version, r.now().Sub(r.start))) // it is an error already
	}
	return err
}

// breakDown ends a report after a panic.
func (r *reporter) breakDown(thrown any) error {
	if r.json && !r.written {
		_ = output.JSON(r.out, doctor.NewReport(doctor.Catalogue(), r.found, r.version, r.now().Sub(r.start))) // it is an error already
	}
	return app.Panicked("doctor", thrown)
}

// lackingSettings are the checks that were skipped for want of a setting, by setting, in
// the order in which they came.
type lackingSettings struct {
	names  []string
	checks map[string][]doctor.ID
}

func (l *lackingSettings) add(finding doctor.Finding) {
	if finding.Lacks == "" {
		return
	}
	if l.checks == nil {
		l.checks = make(map[string][]doctor.ID)
	}
	if !slices.Contains(l.names, finding.Lacks) {
		l.names = append(l.names, finding.Lacks)
	}
	l.checks[finding.Lacks] = append(l.checks[finding.Lacks], finding.ID)
}

// lines say for each setting what it would allow.
func (l *lackingSettings) lines() []string {
	var lines []string
	for _, name := range l.names {
		setting := config.Describe(config.Name(name))
		label, article := setting.Label(), "a "
		if strings.ContainsRune("aeiou", rune(label[0])) {
			article = "an "
		}
		lines = append(lines, "not checked without "+article+label+" (--"+setting.Flag+"): "+strings.Join(runs(l.checks[name]), ", "))
	}
	return lines
}

// runs writes three and more checks in a row as the first and the last of them.
func runs(ids []doctor.ID) []string {
	order := make(map[doctor.ID]int)
	for i, check := range doctor.Catalogue() {
		order[check.ID] = i
	}
	var texts []string
	for start := 0; start < len(ids); {
		end := start
		for end+1 < len(ids) && order[ids[end+1]] == order[ids[end]]+1 && prefix(ids[end+1]) == prefix(ids[end]) {
			end++
		}
		if end-start >= 2 {
			texts = append(texts, string(ids[start]+" to "+ids[end]))
		} else {
			texts = append(texts, doctor.JoinIDs(ids[start:end+1], ", "))
		}
		start = end + 1
	}
	return texts
}

// prefix is the part of an ID that its category has: "AUTH".
func prefix(id doctor.ID) string {
	before, _, _ := strings.Cut(string(id), "-")
	return before
}
