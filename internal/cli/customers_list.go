package cli

import (
	"context"
	"errors"
	"fmt"
	"io"

	"github.com/spf13/cobra"

	"github.com/appsyncctl/appsyncctl/internal/appsync"
)

const defaultListLimit = 100

type customersListOptions struct {
	limit  int // 0 for all
	format format
}

func (app *App) customersListCommand(flags *globals) *cobra.Command {
	var options customersListOptions
	var all bool
	cmd := &cobra.Command{
		Use:   "list",
		Short: "List customers",
		Long: `List customers in the API's own order, page after page until there are enough.

With -o json the result is one array. When the list ends early because of an
error, what was read until then is written and the exit code tells of the error.`,
		Example: `  appsyncctl customers list
  appsyncctl customers list --all -o json`,
		Args: noArguments,
	}
	cmd.Flags().IntVar(&options.limit, "limit", defaultListLimit, "how many customers to list at most")
	cmd.Flags().BoolVar(&all, "all", false, "list all customers")
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		options.format = flags.output
		switch {
		case all && cmd.Flags().Changed("limit"):
			return &usageError{cmd.CommandPath(), errors.New("--all and --limit exclude each other")}
		case options.limit < 1:
			return &usageError{cmd.CommandPath(), errors.New("--limit must be at least 1; --all lists everything")}
		case all:
			options.limit = 0
		}
		return app.customersList(cmd.Context(), flags, options)
	}
	return cmd
}

func (app *App) customersList(ctx context.Context, flags *globals, options customersListOptions) error {
	api, err := app.connect(ctx, flags)
	if err != nil {
		return err
	}
	customers := []*appsync.Customer{} // an empty list is [], not null
	more := false
	for customer, pageErr := range appsync.Customers(ctx, api, options.ask()) {
		switch {
		case pageErr != nil:
			err = pageErr
		case options.limit > 0 && len(customers) == options.limit:
			more = true
		default:
			customers = append(customers, customer)
		}
	}
	if err != nil && len(customers) == 0 {
		return err
	}
	written := options.format.write(app.Out, customers, func(w io.Writer) error {
		return writeCustomers(w, customers)
	})
	if more {
		app.notice(fmt.Sprintf("there are more than %d customers: --all lists all, --limit N more of them", options.limit))
	}
	return errors.Join(err, written)
}

// ask is one more than the limit, to know whether there is more.
func (o customersListOptions) ask() int {
	if o.limit == 0 {
		return 0
	}
	return o.limit + 1
}
