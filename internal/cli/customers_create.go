package cli

import (
	"context"
	"errors"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/appsyncctl/appsyncctl/internal/appsync"
)

type customersCreateOptions struct {
	input   appsync.CreateCustomerInput // from flags
	file    string                      // JSON, beneath the flags; "-" is standard input
	records recordOptions
}

func (app *App) customersCreateCommand(flags *globals) *cobra.Command {
	var options customersCreateOptions
	cmd := &cobra.Command{
		Use:   "create",
		Short: "Create a customer",
		Long: `Create a customer and print the record with the id that the API gave it.

The fields come from flags, from one JSON object in --from-file, or from both: a
flag goes before the file. A field that is absent, or null in the file, is left
out of the request. Creating is not idempotent on the schema that AppSync's
wizard makes: each call makes a new record with a new id, so after a lost answer
look before you repeat. An API whose CreateCustomerInput has an id takes --id.
There AppSync answers the same call once more as it did the first time, and makes
nothing; another record under the id is refused.`,
		Example: `  appsyncctl customers create --name customer1 --city Boston --state MA --country USA
  echo '{"name":"customer2","city":"Dallas"}' | appsyncctl customers create --from-file - -o json`,
		Args: noArguments,
	}
	set := cmd.Flags()
	set.SortFlags = false
	optionalString(set, &options.input.Name, "name", "name of the customer")
	optionalString(set, &options.input.City, "city", "city")
	optionalString(set, &options.input.State, "state", "state")
	optionalString(set, &options.input.Country, "country", "country")
	optionalString(set, &options.input.Id, "id", "id to store the customer under, if the API's schema allows it")
	set.StringVar(&options.file, "from-file", "", "`file` with one JSON object, or - for standard input")
	recordFlags(set, &options.records)
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		options.records.format = flags.Output
		if options.input == (appsync.CreateCustomerInput{}) && options.file == "" {
			return &usageError{cmd.CommandPath(), errors.New("nothing to create: give at least one field, such as --name")}
		}
		return app.customersCreate(cmd.Context(), flags, options)
	}
	return cmd
}

func (app *App) customersCreate(ctx context.Context, flags *globals, options customersCreateOptions) error {
	input := options.input
	if options.file != "" {
		read, err := app.customerFrom(options.file)
		if err != nil {
			return err
		}
		input = merged(input, read)
	}
	out, err := app.customers(ctx, options.records)
	if err != nil {
		return err
	}
	api, err := app.connect(ctx, flags)
	if err != nil {
		return err
	}
	resp, err := appsync.CreateCustomer(ctx, api, input)
	if resp.CreateCustomer == nil && err == nil {
		err = &appsync.NullError{Operation: "createCustomer"}
	}
	return errors.Join(out.writeAnswer(resp.CreateCustomer, err), out.finish())
}

// optionalString declares a flag that leaves target nil unless it is given; an
// empty value counts as given.
func optionalString(set *pflag.FlagSet, target **string, name, usage string) {
	set.Func(name, usage, func(value string) error {
		*target = &value
		return nil
	})
}
