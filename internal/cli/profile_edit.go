package cli

import (
	"context"
	"errors"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/appsyncctl/appsyncctl/internal/appsync"
	"github.com/appsyncctl/appsyncctl/internal/config"
)

func (app *App) profileSetCommand(flags *globals) *cobra.Command {
	return &cobra.Command{
		Use:   "set NAME",
		Short: "Put settings into a profile",
		Long: `Put the settings that the flags give into a profile, and create it if there is
none. Its other settings stay; an empty value removes one. Nothing is checked
against the provider.`,
		Example:     "  appsyncctl profile set work --endpoint URL --issuer https://TENANT.auth0.com/",
		Annotations: map[string]string{showsSettings: ""},
		Args:        oneProfile,
		RunE: func(cmd *cobra.Command, args []string) error {
			given := changedSettings(flags, cmd.Flags())
			if len(given) == 0 {
				return &usageError{cmd.CommandPath(), errors.New("nothing to set: give at least one setting, such as --endpoint")}
			}
			return app.profileSet(cmd.Context(), given, args[0])
		},
	}
}

func (app *App) profileSet(ctx context.Context, given map[config.Name]string, name string) error {
	file, err := app.profiles()
	if err != nil {
		return err
	}
	profile := file.Profiles[name].With(given)
	if err := profile.Check(); err != nil {
		return err
	}
	if profile.Endpoint != "" {
		if _, err := appsync.ParseEndpoint(profile.Endpoint); err != nil {
			return err
		}
	}
	return app.saveProfile(ctx, file, name, profile)
}

func (app *App) profileUseCommand() *cobra.Command {
	return &cobra.Command{
		Use:     "use NAME",
		Short:   "Set the current profile: the one for commands that name none",
		Example: "  appsyncctl profile use work",
		Args:    oneProfile,
		RunE: func(cmd *cobra.Command, args []string) error {
			return app.editProfiles(cmd.Context(), config.UseProfile, args[0])
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
		RunE: func(cmd *cobra.Command, args []string) error {
			return app.editProfiles(cmd.Context(), config.DeleteProfile, args[0])
		},
	}
}

func (app *App) editProfiles(ctx context.Context, edit func(ctx context.Context, path, name string) error, name string) error {
	path, err := config.Path(app.LookupEnv)
	if err != nil {
		return err
	}
	return edit(ctx, path, name)
}

func oneProfile(cmd *cobra.Command, args []string) error {
	if len(args) != 1 {
		return &usageError{cmd.CommandPath(), fmt.Errorf("%q takes the name of one profile", cmd.CommandPath())}
	}
	return nil
}
