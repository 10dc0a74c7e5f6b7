package main

import (
	"fmt"
	"iter"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/txtar"
)

// A misspelt flag fails as well as what a script is about, and often with the same
// exit code. So a script says why a command fails, and waits for what it starts.
func TestScriptsTellFailuresApart(t *testing.T) {
	for script, text := range scriptTexts(t) {
		for _, problem := range uncheckedLines(text) {
			t.Errorf("%s: %s", script, problem)
		}
	}
}

// A request whose name is misspelt is never counted, so what a script counts no request
// of must be counted elsewhere.
func TestScriptsCountRequestsThatExist(t *testing.T) {
	none, some := map[string]string{}, map[string]bool{}
	for script, text := range scriptTexts(t) {
		for _, line := range parseScript(text) {
			switch {
			case line.words[0] != "requests":
			case line.words[2] == "0":
				none[line.words[1]] = fmt.Sprintf("%s: line %d", script, line.number)
			default:
				some[line.words[1]] = true
			}
		}
	}
	if len(some) == 0 {
		t.Fatal("no script counts requests")
	}
	for request, place := range none {
		if !some[request] {
			t.Errorf("%s: no script ever counts a %s", place, request)
		}
	}
}

// scriptTexts yields the scripts by their names.
func scriptTexts(t *testing.T) iter.Seq2[string, []byte] {
	t.Helper()
	scripts, err := filepath.Glob(filepath.Join("..", "..", "testdata", "script", "*.txtar"))
	if err != nil || len(scripts) == 0 {
		t.Fatalf("there are no scripts: %v", err)
	}
	return func(yield func(string, []byte) bool) {
		for _, script := range scripts {
			text, err := os.ReadFile(script)
			if err != nil {
				t.Fatal(err)
			}
			if !yield(filepath.Base(script), text) {
				return
			}
		}
	}
}

func TestUncheckedLines(t *testing.T) {
	const (
		exact   = "stderr '^error: there is no customer'\n"
		unknown = "nothing tells this failure from another"
		code    = "which exit code? write exits CODE"
		nothing = "nothing waits for it"
	)
	tests := []struct{ name, script, want string }{
		{"checked", "exits 2 appsyncctl get\n" + exact, ""},
		{"success", "exec appsyncctl get\nexits 0 appsyncctl get\n", ""},
		{"not checked", "exits 2 appsyncctl get\n", unknown},
		{"by exit code alone", "[unix] exits 2 appsyncctl get\n! stdout .\nrequests 'POST /graphql' 0\n", unknown},
		{"by another command's output", "exits 2 appsyncctl get\nexits 2 appsyncctl list\n" + exact, unknown},
		{"by any error", "exits 2 appsyncctl get\nstderr '^error: '\n", unknown},
		{"by any hint", "exits 2 appsyncctl get\nstderr '^hint: '\n", unknown},
		{"by any error in JSON", "exits 2 appsyncctl get -o json\nstderr '\"exit_code\":2'\n", unknown},
		{"by any unknown flag", "exits 2 appsyncctl get --flag\nstderr 'unknown flag'\n", unknown},
		{"by the flag", "exits 2 appsyncctl get --flag\nstderr 'unknown flag: --flag'\n", ""},
		{"by what must not be there", "exits 2 appsyncctl get\n! stderr secret\n", unknown},
		{"by silence", "exits 7 appsyncctl emulator exec -- sh -c 'exit 7'\n! stderr .\n", ""},
		{"by a result", "exits 1 appsyncctl doctor\nstdout '^cause: AUTH-002 '\n", ""},
		{"by a file", "exits 1 sh -c 'appsyncctl doctor >out'\ngrep '^cause: ' out\n", ""},
		{"by what is taken from it", "exits 4 appsyncctl import in.csv\ncapture COPY stderr '(?m)^to go on: (.*)$'\n", ""},
		{"by all of it", "exits 1 appsyncctl doctor\ncmp stdout want\n", ""},
		{"by two blanks and a comment", "exits  2  appsyncctl get # '\nstderr  .\n", unknown},
		{"without an exit code", "! exec appsyncctl get\n" + exact, code},
		{"another program", "! exec grep x y\n", unknown},
		{"background", "exec appsyncctl watch &\nwait\n", ""},
		{"background with a name", "exec appsyncctl watch &one&\nwait one\n", ""},
		{"not waited for", "exec appsyncctl watch &\n", nothing},
		{"another is waited for", "exec appsyncctl watch &one&\nexec appsyncctl watch &two&\nwait two\n", nothing},
		{"failing in the background", "! exec sh -c 'appsyncctl watch' &one&\nkill -INT one\nwait one\n", unknown},
		{"failing and checked", "! exec sh -c 'appsyncctl watch 2>told' &one&\nkill -INT one\nwait one\ngrep interrupted told\n", ""},
		{"a pattern for anything", "exec appsyncctl get\nstdout 'a*'\n", "this matches anything"},
		{"files are no commands", "exec true\n-- file --\nexits 2 appsyncctl get\n", ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got := strings.Join(uncheckedLines([]byte(tt.script)), "\n")
			if tt.want == "" && got != "" || !strings.Contains(got, tt.want) {
				t.Errorf("got %q, want %q", got, tt.want)
			}
		})
	}
}

// uncheckedLines returns the lines of a script that would pass although the program
// does something else.
func uncheckedLines(text []byte) []string {
	var problems []string
	lines := parseScript(text)
	for i, line := range lines {
		if problem := unchecked(line, lines[i+1:]); problem != "" {
			problems = append(problems, fmt.Sprintf("line %d: %s: %s", line.number, strings.Join(line.words, " "), problem))
		}
	}
	return problems
}

// unchecked returns what is wrong with a line, given those that follow.
func unchecked(line scriptLine, rest []scriptLine) string {
	code := "1"
	name, background := line.background()
	switch {
	case line.matchesAnything():
		return "this matches anything"
	case background:
		waiting := slices.IndexFunc(rest, func(l scriptLine) bool {
			return l.words[0] == "wait" && (len(l.words) == 1 || l.words[1] == name)
		})
		if waiting < 0 {
			return "nothing waits for it"
		}
		rest = rest[waiting+1:]
	case line.words[0] == "exits":
		code = line.words[1]
	case line.negated && slices.Contains(line.words, "appsyncctl"):
		return "which exit code? write exits CODE"
	}
	if !line.negated && (line.words[0] != "exits" || code == "0") {
		return ""
	}
	if line.negated && line.words[0] != "exec" {
		return ""
	}
	if next := slices.IndexFunc(rest, scriptLine.runs); next >= 0 {
		rest = rest[:next]
	}
	if !slices.ContainsFunc(rest, func(l scriptLine) bool { return l.tellsApart(code) }) {
		return "nothing tells this failure from another"
	}
	return ""
}

// A scriptLine is a command of a script.
type scriptLine struct {
	number  int
	negated bool
	words   []string
}

// parseScript returns the commands of a script.
func parseScript(text []byte) []scriptLine {
	var lines []scriptLine
	for i, text := range strings.Split(string(txtar.Parse(text).Comment), "\n") {
		line := scriptLine{number: i + 1, words: scriptWords(text)}
		for len(line.words) > 0 && strings.HasPrefix(line.words[0], "[") {
			line.words = line.words[1:]
		}
		if len(line.words) > 0 && line.words[0] == "!" {
			line.negated, line.words = true, line.words[1:]
		}
		if len(line.words) > 0 {
			lines = append(lines, line)
		}
	}
	return lines
}

// scriptWords splits a line as testscript does: at blanks outside single quotes, in
// which two quotes are one, and up to a comment.
func scriptWords(line string) []string {
	var words []string
	var word strings.Builder
	begun, quoted := false, false
	for i := 0; i < len(line); i++ {
		switch c := line[i]; {
		case quoted && strings.HasPrefix(line[i:], "''"):
			word.WriteByte(c)
			i++
		case c == '\'':
			quoted, begun = !quoted, true
		case quoted, c != ' ' && c != '\t' && (c != '#' || begun):
			word.WriteByte(c)
			begun = true
		default:
			if begun {
				words = append(words, word.String())
			}
			word.Reset()
			begun = false
			if c == '#' {
				return words
			}
		}
	}
	if begun {
		words = append(words, word.String())
	}
	return words
}

// background returns the name of what the line starts beside the script, which may be
// none.
func (l scriptLine) background() (name string, ok bool) {
	name, ok = strings.CutPrefix(l.words[len(l.words)-1], "&")
	return strings.TrimSuffix(name, "&"), ok && l.words[0] == "exec"
}

// runs reports whether the line fills stdout and stderr anew.
func (l scriptLine) runs() bool {
	return slices.Contains([]string{"exec", "exits", "wait"}, l.words[0])
}

// pattern returns what the line looks for.
func (l scriptLine) pattern() (pattern string, ok bool) {
	switch {
	case l.negated:
		return "", false
	case l.words[0] == "capture":
		return l.words[3], true
	case !slices.Contains([]string{"stdout", "stderr", "grep"}, l.words[0]):
		return "", false
	case strings.HasPrefix(l.words[1], "-count="):
		return l.words[2], true
	default:
		return l.words[1], true
	}
}

// finds reports whether the line looks for something and would find it in a text.
func (l scriptLine) finds(text string) bool {
	pattern, ok := l.pattern()
	expr, err := regexp.Compile("(?m)" + pattern)
	return ok && err == nil && expr.MatchString(text)
}

func (l scriptLine) matchesAnything() bool { return l.finds("") }

// tellsApart reports whether the line, which checks a command that failed with an exit
// code, would not pass if that had another reason.
func (l scriptLine) tellsApart(code string) bool {
	if l.words[0] == "cmp" {
		return l.words[1] == "stdout" || l.words[1] == "stderr"
	}
	if l.negated { // every error is written to standard error
		return l.words[0] == "stderr" && l.words[1] == "."
	}
	_, looks := l.pattern()
	return looks && !l.finds("error: unknown flag: --another\n"+
		"hint: run appsyncctl customers list --help\n"+
		`{"error":{"type":"usage","message":"unknown flag: --another","retryable":false,"exit_code":`+code+
		`,"hint":"run appsyncctl customers list --help"}}`)
}
