package smoke

import (
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/spf13/cobra"

	"github.com/appsyncctl/appsyncctl/internal/app"
	"github.com/appsyncctl/appsyncctl/internal/appsync"
	"github.com/appsyncctl/appsyncctl/internal/cli/command"
	"github.com/appsyncctl/appsyncctl/internal/output"
	"github.com/appsyncctl/appsyncctl/internal/session"
	"github.com/appsyncctl/appsyncctl/internal/smoke"
)

// leftoverAge is how old a run must be before its customers count as left behind.
const leftoverAge = 15 * time.Minute

type cleanOptions struct {
	format    app.Format
	olderThan time.Duration
	run       string // the ID of one run; empty for all
	dryRun    bool
}

func newCleanCommand(s *session.Session) *cobra.Command {
	var options cleanOptions
	cmd := &cobra.Command{
		Use:   "clean",
		Short: "Delete what smoke tests have left behind",
		Long: `Delete the customers whose names carry the mark of a smoke test that began some
time ago: one that was killed, or could not delete them, or ran with --keep. Those
of younger tests stay, since the tests may still be running.`,
		Example: `  appsyncctl smoke clean --dry-run
  appsyncctl smoke clean --older-than 1h
  appsyncctl smoke clean --run QX3F7A2K`,
		Args: command.NoArguments,
	}
	cmd.Flags().SortFlags = false
	cmd.Flags().DurationVar(&options.olderThan, "older-than", leftoverAge, "how long ago the test must have begun")
	cmd.Flags().StringVar(&options.run, "run", "", "only those of the run with this `ID`, the last word of its mark, however young")
	cmd.Flags().BoolVar(&options.dryRun, "dry-run", false, "only say what would be deleted")
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		options.format = s.Flags.Output
		if options.olderThan < 0 {
			return app.Usagef("--older-than cannot be negative")
		}
		return runClean(cmd.Context(), s, options)
	}
	return cmd
}

// cleaned is the document that smoke clean writes with -o json.
type cleaned struct {
	Found   []string `json:"found"`   // ids
	Deleted []string `json:"deleted"` // ids, a part of Found
	Younger int      `json:"younger"` // of tests that may still be running
}

func runClean(ctx context.Context, s *session.Session, options cleanOptions) error {
	api, err := s.API(ctx, session.Options{})
	if err != nil {
		return err
	}
	leftovers, younger, failed := smoke.Leftovers(ctx, api, options.run, s.App.Now().Add(-options.olderThan))
	view := cleaned{Found: []string{}, Deleted: []string{}, Younger: younger}
	for _, customer := range leftovers {
		view.Found = append(view.Found, customer.Id)
		if options.dryRun || ctx.Err() != nil {
			continue
		}
		// One that is gone already was deleted by another.
		if _, err := appsync.DeleteCustomer(ctx, api, customer.Id); err != nil {
			failed = errors.Join(failed, fmt.Errorf("%s is left: %w", customer.Id, err))
			continue
		}
		view.Deleted = append(view.Deleted, customer.Id)
	}
	err = options.format.Write(s.App.Out, view, func(w io.Writer) error {
		verb, done := "deleted", len(view.Deleted)
		if options.dryRun {
			verb, done = "would delete", len(view.Found)
		}
		for _, id := range view.Found {
			// Indented, since a runner takes the start of a line for its own commands.
			if _, err := fmt.Fprintln(w, "  "+output.Line(id)); err != nil {
				return err
			}
		}
		_, err := fmt.Fprintf(w, "%s %d of %d customers that smoke tests left behind\n", verb, done, len(view.Found))
		if err == nil && younger > 0 {
			_, err = fmt.Fprintf(w, "%d of tests that began less than %s ago stay: see --run and --older-than\n", younger, options.olderThan)
		}
		return err
	})
	return errors.Join(failed, err)
}
