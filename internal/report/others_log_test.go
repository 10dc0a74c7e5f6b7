package report_test

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/appsyncctl/appsyncctl/internal/report"
)

// tap-parser is node-tap's; strict, it fails on any line that it does not know.
func TestTAPReadByNodeTAP(t *testing.T) {
	const script = `
import { Parser } from "tap-parser";
import { readFileSync } from "node:fs";
const events = Parser.parse(readFileSync(0, "utf8"), { strict: true });
const end = events.find(e => e[0] === "complete")[1];
console.log(JSON.stringify({
  OK: end.ok, Counts: [end.count, end.fail, end.skip],
  Other: events.map(e => e[0]).filter(e => !["version", "plan", "assert", "complete", "finish", "close"].includes(e)),
  Cases: events.filter(e => e[0] === "assert").map(([, c]) => ({
    OK: c.ok, Name: c.name, Skip: c.skip || "", Message: c.diag?.message ?? "", Details: c.diag?.details ?? "",
    Warning: c.diag?.warning ?? "", Notes: c.diag?.notes ?? [], Severity: c.diag?.severity ?? "",
  })),
}));`
	type point struct {
		OK                                              bool
		Name, Skip, Message, Details, Warning, Severity string
		Notes                                           []string
	}
	type read struct {
		OK     bool
		Counts [3]int
		Other  []string
		Cases  []point
	}
	for name, r := range samples(t) {
		var out bytes.Buffer
		if err := r.TAP(&out); err != nil {
			t.Fatal(err)
		}
		run, counts := r.Run(), r.Counts()
		bad := counts.Failed + counts.Errored
		want := read{bad == 0, [3]int{counts.Total(), bad, counts.Skipped}, []string{}, nil}
		for _, c := range run.Cases {
			one := point{
				OK: c.Result == report.Passed || c.Result == report.Skipped, Details: c.Details, Warning: c.Warning,
				Name:  strings.TrimPrefix(strings.TrimPrefix(c.Group, run.Suite), ".") + ": " + c.Name,
				Notes: append([]string{}, c.Notes...),
			}
			switch c.Result {
			case report.Skipped:
				one.Skip = c.Message
			case report.Failed, report.Errored:
				one.Message, one.Severity = c.Message, string(c.Result)
			}
			want.Cases = append(want.Cases, one)
		}
		compare(t, name, node(t, script, out.Bytes()), want)
	}
}

// GitHub's own toolkit writes the same commands.
func TestAnnotationsAreThoseOfTheToolkit(t *testing.T) {
	const script = `
import * as core from "@actions/core";
import { readFileSync } from "node:fs";
const { Suite, Cases, Secrets } = JSON.parse(readFileSync(0, "utf8"));
Secrets.forEach(core.setSecret);
const title = c => (c.Group.startsWith(Suite + ".") ? c.Group.slice(Suite.length + 1) : c.Group) + ": " + c.Name;
Cases.filter(c => ["failed", "error"].includes(c.Result)).forEach(c => core.error(c.Message, { title: title(c) }));
Cases.filter(c => c.Warning).forEach(c => core.warning(c.Warning, { title: title(c) }));`
	secrets := []string{"a%b\r%0A:,", clientSecret}
	for name, r := range samples(t) {
		input, err := json.Marshal(map[string]any{"Suite": r.Run().Suite, "Cases": r.Run().Cases, "Secrets": secrets})
		if err != nil {
			t.Fatal(err)
		}
		var got bytes.Buffer
		github := report.GitHub{On: true, Log: &got}
		if err := github.Mask(secrets...); err != nil {
			t.Fatal(err)
		}
		if err := github.Write(r); err != nil {
			t.Fatal(err)
		}
		if want := node(t, script, input); got.String() != string(want) {
			t.Errorf("%s: got\n%s\nwant\n%s", name, got.String(), want)
		}
	}
}

// marked reads GitHub's Markdown. The texts stand in the cells as they are, and there is
// no element but those of the table.
func TestSummaryReadByMarked(t *testing.T) {
	const script = `
import { marked } from "marked";
import { readFileSync } from "node:fs";
const html = marked.parse(readFileSync(0, "utf8"), { gfm: true });
const named = { lt: "<", gt: ">", amp: "&", quot: '"' };
const text = s => s.replace(/&(?:#(\d+)|(\w+));/g, (_, n, name) => n ? String.fromCodePoint(n) : named[name]);
console.log(JSON.stringify({
  Elements: [...new Set([...html.matchAll(/<([a-z]\w*)/g)].map(m => m[1]))].sort(),
  Cells: [...html.matchAll(/<td[^>]*>(.*?)<\/td>/gs)].map(m => text(m[1].replace(/<\/?strong>/g, ""))),
}));`
	type read struct{ Elements, Cells []string }
	for name, r := range samples(t) {
		path := filepath.Join(t.TempDir(), "summary.md")
		if err := r.AppendSummary(path); err != nil {
			t.Fatal(err)
		}
		data, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		run := r.Run()
		want := read{Elements: []string{"h3", "strong", "table", "tbody", "td", "th", "thead", "tr"}}
		for _, c := range run.Cases {
			result, message := string(c.Result), c.Message
			if c.Warning != "" {
				result, message = "warning", c.Warning
			}
			group := strings.TrimPrefix(strings.TrimPrefix(c.Group, run.Suite), ".")
			want.Cells = append(want.Cells, result, group+": "+c.Name, c.Elapsed.Round(1e6).String(), message)
		}
		compare(t, name, node(t, script, data), want)
	}
}
