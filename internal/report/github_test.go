package report_test

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/appsyncctl/appsyncctl/internal/report"
)

func TestAnnotate(t *testing.T) {
	run := sample()
	run.Cases[1].Warning = "50% of: a, b"
	run.Cases[2].Message = "got 1, want: 100%"
	want := "::error title=eu-production.api%3A list::got 1, want: 100%25\n" +
		"::error title=eu-production.api%3A page 2::connection refused\n" +
		"::warning title=eu-production.auth%3A claims #1 \\ 50%25%2C a%3Ab::50%25 of: a, b\n"
	var got bytes.Buffer
	if err := must(t, run).Annotate(&got); err != nil {
		t.Fatal(err)
	}
	if got.String() != want {
		t.Errorf("got\n%s\nwant\n%s", got.String(), want)
	}
}

// GitHub shows ten annotations of a step; the last one tells of the others.
func TestAnnotateAtMostTen(t *testing.T) {
	tests := []struct {
		errors, warnings, want int
		last                   string
	}{
		{0, 0, 0, ""},
		{0, 1, 1, "::warning title=w0::look\n"},
		{10, 0, 10, "::error title=e9::no\n"},
		{9, 1, 10, "::warning title=w0::look\n"},
		{11, 0, 10, "::error title=a.b::and 2 more\n"},
		{10, 1, 10, "::error title=a.b::and 2 more\n"},
		{9, 2, 10, "::warning title=a.b::and 2 more\n"},
		{0, 100, 10, "::warning title=a.b::and 91 more\n"},
	}
	for _, tt := range tests {
		t.Run(fmt.Sprintf("%d errors, %d warnings", tt.errors, tt.warnings), func(t *testing.T) {
			run := report.Run{Suite: "a.b", Cases: []report.Case{{Group: "a.b", Name: "passed", Result: report.Passed}}}
			for i := range tt.warnings {
				run.Cases = append(run.Cases, report.Case{Group: "a.b", Name: fmt.Sprint("w", i), Result: report.Passed, Warning: "look"})
			}
			for i := range tt.errors {
				run.Cases = append(run.Cases, report.Case{Group: "a.b", Name: fmt.Sprint("e", i), Result: report.Failed, Message: "no"})
			}
			var got bytes.Buffer
			if err := must(t, run).Annotate(&got); err != nil {
				t.Fatal(err)
			}
			lines := strings.SplitAfter(got.String(), "\n")
			if len(lines)-1 != tt.want || tt.want > 0 && lines[tt.want-1] != tt.last {
				t.Errorf("got\n%swant %d lines, the last %q", got.String(), tt.want, tt.last)
			}
		})
	}
}

func TestMask(t *testing.T) {
	tests := []struct {
		name, want string
		secrets    []string
	}{
		{"none", "", nil},
		{"blanks", "", []string{"", " ", "\n\t\r\n"}},
		{"some", "::add-mask::a%25b\n::add-mask:: c:d \n", []string{"a%b", " c:d "}},
		{"one with its line break", "::add-mask::token\n", []string{"token\r\n"}},
		{"one of several lines", "::add-mask::-----BEGIN KEY-----\n::add-mask::MIIplantedline1\n::add-mask::MIIplantedline2\n", []string{keyFile}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			var got bytes.Buffer
			if err := (report.GitHub{On: true, Log: &got}).Mask(tt.secrets...); err != nil {
				t.Fatal(err)
			}
			if got.String() != tt.want {
				t.Errorf("got %q, want %q", got.String(), tt.want)
			}
		})
	}
}

// Outside of GitHub Actions nothing is written, least of all a secret.
func TestGitHubOff(t *testing.T) {
	var log bytes.Buffer
	summary := filepath.Join(t.TempDir(), "summary")
	off := report.GitHub{Log: &log, Summary: summary}
	if err := off.Mask("secret"); err != nil {
		t.Error(err)
	}
	if err := off.Write(must(t, sample())); err != nil {
		t.Error(err)
	}
	if _, err := os.Stat(summary); log.Len() > 0 || !os.IsNotExist(err) {
		t.Errorf("got %q and a summary: %v", log.String(), err)
	}
}

// A log that cannot be written takes no summary with it.
func TestGitHubWritesWhatItCan(t *testing.T) {
	read, write, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	read.Close()
	write.Close()
	summary := filepath.Join(t.TempDir(), "summary")
	if err := (report.GitHub{On: true, Log: write, Summary: summary}).Write(must(t, sample())); !errors.Is(err, os.ErrClosed) {
		t.Errorf("got %v", err)
	}
	if data, err := os.ReadFile(summary); err != nil || len(data) == 0 {
		t.Errorf("got %q, %v", data, err)
	}
	if err := (report.GitHub{On: true, Log: io.Discard, Summary: filepath.Dir(summary)}).Write(must(t, sample())); err == nil || !strings.Contains(err.Error(), "report "+filepath.Dir(summary)) {
		t.Errorf("got %v for a folder", err)
	}
}

func TestAppendSummary(t *testing.T) {
	run := sample()
	run.Cases[1].Warning = "it ends in 10 s"
	run.Cases[2].Message = "a | b `c` <img src=x> @d"
	run.Cases[4].Message = "because of: list"
	table := `### appsyncctl.smoke: 2 passed, 1 failed, 1 could not be run, 1 skipped

| Result | Step | Time | Message |
| --- | --- | ---: | --- |
| passed | eu-production.auth&#58; get an access token | 1ms |  |
| warning | eu-production.auth&#58; claims &#35;1 &#92; 50%, a&#58;b | 0s | it ends in 10 s |
| **failed** | eu-production.api&#58; list | 0s | a &#124; b &#96;c&#96; &#60;img src=x&#62; &#64;d |
| **error** | eu-production.api&#58; page 2 | 1s | connection refused |
| skipped | eu-production.api&#58; delete | 0s | because of&#58; list |
`
	for before, want := range map[string]string{"": table, "before": "before\n\n" + table, "before\n": "before\n\n" + table} {
		path := filepath.Join(t.TempDir(), "summary.md")
		if before != "" {
			if err := os.WriteFile(path, []byte(before), 0o600); err != nil {
				t.Fatal(err)
			}
		}
		if err := must(t, run).AppendSummary(path); err != nil {
			t.Fatal(err)
		}
		if got, err := os.ReadFile(path); err != nil || string(got) != want {
			t.Errorf("got\n%s\n%v, want\n%s", got, err, want)
		}
	}
}

// GitHub throws a summary over 1 MiB away, all of it.
func TestSummaryStaysWithinLimit(t *testing.T) {
	const limit = 1 << 20
	run := report.Run{Suite: "a.b"}
	for i := range 300 {
		run.Cases = append(run.Cases, report.Case{
			Group: "a.b", Name: fmt.Sprint("passed ", i), Result: report.Passed, Warning: strings.Repeat("|", 600),
		})
	}
	run.Cases = append(run.Cases, report.Case{Group: "a.b", Name: "broken", Result: report.Failed, Message: "the last one"})
	r := must(t, run)
	tests := []struct {
		name   string
		before int
		added  bool
	}{
		{"an empty file", 0, true},
		{"half of it", limit / 2, true},
		{"room for a few", limit - 10_000, true},
		{"room for the head", limit - 200, true},
		{"no room for the head", limit - 100, false},
		{"a full file", limit, false},
		{"a file over the limit", limit + 5, false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "summary.md")
			before := bytes.Repeat([]byte("x"), tt.before)
			if err := os.WriteFile(path, before, 0o600); err != nil {
				t.Fatal(err)
			}
			if err := r.AppendSummary(path); err != nil {
				t.Fatal(err)
			}
			got, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			after, kept := bytes.CutPrefix(got, before)
			if !kept || len(got) > max(limit, tt.before) {
				t.Fatalf("got %d bytes, kept %v", len(got), kept)
			}
			if added := len(after) > 0; added != tt.added {
				t.Fatalf("got %q", after)
			}
			if !tt.added {
				return
			}
			if !bytes.Contains(after, []byte("The summary is shortened")) || !bytes.HasSuffix(after, []byte("\n")) {
				t.Errorf("got no notice in %q", after[max(0, len(after)-300):])
			}
			// The step that failed goes first when there is not room for all.
			if tt.before < limit-1000 && !bytes.Contains(after, []byte("the last one")) {
				t.Error("the step that failed is missing")
			}
		})
	}
	// One table that just fits is not shortened.
	run.Cases = run.Cases[:200]
	path := filepath.Join(t.TempDir(), "summary.md")
	if err := must(t, run).AppendSummary(path); err != nil {
		t.Fatal(err)
	}
	if got, err := os.ReadFile(path); err != nil || bytes.Contains(got, []byte("shortened")) || bytes.Count(got, []byte("\n")) != 204 {
		t.Errorf("got %d bytes, %v", len(got), err)
	}
}
