package report_test

import (
	"bytes"
	"encoding/xml"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/joshdk/go-junit"

	"github.com/appsyncctl/appsyncctl/internal/report"
)

func junitOf(tb testing.TB, r report.Report) string {
	tb.Helper()
	var out bytes.Buffer
	if err := r.JUnit(&out); err != nil {
		tb.Fatal(err)
	}
	return out.String()
}

func TestJUnit(t *testing.T) {
	run := sample()
	run.Cases[1].Warning, run.Cases[1].Notes = "it ends in 10 s", []string{"attempt 1 failed: EOF", "attempt 2 failed: 503"}
	run.Cases[2].Message, run.Cases[2].Details = `got "1", want 2`, "a <b> ]]>\n\tc"
	run.Cases[4].Message = "because of: list"
	want := `<?xml version="1.0" encoding="UTF-8"?>
<testsuites>
  <testsuite name="appsyncctl.smoke" tests="5" failures="1" errors="1" skipped="1" time="1.500" timestamp="2026-03-01T12:14:15" hostname="localhost" package="" id="0">
    <properties>
      <property name="result" value="error"></property>
    </properties>
    <testcase classname="appsyncctl.smoke.eu-production.auth" name="get an access token" time="0.001"></testcase>
    <testcase classname="appsyncctl.smoke.eu-production.auth" name="claims #1 \ 50%, a:b" time="0.000">
      <system-out>warning: it ends in 10 s
attempt 1 failed: EOF
attempt 2 failed: 503</system-out>
    </testcase>
    <testcase classname="appsyncctl.smoke.eu-production.api" name="list" time="0.000">
      <failure type="assertion" message="got &#34;1&#34;, want 2">got &#34;1&#34;, want 2
a &lt;b&gt; ]]&gt;
&#x9;c</failure>
    </testcase>
    <testcase classname="appsyncctl.smoke.eu-production.api" name="page 2" time="1.000">
      <error type="error" message="connection refused">connection refused</error>
    </testcase>
    <testcase classname="appsyncctl.smoke.eu-production.api" name="delete" time="0.000">
      <skipped message="because of: list">because of: list</skipped>
    </testcase>
    <system-out></system-out>
    <system-err></system-err>
  </testsuite>
</testsuites>
`
	if got := junitOf(t, must(t, run)); got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
}

// joshdk/go-junit is a parser that others wrote, and takes what CI systems take.
func TestJUnitReadByOthers(t *testing.T) {
	r := must(t, sample())
	suites, err := junit.Ingest([]byte(junitOf(t, r)))
	if err != nil {
		t.Fatal(err)
	}
	if len(suites) != 1 {
		t.Fatalf("got %d suites", len(suites))
	}
	totals := suites[0].Totals
	if got := (report.Counts{Passed: totals.Passed, Failed: totals.Failed, Errored: totals.Error, Skipped: totals.Skipped}); got != r.Counts() {
		t.Errorf("got %+v, want %+v", got, r.Counts())
	}
	for i, c := range r.Run().Cases {
		got := suites[0].Tests[i]
		if got.Classname != c.Group || got.Name != c.Name || string(got.Status) != string(c.Result) || got.Message != c.Message {
			t.Errorf("got %+v, want %+v", got, c)
		}
		if want := c.Elapsed.Round(time.Millisecond); got.Duration != want {
			t.Errorf("%s: got %v, want %v", c.Name, got.Duration, want)
		}
	}
}

// GitLab (Unit test reports, and the parser's limits): classname and name together are
// the key, of which it takes the first case; the name of the suite is the classname; a
// file has less than 30 MB and 250,000 objects; a case has one verdict.
func TestJUnitKeepsGitLabsRules(t *testing.T) {
	const most, tenth = 300, 30 // a tenth is quicker
	quotes := strings.Repeat(`"`, 8_001)
	run := report.Run{Suite: "appsyncctl.smoke"}
	for i := range tenth {
		run.Cases = append(run.Cases, report.Case{
			Group: "appsyncctl.smoke.default.api", Name: fmt.Sprintf("step %d %s", i, quotes), Result: report.Failed,
			Message: quotes, Details: quotes, Notes: []string{quotes, quotes, quotes, quotes, quotes, quotes},
		})
	}
	text := junitOf(t, must(t, run))
	if len(text)*most/tenth >= 30_000_000 {
		t.Errorf("got %d bytes", len(text))
	}
	decoder := xml.NewDecoder(strings.NewReader(text))
	objects, verdicts := 0, 0
	keys := make(map[[2]string]bool)
	for token, err := decoder.Token(); err == nil; token, err = decoder.Token() {
		start, ok := token.(xml.StartElement)
		if !ok {
			continue
		}
		objects += 1 + len(start.Attr)
		switch start.Name.Local {
		case "testcase":
			verdicts = 0
			key := [2]string{start.Attr[0].Value, start.Attr[1].Value}
			if start.Attr[0].Name.Local != "classname" || start.Attr[1].Name.Local != "name" || key[0] == "" || key[1] == "" || keys[key] {
				t.Fatalf("got a case that GitLab drops: %v", start.Attr)
			}
			keys[key] = true
		case "failure", "error", "skipped":
			if verdicts++; verdicts > 1 {
				t.Fatal("got a case with two verdicts")
			}
		}
	}
	if len(keys) != tenth || objects*most/tenth >= 250_000 {
		t.Errorf("got %d cases, %d objects", len(keys), objects)
	}
}

func TestWriteJUnit(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "made", "for it", "junit.xml")
	for _, run := range []report.Run{{}, sample()} { // the second time it replaces
		r := must(t, run)
		if err := r.WriteJUnit(path); err != nil {
			t.Fatal(err)
		}
		if got, err := os.ReadFile(path); err != nil || string(got) != junitOf(t, r) {
			t.Errorf("got %s, %v", got, err)
		}
		if entries, err := os.ReadDir(filepath.Dir(path)); err != nil || len(entries) != 1 {
			t.Errorf("got files %v, %v", entries, err)
		}
	}
}

func TestReportsThatCannotBeWritten(t *testing.T) {
	dir := t.TempDir()
	file := filepath.Join(dir, "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	paths := map[string]string{
		"a folder":          dir,
		"a file above it":   filepath.Join(file, "junit.xml"),
		"no name":           "",
		"too long a name":   filepath.Join(dir, strings.Repeat("x", 300)),
		"a name with a NUL": filepath.Join(dir, "a\x00b"),
	}
	if runtime.GOOS == "linux" {
		paths["a device"] = "/dev/full"
		paths["a folder that nobody writes"] = "/proc/report/junit.xml"
	}
	r := must(t, sample())
	for name, path := range paths {
		for what, write := range map[string]func(string) error{"JUnit": r.WriteJUnit, "summary": r.AppendSummary} {
			if what == "summary" && name == "a device" {
				continue // what GitHub names is not checked
			}
			t.Run(what+" to "+name, func(t *testing.T) {
				err := write(path)
				if err == nil || !strings.HasPrefix(err.Error(), "report "+path+": ") {
					t.Errorf("got %v", err)
				}
				if name == "a file above it" && runtime.GOOS != "windows" {
					if _, ok := errors.AsType[*fs.PathError](err); !ok {
						t.Errorf("got no cause in %v", err)
					}
				}
			})
		}
	}
}
