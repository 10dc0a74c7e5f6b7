package cli

import (
	"io"
	"maps"
	"slices"

	"github.com/spf13/cobra"

	"github.com/appsyncctl/appsyncctl/internal/output"
)

func (app *App) profileCommand(flags *globals) *cobra.Command {
	return group(&cobra.Command{
		Use:   "profile",
		Short: "Manage named sets of settings",
		Long: `A profile is a named set of non-secret settings. login creates one; the
file is YAML and may be edited by hand (appsyncctl help environment shows where
it is).`,
	},
		app.profileListCommand(flags),
		app.profileShowCommand(flags),
		app.profileSetCommand(flags),
		app.profileUseCommand(),
		app.profileDeleteCommand(),
	)
}

func (app *App) profileListCommand(flags *globals) *cobra.Command {
	return &cobra.Command{
		Use:     "list",
		Short:   "List the profiles",
		Example: "  appsyncctl profile list -o json",
		Args:    noArguments,
		RunE: func(*cobra.Command, []string) error {
			return app.profileList(flags)
		},
	}
}

// profileView is a row of profile list.
type profileView struct {
	Name     string `json:"name"`
	Current  bool   `json:"current"` // used when nobody names one
	Endpoint string `json:"endpoint,omitempty"`
	Issuer   string `json:"issuer,omitempty"`
	ClientID string `json:"client_id,omitempty"`
}

func (app *App) profileList(flags *globals) error {
	file, err := app.profiles()
	if err != nil {
		return err
	}
	current := file.Current
	if current == "" {
		current = "default"
	}
	views := []profileView{}
	for _, name := range slices.Sorted(maps.Keys(file.Profiles)) {
		p := file.Profiles[name]
		views = append(views, profileView{name, name == current, p.Endpoint, p.Issuer, p.ClientID})
	}
	return flags.Output.Write(app.Out, views, func(w io.Writer) error {
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
