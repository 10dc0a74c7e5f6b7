package customers

import (
	"context"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"github.com/appsyncctl/appsyncctl/internal/app"
	"github.com/appsyncctl/appsyncctl/internal/appsync"
	"github.com/appsyncctl/appsyncctl/internal/cli/command"
	"github.com/appsyncctl/appsyncctl/internal/session"
)

type deleteOptions struct {
	ids     []string
	yes     bool
	records command.RecordOptions
}

func newDeleteCommand(s *session.Session) *cobra.Command {
	var options deleteOptions
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
	command.RecordFlags(cmd.Flags(), &options.records)
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		options.records.Format = s.Flags.Output
		options.ids, options.records.List = args, len(args) > 1
		if !options.yes && (!s.App.Terminal || s.Flags.NoInput) {
			return app.Usagef("nobody can be asked here: --yes deletes without asking")
		}
		return runDelete(cmd.Context(), s, options)
	}
	return cmd
}

func runDelete(ctx context.Context, s *session.Session, options deleteOptions) error {
	out, api, err := open(ctx, s, options.records)
	if err != nil {
		return err
	}
	if !options.yes {
		if err := s.App.Confirm(ctx, "delete "+counted(options.ids)+"?"); err != nil {
			return err
		}
	}
	return out.writeEach(options.ids, func(id string) (*appsync.Customer, error) {
		resp, err := appsync.DeleteCustomer(ctx, api, id)
		return resp.DeleteCustomer, err
	})
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
