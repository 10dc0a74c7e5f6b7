package report

import (
	"fmt"
	"strings"
	"time"
)

// Bytes that a text may have, after cleaning. GitLab reads reports of less than 30 MB:
// 300 cases stay within, even if all their texts are as long as this and each character
// has to be escaped.
const (
	longestName    = 250
	longestMessage = 1_000
	longestDetails = 8_000
	mostNotes      = 5
)

// An InvalidError says that the steps were put together wrongly: a bug of the caller.
type InvalidError struct{ Problems []string }

func (e *InvalidError) Error() string {
	return "steps cannot be reported as they are: " + strings.Join(e.Problems, "; ")
}

// New makes a report of run. In all texts it replaces secrets, and what looks like one,
// by [redacted]; removes what is no text; and shortens what is too long.
//
// A run in which nothing was executed gets a case more, which says so as an error: an
// empty report, or one of skipped cases only, reads as a success.
//
// The error is nil or a *InvalidError, for names that are missing or not unique and for
// results without a reason. The report is valid and complete in any case, and should be
// written: a second case of a name is in it under another name.
func New(run Run, secrets ...string) (Report, error) {
	cleaner := newCleaner(secrets)
	builder := builder{cleaner: cleaner, taken: make(map[[2]string]bool)}
	report := Report{Run{
		Suite:   or(cleaner.line(run.Suite, longestName), "steps"),
		Started: run.Started,
		Elapsed: max(0, run.Elapsed),
	}}
	executed := false
	for i, c := range run.Cases {
		clean := builder.add(report.run.Suite, i, c)
		executed = executed || clean.Result != Skipped
		report.run.Cases = append(report.run.Cases, clean)
	}
	if !executed {
		report.run.Cases = append(report.run.Cases, builder.add(report.run.Suite, len(run.Cases), Case{
			Group: Group("run"), Name: "run the steps", Result: Errored, Message: "nothing was executed",
		}))
	}
	if len(builder.problems) > 0 {
		return report, &InvalidError{builder.problems}
	}
	return report, nil
}

type builder struct {
	cleaner  *cleaner
	taken    map[[2]string]bool // group and name
	problems []string
}

func (b *builder) problem(format string, values ...any) {
	b.problems = append(b.problems, fmt.Sprintf(format, values...))
}

// add returns the case of index i as it is reported.
func (b *builder) add(suite string, i int, c Case) Case {
	clean := Case{
		Group:   b.cleaner.line(c.Group, longestName),
		Name:    b.cleaner.line(c.Name, longestName),
		Result:  c.Result,
		Message: b.cleaner.line(c.Message, longestMessage),
		Details: b.cleaner.text(c.Details, longestDetails),
		Warning: b.cleaner.line(c.Warning, longestMessage),
		Elapsed: max(0, c.Elapsed.Round(time.Microsecond)),
	}
	for _, note := range c.Notes {
		if len(clean.Notes) == mostNotes {
			clean.Notes = append(clean.Notes, fmt.Sprintf("and %d more", len(c.Notes)-mostNotes))
			break
		}
		clean.Notes = append(clean.Notes, b.cleaner.text(note, longestMessage))
	}
	if clean.Name == "" {
		b.problem("case %d has no name", i+1)
		clean.Name = fmt.Sprintf("step %d", i+1)
	}
	// Jenkins puts a class without a dot into a package "(root)".
	if !strings.Contains(clean.Group, ".") {
		clean.Group = suite + "." + or(clean.Group, "steps")
	}
	b.judge(&clean)
	b.rename(&clean)
	return clean
}

// judge sees that a result is one, and has its reason.
func (b *builder) judge(c *Case) {
	switch c.Result {
	case Passed:
		return
	case Failed, Errored, Skipped:
		if c.Message == "" {
			b.problem("%q is %s without a message", c.Name, c.Result)
			c.Message = "no reason was given"
		}
	default:
		b.problem("%q has no result", c.Name)
		c.Result, c.Message = Errored, or(c.Message, "it has no result")
	}
	c.Warning = "" // the message says worse
}

// rename gives a case whose name is taken another one.
func (b *builder) rename(c *Case) {
	name := c.Name
	for n := 2; b.taken[[2]string{c.Group, c.Name}]; n++ {
		if n == 2 {
			b.problem("two cases of %s are named %q", c.Group, name)
		}
		suffix := fmt.Sprintf(" (%d)", n)
		c.Name = cut(name, longestName-len(suffix)) + suffix
	}
	b.taken[[2]string{c.Group, c.Name}] = true
}

func or(text, otherwise string) string {
	if text == "" {
		return otherwise
	}
	return text
}
