package main_test

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"crypto/rand"
	"crypto/sha256"
	"fmt"
	"io/fs"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// recorder stands in for the program of a release: it writes down how it is called, and
// all that other processes can see of it.
const recorder = `#!/bin/sh
if [ "$1" = version ]; then echo version >>"$RECORD/called"; exit; fi
for argument; do printf '<%s>\n' "$argument"; done >"$RECORD/arguments"
pwd >"$RECORD/folder"
cat /proc/[0-9]*/cmdline >"$RECORD/processes" 2>/dev/null || ps -A -o args >"$RECORD/processes"
env | sed -n 's/^\(APPSYNCCTL_[A-Z_]*\)=..*/\1/p' | sort >"$RECORD/variables"
printf %s "$APPSYNCCTL_CLIENT_SECRET" | cksum >"$RECORD/secret"
if [ -n "$APPSYNCCTL_CLIENT_KEY_FILE" ]; then
  ls -l "$APPSYNCCTL_CLIENT_KEY_FILE" | cut -c 1-10 >"$RECORD/key"
  sed 's/PRIVATE-[A-Z0-9]*/the key/' "$APPSYNCCTL_CLIENT_KEY_FILE" >>"$RECORD/key"
fi
echo "token store $APPSYNCCTL_TOKEN_STORE, endpoint $APPSYNCCTL_ENDPOINT" >"$RECORD/settings"
exit "${RECORD_EXIT:-0}"
`

// A release is what goreleaser makes, as far as the action reads it.
type release map[string][]byte

func newRelease(t *testing.T) release {
	t.Helper()
	var archive bytes.Buffer
	compressed := gzip.NewWriter(&archive)
	packed := tar.NewWriter(compressed)
	for name, text := range map[string]string{"LICENSE": "", "README.md": "", "appsyncctl": recorder} {
		if err := packed.WriteHeader(&tar.Header{Name: name, Mode: 0o755, Size: int64(len(text))}); err != nil {
			t.Fatal(err)
		}
		if _, err := packed.Write([]byte(text)); err != nil {
			t.Fatal(err)
		}
	}
	if err := packed.Close(); err != nil {
		t.Fatal(err)
	}
	if err := compressed.Close(); err != nil {
		t.Fatal(err)
	}
	const name = "appsyncctl_1.2.3_linux_amd64.tar.gz"
	sums := fmt.Sprintf("%x  appsyncctl_1.2.3_linux_arm64.tar.gz\n%x  %s\n", sha256.Sum256(nil), sha256.Sum256(archive.Bytes()), name)
	return release{"checksums.txt": []byte(sums), name: archive.Bytes()}
}

// serve answers as GitHub does for the releases of a repository, and returns their address.
func (files release) serve(t *testing.T) string {
	t.Helper()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
		if req.URL.Path == "/releases/latest" {
			http.Redirect(w, req, "/releases/tag/v1.2.3", http.StatusFound)
			return
		}
		name, ok := strings.CutPrefix(req.URL.Path, "/releases/download/v1.2.3/")
		if file := files[name]; ok && file != nil {
			_, _ = w.Write(file)
			return
		}
		if name, ok = strings.CutPrefix(req.URL.Path, "/elsewhere/"); ok && files[name] != nil {
			http.Redirect(w, req, "http://release.example/"+name, http.StatusFound)
			return
		}
		http.NotFound(w, req)
	}))
	t.Cleanup(server.Close)
	return server.URL + "/releases"
}

// recording is a runner that installs the recorder, and the folder that it writes into.
func recording(t *testing.T, files release, inputs map[string]string) (*runner, string) {
	t.Helper()
	r := newRunner(t, inputs)
	r.env["APPSYNCCTL_ACTION_RELEASES"] = files.serve(t)
	r.env["RECORD"] = t.TempDir()
	return r, r.env["RECORD"]
}

func names(t *testing.T, dir string) []string {
	t.Helper()
	var found []string
	err := filepath.WalkDir(dir, func(_ string, entry fs.DirEntry, err error) error {
		if err == nil && !entry.IsDir() {
			found = append(found, entry.Name())
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return found
}

func TestActionRelease(t *testing.T) {
	const archive = "appsyncctl_1.2.3_linux_amd64.tar.gz"
	tests := []struct {
		name   string
		change func(release)
		inputs map[string]string
		env    map[string]string
		want   string // in the log of a failure; empty for none
	}{
		{name: "a tag"},
		{name: "the latest", inputs: map[string]string{"version": "latest"}},
		{name: "only installed", inputs: map[string]string{"command": "none"}},
		{
			name:   "another archive",
			change: func(r release) { r[archive] = append(r[archive], 0) },
			want:   "has not the checksum",
		},
		{
			name: "no checksum",
			change: func(r release) {
				r["checksums.txt"] = bytes.ReplaceAll(r["checksums.txt"], []byte(archive), []byte("x"+archive))
			},
			want: "has no checksum",
		},
		{
			name:   "two checksums",
			change: func(r release) { r["checksums.txt"] = append(r["checksums.txt"], r["checksums.txt"]...) },
			want:   "has no checksum",
		},
		{name: "no checksums", change: func(r release) { delete(r, "checksums.txt") }, want: "404"},
		{name: "no archive", change: func(r release) { delete(r, archive) }, want: "404"},
		{name: "no release", inputs: map[string]string{"version": "v9.9.9"}, want: "404"},
		{name: "another machine", env: map[string]string{"RUNNER_ARCH": "ARM"}, want: "no release for this architecture"},
		{name: "another system", env: map[string]string{"RUNNER_OS": "Plan9"}, want: "no release for this operating system"},
		{name: "not encrypted", env: map[string]string{"APPSYNCCTL_ACTION_RELEASES": "http://release.example/releases"}, want: "rotocol"},
		{name: "not this machine", env: map[string]string{"APPSYNCCTL_ACTION_RELEASES": "http://127.0.0.1:80@release.example/releases"}, want: "rotocol"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			files := newRelease(t)
			if tt.change != nil {
				tt.change(files)
			}
			inputs := map[string]string{"version": "v1.2.3"}
			for name, value := range tt.inputs {
				inputs[name] = value
			}
			r, record := recording(t, files, inputs)
			for name, value := range tt.env {
				r.env[name] = value
			}
			code := r.run()
			if tt.want != "" {
				if code == 0 || !strings.Contains(r.shown(), tt.want) {
					t.Errorf("got exit code %d and the log %q", code, r.shown())
				}
				if called := names(t, record); len(called) > 0 {
					t.Errorf("what was not verified has run: %v", called)
				}
				if path := read(t, r.env["GITHUB_PATH"]); path != "" {
					t.Errorf("got %q on the PATH", path)
				}
				return
			}
			if code != 0 {
				t.Fatalf("got exit code %d\n%s", code, r.shown())
			}
			folder := strings.TrimSpace(read(t, r.env["GITHUB_PATH"]))
			if got := names(t, folder); !slices.Equal(got, []string{"appsyncctl"}) {
				t.Errorf("got %v on the PATH", got)
			}
			if ran := slices.Contains(names(t, record), "arguments"); ran == (tt.inputs["command"] == "none") {
				t.Errorf("got %v for that the command ran", ran)
			}
		})
	}
}

// TestActionSecrets looks for each secret in everything that others can see.
func TestActionSecrets(t *testing.T) {
	inputs := map[string]string{"version": "v1.2.3", "working-directory": "", "endpoint": "https://api.example/graphql"}
	var secrets []string
	for _, name := range []string{"client-secret", "token", "passphrase", "api-key"} {
		inputs[name] = rand.Text()
		secrets = append(secrets, inputs[name])
	}
	key := "PRIVATE-" + rand.Text()
	inputs["client-key"] = "-----BEGIN-----\n" + key + "\n-----END-----"
	secrets = append(secrets, key)
	for _, exit := range []string{"0", "3"} {
		r, record := recording(t, newRelease(t), inputs)
		r.env["RECORD_EXIT"] = exit
		if code := r.run(); fmt.Sprint(code) != exit || r.output("exit-code") != exit {
			t.Fatalf("got exit code %d and %s, want %s\n%s", code, r.output("exit-code"), exit, r.shown())
		}
		r.keeps(secrets...)
		processes := read(t, filepath.Join(record, "processes"))
		if !strings.Contains(processes, "run.sh") {
			t.Errorf("got the processes %q", processes)
		}
		for _, secret := range secrets {
			if strings.Contains(processes, secret) {
				t.Errorf("the secret %s… is in a command line", secret[:6])
			}
		}
		if got, want := read(t, filepath.Join(record, "key")), "-rw-------\n-----BEGIN-----\nthe key\n-----END-----\n"; got != want {
			t.Errorf("got the key %q", got)
		}
		want := []string{"API_KEY", "CLIENT_KEY_FILE", "CLIENT_SECRET", "ENDPOINT", "PASSPHRASE", "TOKEN", "TOKEN_STORE"}
		for _, name := range want {
			if !strings.Contains(read(t, filepath.Join(record, "variables")), "APPSYNCCTL_"+name+"\n") {
				t.Errorf("there is no %s", name)
			}
		}
	}
}

// TestActionSettings sees which of an input, a variable of the job and a default holds.
func TestActionSettings(t *testing.T) {
	tests := []struct {
		name        string
		inputs, env map[string]string
		want        string
	}{
		{"neither", nil, nil, "token store memory, endpoint "},
		{"inputs", map[string]string{"endpoint": "input", "token-store": "file"}, nil, "token store file, endpoint input"},
		{"variables", nil, map[string]string{"APPSYNCCTL_ENDPOINT": "job", "APPSYNCCTL_TOKEN_STORE": "auto"}, "token store auto, endpoint job"},
		{"both", map[string]string{"endpoint": "input"}, map[string]string{"APPSYNCCTL_ENDPOINT": "job"}, "token store memory, endpoint input"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			inputs := map[string]string{"version": "v1.2.3"}
			for name, value := range tt.inputs {
				inputs[name] = value
			}
			r, record := recording(t, newRelease(t), inputs)
			for name, value := range tt.env {
				r.env[name] = value
			}
			if code := r.run(); code != 0 {
				t.Fatalf("got exit code %d\n%s", code, r.shown())
			}
			if got := strings.TrimSuffix(read(t, filepath.Join(record, "settings")), "\n"); got != tt.want {
				t.Errorf("got %q, want %q", got, tt.want)
			}
		})
	}
}

// TestActionArguments gives the action what a shell would run. All of it arrives as text.
func TestActionArguments(t *testing.T) {
	tests := []struct {
		name   string
		inputs map[string]string
		want   []string // after the command and --no-input; FILE is the report
		code   int
	}{
		{"none", nil, []string{"--junit=TEMP/junit.xml"}, 0},
		{"of smoke", map[string]string{"args": "--read-only\n--max-latency p95=2s\n"}, []string{"--junit=TEMP/junit.xml", "--read-only", "--max-latency", "p95=2s"}, 0},
		{"of doctor", map[string]string{"command": "doctor", "args": " --wait  2m "}, []string{"--wait", "2m"}, 0},
		{
			"substitutions", map[string]string{"args": "$(touch executed) `touch executed` ${IFS} $HOME"},
			[]string{"--junit=TEMP/junit.xml", "$(touch", "executed)", "`touch", "executed`", "${IFS}", "$HOME"}, 0,
		},
		{
			"quotes and lists", map[string]string{"args": "'; touch executed; \" && touch executed\n| touch executed # > executed \\"},
			[]string{"--junit=TEMP/junit.xml", "';", "touch", "executed;", "\"", "&&", "touch", "executed", "|", "touch", "executed", "#", ">", "executed", "\\"}, 0,
		},
		{"patterns", map[string]string{"args": "* ~ {a,b} /*"}, []string{"--junit=TEMP/junit.xml", "*", "~", "{a,b}", "/*"}, 0},
		{
			"in a file's name", map[string]string{"junit": "$(touch executed)/a b'\"`touch executed`.xml"},
			[]string{"--junit=WORK/$(touch executed)/a b'\"`touch executed`.xml"}, 0,
		},
		{"another output", map[string]string{"junit": "x.xml\nverdict=passed"}, nil, 2},
		{"in a setting", map[string]string{"endpoint": "$(touch executed)`touch executed`\"; touch executed"}, []string{"--junit=TEMP/junit.xml"}, 0},
		{"in the command", map[string]string{"command": "smoke; touch executed"}, nil, 2},
		{"another command", map[string]string{"command": "logout"}, nil, 2},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			inputs := map[string]string{"version": "v1.2.3"}
			for name, value := range tt.inputs {
				inputs[name] = value
			}
			r, record := recording(t, newRelease(t), inputs)
			code := r.run()
			if code != tt.code {
				t.Fatalf("got exit code %d, want %d\n%s", code, tt.code, r.shown())
			}
			r.nothingExecuted()
			if tt.want == nil {
				if slices.Contains(names(t, record), "arguments") {
					t.Error("the command ran")
				}
				return
			}
			command := r.evaluate("inputs.command")
			want := fmt.Sprintf("<%s>\n<--no-input>\n<%s>\n", command, strings.Join(tt.want, ">\n<"))
			want = strings.ReplaceAll(want, "TEMP/", filepath.Dir(r.output("junit"))+"/")
			want = strings.ReplaceAll(want, "WORK/", strings.TrimSpace(read(t, filepath.Join(record, "folder")))+"/")
			if got := read(t, filepath.Join(record, "arguments")); got != want {
				t.Errorf("got\n%s\nwant\n%s", got, want)
			}
		})
	}
}
