package cli_test

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/appsyncctl/appsyncctl/internal/cli"
)

// setupAWS runs setup aws as a person at a terminal does, who answers with answer.
func setupAWS(t *testing.T, home, answer string, args ...string) (code int, out, told string) {
	t.Helper()
	var stdout, stderr bytes.Buffer
	app := &cli.App{
		In: strings.NewReader(answer), Out: &stdout, Err: &stderr,
		Terminal: true, InTerminal: true,
		LookupEnv: lookup(map[string]string{"HOME": home, "XDG_CONFIG_HOME": home, "LOCALAPPDATA": home, "APPDATA": home}),
		Now:       time.Now,
	}
	code = app.Run(t.Context(), append([]string{"setup", "aws"}, args...))
	return code, stdout.String(), stderr.String()
}

// What is broken in every language is refused. What only Java knows cannot be told from
// what it does not know.
func TestSetupAWSClientIDPattern(t *testing.T) {
	const unchecked = "could not be checked here"
	tests := []struct {
		pattern string
		code    int
		want    string // empty: nothing is said of it
	}{
		{"", 0, ""},
		{"ID1|ID2", 0, ""},
		{"demo-.*", 0, ""},
		{"*", 0, ""},
		{`\(`, 0, ""},
		{"[(]", 0, ""},
		{"(", 2, `"(" is not a regular expression: missing closing )`},
		{"ID1)", 2, "unexpected )"},
		{"[a", 2, "missing closing ]"},
		{`ID\`, 2, "trailing backslash"},
		{"*ID", 2, "missing argument to repetition operator"},
		{"[z-a]", 2, "invalid character class range"},
		{"(?!test).*", 0, unchecked},
		{"(?<=a)b", 0, unchecked},
		{"(?>a)b", 0, unchecked},
		{"a*+", 0, unchecked},
		{`\p{IsAlphabetic}`, 0, unchecked},
		{"a{2000}", 0, unchecked},
		{"(?x) a # (", 0, unchecked},
		{"(?!test", 2, "missing closing )"},
		{"(?=a)b)", 2, "unexpected )"},
	}
	for _, tt := range tests {
		t.Run(tt.pattern, func(t *testing.T) {
			code, out, told := setupAWS(t, t.TempDir(), "", "--client-id-pattern", tt.pattern)
			if code != tt.code || (out != "") != (code == 0) {
				t.Errorf("exited with %d: %s", code, told)
			}
			if !strings.Contains(told, tt.want) || tt.want == "" && strings.Contains(told, "--client-id-pattern") {
				t.Errorf("got %s, want %s", told, tt.want)
			}
		})
	}
}

// A profile of somebody's is replaced only when a person agrees.
func TestSetupAWSAtATerminal(t *testing.T) {
	home := t.TempDir()
	stack := func(name string) string {
		path := filepath.Join(home, name+".json")
		text := `{"Stacks": [{"StackName": "` + name + `", "StackStatus": "CREATE_COMPLETE", "Outputs": [
			{"OutputKey": "Endpoint", "OutputValue": "https://` + name + `.appsync-api.eu-west-1.amazonaws.com/graphql"},
			{"OutputKey": "Issuer", "OutputValue": "https://tenant.auth0.com/"}, {"OutputKey": "Region", "OutputValue": "eu-west-1"}]}]}`
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	one, two := stack("one"), stack("two")
	code, out, told := setupAWS(t, home, "", "--outputs", one)
	if code != 0 || strings.Contains(told, "[y/N]") {
		t.Fatalf("a new profile: exited with %d: %s", code, told)
	}
	wantIn(t, out, "https://one.appsync-api")

	code, out, told = setupAWS(t, home, "n\n", "--outputs", two)
	if code != 1 || out != "" {
		t.Errorf("a no: exited with %d: %s", code, out)
	}
	wantIn(t, told, "change profile default: endpoint: https://one.appsync-api", "change this? [y/N]", "nothing was done")
	if code, _, told = setupAWS(t, home, "", "--outputs", two, "--no-input"); code != 2 {
		t.Errorf("--no-input: exited with %d: %s", code, told)
	}
	if code, _, told = setupAWS(t, home, "", "--outputs", one); code != 0 || strings.Contains(told, "change") {
		t.Errorf("the first again: exited with %d: %s", code, told)
	}
	code, out, told = setupAWS(t, home, "y\n", "--outputs", two)
	if code != 0 {
		t.Errorf("a yes: exited with %d: %s", code, told)
	}
	wantIn(t, out, "https://two.appsync-api")
	if strings.Contains(told, "changed profile") {
		t.Errorf("what was agreed to is told again: %s", told)
	}
}
