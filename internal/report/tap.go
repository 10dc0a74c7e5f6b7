package report

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"strings"
)

// TAP writes the report in the Test Anything Protocol, version 14: a line for each case,
// and below it a block of YAML where there is something to say.
//
// The strings in the blocks are JSON's, which YAML has too: so no text of a server's
// starts a line, where a TAP reader or the log of GitHub Actions would obey it.
func (r Report) TAP(w io.Writer) error {
	if err := r.made(); err != nil {
		return err
	}
	var out bytes.Buffer
	fmt.Fprintf(&out, "TAP version 14\n1..%d\n", len(r.run.Cases))
	for i, c := range r.run.Cases {
		verdict, directive := "ok", ""
		switch c.Result {
		case Skipped:
			directive = " # SKIP " + tapEscape(c.Message)
		case Failed, Errored:
			verdict = "not ok"
		case Passed:
		}
		fmt.Fprintf(&out, "%s %d - %s%s\n", verdict, i+1, tapEscape(r.label(c)), directive)
		if err := tapBlock(&out, c); err != nil {
			return err
		}
	}
	_, err := w.Write(out.Bytes())
	return err
}

// tapBlock writes what there is to say about a case. A passed case about which nothing
// is to be said has none.
func tapBlock(out *bytes.Buffer, c Case) error {
	fields := []struct {
		key   string
		value any
		given bool
	}{
		{"severity", string(c.Result), c.Result == Failed || c.Result == Errored},
		{"message", c.Message, c.Result == Failed || c.Result == Errored},
		{"warning", c.Warning, c.Warning != ""},
		{"details", c.Details, c.Details != ""},
		{"notes", c.Notes, len(c.Notes) > 0},
	}
	var block bytes.Buffer
	for _, field := range fields {
		if !field.given {
			continue
		}
		value, err := quote(field.value)
		if err != nil {
			return err
		}
		fmt.Fprintf(&block, "  %s: %s\n", field.key, value)
	}
	if block.Len() == 0 {
		return nil
	}
	fmt.Fprintf(out, "  ---\n%s  duration_ms: %.3f\n  ...\n", block.Bytes(), c.Elapsed.Seconds()*1000)
	return nil
}

// quote writes a value as JSON on one line. Without "##", which starts a command anywhere
// in a line of a log: ##[ for GitHub Actions, ##vso[ for Azure Pipelines, ##teamcity[.
func quote(value any) (string, error) {
	var out bytes.Buffer
	encoder := json.NewEncoder(&out)
	encoder.SetEscapeHTML(false)
	if err := encoder.Encode(value); err != nil {
		return "", fmt.Errorf("encode TAP: %w", err)
	}
	return strings.ReplaceAll(strings.TrimSpace(out.String()), "##", `#\u0023`), nil
}

// tapEscape keeps a description from ending at a #, where a directive starts, and from
// ending in a brace, after which node-tap looks for a test within the test.
func tapEscape(text string) string {
	if strings.HasSuffix(text, "{") {
		text += "}"
	}
	return strings.NewReplacer(`\`, `\\`, `#`, `\#`).Replace(text)
}
