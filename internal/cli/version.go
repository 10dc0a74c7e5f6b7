package cli

import (
	"fmt"
	"io"
	"runtime"

	"github.com/spf13/cobra"
)

func (app *App) versionCommand(flags *globals) *cobra.Command {
	return &cobra.Command{
		Use:     "version",
		Short:   "Print the version of this program",
		Example: "  appsyncctl version -o json",
		Args:    noArguments,
		RunE: func(*cobra.Command, []string) error {
			return app.version(flags.Output)
		},
	}
}

func (app *App) version(format format) error {
	view := struct {
		Version  string `json:"version"`
		Commit   string `json:"commit,omitempty"`
		Date     string `json:"date,omitempty"`
		Go       string `json:"go"`
		Platform string `json:"platform"`
	}{app.Build.Version, app.Build.Commit, app.Build.Date, runtime.Version(), runtime.GOOS + "/" + runtime.GOARCH}
	return format.Write(app.Out, view, func(w io.Writer) error {
		text := "appsyncctl " + view.Version
		if view.Commit != "" {
			text += " (" + view.Commit + ")"
		}
		_, err := fmt.Fprintln(w, text, view.Go, view.Platform)
		return err
	})
}
