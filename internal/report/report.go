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
	"bytes"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"os"
	"reflect"
	"strings"
	"time"

	"github.com/appsyncctl/appsyncctl/internal/atomicfile"
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

// Bytes that a text may have, after cleaning. GitLab reads reports of less than 30 MB:
// 300 cases stay within, even if all their texts are as long as this and each character
// has to be escaped.
const (
	longestName    = 250
	longestMessage = 1_000
	longestDetails = 8_000
	mostNotes      = 5
)

// New makes a report of run. In all texts it replaces secrets, and what looks like one,
// by [redacted]; removes what is no text; and shortens what is too long.
//
// A run in which nothing was executed gets a case more, which says so as an error: an
// empty report, or one of skipped cases only, reads as a success.
//
// The error, if any, is a bug of the caller: it is for names that are missing or not unique and for
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
		return report, errors.New("steps cannot be reported as they are: " + strings.Join(builder.problems, "; "))
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

// Sinks are where the reports for CI systems go.
type Sinks struct {
	JUnit  string // the file; empty for none
	GitHub GitHub
}

// Write writes a run to all of them. That one fails does not keep the others from being
// written. Secrets are taken out of what is written.
func (s Sinks) Write(run Run, secrets []string) error {
	if s.JUnit == "" && !s.GitHub.On {
		return nil
	}
	made, err := New(run, secrets...)
	if s.JUnit != "" {
		err = errors.Join(err, made.WriteJUnit(s.JUnit))
	}
	return errors.Join(err, s.GitHub.Write(made))
}

// The elements are those that Jenkins' schema knows (xunit-plugin, junit-10.xsd), and
// those of Ant's (windyroad/JUnit-Schema) as far as that has them. The order matters
// to both.
type (
	testSuites struct {
		XMLName xml.Name  `xml:"testsuites"`
		Suite   testSuite `xml:"testsuite"`
	}
	testSuite struct {
		Name       string     `xml:"name,attr"`
		Tests      int        `xml:"tests,attr"`
		Failures   int        `xml:"failures,attr"`
		Errors     int        `xml:"errors,attr"`
		Skipped    int        `xml:"skipped,attr"`
		Time       string     `xml:"time,attr"`
		Timestamp  string     `xml:"timestamp,attr"`
		Hostname   string     `xml:"hostname,attr"`
		Package    string     `xml:"package,attr"`
		ID         int        `xml:"id,attr"`
		Properties []property `xml:"properties>property"`
		Cases      []testCase `xml:"testcase"`
		Out        string     `xml:"system-out"`
		Err        string     `xml:"system-err"`
	}
	property struct {
		Name  string `xml:"name,attr"`
		Value string `xml:"value,attr"`
	}
	testCase struct {
		Class   string   `xml:"classname,attr"`
		Name    string   `xml:"name,attr"`
		Time    string   `xml:"time,attr"`
		Skipped *verdict `xml:"skipped"`
		Error   *verdict `xml:"error"`
		Failure *verdict `xml:"failure"`
		Out     string   `xml:"system-out,omitempty"`
	}
	verdict struct {
		Type    string `xml:"type,attr,omitempty"`
		Message string `xml:"message,attr"`
		Text    string `xml:",chardata"`
	}
)

// JUnit writes the report as one suite of JUnit XML. Each case has at most one failure
// or error, since Jenkins shows one and GitLab mixes several up. What was noted about a
// case is its system-out, also that it was tried again: most readers take an element
// they do not know for nothing, and flakyFailure is one of those.
func (r Report) JUnit(w io.Writer) error {
	data, err := r.junit()
	if err != nil {
		return err
	}
	_, err = w.Write(data)
	return err
}

func (r Report) junit() ([]byte, error) {
	if err := r.made(); err != nil {
		return nil, err
	}
	data, err := xml.MarshalIndent(r.suites(), "", "  ")
	if err != nil {
		return nil, fmt.Errorf("encode JUnit XML: %w", err)
	}
	// Within a text a line break may stand as it is, and is easier to read. None is in
	// an attribute, where it would have to stay as written.
	data = bytes.ReplaceAll(data, []byte("&#xA;"), []byte("\n"))
	return append(append([]byte(xml.Header), data...), '\n'), nil
}

func (r Report) suites() testSuites {
	counts := r.Counts()
	suite := testSuite{
		Name: r.run.Suite, Tests: counts.Total(),
		Failures: counts.Failed, Errors: counts.Errored, Skipped: counts.Skipped,
		Time:      seconds(r.run.Elapsed),
		Timestamp: r.run.Started.UTC().Format("2006-01-02T15:04:05"), // without a zone, says Ant's schema
		Hostname:  "localhost",                                       // for "not told", says Ant's schema
		// Ant's schema asks for the element, Jenkins' for something in it.
		Properties: []property{{"result", string(r.Result())}},
	}
	for _, c := range r.run.Cases {
		suite.Cases = append(suite.Cases, newTestCase(c))
	}
	return testSuites{XMLName: xml.Name{Local: "testsuites"}, Suite: suite}
}

func newTestCase(c Case) testCase {
	out := c.Notes
	if c.Warning != "" {
		out = append([]string{"warning: " + c.Warning}, out...)
	}
	// Jenkins shows the message and below it the text, GitLab shows the text only.
	text := c.Message
	if c.Details != "" {
		text += "\n" + c.Details
	}
	one := testCase{Class: c.Group, Name: c.Name, Time: seconds(c.Elapsed), Out: strings.Join(out, "\n")}
	switch c.Result {
	case Failed:
		one.Failure = &verdict{"assertion", c.Message, text}
	case Errored:
		one.Error = &verdict{"error", c.Message, text}
	case Skipped:
		one.Skipped = &verdict{"", c.Message, text}
	case Passed:
		if c.Details != "" {
			one.Out = strings.TrimPrefix(one.Out+"\n"+c.Details, "\n")
		}
	}
	return one
}

// seconds writes a time as xs:decimal: a dot, and no exponent.
func seconds(d time.Duration) string { return fmt.Sprintf("%.3f", d.Seconds()) }

// fileError says that a report is not where it should be. A pipeline that passes without
// its report has lost what it ran for, so a program that meets this error ends with
// another exit code than 0.
func fileError(path string, err error) error { return fmt.Errorf("report %s: %w", path, err) }

// WriteJUnit puts JUnit XML into the file path: whole or not at all, in a folder that
// it makes when there is none, as pytest does. Then it reads the file again, parses it
// and compares: what a CI system will find there is what is reported. The error is a
// error.
func (r Report) WriteJUnit(path string) error {
	data, err := r.junit()
	if err != nil {
		return fileError(path, err)
	}
	if err := atomicfile.WriteShared(path, data); err != nil {
		return fileError(path, err)
	}
	found, err := os.ReadFile(path)
	if err != nil {
		return fileError(path, err)
	}
	if err := r.VerifyJUnit(found); err != nil {
		return fileError(path, err)
	}
	return nil
}

// VerifyJUnit parses data, the content of a file, and says in what it differs from the
// JUnit XML of the report.
func (r Report) VerifyJUnit(data []byte) error {
	var found testSuites
	if err := xml.Unmarshal(data, &found); err != nil {
		return fmt.Errorf("cannot be parsed: %w", err)
	}
	want := r.suites()
	if got, want := len(found.Suite.Cases), len(want.Suite.Cases); got != want {
		return fmt.Errorf("holds %d cases instead of %d", got, want)
	}
	if !reflect.DeepEqual(found, want) {
		return errors.New("holds something else than was written")
	}
	return nil
}
