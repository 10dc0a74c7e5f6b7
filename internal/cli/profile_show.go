package cli

import (
	"io"

	"github.com/spf13/cobra"

	"github.com/appsyncctl/appsyncctl/internal/output"
)

func (app *App) profileShowCommand(flags *globals) *cobra.Command {
	return &cobra.Command{
		Use:     "show NAME",
		Short:   "Show the settings of a profile",
		Example: "  appsyncctl profile show work",
		Args:    oneProfile,
		RunE: func(_ *cobra.Command, args []string) error {
			return app.profileShow(flags, args[0])
		},
	}
}

func (app *App) profileShow(flags *globals, name string) error {
	file, err := app.profiles()
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
	return flags.Output.Write(app.Out, document, func(w io.Writer) error {
		return output.Table(w, []string{"SETTING", "VALUE"}, rows)
	})
}
