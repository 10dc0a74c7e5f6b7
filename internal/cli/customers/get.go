package customers

import (
	"context"

	"github.com/spf13/cobra"

	"github.com/appsyncctl/appsyncctl/internal/appsync"
	"github.com/appsyncctl/appsyncctl/internal/cli/command"
	"github.com/appsyncctl/appsyncctl/internal/session"
)

type getOptions struct {
	ids     []string
	records command.RecordOptions
}

func newGetCommand(s *session.Session) *cobra.Command {
	var options getOptions
	cmd := &cobra.Command{
		Use:   "get ID...",
		Short: "Show customers by their ids",
		Long: `Show the customers that have the given ids, in that order.

With -o json the result is one object for one id, and an array for several. An
id that no customer has is told on standard error, with exit code 1; the others
are shown all the same.`,
		Example: `  appsyncctl customers get 7b1f2d0c-5a8e-4f7e-9d2b-3c6a1e0f9b84
  appsyncctl customers get ID1 ID2 -o csv`,
		Args: someIDs,
	}
	cmd.Flags().SortFlags = false
	command.RecordFlags(cmd.Flags(), &options.records)
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		options.records.Format = s.Flags.Output
		options.ids, options.records.List = args, len(args) > 1
		return runGet(cmd.Context(), s, options)
	}
	return cmd
}

func runGet(ctx context.Context, s *session.Session, options getOptions) error {
	out, api, err := open(ctx, s, options.records)
	if err != nil {
		return err
	}
	return out.writeEach(options.ids, func(id string) (*appsync.Customer, error) {
		resp, err := appsync.GetCustomer(ctx, api, id)
		return resp.GetCustomer, err
	})
}
