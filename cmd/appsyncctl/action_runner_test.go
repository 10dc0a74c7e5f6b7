package main_test

import (
	"errors"
	"io/fs"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"strings"
	"testing"

	"go.yaml.in/yaml/v3"
)

// top is the top of the module, where action.yml is.
const top = "../.."

// An action is what these tests read of action.yml.
type action struct {
	Inputs  map[string]struct{ Description, Default string }
	Outputs map[string]struct{ Value string }
	Runs    struct{ Steps []actionStep }
}

type actionStep struct {
	Name, ID, If, Uses, Shell, Run string
	Dir                            string `yaml:"working-directory"`
	Env                            map[string]string
}

func readAction(t *testing.T) action {
	t.Helper()
	var read action
	readYAML(t, filepath.Join(top, "action.yml"), &read)
	return read
}

func readYAML(t *testing.T, path string, into any) {
	t.Helper()
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if err := yaml.Unmarshal(data, into); err != nil {
		t.Fatalf("%s: %v", path, err)
	}
}

// A runner takes the steps of action.yml as a runner of GitHub Actions does, as far as
// they need it: env, if, working-directory, and the files for outputs and paths. It runs
// no action that a step uses.
type runner struct {
	t      *testing.T
	action action
	dir    string            // holds everything that is written
	inputs map[string]string // as the workflow gives them
	ref    string            // github.action_ref
	env    map[string]string // of the job
	steps  map[string]map[string]string
	log    strings.Builder
	// started is told of the process of each step; it may be nil.
	started func(step string, process *os.Process)
}

func newRunner(t *testing.T, inputs map[string]string) *runner {
	t.Helper()
	if runtime.GOOS == "windows" {
		t.Skip("the action itself runs on Windows in .github/workflows/ci.yml")
	}
	dir := t.TempDir()
	for _, name := range []string{"temp", "home", "work"} {
		if err := os.Mkdir(filepath.Join(dir, name), 0o700); err != nil {
			t.Fatal(err)
		}
	}
	// Else Go leaves a process behind that still writes there after the test. (The folders
	// are those of Linux and of macOS.)
	for _, settings := range []string{".config", "Library/Application Support"} {
		telemetry := filepath.Join(dir, "home", settings, "go", "telemetry")
		if err := os.MkdirAll(telemetry, 0o700); err != nil {
			t.Fatal(err)
		}
		write(t, filepath.Join(telemetry, "mode"), "off")
	}
	for _, name := range []string{"path", "summary"} {
		write(t, filepath.Join(dir, name), "")
	}
	path, err := filepath.Abs(top)
	if err != nil {
		t.Fatal(err)
	}
	return &runner{
		t: t, action: readAction(t), dir: dir, inputs: inputs, steps: make(map[string]map[string]string),
		env: map[string]string{
			"PATH": os.Getenv("PATH"), "HOME": filepath.Join(dir, "home"), "TMPDIR": dir,
			"GOCACHE": goEnv(t, "GOCACHE"), "GOMODCACHE": goEnv(t, "GOMODCACHE"), "GOPROXY": "off",
			"CI": "true", "GITHUB_ACTIONS": "true", "GITHUB_ACTION_PATH": path,
			"GITHUB_PATH": filepath.Join(dir, "path"), "GITHUB_STEP_SUMMARY": filepath.Join(dir, "summary"),
			"RUNNER_TEMP": filepath.Join(dir, "temp"), "RUNNER_OS": "Linux", "RUNNER_ARCH": "X64",
		},
	}
}

func goEnv(t *testing.T, name string) string {
	t.Helper()
	out, err := exec.CommandContext(t.Context(), "go", "env", name).Output()
	if err != nil {
		t.Fatal(err)
	}
	return strings.TrimSpace(string(out))
}

func write(t *testing.T, path, text string) {
	t.Helper()
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

// run takes the steps up to the first that fails, and returns its exit code, or 0.
func (r *runner) run() int {
	r.t.Helper()
	for _, step := range r.action.Runs.Steps {
		if step.If != "" && r.evaluate(step.If) != "true" {
			continue
		}
		if step.Uses != "" {
			r.t.Fatalf("the step %q is not expected to run", step.Name)
		}
		if code := r.step(step); code != 0 {
			return code
		}
	}
	return 0
}

func (r *runner) step(step actionStep) int {
	r.t.Helper()
	if step.Shell != "bash" {
		r.t.Fatalf("got %q for the shell of %q", step.Shell, step.Name)
	}
	script, output := filepath.Join(r.dir, "script.sh"), filepath.Join(r.dir, "output")
	write(r.t, script, step.Run)
	write(r.t, output, "")
	env := maps.Clone(r.env)
	env["GITHUB_OUTPUT"] = output
	for name, value := range step.Env {
		env[name] = r.expand(value)
	}
	cmd := exec.CommandContext(r.t.Context(), "bash", "--noprofile", "--norc", "-eo", "pipefail", script)
	cmd.Dir = filepath.Join(r.dir, "work", r.expand(step.Dir))
	for name, value := range env {
		cmd.Env = append(cmd.Env, name+"="+value)
	}
	cmd.Stdout, cmd.Stderr = &r.log, &r.log
	err := cmd.Start()
	if err != nil {
		r.t.Fatal(err)
	}
	if r.started != nil {
		r.started(step.ID, cmd.Process)
	}
	err = cmd.Wait()
	r.steps[step.ID] = outputs(r.t, output)
	if exit, ok := errors.AsType[*exec.ExitError](err); ok {
		return exit.ExitCode()
	}
	if err != nil {
		r.t.Fatal(err)
	}
	return 0
}

// outputs reads what a step has written to its file of outputs, NAME=VALUE a line.
func outputs(t *testing.T, path string) map[string]string {
	t.Helper()
	found := make(map[string]string)
	for line := range strings.Lines(read(t, path)) {
		name, value, ok := strings.Cut(strings.TrimSuffix(line, "\n"), "=")
		if !ok || strings.Contains(name, "<<") {
			t.Fatalf("got the output %q", line)
		}
		found[name] = value
	}
	return found
}

func read(t *testing.T, path string) string {
	t.Helper()
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}

// shown is the log as people see it: without the commands that hide a text, and without
// those texts.
func (r *runner) shown() string {
	mask := regexp.MustCompile(`(?m)^::add-mask::(.+)\n`)
	text := mask.ReplaceAllString(r.log.String(), "")
	for _, found := range mask.FindAllStringSubmatch(r.log.String(), -1) {
		text = strings.ReplaceAll(text, found[1], "***")
	}
	return text
}

// keeps fails the test if one of the secrets is in the log or in a file.
func (r *runner) keeps(secrets ...string) {
	r.t.Helper()
	texts := map[string]string{"the log": r.shown()}
	err := filepath.WalkDir(r.dir, func(path string, entry fs.DirEntry, err error) error {
		if err == nil && entry.Type().IsRegular() {
			texts[path] = read(r.t, path)
		}
		return err
	})
	if err != nil {
		r.t.Fatal(err)
	}
	for _, secret := range secrets {
		for place, text := range texts {
			if strings.Contains(text, secret) {
				r.t.Errorf("the secret %s… is in %s", secret[:6], place)
			}
		}
	}
}

// output is an output of the action.
func (r *runner) output(name string) string {
	r.t.Helper()
	declared, ok := r.action.Outputs[name]
	if !ok {
		r.t.Fatalf("there is no output %s", name)
	}
	return r.expand(declared.Value)
}
