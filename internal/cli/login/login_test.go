package login_test

import (
	"path/filepath"
	"runtime"
	"testing"

	"github.com/appsyncctl/appsyncctl/internal/app"
	"github.com/appsyncctl/appsyncctl/internal/cli/login"
)

// A path in a profile must mean the same in whatever folder it is read.
func TestAbsolute(t *testing.T) {
	dir := t.TempDir()
	t.Chdir(dir)
	dir, err := filepath.Abs(".") // as the system calls it
	if err != nil {
		t.Fatal(err)
	}
	tests := []struct{ path, want string }{
		{"", ""},
		{"secret", filepath.Join(dir, "secret")},
		{filepath.Join("..", "secret"), filepath.Join(filepath.Dir(dir), "secret")},
		{filepath.Join(dir, "secret"), filepath.Join(dir, "secret")},
	}
	for _, tt := range tests {
		if got := login.Absolute(tt.path); got != tt.want {
			t.Errorf("%q: got %q, want %q", tt.path, got, tt.want)
		}
	}
}

// A browser must open in front of the person, or not at all.
func TestLocalTerminal(t *testing.T) {
	desktop := runtime.GOOS == "darwin" || runtime.GOOS == "windows" // which always have a display
	tests := []struct {
		name     string
		terminal bool
		env      map[string]string
		want     bool
	}{
		{"X11", true, map[string]string{"DISPLAY": ":0"}, true},
		{"Wayland", true, map[string]string{"WAYLAND_DISPLAY": "wayland-0"}, true},
		{"no display", true, nil, desktop},
		{"an empty display", true, map[string]string{"DISPLAY": ""}, desktop},
		{"no terminal", false, map[string]string{"DISPLAY": ":0"}, false},
		{"SSH", true, map[string]string{"DISPLAY": "localhost:10.0", "SSH_CONNECTION": "192.0.2.1 1 192.0.2.2 22"}, false},
		{"SSH, with a client only", true, map[string]string{"DISPLAY": ":0", "SSH_CLIENT": "192.0.2.1 1 22"}, false},
		{"SSH, with a terminal only", true, map[string]string{"DISPLAY": ":0", "SSH_TTY": "/dev/pts/0"}, false},
		{"an empty trace of SSH", true, map[string]string{"DISPLAY": ":0", "SSH_TTY": ""}, true},
		{"a pipeline with a terminal", true, map[string]string{"DISPLAY": ":0", "CI": "true"}, false},
	}
	for _, tt := range tests {
		app := &app.App{Terminal: tt.terminal, LookupEnv: lookup(tt.env)}
		if got := login.LocalTerminal(app); got != tt.want {
			t.Errorf("%s: got %t, want %t", tt.name, got, tt.want)
		}
	}
}

func lookup(env map[string]string) func(string) (string, bool) {
	return func(name string) (string, bool) {
		value, ok := env[name]
		return value, ok
	}
}
