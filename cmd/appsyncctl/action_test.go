package main_test

import (
	"bytes"
	"encoding/json"
	"log/slog"
	"maps"
	"net/http"
	"os"
	"regexp"
	"slices"
	"strings"
	"syscall"
	"testing"

	"github.com/appsyncctl/appsyncctl/internal/config"
	"github.com/appsyncctl/appsyncctl/internal/emulator"
)

// TestActionInputs compares the inputs of action.yml with the settings: each has an
// input of its name that takes the place of its variable.
func TestActionInputs(t *testing.T) {
	read := readAction(t)
	run := read.Runs.Steps[len(read.Runs.Steps)-1]
	want := map[string]bool{"version": true, "command": true, "args": true, "working-directory": true, "junit": true, "client-key": true}
	for _, setting := range config.Settings() {
		switch setting.Name {
		case config.Grant, config.SecretCommand: // for people, and for machines that people sit at
			continue
		}
		input := strings.ReplaceAll(string(setting.Name), "_", "-")
		want[input] = true
		value := "${{ inputs." + input + " || env." + setting.Variable + " }}"
		if setting.Name == config.TokenStore {
			value = strings.Replace(value, " }}", " || 'memory' }}", 1)
		}
		if got := run.Env[setting.Variable]; got != value {
			t.Errorf("%s: got %q, want %q", setting.Variable, got, value)
		}
	}
	for input, declared := range read.Inputs {
		if !want[input] {
			t.Errorf("the input %s is no setting", input)
		}
		if declared.Description == "" {
			t.Errorf("the input %s has no description", input)
		}
	}
	for input := range want {
		if _, ok := read.Inputs[input]; !ok {
			t.Errorf("there is no input %s", input)
		}
	}
}

// TestActionScripts sees that nothing is written into a script: what an input holds would
// be run.
func TestActionScripts(t *testing.T) {
	pinned := regexp.MustCompile(`^[\w-]+/[\w-]+@[0-9a-f]{40}$`)
	run, used := 0, 0
	for _, step := range readAction(t).Runs.Steps {
		if step.Run != "" {
			run++
		}
		if step.Uses != "" {
			used++
		}
		if strings.Contains(step.Run, "${{") {
			t.Errorf("%s: an expression is in the script %q", step.Name, step.Run)
		}
		if step.Uses != "" && !pinned.MatchString(step.Uses) {
			t.Errorf("%s: %s is no commit", step.Name, step.Uses)
		}
		if strings.Contains(step.Uses, "cache") {
			t.Errorf("%s: %s caches", step.Name, step.Uses)
		}
	}
	if run == 0 || used == 0 {
		t.Errorf("got %d steps with a script and %d that use an action", run, used)
	}
}

func TestActionVersion(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name, version, ref string
		want               string // empty for a failure
	}{
		{"a release's tag", "v1.2.3", "main", "v1.2.3"},
		{"a release to come", "v1.2.3-rc.1", "", "v1.2.3-rc.1"},
		{"latest", "latest", "v1.2.3", "latest"},
		{"source", "source", "v1.2.3", "source"},
		{"its own tag", "", "v1.2.3", "v1.2.3"},
		{"its own branch", "", "main", "source"},
		{"its own major version", "", "v1", "source"},
		{"its own commit", "", "3d3c42e5aac5ba805825da76410c181273ba90b1", "source"},
		{"in its own repository", "", "", "source"},
		{"no tag", "1.2.3", "", ""},
		{"another path", "v1.2.3/../../../other/releases/v1.2.3", "", ""},
		{"a command to the shell", "$(touch executed)", "", ""},
		{"a command to the runner", "v1.2.3\n::error::injected", "", ""},
		{"another output", "v1.2.3\ngo=missing", "", ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			r := newRunner(t, map[string]string{"version": tt.version})
			r.ref = tt.ref
			code := r.step(r.action.Runs.Steps[0])
			if got := r.steps["plan"]["version"]; got != tt.want || (code == 0) != (tt.want != "") {
				t.Errorf("got %q and exit code %d, want %q", got, code, tt.want)
			}
			if shown := r.shown(); strings.Contains(shown, "injected") {
				t.Errorf("got the log %q", shown)
			}
			r.nothingExecuted()
		})
	}
}

// TestActionSource builds what is here and smoke-tests an API with it: one that works,
// one that refuses the client, and one whose job is cancelled in between.
func TestActionSource(t *testing.T) {
	t.Parallel()
	both := make(chan struct{}) // closed when both customers are there
	created := 0
	log := slog.New(slog.NewTextHandler(writer(func(line []byte) {
		switch {
		case bytes.Contains(line, []byte("CreateCustomer")):
			created++
		case bytes.Contains(line, []byte("ListCustomers")) && created == 2:
			created = 0
			close(both)
		}
	}), nil))
	start := func(config emulator.Config) map[string]string {
		running, err := emulator.Start(t.Context(), config)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = running.Close() })
		inputs := map[string]string{"version": "source"}
		for _, variable := range running.Environment() {
			input, ours := strings.CutPrefix(variable.Name, "APPSYNCCTL_")
			if input = strings.ToLower(strings.ReplaceAll(input, "_", "-")); ours && !strings.HasPrefix(input, "emulator-") {
				inputs[input] = variable.Value
			}
		}
		inputs["address"] = running.URL()
		return inputs
	}
	inputs := start(emulator.Config{})
	secret := inputs["client-secret"]
	r := newRunner(t, inputs)
	// What a job sets for its own builds must not decide what is built here.
	r.env["GOOS"], r.env["GOFLAGS"] = "plan9", "-mod=nonsense"
	last := r.action.Runs.Steps[len(r.action.Runs.Steps)-1]
	code := r.run()
	for code != 0 && strings.Contains(r.shown(), "no answer within") { // the machine was too busy
		r.log.Reset()
		code = r.step(last)
	}
	if code != 0 {
		t.Fatalf("got exit code %d\n%s", code, r.shown())
	}
	if got := r.output("verdict") + " " + r.output("exit-code"); got != "passed 0" {
		t.Errorf("got %s", got)
	}
	if report := read(t, r.output("junit")); !strings.Contains(report, `failures="0"`) {
		t.Errorf("got the report %s", report)
	}
	if summary := read(t, r.env["GITHUB_STEP_SUMMARY"]); !strings.Contains(summary, "passed") {
		t.Errorf("got the summary %q", summary)
	}
	r.keeps(secret)
	if !strings.Contains(r.log.String(), "::add-mask::"+secret+"\n") {
		t.Error("the runner is not told to hide the client secret")
	}

	r.steps["install"] = map[string]string{"program": program(t)} // the same, with more patience
	r.inputs = maps.Clone(inputs)
	r.inputs["client-secret"], r.inputs["junit"] = "wrong-"+secret, "reports/smoke.xml"
	if code := r.step(last); code != 4 || r.output("exit-code") != "4" || r.output("verdict") != "failed" {
		t.Errorf("got exit code %d and %s %s\n%s", code, r.output("exit-code"), r.output("verdict"), r.shown())
	}
	if report := read(t, r.output("junit")); !strings.Contains(report, `<error`) {
		t.Errorf("got the report %s", report)
	}
	r.keeps(secret)

	slow, err := emulator.ParseFault("slow,operation=GetCustomer,delay=1h,count=1")
	if err != nil {
		t.Fatal(err)
	}
	r.inputs = start(emulator.Config{Faults: []emulator.Fault{slow}, Log: log})
	r.started = func(_ string, process *os.Process) {
		<-both
		// As the runner does, to this process only: what waits for the answer is cut short
		// by the first, and the second cuts no cleaning up short.
		_ = process.Signal(syscall.SIGINT)
		_ = process.Signal(syscall.SIGTERM)
	}
	if code := r.step(last); code != 130 || r.output("verdict") != "failed" {
		t.Errorf("got exit code %d\n%s", code, r.shown())
	}
	if status := statusOf(t, r.inputs["address"]); status.Customers != 0 {
		t.Errorf("got %d customers after the end\n%s", status.Customers, r.shown())
	}
}

// writer is an io.Writer.
type writer func([]byte)

func (w writer) Write(data []byte) (int, error) {
	w(data)
	return len(data), nil
}

func statusOf(t *testing.T, address string) (status emulator.Status) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, address+"/_emulator/status", nil)
	if err != nil {
		t.Fatal(err)
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	if err := json.NewDecoder(resp.Body).Decode(&status); err != nil {
		t.Fatal(err)
	}
	return status
}

// nothingExecuted fails the test if a file is there that only a command in an input makes.
func (r *runner) nothingExecuted() {
	r.t.Helper()
	if executed := slices.DeleteFunc(names(r.t, r.dir), func(name string) bool { return name != "executed" }); len(executed) > 0 {
		r.t.Error("a command in an input was executed")
	}
}
