// Package profile has the commands that manage named sets of settings.
package profile

import (
	"context"
	"io"
	"maps"
	"slices"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/appsyncctl/appsyncctl/internal/app"
	"github.com/appsyncctl/appsyncctl/internal/appsync"
	"github.com/appsyncctl/appsyncctl/internal/cli/command"
	"github.com/appsyncctl/appsyncctl/internal/config"
	"github.com/appsyncctl/appsyncctl/internal/output"
	"github.com/appsyncctl/appsyncctl/internal/session"
)

// NewCommand returns the group of commands profile.
func NewCommand(s *session.Session) *cobra.Command {
	return command.Group(&cobra.Command{
		Use:   "profile",
		Short: "Manage named sets of settings",
		Long: `A profile is a named set of non-secret settings. login creates one; the
file is YAML and may be edited by hand (appsyncctl help environment shows where
it is).`,
	},
		newListCommand(s),
		newShowCommand(s),
		newSetCommand(s),
		newUseCommand(s),
		newDeleteCommand(s),
	)
}

func newListCommand(s *session.Session) *cobra.Command {
	return &cobra.Command{
		Use:     "list",
		Short:   "List the profiles",
		Example: "  appsyncctl profile list -o json",
		Args:    command.NoArguments,
		RunE: func(*cobra.Command, []string) error {
			return runList(s)
		},
	}
}

// listed is a row of profile list.
type listed struct {
	Name     string `json:"name"`
	Current  bool   `json:"current"` // used when nobody names one
	Endpoint string `json:"endpoint,omitempty"`
	Issuer   string `json:"issuer,omitempty"`
	ClientID string `json:"client_id,omitempty"`
}

func runList(s *session.Session) error {
	file, err := s.Profiles()
	if err != nil {
		return err
	}
	current := file.Current
	if current == "" {
		current = "default"
	}
	views := []listed{}
	for _, name := range slices.Sorted(maps.Keys(file.Profiles)) {
		p := file.Profiles[name]
		views = append(views, listed{name, name == current, p.Endpoint, p.Issuer, p.ClientID})
	}
	return s.Flags.Output.Write(s.App.Out, views, func(w io.Writer) error {
		var rows [][]string
		for _, v := range views {
			mark := ""
			if v.Current {
				mark = "*"
			}
			rows = append(rows, []string{mark, v.Name, v.Endpoint, v.Issuer, v.ClientID})
		}
		return output.Table(w, []string{"", "NAME", "ENDPOINT", "ISSUER", "CLIENT ID"}, rows)
	})
}

func newSetCommand(s *session.Session) *cobra.Command {
	return &cobra.Command{
		Use:   "set NAME",
		Short: "Put settings into a profile",
		Long: `Put the settings that the flags give into a profile, and create it if there is
none. Its other settings stay; an empty value removes one. Nothing is checked
against the provider.`,
		Example:     "  appsyncctl profile set work --endpoint URL --issuer https://TENANT.auth0.com/",
		Annotations: map[string]string{command.ShowsSettings: ""},
		Args:        oneProfile,
		RunE: func(cmd *cobra.Command, args []string) error {
			given := changed(s.Flags, cmd.Flags())
			if len(given) == 0 {
				return app.Usagef("nothing to set: give at least one setting, such as --endpoint")
			}
			return runSet(cmd.Context(), s, given, args[0])
		},
	}
}

func runSet(ctx context.Context, s *session.Session, given map[config.Name]string, name string) error {
	file, err := s.Profiles()
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
	return s.SaveProfile(ctx, name, profile)
}

func newUseCommand(s *session.Session) *cobra.Command {
	return &cobra.Command{
		Use:     "use NAME",
		Short:   "Set the current profile: the one for commands that name none",
		Example: "  appsyncctl profile use work",
		Args:    oneProfile,
		RunE: func(cmd *cobra.Command, args []string) error {
			return editProfiles(cmd.Context(), s, config.UseProfile, args[0])
		},
	}
}

func newDeleteCommand(s *session.Session) *cobra.Command {
	return &cobra.Command{
		Use:   "delete NAME",
		Short: "Delete a profile",
		Long: `Delete a profile. A token that it used stays where it is, since other profiles
may use it too: log out first to remove it.`,
		Example: "  appsyncctl logout --profile work && appsyncctl profile delete work",
		Args:    oneProfile,
		RunE: func(cmd *cobra.Command, args []string) error {
			return editProfiles(cmd.Context(), s, config.DeleteProfile, args[0])
		},
	}
}

func editProfiles(ctx context.Context, s *session.Session, edit func(ctx context.Context, path, name string) error, name string) error {
	path, err := config.Path(s.App.LookupEnv)
	if err != nil {
		return err
	}
	return edit(ctx, path, name)
}

func oneProfile(cmd *cobra.Command, args []string) error {
	if len(args) != 1 {
		return app.Usagef("%q takes the name of one profile", cmd.CommandPath())
	}
	return nil
}

func newShowCommand(s *session.Session) *cobra.Command {
	return &cobra.Command{
		Use:     "show NAME",
		Short:   "Show the settings of a profile",
		Example: "  appsyncctl profile show work",
		Args:    oneProfile,
		RunE: func(_ *cobra.Command, args []string) error {
			return runShow(s, args[0])
		},
	}
}

func runShow(s *session.Session, name string) error {
	file, err := s.Profiles()
	if err != nil {
		return err
	}
	profile, err := file.Get(name)
	if err != nil {
		return err
	}
	settings := profile.Named()
	document := make(map[string]string, len(settings))
	rows := make([][]string, 0, len(settings))
	for _, setting := range settings {
		document[string(setting.Name)] = setting.Text
		rows = append(rows, []string{string(setting.Name), setting.Text})
	}
	return s.Flags.Output.Write(s.App.Out, document, func(w io.Writer) error {
		return output.Table(w, []string{"SETTING", "VALUE"}, rows)
	})
}

// changed returns the settings that the flags give for a profile, empty ones too.
func changed(flags *app.Flags, set *pflag.FlagSet) map[config.Name]string {
	given := flags.Given()
	for _, setting := range config.Settings() {
		if flag := set.Lookup(setting.Flag); flag == nil || !flag.Changed || !setting.Profile {
			delete(given, setting.Name)
		}
	}
	return given
}
