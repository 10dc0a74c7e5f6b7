package cli

import (
	"archive/zip"
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"time"

	"github.com/appsyncctl/appsyncctl/internal/atomicfile"
	"github.com/appsyncctl/appsyncctl/internal/checkup"
	"github.com/appsyncctl/appsyncctl/internal/config"
	"github.com/appsyncctl/appsyncctl/internal/output"
)

// A bundleEntry is a file in a bundle.
type bundleEntry struct {
	name    string
	content []byte
}

// bundleSetting is a setting as a bundle has it.
type bundleSetting struct {
	Name   string `json:"name"`
	Value  string `json:"value,omitempty"`
	Source string `json:"source"`
	Origin string `json:"origin,omitempty"`
}

// bundleWorld is where the program ran.
type bundleWorld struct {
	Version  string    `json:"version"`
	Commit   string    `json:"commit,omitempty"`
	Go       string    `json:"go"`
	Platform string    `json:"platform"`
	Time     time.Time `json:"time"`
	Terminal bool      `json:"terminal"`
	// Variables are the names of those that are set and may matter. Their values are
	// nobody's business; those of settings are among the settings.
	Variables []string   `json:"variables"`
	Config    bundleFile `json:"config"`
}

// bundleFile is the configuration file from outside.
type bundleFile struct {
	Path  string `json:"path,omitempty"` // with ~ for the home folder
	Mode  string `json:"mode,omitempty"` // empty if there is no such file
	Bytes int64  `json:"bytes,omitempty"`
	Error string `json:"error,omitempty"`
}

// leakError says that a bundle was not written because of a secret in it.
type leakError struct{ entry string }

func (e *leakError) Error() string {
	return "the bundle is not written: " + e.entry + " would contain a secret"
}

// freeFile returns an error unless name can be a new file in a folder that is there: one
// that is not would be a mistake in its name.
func freeFile(name string) error {
	switch _, err := os.Lstat(name); {
	case err == nil:
		return fmt.Errorf("--bundle: %s exists already and is not overwritten", name)
	case !errors.Is(err, fs.ErrNotExist):
		return fmt.Errorf("--bundle: %s: %s", name, reason(err))
	}
	folder := filepath.Dir(name)
	switch info, err := os.Stat(folder); {
	case errors.Is(err, fs.ErrNotExist):
		return fmt.Errorf("--bundle: there is no folder %s", folder)
	case err != nil:
		return fmt.Errorf("--bundle: %s: %s", folder, reason(err))
	case !info.IsDir():
		return fmt.Errorf("--bundle: %s is not a folder", folder)
	default:
		return nil
	}
}

// writeBundle says what is in the bundle, and writes it for its owner only.
func (app *App) writeBundle(name string, examinee *examinee, view checkupView) error {
	entries, err := app.bundleEntries(examinee, view)
	if err != nil {
		return err
	}
	var archive bytes.Buffer
	writer := zip.NewWriter(&archive)
	app.notice("the bundle " + name + " contains, without secrets:")
	for _, entry := range entries {
		if examinee.secrets.within(string(entry.content)) {
			return &leakError{entry.name}
		}
		app.notice(fmt.Sprintf("  %-16s  %6d bytes", entry.name, len(entry.content)))
		file, err := writer.CreateHeader(&zip.FileHeader{Name: entry.name, Method: zip.Deflate, Modified: app.Now()})
		if err == nil {
			_, err = file.Write(entry.content)
		}
		if err != nil {
			return err
		}
	}
	if err := writer.Close(); err != nil {
		return err
	}
	if err := freeFile(name); err != nil { // it was, before the examination
		return err
	}
	return atomicfile.Write(name, archive.Bytes())
}

func (app *App) bundleEntries(examinee *examinee, view checkupView) ([]bundleEntry, error) {
	settings := make([]bundleSetting, 0, len(examinee.Settings))
	for _, setting := range examinee.Settings {
		settings = append(settings, bundleSetting{
			setting.Name, app.tilde(examinee.secrets.clean(setting.Value)), setting.Source, app.tilde(examinee.secrets.clean(setting.Origin)),
		})
	}
	for i, check := range view.Checks {
		view.Checks[i] = app.withoutHome(check)
	}
	var entries []bundleEntry
	for _, part := range []struct {
		name     string
		document any
	}{{"report.json", view}, {"settings.json", settings}, {"environment.json", app.bundleWorld()}} {
		var content bytes.Buffer
		if err := output.JSON(&content, part.document); err != nil {
			return nil, err
		}
		entries = append(entries, bundleEntry{part.name, content.Bytes()})
	}
	return entries, nil
}

// withoutHome takes the name of the user's home out of a finding.
func (app *App) withoutHome(view findingView) findingView {
	view.Message = app.tilde(view.Message)
	if view.Fix != nil {
		view.Fix = unlessEmpty(app.tilde(*view.Fix))
	}
	view.Evidence = slices.Clone(view.Evidence)
	for i, fact := range view.Evidence {
		view.Evidence[i] = checkup.Evidence{Name: fact.Name, Expected: app.tilde(fact.Expected), Found: app.tilde(fact.Found), From: app.tilde(fact.From)}
	}
	return view
}

// tilde writes the user's home as ~: whose machine it was is nobody's business.
func (app *App) tilde(text string) string {
	for _, variable := range []string{"HOME", "USERPROFILE"} {
		if home, _ := app.LookupEnv(variable); len(home) > len("/") {
			text = strings.ReplaceAll(text, filepath.Clean(home), "~")
		}
	}
	return text
}

func (app *App) bundleWorld() bundleWorld {
	world := bundleWorld{
		Version: app.Build.Version, Commit: app.Build.Commit, Go: runtime.Version(), Platform: runtime.GOOS + "/" + runtime.GOARCH,
		Time: app.Now().UTC(), Terminal: app.Terminal, Variables: telling(app.Environ()),
	}
	path, err := config.Path(app.LookupEnv)
	if err != nil {
		world.Config.Error = err.Error()
		return world
	}
	world.Config.Path = app.tilde(path)
	info, err := os.Stat(path)
	switch {
	case err != nil:
		world.Config.Error = reason(err)
	default:
		world.Config.Mode, world.Config.Bytes = info.Mode().String(), info.Size()
	}
	return world
}

// telling returns the names of variables that decide over proxies, certificates, the
// keyring, AWS and this program.
func telling(environ []string) []string {
	names := []string{}
	for _, variable := range environ {
		name, _, _ := strings.Cut(variable, "=")
		switch upper := strings.ToUpper(name); {
		case strings.HasPrefix(upper, "APPSYNCCTL_"), strings.HasPrefix(upper, "AWS_"), strings.HasPrefix(upper, "XDG_"),
			strings.HasSuffix(upper, "_PROXY"), strings.HasPrefix(upper, "SSL_CERT_"),
			slices.Contains([]string{"HOME", "CI", "DBUS_SESSION_BUS_ADDRESS", "GODEBUG", "NO_COLOR", "TERM", "SSH_CONNECTION", "WSL_DISTRO_NAME"}, upper):
			names = append(names, name)
		}
	}
	slices.Sort(names)
	return names
}
