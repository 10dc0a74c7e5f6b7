package cli

import (
	"io"

	"github.com/spf13/cobra"

	"github.com/appsyncctl/appsyncctl/internal/appsync"
	"github.com/appsyncctl/appsyncctl/internal/output"
)

func (app *App) customersCommand(flags *globals) *cobra.Command {
	return group(&cobra.Command{
		Use:   "customers",
		Short: "Create and list customers",
	}, app.customersCreateCommand(flags), app.customersListCommand(flags))
}

// writeCustomers writes the table that every command shows customers in.
func writeCustomers(w io.Writer, customers []*appsync.Customer) error {
	rows := make([][]string, len(customers))
	for i, c := range customers {
		rows[i] = []string{c.Id, text(c.Name), text(c.City), text(c.State), text(c.Country)}
	}
	return output.Table(w, []string{"ID", "NAME", "CITY", "STATE", "COUNTRY"}, rows)
}

func text(field *string) string {
	if field == nil {
		return ""
	}
	return *field
}
