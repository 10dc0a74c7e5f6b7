package cli

import (
	"fmt"
	"io"
	"runtime"

	"github.com/spf13/cobra"

	"github.com/appsyncctl/appsyncctl/internal/app"
	"github.com/appsyncctl/appsyncctl/internal/cli/command"
	"github.com/appsyncctl/appsyncctl/internal/session"
)

func newVersionCommand(s *session.Session) *cobra.Command {
	return &cobra.Command{
		Use:     "version",
		Short:   "Print the version of this program",
		Example: "  appsyncctl version -o json",
		Args:    command.NoArguments,
		RunE: func(*cobra.Command, []string) error {
			return runVersion(s.App, s.Flags.Output)
		},
	}
}

func runVersion(world *app.App, format app.Format) error {
	view := struct {
		Version  string `json:"version"`
		Commit   string `json:"commit,omitempty"`
		Date     string `json:"date,omitempty"`
		Go       string `json:"go"`
		Platform string `json:"platform"`
	}{world.Build.Version, world.Build.Commit, world.Build.Date, runtime.Version(), runtime.GOOS + "/" + runtime.GOARCH}
	return format.Write(world.Out, view, func(w io.Writer) error {
		text := "appsyncctl " + view.Version
		if view.Commit != "" {
			text += " (" + view.Commit + ")"
		}
		_, err := fmt.Fprintln(w, text, view.Go, view.Platform)
		return err
	})
}
