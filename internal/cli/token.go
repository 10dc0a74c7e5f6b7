package cli

import (
	"context"
	"fmt"

	"github.com/spf13/cobra"
)

func (app *App) tokenCommand(flags *globals) *cobra.Command {
	return &cobra.Command{
		Use:   "token",
		Short: "Print a valid access token",
		Long: `Print a valid access token alone on standard output, renewed first if need be,
for programs such as curl. AppSync takes it bare in the Authorization header.`,
		Example: `  curl -H "Authorization: $(appsyncctl token)" -d '{"query":"{ __typename }"}' "$APPSYNCCTL_ENDPOINT"`,
		Args:    noArguments,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return app.token(cmd.Context(), flags)
		},
	}
}

func (app *App) token(ctx context.Context, flags *globals) error {
	settings, err := app.settings(flags)
	if err != nil {
		return err
	}
	source, err := app.bearer(settings, flags)
	if err != nil {
		return err
	}
	token, err := source.Token(ctx)
	if err != nil {
		return err
	}
	_, err = fmt.Fprintln(app.Out, token)
	return err
}
