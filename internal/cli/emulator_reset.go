package cli

import (
	"context"
	"net/http"
	"net/url"

	"github.com/spf13/cobra"
)

type emulatorResetOptions struct {
	table string // of DynamoDB, to be emptied
}

func (app *App) emulatorResetCommand(flags *globals) *cobra.Command {
	var options emulatorResetOptions
	cmd := &cobra.Command{
		Use:   "reset",
		Short: "Delete the customers, faults and counts of a running emulator",
		Long: `Let the emulator that is the issuer (--issuer or APPSYNCCTL_ISSUER) start over:
its customers, the faults that wait and the counts of requests are deleted, and what
setup auth0 or another client of the Management API has made in its tenant is undone.
Keys, logins and tokens stay good.

A DynamoDB table may hold more than tests put there, so an emulator that has one
refuses unless --dynamodb-table names it.`,
		Example: "  appsyncctl emulator reset",
		Args:    noArguments,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return app.emulatorReset(cmd.Context(), flags, options)
		},
	}
	cmd.Flags().StringVar(&options.table, "dynamodb-table", "", "DynamoDB `table` to empty, if that is where the customers are")
	return cmd
}

func (app *App) emulatorReset(ctx context.Context, flags *globals, options emulatorResetOptions) error {
	query := url.Values{}
	if options.table != "" {
		query.Set("table", options.table)
	}
	if _, err := app.askEmulator(ctx, flags, http.MethodPost, "/_emulator/reset", query); err != nil {
		return err
	}
	app.Notice("the emulator has no customers, faults and counts any more")
	return nil
}
