package cli

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"github.com/appsyncctl/appsyncctl/internal/appsync"
)

type customersDeleteOptions struct {
	ids     []string
	yes     bool
	records recordOptions
}

func (app *App) customersDeleteCommand(flags *globals) *cobra.Command {
	var options customersDeleteOptions
	cmd := &cobra.Command{
		Use:   "delete ID...",
		Short: "Delete customers by their ids",
		Long: `Delete the customers that have the given ids and print them as they were, which
is all that is left of them. At a terminal it asks first; elsewhere, or with
--no-input, it needs --yes.

An id that no customer has is told on standard error, with exit code 1; the
others are deleted all the same. Any other error stops it.`,
		Example: `  appsyncctl customers delete 7b1f2d0c-5a8e-4f7e-9d2b-3c6a1e0f9b84
  appsyncctl customers list --filter 'city = Boston' -o id | xargs appsyncctl customers delete --yes`,
		Args: someIDs,
	}
	cmd.Flags().SortFlags = false
	cmd.Flags().BoolVarP(&options.yes, "yes", "y", false, "delete without asking")
	recordFlags(cmd.Flags(), &options.records)
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		options.records.format = flags.Output
		options.ids, options.records.list = args, len(args) > 1
		if !options.yes && (!app.Terminal || flags.NoInput) {
			return &usageError{cmd.CommandPath(), errors.New("nobody can be asked here: --yes deletes without asking")}
		}
		return app.customersDelete(cmd.Context(), flags, options)
	}
	return cmd
}

func (app *App) customersDelete(ctx context.Context, flags *globals, options customersDeleteOptions) error {
	out, err := app.customers(ctx, options.records)
	if err != nil {
		return err
	}
	api, err := app.connect(ctx, flags)
	if err != nil {
		return err
	}
	if !options.yes {
		if err := app.Confirm(ctx, "delete "+counted(options.ids)+"?"); err != nil {
			return err
		}
	}
	var unknown []string
	for _, id := range options.ids {
		resp, err := appsync.DeleteCustomer(ctx, api, id)
		if resp.DeleteCustomer == nil && err == nil {
			unknown = append(unknown, id)
			continue
		}
		if failed := out.writeAnswer(resp.DeleteCustomer, err); failed != nil {
			return errors.Join(failed, missing(unknown), out.finish())
		}
	}
	return errors.Join(missing(unknown), out.finish())
}

// counted names a few ids, and counts many.
func counted(ids []string) string {
	const few = 3
	if len(ids) == 1 {
		return "customer " + ids[0]
	}
	if len(ids) <= few {
		return "customers " + strings.Join(ids, ", ")
	}
	return fmt.Sprintf("%d customers (%s, …)", len(ids), strings.Join(ids[:few], ", "))
}
