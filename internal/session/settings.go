package session

import (
	"errors"
	"io/fs"
	"slices"
	"strings"

	"github.com/appsyncctl/appsyncctl/internal/app"
	"github.com/appsyncctl/appsyncctl/internal/config"
	"github.com/appsyncctl/appsyncctl/internal/redact"
)

// A SettingsProblem is why settings could not be resolved, and what to do about it.
type SettingsProblem struct {
	Err    error // nil for none
	Remedy string
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

// A SettingView is a setting as people and programs see it: without its value if that is
// secret.
type SettingView struct {
	Name   string `json:"name"`
	Value  string `json:"value,omitempty"`
	Source string `json:"source"`
	Origin string `json:"origin,omitempty"`
}

// SettingViews returns all settings but the configuration file's name, with defaults.
func SettingViews(settings config.Resolved) []SettingView {
	var views []SettingView
	for _, setting := range config.Settings() {
		if setting.Name == config.File {
			continue
		}
		value := settings.Get(setting.Name)
		if value.Source == config.Unset && slices.Contains(setting.Values, setting.Default) {
			value = config.Value{Text: setting.Default, Source: config.FromDefault, Origin: "default"}
		}
		if setting.Secret && value.Text != "" {
			value.Text = redact.Redacted
		}
		views = append(views, SettingView{string(setting.Name), value.Text, string(value.Source), value.Origin})
	}
	return views
}

func readable(s *Session, note func(error)) config.Resolved {
	file, err := s.Profiles()
	note(err)
	if err != nil {
		file = &config.ProfileFile{}
	}
	layers := config.Layers{Flags: s.Flags.Given(), LookupEnv: s.App.LookupEnv, File: file}
	settings, err := config.Resolve(layers)
	note(err)
	if err != nil { // the profile's name
		layers.Flags[config.Profile] = "default"
		if settings, err = config.Resolve(layers); err != nil {
			return config.Resolved{}
		}
	}
	note(file.Check(settings.Get(config.Profile)))
	for {
		bad, ok := errors.AsType[*config.ValueError](settings.Check())
		if !ok {
			know(s.App, settings)
			return settings
		}
		note(bad)
		settings = settings.Without(bad.Setting.Name)
	}
}

func resolve(s *Session) (config.Resolved, error) {
	file, err := s.Profiles()
	if err != nil {
		return config.Resolved{}, err
	}
	settings, err := config.Resolve(config.Layers{Flags: s.Flags.Given(), LookupEnv: s.App.LookupEnv, File: file})
	if err != nil {
		return config.Resolved{}, err
	}
	know(s.App, settings)
	return settings, settings.Check()
}

// know adds the secrets of settings, those in their addresses, and those of AWS's
// variables to those of the run.
func know(world *app.App, settings config.Resolved) {
	for _, setting := range config.Settings() {
		if setting.Secret {
			world.Secrets.Add(settings.Text(setting.Name))
		}
	}
	world.Secrets.AddURL(settings.Text(config.Endpoint))
	world.Secrets.AddURL(settings.Text(config.Issuer))
	for _, variable := range []string{"AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN"} {
		value, _ := world.LookupEnv(variable)
		world.Secrets.Add(value)
	}
}
