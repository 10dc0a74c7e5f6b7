// Where the program's files are, on each platform.

package config

import (
	"path/filepath"
	"runtime"

	"github.com/appsyncctl/appsyncctl/internal/failure"
)

// Path returns where the configuration file is: APPSYNCCTL_CONFIG, else under
// XDG_CONFIG_HOME or ~/.config on Unix, and under %AppData% on Windows.
func Path(lookupEnv func(string) (string, bool)) (string, error) {
	if path, _ := lookupEnv(Describe(File).Variable); path != "" {
		return path, nil
	}
	dir, err := folder(lookupEnv, "APPDATA", "XDG_CONFIG_HOME", ".config")
	return filepath.Join(dir, "config.yaml"), err
}

// StateDir returns the folder for what the program remembers by itself: under
// XDG_STATE_HOME or ~/.local/state on Unix, and under %LocalAppData% on Windows.
func StateDir(lookupEnv func(string) (string, bool)) (string, error) {
	return folder(lookupEnv, "LOCALAPPDATA", "XDG_STATE_HOME", filepath.Join(".local", "state"))
}

// HomeStateDir is StateDir without regard to XDG_STATE_HOME: one folder for each
// user, whatever the settings of a process.
func HomeStateDir(lookupEnv func(string) (string, bool)) (string, error) {
	return folder(lookupEnv, "LOCALAPPDATA", "", filepath.Join(".local", "state"))
}

func folder(lookupEnv func(string) (string, bool), windows, xdg, home string) (string, error) {
	if runtime.GOOS == "windows" {
		if dir, _ := lookupEnv(windows); dir != "" {
			return filepath.Join(dir, "appsyncctl"), nil
		}
		return "", &NoHomeError{"%" + windows + "%"}
	}
	// The XDG specification: a path that is not absolute is to be ignored.
	if dir, _ := lookupEnv(xdg); filepath.IsAbs(dir) {
		return filepath.Join(dir, "appsyncctl"), nil
	}
	dir, _ := lookupEnv("HOME")
	if dir == "" {
		return "", &NoHomeError{"HOME"}
	}
	return filepath.Join(dir, home, "appsyncctl"), nil
}

// NoHomeError says that the environment does not tell where the user's files are.
type NoHomeError struct{ Variable string }

func (e *NoHomeError) Error() string { return e.Variable + " is not set" }

// Kind implements the interface of failure.Of.
func (*NoHomeError) Kind() failure.Kind { return failure.Usage }
