package cli

import (
	"io"
	"path/filepath"
	"strings"

	"github.com/appsyncctl/appsyncctl/internal/config"
	"github.com/appsyncctl/appsyncctl/internal/output"
)

// settings resolves the settings of a command that uses a profile.
func (app *App) settings(flags *globals) (config.Resolved, error) {
	file, settings, err := app.readSettings(flags)
	if err != nil {
		return config.Resolved{}, err
	}
	return settings, file.Check(settings.Get(config.Profile))
}

// readSettings is settings for a command that may make the profile.
func (app *App) readSettings(flags *globals) (*config.ProfileFile, config.Resolved, error) {
	path, err := config.Path(app.LookupEnv)
	if err != nil {
		return nil, config.Resolved{}, err
	}
	file, err := config.ReadProfiles(path)
	if err != nil {
		return nil, config.Resolved{}, err
	}
	given := map[config.Name]string{config.Scopes: strings.Join(flags.scopes, " ")}
	for name, value := range flags.settings {
		given[name] = *value
	}
	settings, err := config.Resolve(config.Layers{Flags: given, LookupEnv: app.LookupEnv, File: file})
	return file, settings, err
}

// stateFile returns the path of a file that the program keeps for itself.
func (app *App) stateFile(elements ...string) (string, error) {
	dir, err := config.StateDir(app.LookupEnv)
	return filepath.Join(append([]string{dir}, elements...)...), err
}

// harmlessWriter makes text harmless on its way to a terminal.
type harmlessWriter struct{ io.Writer }

func (w *harmlessWriter) Write(text []byte) (int, error) {
	if _, err := io.WriteString(w.Writer, output.Lines(string(text))); err != nil {
		return 0, err
	}
	return len(text), nil
}
