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
