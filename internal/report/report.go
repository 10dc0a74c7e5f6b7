// Package report writes what became of a list of steps in the forms that CI systems
// read: JUnit XML, and the annotations and the job summary of GitHub Actions.
//
// The readers are many and none forgives: a control character or an invalid byte makes
// most of them show an empty report, a second case of the same name is dropped, a
// summary over the limit is thrown away whole, and everyone who may look at a pipeline
// may read its reports. So there is one way to a report, New, which cleans every text
// and takes the secrets out of it; what it returns cannot be built otherwise, and
// everything that writes is a method of it.
package report

import (
	"errors"
	"fmt"
	"strings"
	"time"
)

// A Run is a list of steps and what became of them.
type Run struct {
	Suite   string // "appsyncctl.smoke"
	Started time.Time
	Elapsed time.Duration
	Cases   []Case
}

// A Case is one step. Its group and name are the same in each run, and no other case
// has both: that is how CI systems tell that a step broke, or was mended.
type Case struct {
	Group   string // JUnit's classname, see Group
	Name    string
	Result  Result
	Message string // one line: why it failed, or was skipped
	Details string // as many lines as it takes
	// Warning is what somebody should look at although the step passed: one line.
	Warning string
	Elapsed time.Duration
	Notes   []string // what else there is to say, such as "attempt 1 failed: …"
}

// Result is what became of a step. The zero value is none of them, and counts as
// Errored: what nobody has judged did not pass.
type Result string

// The results. CI systems show an assertion that did not hold apart from a step that
// could not be carried out or judged.
const (
	Passed  Result = "passed"
	Failed  Result = "failed"
	Errored Result = "error"
	Skipped Result = "skipped"
)

// Counts says how many cases have which result.
type Counts struct{ Passed, Failed, Errored, Skipped int }

// Total is the number of cases.
func (c Counts) Total() int { return c.Passed + c.Failed + c.Errored + c.Skipped }

// String is a sentence for people: "5 passed, 1 failed". Only passed is named when
// there is none.
func (c Counts) String() string {
	parts := []string{fmt.Sprintf("%d passed", c.Passed)}
	for _, part := range []struct {
		number int
		word   string
	}{{c.Failed, "failed"}, {c.Errored, "could not be run"}, {c.Skipped, "skipped"}} {
		if part.number > 0 {
			parts = append(parts, fmt.Sprintf("%d %s", part.number, part.word))
		}
	}
	return strings.Join(parts, ", ")
}

// Group joins parts to the name of a group: "appsyncctl.smoke.production.token". What
// would make another group of it, a dot or a blank within a part, becomes a hyphen, and
// so does a part that is empty.
func Group(parts ...string) string {
	clean := make([]string, len(parts))
	for i, part := range parts {
		clean[i] = strings.Join(strings.FieldsFunc(oneLine(part), func(c rune) bool { return c == '.' || c == ' ' }), "-")
		if clean[i] == "" {
			clean[i] = "-"
		}
	}
	return strings.Join(clean, ".")
}

// A Report is a run that can be written anywhere: its texts are short, hold no secrets
// and no characters that a reader would choke on, and its names are unique.
type Report struct{ run Run }

// made is an error for the zero value: it has no cases, and would read as a success.
func (r Report) made() error {
	if len(r.run.Cases) == 0 {
		return errors.New("the report was not made by New")
	}
	return nil
}

// Run returns a copy of what is reported.
func (r Report) Run() Run {
	run := r.run
	run.Cases = append([]Case(nil), run.Cases...)
	for i := range run.Cases {
		run.Cases[i].Notes = append([]string(nil), run.Cases[i].Notes...)
	}
	return run
}

// Counts counts the cases by their results.
func (r Report) Counts() Counts {
	var counts Counts
	for _, c := range r.run.Cases {
		switch c.Result {
		case Passed:
			counts.Passed++
		case Failed:
			counts.Failed++
		case Errored:
			counts.Errored++
		case Skipped:
			counts.Skipped++
		}
	}
	return counts
}

// Result is that of the run as a whole: Errored goes before Failed, since it leaves
// open what would have failed. A report never is Skipped: see New.
func (r Report) Result() Result {
	switch counts := r.Counts(); {
	case counts.Errored > 0, counts.Total() == 0:
		return Errored
	case counts.Failed > 0:
		return Failed
	default:
		return Passed
	}
}

// label is the name of a case for people, who know which run they look at: the group
// without the part that all groups have in common.
func (r Report) label(c Case) string {
	group := strings.TrimPrefix(strings.TrimPrefix(c.Group, r.run.Suite), ".")
	if group == "" {
		return c.Name
	}
	return group + ": " + c.Name
}
