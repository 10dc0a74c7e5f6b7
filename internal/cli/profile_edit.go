package cli

import (
	"errors"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/appsyncctl/appsyncctl/internal/config"
)

func (app *App) profileSetCommand(flags *globals) *cobra.Command {
	return &cobra.Command{
		Use:   "set NAME",
		Short: "Put settings into a profile",
		Long: `Put the settings that the flags give into a profile, and make it if there is none.
Its other settings stay. Nothing is checked against the provider.`,
		Example:     "  appsyncctl profile set work --endpoint URL --issuer https://TENANT.auth0.com/",
		Annotations: map[string]string{showsSettings: ""},
		Args:        oneProfile,
		RunE: func(cmd *cobra.Command, args []string) error {
			return app.profileSet(cmd.CommandPath(), flags, args[0])
		},
	}
}

func (app *App) profileSet(command string, flags *globals, name string) error {
	file, err := app.profiles()
	if err != nil {
		return err
	}
	given := flags.given()
	if len(given) == 0 {
		return &usageError{command, fmt.Errorf("nothing to set: give at least one setting, such as --endpoint")}
	}
	// Flags over the profile, without the environment, which is not for keeping.
	settings, err := config.Resolve(config.Layers{
		Flags:     given,
		LookupEnv: func(string) (string, bool) { return "", false },
		File:      &config.ProfileFile{Path: file.Path, Current: name, Profiles: file.Profiles},
	})
	if err != nil {
		return err
	}
	if err := errors.Join(settings.Check(), checkEndpoint(settings)); err != nil {
		return err
	}
	return config.SaveProfile(file.Path, name, settings.Profile())
}

func (app *App) profileUseCommand() *cobra.Command {
	return &cobra.Command{
		Use:     "use NAME",
		Short:   "Set the current profile: the one for commands that name none",
		Example: "  appsyncctl profile use work",
		Args:    oneProfile,
		RunE: func(_ *cobra.Command, args []string) error {
			return app.editProfiles(config.UseProfile, args[0])
		},
	}
}

func (app *App) profileDeleteCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "delete NAME",
		Short: "Delete a profile",
		Long: `Delete a profile. A token that it used stays where it is, since other profiles
may use it too: log out first to remove it.`,
		Example: "  appsyncctl logout --profile work && appsyncctl profile delete work",
		Args:    oneProfile,
		RunE: func(_ *cobra.Command, args []string) error {
			return app.editProfiles(config.DeleteProfile, args[0])
		},
	}
}

func (app *App) editProfiles(edit func(path, name string) error, name string) error {
	path, err := config.Path(app.LookupEnv)
	if err != nil {
		return err
	}
	return edit(path, name)
}

func oneProfile(cmd *cobra.Command, args []string) error {
	if len(args) != 1 {
		return &usageError{cmd.CommandPath(), fmt.Errorf("%q takes the name of one profile", cmd.CommandPath())}
	}
	return nil
}
