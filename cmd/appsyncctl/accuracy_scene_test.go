package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/appsyncctl/appsyncctl/internal/doctor"
	"github.com/appsyncctl/appsyncctl/internal/emulator"
	"github.com/appsyncctl/appsyncctl/internal/emulator/appsync"
	"github.com/appsyncctl/appsyncctl/internal/emulator/auth0"
)

// A scene is a set-up in the making: an emulator, the variables that lead to it, and a
// home of its own. Before anything is changed it is the demo's machine client, whose
// tokens rest in a keyring.
type scene struct {
	t         *testing.T
	stage     *stage
	home      string
	variables map[string]string
	arguments []string // of doctor
	stdin     string

	own      bool // it needs an emulator that no other scene has
	config   emulator.Config
	tenants  []func(*auth0.Config)
	apis     []func(*appsync.Config)
	emulator *emulator.Emulator
	ready    []func() // what is to be done once the emulator runs
}

// A stage is what scenes share: two emulators that nobody changes.
type stage struct {
	demo  *emulator.Emulator
	other *emulator.Emulator // another tenant, with another API
}

// A change is what a scene differs in from the demo.
type change func(*scene)

// A diagnosis is what doctor says with -o json, as far as it matters here.
type diagnosis struct {
	Verdict doctor.Result `json:"verdict"`
	Cause   string        `json:"cause"`
	Checks  []finding     `json:"checks"`
	code    int
}

type finding struct {
	ID      string        `json:"id"`
	Result  doctor.Result `json:"result"`
	Message string        `json:"message"`
	Fix     string        `json:"fix"`
	Because string        `json:"because"`
}

// of returns the first finding with a result; the zero value if there is none.
func (d diagnosis) of(result doctor.Result) finding {
	for _, f := range d.Checks {
		if f.Result == result {
			return f
		}
	}
	return finding{}
}

// check returns what the check called id found.
func (d diagnosis) check(id string) finding {
	for _, f := range d.Checks {
		if f.ID == id {
			return f
		}
	}
	return finding{}
}

// diagnose plays a scene with changes and asks the program what is wrong.
func (st *stage) diagnose(t *testing.T, changes []change) diagnosis {
	t.Helper()
	s := &scene{t: t, stage: st, home: t.TempDir()}
	s.variables = map[string]string{
		"PATH": os.Getenv("PATH"), "SYSTEMROOT": os.Getenv("SYSTEMROOT"), "GOCOVERDIR": os.Getenv("GOCOVERDIR"),
		"HOME": s.home, "APPDATA": s.home, "LOCALAPPDATA": s.home,
		"TEST_KEYRING": filepath.Join(s.home, "keyring"),
		// No set-up of the machine that runs the tests reaches into it, and names that
		// cannot be are found out here and not by asking around.
		"AWS_EC2_METADATA_DISABLED": "true", "GODEBUG": "netdns=go",
	}
	for _, change := range changes {
		change(s)
	}
	s.start()
	for _, step := range s.ready {
		step()
	}
	stdout, stderr, code := s.run(append([]string{"doctor", "-o", "json", "--timeout", "10m"}, s.arguments...)...)
	found := diagnosis{code: code}
	if err := json.Unmarshal(stdout, &found); err != nil {
		t.Fatalf("doctor wrote no document: %v\n%s%s", err, stdout, stderr)
	}
	if len(found.Checks) != len(doctor.Catalogue()) {
		t.Errorf("doctor tells of %d checks, and there are %d", len(found.Checks), len(doctor.Catalogue()))
	}
	if bytes.Contains(stdout, []byte("eyJ")) {
		t.Error("doctor shows a part of a token")
	}
	return found
}

// start leads the scene to an emulator.
func (s *scene) start() {
	s.emulator = s.stage.demo
	if s.own {
		s.config.Tenant = func(t *auth0.Config) {
			for _, change := range s.tenants {
				change(t)
			}
		}
		s.config.API = func(a *appsync.Config) {
			for _, change := range s.apis {
				change(a)
			}
		}
		s.emulator = started(s.t, s.config)
	}
	s.follow(s.emulator)
}

// follow sets the variables that lead to an emulator.
func (s *scene) follow(e *emulator.Emulator) {
	for _, variable := range e.Environment() {
		s.variables[variable.Name] = variable.Value
	}
}

// started returns an emulator that runs until the test ends.
func started(t *testing.T, config emulator.Config) *emulator.Emulator {
	t.Helper()
	config.SigningKey = signingKey()
	e, err := emulator.Start(t.Context(), config)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = e.Close() })
	return e
}

// run runs the program in the scene, as a process of its own.
func (s *scene) run(arguments ...string) (stdout, stderr []byte, code int) {
	s.t.Helper()
	return s.runWith(s.variables, arguments...)
}

func (s *scene) runWith(variables map[string]string, arguments ...string) (stdout, stderr []byte, code int) {
	s.t.Helper()
	cmd := exec.CommandContext(s.t.Context(), "appsyncctl", arguments...)
	cmd.Dir, cmd.Stdin = s.home, strings.NewReader(s.stdin)
	for name, value := range variables {
		cmd.Env = append(cmd.Env, name+"="+value)
	}
	var out, complaint bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &complaint
	if err := cmd.Run(); err != nil {
		ended, isEnd := errors.AsType[*exec.ExitError](err)
		if !isEnd {
			s.t.Fatal(err)
		}
		code = ended.ExitCode()
	}
	return out.Bytes(), complaint.Bytes(), code
}

// must runs the program, which has to succeed, and returns what it printed.
func (s *scene) must(arguments ...string) string {
	s.t.Helper()
	return s.mustWith(s.variables, arguments...)
}

func (s *scene) mustWith(variables map[string]string, arguments ...string) string {
	s.t.Helper()
	stdout, stderr, code := s.runWith(variables, arguments...)
	if code != 0 {
		s.t.Fatalf("appsyncctl %s: exit code %d\n%s", strings.Join(arguments, " "), code, stderr)
	}
	return strings.TrimSpace(string(stdout))
}

// token returns a token of the demo's machine at an emulator, which is kept nowhere.
func (s *scene) token(e *emulator.Emulator) string {
	s.t.Helper()
	variables := maps.Clone(s.variables)
	for _, variable := range e.Environment() {
		variables[variable.Name] = variable.Value
	}
	variables["APPSYNCCTL_TOKEN_STORE"] = "memory"
	delete(variables, "APPSYNCCTL_TOKEN")
	return s.mustWith(variables, "token")
}

// file writes a file in the scene's home and returns its path.
func (s *scene) file(name, content string) string {
	s.t.Helper()
	path := filepath.Join(s.home, name)
	if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
		s.t.Fatal(err)
	}
	return path
}

// givesUp lets checks give up what they ask when the function is called that it returns:
// nothing else ends what would never be answered.
func (s *scene) givesUp(checks ...string) func() {
	file := filepath.Join(s.home, "given-up")
	s.variables["TEST_GIVE_UP"] = file
	for _, check := range checks {
		s.variables["TEST_GIVE_UP"] += " " + check + "/ask"
	}
	return func() { _ = os.WriteFile(file, nil, 0o600) } // the test may be over
}

// open lets everybody read the files of a folder in the scene's home.
func (s *scene) open(folder string) {
	s.t.Helper()
	files, err := filepath.Glob(filepath.Join(s.home, folder, "*"))
	if err != nil || len(files) == 0 {
		s.t.Fatalf("no file in %s: %v", folder, err)
	}
	for _, file := range files {
		if err := os.Chmod(file, 0o644); err != nil {
			s.t.Fatal(err)
		}
	}
}
