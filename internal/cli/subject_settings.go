// Settings as far as they go: a broken profile is something to be found, and no end.

package cli

import (
	"errors"
	"io/fs"
	"strings"

	"github.com/appsyncctl/appsyncctl/internal/config"
)

// A settingsProblem is why settings could not be resolved, and what to do about it.
type settingsProblem struct {
	err    error
	remedy string
}

// readableSettings resolves as many settings as can be, and returns the first thing
// that was wrong: a broken profile is a finding, and no end.
func (app *App) readableSettings(flags *globals) (config.Resolved, settingsProblem) {
	var problem settingsProblem
	note := func(err error) {
		if err != nil && problem.err == nil {
			problem = settingsProblem{err, settingsRemedy(err)}
		}
	}
	file, err := app.profiles()
	note(err)
	if err != nil {
		file = &config.ProfileFile{}
	}
	layers := config.Layers{Flags: flags.Given(), LookupEnv: app.LookupEnv, File: file}
	settings, err := config.Resolve(layers)
	note(err)
	if err != nil { // the profile's name
		layers.Flags[config.Profile] = "default"
		if settings, err = config.Resolve(layers); err != nil {
			return config.Resolved{}, problem
		}
	}
	note(file.Check(settings.Get(config.Profile)))
	for {
		bad, ok := errors.AsType[*config.ValueError](settings.Check())
		if !ok {
			return settings, problem
		}
		note(bad)
		settings = settings.Without(bad.Setting.Name)
	}
}

// settingsRemedy says what to do about settings that cannot be read.
func settingsRemedy(err error) string {
	if bad, ok := errors.AsType[*config.ValueError](err); ok {
		value := bad.Setting.Values[0]
		switch bad.Value.Source {
		case config.FromEnvironment:
			return "export " + bad.Setting.Variable + "=" + value
		case config.FromProfile:
			return "appsyncctl profile set " + strings.TrimPrefix(bad.Value.Origin, "profile ") + " --" + bad.Setting.Flag + " " + value
		default:
			return "--" + bad.Setting.Flag + " " + value
		}
	}
	if unknown, ok := errors.AsType[*config.UnknownProfileError](err); ok {
		if len(unknown.Known) == 0 {
			return "appsyncctl login --profile " + unknown.Name
		}
		return "--profile " + unknown.Known[0]
	}
	if broken, ok := errors.AsType[*config.FileError](err); ok {
		return "edit " + broken.Path
	}
	if closed, ok := errors.AsType[*fs.PathError](err); ok && errors.Is(err, fs.ErrPermission) {
		return "chmod u+r " + closed.Path
	}
	return ""
}
