package main_test

import (
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"slices"
	"strings"
	"testing"

	"github.com/appsyncctl/appsyncctl/internal/emulator"
)

const (
	githubExample = top + "/.ci/examples/github.yml"
	gitlabExample = top + "/.ci/examples/gitlab.yml"
)

// TestReadmeYAML compares the README's YAML with the files that it comes from.
func TestReadmeYAML(t *testing.T) {
	files := read(t, githubExample) + read(t, gitlabExample)
	blocks := regexp.MustCompile("(?ms)^```yaml\n(.*?)^```$").FindAllStringSubmatch(read(t, top+"/README.md"), -1)
	if len(blocks) == 0 {
		t.Fatal("the README has no YAML")
	}
	for _, block := range blocks {
		found := false
		for indent := range 10 { // a part of a file begins at the left
			part := regexp.MustCompile(`(?m)^`).ReplaceAllString(strings.TrimSuffix(block[1], "\n"), strings.Repeat(" ", indent))
			found = found || strings.Contains(files, "\n"+part+"\n")
		}
		if !found {
			t.Errorf("this is in no example:\n%s", block[1])
		}
	}
}

// TestExampleGitHub runs the step of the example workflow that uses the action.
func TestExampleGitHub(t *testing.T) {
	t.Parallel()
	var workflow struct {
		Permissions map[string]string
		Jobs        map[string]struct {
			Steps []struct {
				ID, Uses string
				If       string
				With     map[string]string
			}
		}
	}
	readYAML(t, githubExample, &workflow)
	if want := map[string]string{"contents": "read"}; !maps.Equal(workflow.Permissions, want) {
		t.Errorf("got the permissions %v", workflow.Permissions)
	}
	steps := workflow.Jobs["smoke"].Steps
	if len(steps) != 2 {
		t.Fatalf("got %d steps", len(steps))
	}
	settings := startEmulator(t)
	given := map[string]string{
		"inputs.read-only && '--read-only' || ''": "--read-only",
		"vars.APPSYNC_ENDPOINT":                   settings["APPSYNCCTL_ENDPOINT"],
		"vars.AUTH0_ISSUER":                       settings["APPSYNCCTL_ISSUER"],
		"vars.AUTH0_AUDIENCE":                     settings["APPSYNCCTL_AUDIENCE"],
		"vars.AUTH0_CLIENT_ID":                    settings["APPSYNCCTL_CLIENT_ID"],
		"secrets.AUTH0_CLIENT_SECRET":             settings["APPSYNCCTL_CLIENT_SECRET"],
	}
	inputs := make(map[string]string)
	for name, text := range steps[0].With {
		inputs[name] = expression.ReplaceAllStringFunc(text, func(found string) string {
			value, ok := given[strings.TrimSpace(expression.FindStringSubmatch(found)[1])]
			if !ok {
				t.Fatalf("%s is not known", found)
			}
			return value
		})
	}
	inputs["args"] = unhurried(t, inputs["args"])
	r := newRunner(t, inputs)
	for name := range inputs {
		if _, ok := r.action.Inputs[name]; !ok {
			t.Errorf("the action has no input %s", name)
		}
	}
	r.steps["install"] = map[string]string{"program": program(t)}
	if code := r.step(r.action.Runs.Steps[len(r.action.Runs.Steps)-1]); code != 0 {
		t.Fatalf("got exit code %d\n%s", code, r.shown())
	}
	// Its flags have arrived: nothing was created, and there was a limit.
	if shown := r.shown(); strings.Contains(shown, "create customer1") || !strings.Contains(shown, "passed   SMOKE-014") {
		t.Errorf("got the log %s", shown)
	}
	r.keeps(settings["APPSYNCCTL_CLIENT_SECRET"])
	name, ok := strings.CutPrefix(steps[1].With["path"], "${{ steps."+steps[0].ID+".outputs.")
	if !ok || !strings.Contains(read(t, r.output(strings.TrimSuffix(name, " }}"))), "<testcase") {
		t.Errorf("got %q for the report", steps[1].With["path"])
	}
	if want := "${{ !cancelled() }}"; steps[1].If != want {
		t.Errorf("got %q for the report's condition, want %q", steps[1].If, want)
	}
}

// unhurried gives an example's limit on the API's answers to a busy machine: its place is
// tested, its number is a reader's.
func unhurried(t *testing.T, text string) string {
	t.Helper()
	const limit = "--max-latency p95="
	if !strings.Contains(text, limit+"2s") {
		t.Fatalf("there is no limit of 2s in %s", text)
	}
	return strings.ReplaceAll(text, limit+"2s", limit+"10m")
}

// startEmulator starts an emulator and returns the settings that lead to it.
func startEmulator(t *testing.T) map[string]string {
	t.Helper()
	running, err := emulator.Start(t.Context(), emulator.Config{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = running.Close() })
	settings := make(map[string]string)
	for _, variable := range running.Environment() {
		settings[variable.Name] = variable.Value
	}
	return settings
}

// program is where the program is that these tests run.
func program(t *testing.T) string {
	t.Helper()
	path, err := exec.LookPath("appsyncctl")
	if err != nil {
		t.Fatal(err)
	}
	return path
}

// A gitlabJob is what these tests read of the example for GitLab.
type gitlabJob struct {
	Variables map[string]string
	Script    []string
	Artifacts struct {
		When    string
		Reports struct{ JUnit string }
	}
	Retry struct{ When []string }
}

func readGitLabJob(t *testing.T) gitlabJob {
	t.Helper()
	if runtime.GOOS == "windows" {
		t.Skip("the job is for a container with Linux")
	}
	var pipeline struct{ Smoke gitlabJob }
	readYAML(t, gitlabExample, &pipeline)
	return pipeline.Smoke
}

// gitlabPath makes a PATH with a go that installs the program of these tests. It takes
// what can be installed from anywhere: a command of this module, which replaces nothing.
func gitlabPath(t *testing.T) string {
	t.Helper()
	const installed = module + "cmd/appsyncctl@latest"
	if text := read(t, top+"/go.mod"); regexp.MustCompile(`(?m)^(replace|exclude)`).MatchString(text) || !strings.HasPrefix(text, "module "+strings.TrimSuffix(module, "/")+"\n") {
		t.Error("go install does not take this go.mod")
	}
	dir, path := t.TempDir(), program(t)
	script := "#!/bin/sh\n[ \"$*\" = 'install " + installed + "' ] && ln -sf '" + path + "' '" + dir + "/appsyncctl'\n"
	if err := os.WriteFile(filepath.Join(dir, "go"), []byte(script), 0o700); err != nil {
		t.Fatal(err)
	}
	others := slices.DeleteFunc(filepath.SplitList(os.Getenv("PATH")), func(other string) bool { return other == filepath.Dir(path) })
	return strings.Join(append([]string{dir}, others...), string(filepath.ListSeparator))
}

// TestExampleGitLab runs the script of the job for GitLab as its runner does: with the
// variables in the environment, up to the first command that fails.
func TestExampleGitLab(t *testing.T) {
	t.Parallel()
	job := readGitLabJob(t)
	if job.Artifacts.When != "always" || slices.Contains(job.Retry.When, "script_failure") || slices.Contains(job.Retry.When, "always") {
		t.Errorf("got %+v", job)
	}
	settings := startEmulator(t)
	for secret, want := range map[string]int{settings["APPSYNCCTL_CLIENT_SECRET"]: 0, "another-secret": 4} {
		cmd := exec.CommandContext(t.Context(), "bash", "-eo", "pipefail", "-c", unhurried(t, strings.Join(job.Script, "\n")))
		cmd.Dir = t.TempDir()
		cmd.Env = []string{"PATH=" + gitlabPath(t), "HOME=" + cmd.Dir, "GITLAB_CI=true", "CI=true"}
		for name, value := range settings {
			cmd.Env = append(cmd.Env, name+"="+value)
		}
		for name, value := range job.Variables {
			cmd.Env = append(cmd.Env, name+"="+value)
		}
		cmd.Env = append(cmd.Env, "APPSYNCCTL_CLIENT_SECRET="+secret)
		out, _ := cmd.CombinedOutput()
		if got := cmd.ProcessState.ExitCode(); got != want {
			t.Errorf("got exit code %d, want %d\n%s", got, want, out)
		}
		if report := read(t, filepath.Join(cmd.Dir, job.Artifacts.Reports.JUnit)); !strings.Contains(report, "<testcase") {
			t.Errorf("got the report %s", report)
		}
		if strings.Contains(string(out), secret) {
			t.Errorf("the secret is in the log:\n%s", out)
		}
	}
}

// nodeModules returns the folder that npm ci makes of testdata/node. Without it, and
// without Node, it skips the test, or fails it where everything must be there.
func nodeModules(t *testing.T) string {
	t.Helper()
	const variable = "APPSYNCCTL_TEST_EXAMPLES_NODE_MODULES"
	dir := os.Getenv(variable)
	if _, err := exec.LookPath("node"); dir == "" || err != nil {
		if os.Getenv("APPSYNCCTL_TEST_REQUIRE_NODE") == "1" {
			t.Fatalf("node or %s is not there", variable)
		}
		t.Skipf("node or %s is not there", variable)
	}
	return dir
}
