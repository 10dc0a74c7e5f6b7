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
	file, err := app.profiles()
	if err != nil {
		return nil, config.Resolved{}, err
	}
	given := flags.given()
	if profile := flags.settings[config.Profile]; profile != nil {
		given[config.Profile] = *profile
	}
	settings, err := config.Resolve(config.Layers{Flags: given, LookupEnv: app.LookupEnv, File: file})
	if err != nil {
		return nil, config.Resolved{}, err
	}
	return file, settings, settings.Check()
}

// given returns the settings that flags give for a profile.
func (g *globals) given() map[config.Name]string {
	given := make(map[config.Name]string)
	if len(g.scopes) > 0 {
		given[config.Scopes] = strings.Join(g.scopes, " ")
	}
	for name, value := range g.settings {
		if *value != "" && name != config.Profile {
			given[name] = *value
		}
	}
	return given
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
