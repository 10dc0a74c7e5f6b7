package config_test

import (
	"bytes"
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"reflect"
	"runtime"
	"strings"
	"sync"
	"testing"
	"testing/synctest"

	"github.com/gofrs/flock"

	"github.com/appsyncctl/appsyncctl/internal/config"
)

// write puts content into a configuration file and returns its path.
func write(t *testing.T, content string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "config.yaml")
	if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func content(t *testing.T, path string) string {
	t.Helper()
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}

func readProfiles(t *testing.T, path string) *config.ProfileFile {
	t.Helper()
	file, err := config.ReadProfiles(path)
	if err != nil {
		t.Fatal(err)
	}
	return file
}

// full is a profile with every setting that one may keep.
func full(t *testing.T) config.ProfileSettings {
	t.Helper()
	var settings config.ProfileSettings
	value := reflect.ValueOf(&settings).Elem()
	for i := range value.NumField() {
		switch field := value.Field(i); field.Kind() {
		case reflect.String:
			field.SetString("value of " + value.Type().Field(i).Name)
		case reflect.Slice:
			field.Set(reflect.ValueOf([]string{"one", "two"}))
		default:
			t.Fatalf("a setting is of kind %s", field.Kind())
		}
	}
	return settings
}

func TestReadProfiles(t *testing.T) {
	file := readProfiles(t, write(t, `# mine
current: dev
profiles:
  dev:
    endpoint: https://api.example.com/graphql
    scopes: [read, write]
  prod: {}
  empty:
`))
	if file.Current != "dev" || len(file.Profiles) != 3 {
		t.Errorf("got %+v", file)
	}
	if want := (config.ProfileSettings{Endpoint: "https://api.example.com/graphql", Scopes: []string{"read", "write"}}); !reflect.DeepEqual(file.Profiles["dev"], want) {
		t.Errorf("got %+v, want %+v", file.Profiles["dev"], want)
	}
}

func TestReadProfilesOfNothing(t *testing.T) {
	for _, path := range []string{filepath.Join(t.TempDir(), "missing"), write(t, ""), write(t, "# only a comment\n"), write(t, "---\n"), write(t, "profiles:\n")} {
		if file := readProfiles(t, path); len(file.Profiles) > 0 || file.Current != "" || file.Path != path {
			t.Errorf("got %+v, want no profiles", file)
		}
	}
}

func TestReadProfilesRefuses(t *testing.T) {
	tests := []struct {
		name    string
		content string
		want    string
	}{
		{"unknown key in a profile", "profiles:\n  dev:\n    issuer: https://x/\n    audiense: y\n", "line 4: field audiense not found"},
		{"secret in a profile", "profiles:\n  dev:\n    client_secret: planted\n", "line 3: field client_secret not found"},
		{"unknown key at the top", "currant: dev\n", "line 1: field currant not found"},
		{"two unknown keys", "a: 1\nb: 2\n", "line 1: field a not found; line 2: field b"},
		{"a key twice", "current: a\ncurrent: b\n", "line 2: mapping key \"current\" already defined"},
		{"a profile twice", "profiles:\n  a: {}\n  a: {}\n", "line 3"},
		{"no YAML", "profiles: [\n", "line "},
		{"a list", "- a\n", "line 1"},
		{"profiles a list", "profiles: [a]\n", "line 1"},
		{"a profile a text", "profiles:\n  a: text\n", "line 2"},
		{"a name with a slash", "profiles:\n  ../a: {}\n", "cannot be called \"../a\""},
		{"an empty name", "profiles:\n  '': {}\n", "cannot be called \"\""},
		{"two documents", "current: a\n---\ncurrent: b\n", "more than one YAML document"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			path := write(t, tt.content)
			_, err := config.ReadProfiles(path)
			if _, bad := errors.AsType[*config.FileError](err); !bad {
				t.Fatalf("got %v, want a FileError", err)
			}
			if got := err.Error(); !strings.HasPrefix(got, path+": ") || !strings.Contains(got, tt.want) || strings.Contains(got, "\n") {
				t.Errorf("got %q, want the path and %q on one line", got, tt.want)
			}
			if strings.Contains(err.Error(), "planted") {
				t.Errorf("the error shows a secret: %v", err)
			}
		})
	}
	if _, err := config.ReadProfiles(t.TempDir()); err == nil {
		t.Error("a folder counts as a file")
	}
}

func TestSaveProfileRoundTrip(t *testing.T) {
	path := filepath.Join(t.TempDir(), "new", "folder", "config.yaml")
	want := full(t)
	if err := config.SaveProfile(t.Context(), path, "dev", want); err != nil {
		t.Fatal(err)
	}
	if got := readProfiles(t, path).Profiles["dev"]; !reflect.DeepEqual(got, want) {
		t.Errorf("got %+v, want %+v", got, want)
	}
	if runtime.GOOS != "windows" {
		if info, err := os.Stat(path); err != nil || info.Mode().Perm() != 0o600 {
			t.Errorf("got %v, %v; want mode 0600", info, err)
		}
	}
	if err := config.SaveProfile(t.Context(), path, "dev", config.ProfileSettings{}); err != nil {
		t.Fatal(err)
	}
	if got := readProfiles(t, path).Profiles["dev"]; !reflect.DeepEqual(got, config.ProfileSettings{}) {
		t.Errorf("got %+v, want every key removed", got)
	}
}

func TestSaveProfileKeepsTheRest(t *testing.T) {
	path := write(t, `# The head of the file.
current: prod # do not change
profiles:
  # What customers use.
  prod:
    endpoint: https://prod.example.com/graphql # blue
    issuer: https://prod.example.com/
  # Where we try things.
  dev:
    # The old one was slow.
    endpoint: https://old.example.com/graphql # since May
    audience: https://api
    scopes: [read]
# The end.
`)
	if err := config.SaveProfile(t.Context(), path, "dev", config.ProfileSettings{Endpoint: "https://new.example.com/graphql", ClientID: "c1"}); err != nil {
		t.Fatal(err)
	}
	want := `# The head of the file.
current: prod # do not change
profiles:
  # What customers use.
  prod:
    endpoint: https://prod.example.com/graphql # blue
    issuer: https://prod.example.com/
  # Where we try things.
  dev:
    # The old one was slow.
    endpoint: https://new.example.com/graphql # since May
    client_id: c1
# The end.
`
	if got := content(t, path); got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
}

func TestSaveProfileInto(t *testing.T) {
	settings := config.ProfileSettings{ClientID: "c1"}
	tests := []struct {
		name    string
		content string
		keeps   string
	}{
		{"an empty file", "", ""},
		{"only a comment", "# mine", "# mine\n"},
		{"an empty document", "# mine\n---\n", "# mine\n"},
		{"no profiles", "current: dev\n", "current: dev\n"},
		{"empty profiles", "profiles:\n", ""},
		{"an empty profile", "profiles:\n  dev:\n  other: {}\n", "other: {}"},
		{"flow style", "profiles: {dev: {issuer: x}, other: {issuer: y}}\n", "other: {issuer: y}"},
		{"Windows line ends", "current: dev\r\n# mine\r\nprofiles:\r\n  other: {}\r\n", "# mine"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			path := write(t, tt.content)
			if err := config.SaveProfile(t.Context(), path, "dev", settings); err != nil {
				t.Fatal(err)
			}
			if got := content(t, path); !strings.Contains(got, tt.keeps) {
				t.Errorf("got\n%s\nwant in it %q", got, tt.keeps)
			}
			if got := readProfiles(t, path).Profiles["dev"]; !reflect.DeepEqual(got, settings) {
				t.Errorf("got %+v, want %+v", got, settings)
			}
		})
	}
	for _, broken := range []string{"profiles: [\n", "- a\n", "text\n"} {
		path := write(t, broken)
		var bad *config.FileError
		if err := config.SaveProfile(t.Context(), path, "dev", settings); !errors.As(err, &bad) {
			t.Errorf("%q: got %v, want a FileError", broken, err)
		}
		if got := content(t, path); got != broken {
			t.Errorf("a file that cannot be read was changed to %q", got)
		}
	}
}

func TestSaveProfileThroughALink(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("symbolic links need a privilege there")
	}
	target := write(t, "# shared\n")
	link := filepath.Join(t.TempDir(), "config.yaml")
	if err := os.Symlink(target, link); err != nil {
		t.Fatal(err)
	}
	if err := config.SaveProfile(t.Context(), link, "dev", config.ProfileSettings{ClientID: "c1"}); err != nil {
		t.Fatal(err)
	}
	if info, err := os.Lstat(link); err != nil || info.Mode().Type() != os.ModeSymlink {
		t.Errorf("got %v, %v; want the link as it was", info, err)
	}
	if got := content(t, target); !strings.Contains(got, "c1") {
		t.Errorf("got %q", got)
	}
}

// Writers at the same moment take turns, also when there is no folder yet.
func TestSaveProfileConcurrently(t *testing.T) {
	path := filepath.Join(t.TempDir(), "new", "config.yaml")
	names := []string{"a", "b", "c", "d", "e", "f", "g", "h", "i", "j"}
	var group sync.WaitGroup
	for _, name := range names {
		group.Go(func() {
			if err := config.SaveProfile(t.Context(), path, name, config.ProfileSettings{ClientID: name}); err != nil {
				t.Error(err)
			}
		})
	}
	group.Wait()
	file := readProfiles(t, path)
	for _, name := range names {
		if file.Profiles[name].ClientID != name {
			t.Errorf("profile %s was lost", name)
		}
	}
}

// A writer that cannot wait any longer must not write over what the other one writes.
func TestSaveProfileWhileLocked(t *testing.T) {
	path := write(t, "profiles:\n  a:\n    client_id: first\n")
	before := content(t, path)
	other := flock.New(path + ".lock")
	if err := other.Lock(); err != nil {
		t.Fatal(err)
	}
	synctest.Test(t, func(t *testing.T) {
		err := config.SaveProfile(t.Context(), path, "b", config.ProfileSettings{ClientID: "second"})
		if err == nil || !strings.Contains(err.Error(), "another process has held the lock") {
			t.Errorf("got %v, want an error about the lock", err)
		}
	})
	if got := content(t, path); got != before {
		t.Errorf("the file was written:\n%s", got)
	}
	if err := other.Unlock(); err != nil {
		t.Fatal(err)
	}
	if err := config.SaveProfile(t.Context(), path, "b", config.ProfileSettings{ClientID: "second"}); err != nil {
		t.Error(err)
	}
}

func TestProfileNames(t *testing.T) {
	for _, name := range []string{"default", "a.b-c_D9", "null", "Null", "true", "no", "123", "1e3", "0x1", "-", ".", "---", "...", "_"} {
		t.Run(name, func(t *testing.T) {
			path := write(t, "")
			if err := config.SaveProfile(t.Context(), path, name, config.ProfileSettings{ClientID: "c1"}); err != nil {
				t.Fatal(err)
			}
			if err := config.SaveProfile(t.Context(), path, name, config.ProfileSettings{ClientID: "c2"}); err != nil {
				t.Fatal(err)
			}
			if err := config.UseProfile(t.Context(), path, name); err != nil {
				t.Fatal(err)
			}
			file := readProfiles(t, path)
			if file.Current != name || len(file.Profiles) != 1 || file.Profiles[name].ClientID != "c2" {
				t.Errorf("got %+v from\n%s", file, content(t, path))
			}
		})
	}
	for _, name := range []string{"", "a b", "a/b", `a\b`, "é", "a\n", "a:b", "~", "*", "<<", "\x00"} {
		path := write(t, "")
		if err := config.SaveProfile(t.Context(), path, name, config.ProfileSettings{}); err == nil || !strings.Contains(err.Error(), "a profile cannot be called") {
			t.Errorf("%q: got %v, want that the name is refused", name, err)
		}
		if got := content(t, path); got != "" {
			t.Errorf("%q: wrote %q", name, got)
		}
	}
}

func TestUseAndDeleteProfile(t *testing.T) {
	path := write(t, "# mine\n\ncurrent: a # now\nprofiles:\n  a:\n    issuer: x # first\n  b: {}\n")
	var unknown *config.UnknownProfileError
	if err := config.UseProfile(t.Context(), path, "c"); !errors.As(err, &unknown) || !reflect.DeepEqual(unknown.Known, []string{"a", "b"}) {
		t.Errorf("got %v, want an UnknownProfileError with a and b", err)
	}
	if err := config.DeleteProfile(t.Context(), path, "c"); !errors.As(err, &unknown) {
		t.Errorf("got %v, want an UnknownProfileError", err)
	}
	if err := config.UseProfile(t.Context(), path, "b"); err != nil {
		t.Fatal(err)
	}
	if got := content(t, path); !strings.Contains(got, "current: b # now") {
		t.Errorf("got\n%s\nwant b and the comment", got)
	}
	if err := config.DeleteProfile(t.Context(), path, "b"); err != nil {
		t.Fatal(err)
	}
	if got, want := content(t, path), "# mine\n\nprofiles:\n  a:\n    issuer: x # first\n"; got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
	if file := readProfiles(t, path); file.Current != "" || len(file.Profiles) != 1 {
		t.Errorf("got %+v, want only a, and no current profile", file)
	}
}

func TestCheck(t *testing.T) {
	file := &config.ProfileFile{Profiles: map[string]config.ProfileSettings{"a": {}, "b": {}}}
	tests := []struct {
		value config.Value
		ok    bool
	}{
		{config.Value{Text: "a", Source: config.FromFlag}, true},
		{config.Value{Text: "default", Source: config.FromDefault}, true},
		{config.Value{Text: "default", Source: config.FromFlag}, false},
		{config.Value{Text: "c", Source: config.FromEnvironment}, false},
		{config.Value{Text: "c", Source: config.FromProfile}, false},
	}
	for _, tt := range tests {
		err := file.Check(tt.value)
		var unknown *config.UnknownProfileError
		if tt.ok && err != nil || !tt.ok && !errors.As(err, &unknown) {
			t.Errorf("%+v: got %v", tt.value, err)
		}
	}
}

// A file that can be read can be edited, and reads the same afterwards.
func FuzzReadProfiles(f *testing.F) {
	f.Add([]byte("current: a\nprofiles:\n  a:\n    endpoint: x # c\n    scopes: [b, c]\n  b: {}\n"))
	f.Add([]byte("# c\n"))
	f.Add([]byte("---\n"))
	f.Add([]byte("profiles: {a: &x {issuer: i}, b: *x}\n"))
	f.Fuzz(func(t *testing.T, data []byte) {
		path := filepath.Join(t.TempDir(), "config.yaml")
		if err := os.WriteFile(path, data, 0o600); err != nil {
			t.Fatal(err)
		}
		before, err := config.ReadProfiles(path)
		if err != nil {
			if _, bad := errors.AsType[*config.FileError](err); !bad {
				t.Fatalf("got %v, want a FileError", err)
			}
			return
		}
		if strings.ContainsAny(string(data), "&*!<?~") || bytes.Contains(bytes.ToLower(data), []byte("null")) {
			return // anchors, where an edit of one place is meant for two; tags; null as a key
		}
		want := config.ProfileSettings{ClientID: "c1"}
		if err := config.SaveProfile(t.Context(), path, "fuzz-1", want); err != nil {
			t.Fatalf("%q can be read but not edited: %v", data, err)
		}
		after, err := config.ReadProfiles(path)
		if err != nil {
			t.Fatalf("%q cannot be read after an edit: %v", data, err)
		}
		if after.Current != before.Current || !reflect.DeepEqual(after.Profiles["fuzz-1"], want) {
			t.Errorf("got %+v after %q", after, data)
		}
		for name, settings := range before.Profiles {
			if name != "fuzz-1" && !reflect.DeepEqual(after.Profiles[name], settings) {
				t.Errorf("profile %q was %+v, is %+v", name, settings, after.Profiles[name])
			}
		}
	})
}

// An anchor that another profile refers to must not be cut.
func TestSaveProfileKeepsAnchors(t *testing.T) {
	const shared = "profiles:\n  base:\n    issuer: &iss https://a.example/\n  other:\n    issuer: *iss\n"
	path := write(t, shared)
	if err := config.SaveProfile(t.Context(), path, "base", config.ProfileSettings{Issuer: "https://b.example/"}); err == nil {
		t.Error("the change was made")
	}
	if data, err := os.ReadFile(path); err != nil || string(data) != shared {
		t.Errorf("the file is now %q, %v", data, err)
	}
	if _, err := config.ReadProfiles(path); err != nil {
		t.Error(err)
	}
}

// TestSaveProfileStopsWaiting checks that a write which waits for another process ends
// when its context does, with nothing written.
func TestSaveProfileStopsWaiting(t *testing.T) {
	path := filepath.Join(t.TempDir(), "config.yaml")
	other := flock.New(path + ".lock")
	if _, err := other.TryLock(); err != nil {
		t.Fatal(err)
	}
	defer other.Close()
	interrupted := errors.New("interrupted")
	ctx, cancel := context.WithCancelCause(t.Context())
	cancel(interrupted)
	if err := config.SaveProfile(ctx, path, "dev", config.ProfileSettings{ClientID: "c1"}); !errors.Is(err, interrupted) {
		t.Errorf("got %v, want %v", err, interrupted)
	}
	if _, err := os.Stat(path); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("there is a file: %v", err)
	}
}
