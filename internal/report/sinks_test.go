package report_test

import (
	"bytes"
	"encoding/xml"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/appsyncctl/appsyncctl/internal/report"
)

// sinks returns what each writer of the package writes of a report.
func sinks(t *testing.T, r report.Report) map[string][]byte {
	t.Helper()
	dir := t.TempDir()
	junit, summary := filepath.Join(dir, "junit.xml"), filepath.Join(dir, "summary.md")
	var stream struct{ junit, log bytes.Buffer }
	for what, err := range map[string]error{
		"JUnit":      r.JUnit(&stream.junit),
		"WriteJUnit": r.WriteJUnit(junit),
		"GitHub":     report.GitHub{On: true, Log: &stream.log, Summary: summary}.Write(r),
	} {
		if err != nil {
			t.Fatalf("%s: %v", what, err)
		}
	}
	all := map[string][]byte{
		"JUnit": stream.junit.Bytes(), "annotations": stream.log.Bytes(),
		"Run": fmt.Appendf(nil, "%#v", r.Run()),
	}
	for name, path := range map[string]string{"JUnit file": junit, "summary": summary} {
		data, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		all[name] = data
	}
	return all
}

// everywhere puts text into each field of a case of each result.
func everywhere(text string) report.Run {
	run := report.Run{Suite: "suite " + text}
	for _, result := range []report.Result{report.Passed, report.Failed, report.Errored, report.Skipped} {
		run.Cases = append(run.Cases, report.Case{
			Group: "group." + text, Name: string(result) + " " + text, Result: result,
			Message: "message " + text, Details: "details " + text, Warning: "warning " + text, Notes: []string{"note " + text},
		})
	}
	return run
}

// No sink shows a secret, in whatever field and form it came.
func TestNoSinkShowsSecrets(t *testing.T) {
	planted := []string{
		clientSecret, keyFile, accessToken, "Bearer opaquesecret1", "MIIplantedline2", "pl4nted%2Fcli%26ent%2Bsecret%22x",
		`pl4nted/cli\u0026ent+secret\"x`, "pl4nted/c\x1b[1mli&ent+secret\"x",
	}
	fragments := []string{
		"pl4nted", "MIIplanted", "opaquesecret1", "eyJ", "c2lnbmF0dXJl",
		"cli&ent", "cli&amp;ent", "cli&#38;ent", `cli\u0026ent`, "ent+secret", "ent&#43;secret",
	}
	for _, text := range planted {
		for name, data := range sinks(t, must(t, everywhere(text), clientSecret, keyFile)) {
			for _, fragment := range fragments {
				if bytes.Contains(data, []byte(fragment)) {
					t.Errorf("%s shows %q of %q:\n%s", name, fragment, text, data)
				}
			}
			if !bytes.Contains(data, []byte("[redacted]")) && !bytes.Contains(data, []byte("&#91;redacted&#93;")) {
				t.Errorf("%s does not show that something was there:\n%s", name, data)
			}
		}
	}
}

// No sink has a character that its readers would choke on or obey.
func TestSinksAreHarmless(t *testing.T) {
	for name, data := range sinks(t, must(t, everywhere(hostile))) {
		harmless(t, name, data)
	}
}

func harmless(t *testing.T, name string, data []byte) {
	t.Helper()
	if !utf8.Valid(data) {
		t.Errorf("%s is not UTF-8: %q", name, data)
	}
	for _, c := range string(data) {
		if c < ' ' && c != '\n' && c != '\t' || c == 0x7f || c >= 0x80 && c < 0xa0 || c == 0xfffe || c == 0xffff || c == 0x202e {
			t.Errorf("%s has the character %U", name, c)
		}
	}
	// The runner of GitHub Actions obeys a line of the log that starts with ::, and only in
	// others looks for ##[.
	for line := range strings.Lines(string(data)) {
		ours := strings.HasPrefix(line, "::error title=") || strings.HasPrefix(line, "::warning title=")
		if name == "annotations" && !ours {
			t.Errorf("%s has the line %q", name, line)
		}
	}
}

// Whatever is in a field, the XML is well-formed and says what the report says, the
// other sinks are harmless, and to clean what is clean changes nothing.
func FuzzReport(f *testing.F) {
	for _, text := range []string{"", hostile, accessToken, clientSecret, "]]>", "\x1b[", "&#0;", "\x1b]0;\x07", " \t\n", strings.Repeat("ß\n", 5000)} {
		f.Add(text, "secret")
	}
	f.Add("A\uad04", "\x84") // a secret that is a part of a character
	f.Fuzz(func(t *testing.T, text, secret string) {
		if len(text) > 20_000 || len(secret) > 1_000 {
			return
		}
		// Names may be the same once they are clean: that is told, and mended.
		r, _ := report.New(everywhere(text), secret)
		run := r.Run()
		again, err := report.New(run)
		if err != nil {
			t.Fatalf("not clean after one time: %v", err)
		}
		// A cut may make another word of the last one.
		if got, want := fmt.Sprintf("%q", again.Run()), fmt.Sprintf("%q", run); len(text) < 50 && got != want {
			t.Fatalf("cleaned twice: got %s, want %s", got, want)
		}
		var junit, log bytes.Buffer
		if err := r.JUnit(&junit); err != nil {
			t.Fatal(err)
		}
		if err := r.Annotate(&log); err != nil {
			t.Fatal(err)
		}
		for name, data := range map[string][]byte{"JUnit": junit.Bytes(), "annotations": log.Bytes()} {
			harmless(t, name, data)
		}
		if got := strings.Count(log.String(), "\n"); got != 3 {
			t.Errorf("got %d lines for 3 annotations: %q", got, log.String())
		}
		var got struct {
			Cases []struct {
				Class   string `xml:"classname,attr"`
				Name    string `xml:"name,attr"`
				Failure struct {
					Message string `xml:"message,attr"`
					Text    string `xml:",chardata"`
				} `xml:"failure"`
				Out string `xml:"system-out"`
			} `xml:"testsuite>testcase"`
		}
		if err := xml.Unmarshal(junit.Bytes(), &got); err != nil {
			t.Fatalf("%v in %q", err, junit.String())
		}
		for i, c := range run.Cases {
			found := got.Cases[i]
			if found.Class != c.Group || found.Name != c.Name {
				t.Errorf("got %q %q, want %q %q", found.Class, found.Name, c.Group, c.Name)
			}
			if c.Result == report.Failed && (found.Failure.Message != c.Message || found.Failure.Text != c.Message+"\n"+c.Details || found.Out != c.Notes[0]) {
				t.Errorf("got %q, want %q", found, c)
			}
		}
	})
}

// A report that nobody made is not a good one.
func TestZeroReportIsAnError(t *testing.T) {
	var zero report.Report
	path := filepath.Join(t.TempDir(), "report")
	for name, write := range map[string]func() error{
		"JUnit":         func() error { return zero.JUnit(io.Discard) },
		"WriteJUnit":    func() error { return zero.WriteJUnit(path) },
		"Annotate":      func() error { return zero.Annotate(io.Discard) },
		"AppendSummary": func() error { return zero.AppendSummary(path) },
	} {
		if err := write(); err == nil {
			t.Errorf("%s: got no error", name)
		}
	}
	if _, err := os.Stat(path); !os.IsNotExist(err) {
		t.Errorf("got a file: %v", err)
	}
	if got := zero.Result(); got != report.Errored {
		t.Errorf("got %s", got)
	}
}
