package report

import (
	"bytes"
	"encoding/xml"
	"fmt"
	"io"
	"strings"
	"time"
)

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
