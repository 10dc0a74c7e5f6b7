package cli_test

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/appsyncctl/appsyncctl/internal/app"
	"github.com/appsyncctl/appsyncctl/internal/cli"
)

// setupAWS runs setup aws as a person at a terminal does, who answers with answer.
func setupAWS(t *testing.T, home, answer string, args ...string) (code int, out, told string) {
	t.Helper()
	var stdout, stderr bytes.Buffer
	app := &app.App{
		In: strings.NewReader(answer), Out: &stdout, Err: &stderr,
		Terminal: true, InTerminal: true,
		LookupEnv: lookup(map[string]string{"HOME": home, "XDG_CONFIG_HOME": home, "LOCALAPPDATA": home, "APPDATA": home}),
		Now:       time.Now,
	}
	code = cli.Run(t.Context(), app, append([]string{"setup", "aws"}, args...))
	return code, stdout.String(), stderr.String()
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
