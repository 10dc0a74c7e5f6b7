package main_test

import (
	"archive/tar"
	"archive/zip"
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"fmt"
	"io/fs"
	"maps"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
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
if [ -d /proc/self ]; then cat /proc/[0-9]*/cmdline; else ps -Aww -o args; fi >"$RECORD/processes" 2>/dev/null
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
	var tarball, zipped bytes.Buffer
	compressed := gzip.NewWriter(&tarball)
	packed := tar.NewWriter(compressed)
	zipper := zip.NewWriter(&zipped)
	for name, text := range map[string]string{"LICENSE": "", "README.md": "", "appsyncctl": recorder} {
		must(t, packed.WriteHeader(&tar.Header{Name: name, Mode: 0o755, Size: int64(len(text))}))
		_, err := packed.Write([]byte(text))
		must(t, err)
		if text != "" {
			name += ".exe"
		}
		header := &zip.FileHeader{Name: name}
		header.SetMode(0o755)
		file, err := zipper.CreateHeader(header)
		must(t, err)
		_, err = file.Write([]byte(text))
		must(t, err)
	}
	must(t, packed.Close())
	must(t, compressed.Close())
	must(t, zipper.Close())
	made := release{
		"appsyncctl_1.2.3_linux_amd64.tar.gz": tarball.Bytes(), "appsyncctl_1.2.3_windows_arm64.zip": zipped.Bytes(),
		"appsyncctl_1.2.3_linux_arm64.tar.gz": nil,
	}
	var sums bytes.Buffer
	for name, file := range made {
		fmt.Fprintf(&sums, "%x  %s\n", sha256.Sum256(file), name)
	}
	made["checksums.txt"] = sums.Bytes()
	return made
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
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
		file, held := files[name]
		if ok && held {
			_, _ = w.Write(file)
			return
		}
		http.NotFound(w, req)
	}))
	t.Cleanup(server.Close)
	return server.URL + "/releases"
}

// recording is a runner that installs the recorder, and the folder that it writes into.
func recording(t *testing.T, files release, inputs, env map[string]string) (*runner, string) {
	t.Helper()
	needs(t, "curl")
	r := newRunner(t, map[string]string{"version": "v1.2.3"})
	maps.Copy(r.inputs, inputs)
	r.env["APPSYNCCTL_ACTION_RELEASES"] = files.serve(t)
	maps.Copy(r.env, env)
	r.env["RECORD"] = t.TempDir()
	return r, r.env["RECORD"]
}

// needs skips the test where a program is not there, or fails it where everything must be.
func needs(t *testing.T, name string) {
	t.Helper()
	if _, err := exec.LookPath(name); err != nil {
		if os.Getenv("APPSYNCCTL_TEST_REQUIRE_PROGRAMS") == "1" {
			t.Fatal(err)
		}
		t.Skip(name + " is not there")
	}
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

// TestActionArchives compares the names of a release's files with those that goreleaser gives.
func TestActionArchives(t *testing.T) {
	var made struct {
		Archives []struct {
			Formats   []string
			Overrides []struct {
				GOOS    string
				Formats []string
			} `yaml:"format_overrides"`
			Name string `yaml:"name_template"`
		}
		Checksum struct {
			Name string `yaml:"name_template"`
		}
	}
	readYAML(t, filepath.Join(top, ".goreleaser.yaml"), &made)
	got := fmt.Sprint(made)
	if want := "{[{[tar.gz] [{windows [zip]}] {{ .ProjectName }}_{{ .Version }}_{{ .Os }}_{{ .Arch }}}] {checksums.txt}}"; got != want {
		t.Errorf("got %s, want %s, or another install.sh", got, want)
	}
}

func TestActionRelease(t *testing.T) {
	t.Parallel()
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
		{name: "for Windows", env: map[string]string{"RUNNER_OS": "Windows", "RUNNER_ARCH": "ARM64"}},
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
			r, record := recording(t, files, tt.inputs, tt.env)
			installed := "appsyncctl"
			if r.env["RUNNER_OS"] == "Windows" {
				needs(t, "unzip")
				installed += ".exe"
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
			if got := names(t, folder); !slices.Equal(got, []string{installed}) {
				t.Errorf("got %v on the PATH", got)
			}
			if ran := slices.Contains(names(t, record), "arguments"); ran == (tt.inputs["command"] == "none") {
				t.Errorf("got %v for that the command ran", ran)
			}
		})
	}
}
