package main_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"go.yaml.in/yaml/v3"
)

// These tests hand the action and the examples to programs that others wrote. They come
// from npm and are in no program: npm ci makes them of testdata/node/package.json.

// TestGitHubSchemas validates the action, the example and this repository's own workflows
// by the schemas of SchemaStore, which action-validator brings.
func TestGitHubSchemas(t *testing.T) {
	t.Parallel()
	validator := filepath.Join(nodeModules(t), "@action-validator", "cli", "cli.mjs")
	validate := func(path string) (string, error) {
		out, err := exec.CommandContext(t.Context(), "node", validator, path).CombinedOutput()
		return string(out), err
	}
	files, err := filepath.Glob(top + "/.github/workflows/*.yml")
	if err != nil || len(files) == 0 {
		t.Fatalf("there is no workflow: %v", err)
	}
	for _, file := range append(files, top+"/action.yml", githubExample) {
		if out, err := validate(file); err != nil || strings.Contains(out, `"errors"`) {
			t.Errorf("%s: %v\n%s", file, err, out)
		}
	}
	// It would find a mistake.
	for file, key := range map[string]string{top + "/action.yml": "value:", githubExample: "timeout-minutes:"} {
		wrong := filepath.Join(t.TempDir(), filepath.Base(file))
		write(t, wrong, strings.Replace(read(t, file), key, "mistake:", 1))
		if out, err := validate(wrong); err == nil || !strings.Contains(out, "mistake") {
			t.Errorf("got %v for a wrong %s\n%s", err, file, out)
		}
	}
}

// A gitlabProject is a repository with the example as its pipeline.
type gitlabProject struct {
	t   *testing.T
	dir string
}

func newGitLabProject(t *testing.T, pipeline string, variables map[string]string) gitlabProject {
	t.Helper()
	project := gitlabProject{t, t.TempDir()}
	write(t, filepath.Join(project.dir, ".gitlab-ci.yml"), pipeline)
	text, err := yaml.Marshal(variables)
	if err != nil {
		t.Fatal(err)
	}
	write(t, filepath.Join(project.dir, ".gitlab-ci-local-variables.yml"), string(text))
	for _, args := range [][]string{
		{"init", "-q", "-b", "main"},
		{"remote", "add", "origin", "git@gitlab.example:group/project.git"},
		{"add", ".gitlab-ci.yml"},
		{"-c", "user.name=a", "-c", "user.email=a@b.example", "commit", "-q", "-m", "a"},
		{"symbolic-ref", "refs/remotes/origin/HEAD", "refs/remotes/origin/main"},
	} {
		cmd := exec.CommandContext(t.Context(), "git", args...)
		cmd.Dir = project.dir
		cmd.Env = append(os.Environ(), "GIT_CONFIG_GLOBAL="+os.DevNull)
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Fatalf("git %v: %v\n%s", args, err, out)
		}
	}
	return project
}

// run runs gitlab-ci-local, which validates by GitLab's own schema.
func (p gitlabProject) run(path string, args ...string) (string, error) {
	p.t.Helper()
	// It is made for Node 22; of what 20 has not it uses this.
	const missing = "data:text/javascript,Set.prototype.union||=function(o){return new Set([...this,...o])}"
	args = append([]string{
		"--import", missing, filepath.Join(nodeModules(p.t), "gitlab-ci-local", "dist", "index.js"),
		"--force-shell-executor", "--no-color", "--home", p.dir,
	}, args...)
	cmd := exec.CommandContext(p.t.Context(), "node", args...)
	cmd.Dir = p.dir
	cmd.Env = []string{"PATH=" + path, "HOME=" + p.dir}
	out, err := cmd.CombinedOutput()
	return string(out), err
}

// TestGitLabPipeline runs the example with gitlab-ci-local, in a shell in place of a container.
func TestGitLabPipeline(t *testing.T) {
	t.Parallel()
	job := readGitLabJob(t)
	nodeModules(t)
	needs(t, "rsync")
	settings := startEmulator(t)
	project := newGitLabProject(t, unhurried(t, read(t, gitlabExample)), settings)
	out, err := project.run(gitlabPath(t), "smoke")
	if err != nil || !strings.Contains(out, "json schema validated") {
		t.Fatalf("%v\n%s", err, out)
	}
	if report := read(t, filepath.Join(project.dir, job.Artifacts.Reports.JUnit)); !strings.Contains(report, `failures="0"`) {
		t.Errorf("got the report %s", report)
	}
	if strings.Contains(out, settings["APPSYNCCTL_CLIENT_SECRET"]) {
		t.Errorf("the secret is in the log:\n%s", out)
	}
	// A failed test fails the job.
	settings["APPSYNCCTL_CLIENT_SECRET"] = "another-secret"
	project = newGitLabProject(t, unhurried(t, read(t, gitlabExample)), settings)
	if out, err := project.run(gitlabPath(t), "smoke"); err == nil || !strings.Contains(out, "FAIL 4") {
		t.Errorf("got %v\n%s", err, out)
	}
	// It would find a mistake.
	project = newGitLabProject(t, strings.Replace(read(t, gitlabExample), "when: always", "when: ever", 1), nil)
	if out, err := project.run(os.Getenv("PATH"), "--list"); err == nil || !strings.Contains(out, "ever") {
		t.Errorf("got %v for a wrong job\n%s", err, out)
	}
}
