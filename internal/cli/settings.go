package cli

import (
	"context"
	"path/filepath"

	"github.com/spf13/pflag"

	"github.com/appsyncctl/appsyncctl/internal/config"
	"github.com/appsyncctl/appsyncctl/internal/redact"
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
	settings, err := config.Resolve(config.Layers{Flags: flags.Given(), LookupEnv: app.LookupEnv, File: file})
	if err != nil {
		return nil, config.Resolved{}, err
	}
	app.know(settings)
	return file, settings, settings.Check()
}

// changed returns the settings that flags give for a profile, empty ones too.
func changedSettings(g *globals, set *pflag.FlagSet) map[config.Name]string {
	given := g.Given()
	for _, setting := range config.Settings() {
		if flag := set.Lookup(setting.Flag); flag == nil || !flag.Changed || !setting.Profile {
			delete(given, setting.Name)
		}
	}
	return given
}

// profiles reads the configuration file. Without a home there is none.
func (app *App) profiles() (*config.ProfileFile, error) {
	path, err := config.Path(app.LookupEnv)
	if is[*config.NoHomeError](err) {
		return &config.ProfileFile{}, nil
	}
	if err != nil {
		return nil, err
	}
	return config.ReadProfiles(path)
}

// saveProfile writes a profile; that takes a home.
func (app *App) saveProfile(ctx context.Context, file *config.ProfileFile, name string, profile config.ProfileSettings) error {
	if file.Path == "" {
		_, err := config.Path(app.LookupEnv)
		return err
	}
	return config.SaveProfile(ctx, file.Path, name, profile)
}

// stateFile returns the path of a file that the program keeps for itself.
func (app *App) stateFile(elements ...string) (string, error) {
	dir, err := config.StateDir(app.LookupEnv)
	return filepath.Join(append([]string{dir}, elements...)...), err
}

// SecretVariables returns the environment variables that hold secrets.
func SecretVariables() []string {
	var names []string
	for _, setting := range config.Settings() {
		if setting.Secret {
			names = append(names, setting.Variable)
		}
	}
	return names
}

// know adds the secrets of settings, those in their addresses, and those of AWS's
// variables to the run's, and returns them.
func (app *App) know(settings config.Resolved) *redact.Secrets {
	for _, setting := range config.Settings() {
		if setting.Secret {
			app.Secrets.Add(settings.Text(setting.Name))
		}
	}
	app.Secrets.AddURL(settings.Text(config.Endpoint))
	app.Secrets.AddURL(settings.Text(config.Issuer))
	for _, variable := range []string{"AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN"} {
		value, _ := app.LookupEnv(variable)
		app.Secrets.Add(value)
	}
	return app.Secrets
}
