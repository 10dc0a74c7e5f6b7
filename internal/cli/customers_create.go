package cli

import (
	"context"
	"errors"
	"io"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/appsyncctl/appsyncctl/internal/appsync"
)

type customersCreateOptions struct {
	input  appsync.CreateCustomerInput
	format format
}

func (app *App) customersCreateCommand(flags *globals) *cobra.Command {
	var options customersCreateOptions
	cmd := &cobra.Command{
		Use:   "create",
		Short: "Create a customer",
		Long: `Create a customer and print the record with the id that the API gave it.

A field whose flag is absent is left out of the request. Creating is not
idempotent on the schema that AppSync's wizard makes: each call makes a new
record with a new id, so after a lost answer look before you repeat. An API
whose CreateCustomerInput has an id takes --id.`,
		Example: `  appsyncctl customers create --name customer1 --city Boston --state MA --country USA
  appsyncctl customers create --name customer2 -o json`,
		Args: noArguments,
	}
	set := cmd.Flags()
	set.SortFlags = false
	optionalString(set, &options.input.Name, "name", "name of the customer")
	optionalString(set, &options.input.City, "city", "city")
	optionalString(set, &options.input.State, "state", "state")
	optionalString(set, &options.input.Country, "country", "country")
	optionalString(set, &options.input.Id, "id", "id to store the customer under, if the API's schema allows it")
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		options.format = flags.output
		if options.input == (appsync.CreateCustomerInput{}) {
			return &usageError{cmd.CommandPath(), errors.New("nothing to create: give at least one field, such as --name")}
		}
		return app.customersCreate(cmd.Context(), flags, options)
	}
	return cmd
}

func (app *App) customersCreate(ctx context.Context, flags *globals, options customersCreateOptions) error {
	api, err := app.connect(ctx, flags)
	if err != nil {
		return err
	}
	resp, err := appsync.CreateCustomer(ctx, api, options.input)
	created := resp.CreateCustomer
	if created == nil {
		if err == nil {
			err = &appsync.NullError{Operation: "createCustomer"}
		}
		return err
	}
	written := options.format.write(app.Out, created, func(w io.Writer) error {
		return writeCustomers(w, []*appsync.Customer{created})
	})
	return errors.Join(err, written)
}

// optionalString declares a flag that leaves target nil unless it is given; an
// empty value counts as given.
func optionalString(set *pflag.FlagSet, target **string, name, usage string) {
	set.Func(name, usage, func(value string) error {
		*target = &value
		return nil
	})
}
