package cli

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/cobra"
)

func (app *App) customersCommand(flags *globals) *cobra.Command {
	return group(&cobra.Command{
		Use:   "customers",
		Short: "Create, read, change and delete customers",
	},
		app.customersCreateCommand(flags),
		app.customersListCommand(flags),
		app.customersGetCommand(flags),
		app.customersUpdateCommand(flags),
		app.customersDeleteCommand(flags),
		app.customersWatchCommand(flags),
		app.customersImportCommand(flags),
		app.customersExportCommand(flags),
	)
}

// noCustomerError says that ids are those of no customer.
type noCustomerError struct {
	ids []string
	err error // what the API said of it; may be nil
}

func (e *noCustomerError) Error() string {
	if len(e.ids) == 1 {
		return fmt.Sprintf("there is no customer with the id %q", e.ids[0])
	}
	return fmt.Sprintf("there are no customers with the ids %s", strings.Join(e.ids, ", "))
}

func (e *noCustomerError) Unwrap() error { return e.err }

// missing returns a noCustomerError for ids, if there are any.
func missing(ids []string) error {
	if len(ids) == 0 {
		return nil
	}
	return &noCustomerError{ids: ids}
}

// someIDs takes one id or more.
func someIDs(cmd *cobra.Command, args []string) error {
	if len(args) == 0 {
		return &usageError{cmd.CommandPath(), errors.New("which customers? give at least one id")}
	}
	return noEmptyID(cmd, args)
}

// oneID takes exactly one id.
func oneID(cmd *cobra.Command, args []string) error {
	if len(args) != 1 {
		return &usageError{cmd.CommandPath(), fmt.Errorf("which customer? give one id, not %d", len(args))}
	}
	return noEmptyID(cmd, args)
}

func noEmptyID(cmd *cobra.Command, ids []string) error {
	if slices.Contains(ids, "") { // an unset variable of a script
		return &usageError{cmd.CommandPath(), errors.New("an id is empty")}
	}
	return nil
}
