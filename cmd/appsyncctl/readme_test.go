package main

import (
	"bytes"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/appsyncctl/appsyncctl/internal/app"
	"github.com/appsyncctl/appsyncctl/internal/cli"
	"github.com/appsyncctl/appsyncctl/internal/config"
	"github.com/appsyncctl/appsyncctl/internal/doctor"
)

const readme = "../../README.md"

// TestReadmeTables compares the tables in the README with the code they are
// made from; -update writes them.
func TestReadmeTables(t *testing.T) {
	text, err := os.ReadFile(readme)
	if err != nil {
		t.Fatal(err)
	}
	want := string(text)
	for name, table := range map[string]string{
		"settings":   settingsTable(),
		"exit codes": exitCodesTable(t),
		"refusals":   refusalsText(),
		"accuracy":   accuracySentence(),
	} {
		marked := regexp.MustCompile(`(?s)<!-- ` + name + ` -->\n.*<!-- /` + name + ` -->`)
		if !marked.MatchString(want) {
			t.Fatalf("the README has no place for the table of %s", name)
		}
		want = marked.ReplaceAllLiteralString(want, "<!-- "+name+" -->\n"+table+"<!-- /"+name+" -->")
	}
	if want == string(text) {
		return
	}
	if !*update {
		t.Fatal("the README's tables differ from the code; write them with: go test ./cmd/appsyncctl -update")
	}
	if err := os.WriteFile(readme, []byte(want), 0o644); err != nil {
		t.Fatal(err)
	}
}

// settingsTable is the table of settings in Markdown.
func settingsTable() string {
	rows := [][]string{{"Setting", "Flag", "Variable", "Meaning"}, {"---", "---", "---", "---"}}
	for _, setting := range config.Settings() {
		flag, usage := "", setting.Usage
		if setting.Flag != "" {
			flag = "`--" + setting.Flag + "`"
		}
		if setting.Default != "" {
			usage += " (default: " + setting.Default + ")"
		}
		rows = append(rows, []string{"`" + string(setting.Name) + "`", flag, "`" + setting.Variable + "`", usage})
	}
	return markdown(rows)
}

// exitCodesTable is what the program's help says of exit codes, in Markdown.
func exitCodesTable(t *testing.T) string {
	t.Helper()
	var page bytes.Buffer
	app := &app.App{Out: &page, Err: &page}
	if code := cli.Run(t.Context(), app, []string{"help", "exit-codes"}); code != 0 {
		t.Fatalf("exit code %d: %s", code, page.String())
	}
	rows := [][]string{{"Code", "Meaning"}, {"---", "---"}}
	_, table, _ := strings.Cut(page.String(), "\n") // without its header
	for line := range strings.Lines(strings.TrimSpace(table)) {
		code, meaning, _ := strings.Cut(line, " ")
		rows = append(rows, []string{code, strings.TrimSpace(meaning)})
	}
	return markdown(rows)
}

func markdown(rows [][]string) string {
	var text strings.Builder
	for _, row := range rows {
		text.WriteString("| " + strings.Join(row, " | ") + " |\n")
	}
	return text.String()
}

// refusalsText has a paragraph for each cause of AppSync's 401 that doctor knows.
func refusalsText() string {
	const width = 96
	var text strings.Builder
	for _, check := range doctor.Catalogue() {
		if !check.Refusal {
			continue
		}
		length := 0
		for word := range strings.FieldsSeq("**" + string(check.ID) + ", " + check.Title + ".** " + check.Meaning) {
			separator := " "
			if size := utf8.RuneCountInString(word); length == 0 || length+1+size > width {
				separator, length = "\n", size
			} else {
				length += 1 + size
			}
			text.WriteString(separator + word)
		}
		text.WriteString("\n")
	}
	return text.String() + "\n"
}

// TestReadmeConsole runs the README's console blocks in order, in one shell, and
// compares what they print. "…" stands for anything on a line.
func TestReadmeConsole(t *testing.T) {
	t.Parallel()
	if runtime.GOOS == "windows" {
		t.Skip("the README's commands are for a POSIX shell")
	}
	text, err := os.ReadFile(readme)
	if err != nil {
		t.Fatal(err)
	}
	steps := consoleSteps(string(text))
	if len(steps) == 0 {
		t.Fatal("the README has no console block")
	}

	var script strings.Builder
	for i, step := range steps {
		fmt.Fprintf(&script, "echo @step %d\n%s\n", i, strings.ReplaceAll(step.command, "p95=5s", "p95=10m")) // on a busy machine
	}
	dir := t.TempDir()
	shell := exec.CommandContext(t.Context(), "sh")
	shell.Dir = dir
	shell.Env = []string{"PATH=" + os.Getenv("PATH"), "HOME=" + dir, "TEST_KEYRING=" + filepath.Join(dir, "keyring")}
	shell.Stdin = strings.NewReader(script.String())
	out, err := shell.CombinedOutput()
	if err != nil {
		t.Fatalf("%v\n%s", err, out)
	}

	printed := strings.Split(string(out), "@step ")[1:]
	for i, step := range steps {
		_, got, _ := strings.Cut(printed[i], "\n")
		if !step.expects(got) {
			t.Errorf("$ %s\ngot:\n%s\nwant:\n%s", step.command, got, step.output)
		}
	}
}

// TestReadmeProofs checks that the tests which are named as proofs exist, in the README
// and in what was moved out of it.
func TestReadmeProofs(t *testing.T) {
	var text strings.Builder
	for _, name := range []string{readme, "../../internal/cli/ASKED.md", "../../internal/bulk/MEASURED.md"} {
		page, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		text.Write(page)
	}
	var source strings.Builder
	err := filepath.WalkDir("../..", func(path string, entry fs.DirEntry, err error) error {
		if err != nil || !strings.HasSuffix(path, "_test.go") {
			return err
		}
		data, err := os.ReadFile(path)
		source.Write(data)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	named := regexp.MustCompile("`(Test\\w+|\\w+\\.txtar)`").FindAllStringSubmatch(text.String(), -1)
	if len(named) == 0 {
		t.Fatal("the README names no test")
	}
	for _, name := range named {
		if script, ok := strings.CutSuffix(name[1], ".txtar"); ok {
			if _, err := os.Stat(filepath.Join("../../testdata/script", script+".txtar")); err != nil {
				t.Errorf("the README names %s: %v", name[1], err)
			}
		} else if !strings.Contains(source.String(), "func "+name[1]+"(") {
			t.Errorf("the README names %s, and there is no such test", name[1])
		}
	}
}

// TestReadmeLinks checks that the README's links lead to a file or a heading.
func TestReadmeLinks(t *testing.T) {
	text, err := os.ReadFile(readme)
	if err != nil {
		t.Fatal(err)
	}
	anchors := map[string]bool{}
	for _, heading := range regexp.MustCompile(`(?m)^##+ (.+)$`).FindAllStringSubmatch(string(text), -1) {
		anchor := regexp.MustCompile(`[^\w -]`).ReplaceAllString(strings.ToLower(heading[1]), "")
		anchors[strings.ReplaceAll(anchor, " ", "-")] = true
	}
	links := regexp.MustCompile(`\]\(([^)]+)\)`).FindAllStringSubmatch(string(text), -1)
	if len(links) == 0 {
		t.Fatal("the README has no link")
	}
	for _, link := range links {
		anchor, inside := strings.CutPrefix(link[1], "#")
		switch {
		case inside && !anchors[anchor]:
			t.Errorf("the README has no heading #%s", anchor)
		case inside || strings.HasPrefix(link[1], "https://"):
		default:
			if _, err := os.Stat(filepath.Join("../..", link[1])); err != nil {
				t.Errorf("the README links to %s: %v", link[1], err)
			}
		}
	}
}

// A consoleStep is a command and what it prints.
type consoleStep struct{ command, output string }

func consoleSteps(text string) []consoleStep {
	var steps []consoleStep
	for _, block := range regexp.MustCompile("(?ms)^```console\n(.*?)^```$").FindAllStringSubmatch(text, -1) {
		for line := range strings.Lines(block[1]) {
			if command, ok := strings.CutPrefix(line, "$ "); ok {
				steps = append(steps, consoleStep{command: strings.TrimSpace(command)})
			} else {
				steps[len(steps)-1].output += line
			}
		}
	}
	return steps
}

func (s consoleStep) expects(got string) bool {
	parts := strings.Split(s.output, "…")
	for i, part := range parts {
		parts[i] = regexp.QuoteMeta(part)
	}
	return regexp.MustCompile(`^` + strings.Join(parts, `.*`) + `$`).MatchString(got)
}
