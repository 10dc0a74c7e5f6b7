package customers

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/appsyncctl/appsyncctl/internal/app"
	"github.com/appsyncctl/appsyncctl/internal/appsync"
	"github.com/appsyncctl/appsyncctl/internal/cli/command"
	"github.com/appsyncctl/appsyncctl/internal/failure"
	"github.com/appsyncctl/appsyncctl/internal/records"
	"github.com/appsyncctl/appsyncctl/internal/session"
)

type updateOptions struct {
	change  appsync.CustomerChange
	records command.RecordOptions
}

func newUpdateCommand(s *session.Session) *cobra.Command {
	options := updateOptions{change: appsync.CustomerChange{Fields: make(map[string]*string)}}
	var unset []string
	cmd := &cobra.Command{
		Use:   "update ID",
		Short: "Change or remove fields of a customer",
		Long: `Change the fields whose flags are given, remove those that --unset names, leave
the others as they are, and print the whole record.

An empty value is sent as it is; the resolvers that AppSync's wizard makes
remove the field then, too.`,
		Example: `  appsyncctl customers update ID --city Dallas --state TX
  appsyncctl customers update ID --unset state --unset country`,
		Args: oneID,
	}
	set := cmd.Flags()
	set.SortFlags = false
	for _, field := range changeable() {
		set.Func(field, "new value of "+field, func(value string) error {
			options.change.Fields[field] = &value
			return nil
		})
	}
	set.StringSliceVar(&unset, "unset", nil, "remove a `field`: name, city, state or country; may be repeated")
	command.RecordFlags(set, &options.records)
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		if err := removeFields(options.change.Fields, unset); err != nil {
			return &app.UsageError{Err: err}
		}
		options.change.ID, options.records.Format = args[0], s.Flags.Output
		return runUpdate(cmd.Context(), s, options)
	}
	return cmd
}

// changeable are the fields that an update can change: all but the id.
func changeable() []string { return records.CustomerFields()[1:] }

// removeFields adds to a change the fields that are to be removed.
func removeFields(change map[string]*string, names []string) error {
	for _, name := range names {
		if !slices.Contains(changeable(), name) {
			return fmt.Errorf("--unset %q: there is no such field; those that can be removed are %s", name, strings.Join(changeable(), ", "))
		}
		if change[name] != nil {
			return fmt.Errorf("--%s and --unset %s exclude each other", name, name)
		}
		change[name] = nil
	}
	if len(change) == 0 {
		return errors.New("nothing to change: give at least one field, such as --city, or --unset")
	}
	return nil
}

func runUpdate(ctx context.Context, s *session.Session, options updateOptions) error {
	out, api, err := open(ctx, s, options.records)
	if err != nil {
		return err
	}
	resp, err := appsync.UpdateCustomer(ctx, api, options.change)
	if resp.UpdateCustomer == nil && err == nil {
		err = &appsync.NullError{Operation: "updateCustomer"}
	}
	// The wizard's resolver makes it a condition that the id is there.
	if answer, ok := errors.AsType[*appsync.ResponseError](err); ok && answer.HasType("DynamoDB:ConditionalCheckFailedException") {
		err = failure.WithText(err, missing([]string{options.change.ID}).Error())
	}
	return errors.Join(out.writeAnswer(resp.UpdateCustomer, err), out.finish())
}
