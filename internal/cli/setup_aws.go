package cli

import (
	"errors"

	"github.com/spf13/cobra"
)

func (app *App) setupAWSCommand(flags *globals) *cobra.Command {
	return &cobra.Command{
		Use:     "aws",
		Short:   "Print a CloudFormation template of the API",
		Example: "  appsyncctl setup aws > template.yaml",
		Args:    noArguments,
		RunE: func(*cobra.Command, []string) error {
			return app.setupAWS(flags)
		},
	}
}

func (app *App) setupAWS(*globals) error { return errors.New("not there yet") }
