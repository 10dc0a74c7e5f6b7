package cli

import (
	"context"
	"errors"
	"time"

	"github.com/spf13/cobra"

	"github.com/appsyncctl/appsyncctl/internal/appsync"
	"github.com/appsyncctl/appsyncctl/internal/changefeed"
)

type customersWatchOptions struct {
	operations []appsync.Operation
	match      appsync.Match
	state      string // path; empty for none
	count      int    // 0 for no end
	last       time.Duration
	idle       time.Duration
	command    string // for the shell; empty for none
}

func (app *App) customersWatchCommand(flags *globals) *cobra.Command {
	var options customersWatchOptions
	var filter filterOptions
	var created, updated, deleted bool
	cmd := &cobra.Command{
		Use:   "watch",
		Short: "Follow what happens to customers",
		Long: `Follow what happens to customers, as AppSync announces it, until Ctrl-C. Each event
is one line of JSON on standard output. Its kind is one of:

  ready         all changes from now on will come
  event         a change that AppSync announced
  resync        a change that was found by listing (with --state)
  gap           between from and to, changes may have gone unannounced
  reconnecting  the connection was lost; why, and how long until the next attempt

AppSync announces a change at most once, to those who are connected, and only
changes made through the API. Without --state a gap is said after each loss of the
connection. With --state FILE the customers are listed at the start and after each
loss, and what differs from what was told before is told as resync: a consumer that
applies every line has what the API has. FILE remembers what was told; at the first
start that is nothing, so every customer comes as created. A change that leaves a
customer as it was told is not told again.

A --filter can only compare with =, since AppSync chooses what to announce; a
customer that leaves the filter by an update is told as deleted by the next resync.
An event holds the fields that the mutation selected, the others are null.

A token is replaced before it expires, with two connections overlapping and no
change told twice. A refused token or subscription ends the watch.

--exec runs a command for each event, resync and gap, with the line on its standard
input; what it prints goes to standard error. If it fails, the watch ends, and with
--state the next watch tells the same change again.`,
		Example: `  appsyncctl customers watch
  appsyncctl customers watch --created --count 1 --for 30s
  appsyncctl customers watch --state customers.state --exec './sync-to-crm'
  appsyncctl customers watch | jq --unbuffered -r 'select(.kind == "event") | .id'`,
		Args: noArguments,
	}
	set := cmd.Flags()
	set.SortFlags = false
	set.BoolVar(&created, "created", false, "tell of new customers (default: of everything)")
	set.BoolVar(&updated, "updated", false, "tell of changed customers")
	set.BoolVar(&deleted, "deleted", false, "tell of removed customers")
	filterFlags(set, &filter)
	set.StringVar(&options.state, "state", "", "`file` that remembers what was told, so that nothing is missed")
	set.IntVar(&options.count, "count", 0, "end after so many changes")
	set.DurationVar(&options.last, "for", 0, "end after this time; an error if --count was not reached")
	set.DurationVar(&options.idle, "idle", 0, "end after this time without a change; an error if --count was not reached")
	set.StringVar(&options.command, "exec", "", "shell `command` to run for each change")
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		options.operations = chosenOperations(created, updated, deleted)
		asked, err := filter.filter()
		if err == nil {
			options.match, err = appsync.MatchOf(asked)
		}
		switch {
		case err != nil:
		case cmd.Flags().Changed("output") && !flags.Output.ForPrograms():
			err = errors.New("a watch is JSON lines: leave --output out")
		case options.count < 0, options.last < 0, options.idle < 0:
			err = errors.New("--count, --for and --idle cannot be negative")
		}
		if err != nil {
			return &usageError{cmd.CommandPath(), err}
		}
		return app.customersWatch(cmd.Context(), flags, options)
	}
	return cmd
}

func chosenOperations(created, updated, deleted bool) []appsync.Operation {
	var chosen []appsync.Operation
	all := !created && !updated && !deleted
	if created || all {
		chosen = append(chosen, appsync.Created)
	}
	if updated || all {
		chosen = append(chosen, appsync.Updated)
	}
	if deleted || all {
		chosen = append(chosen, appsync.Deleted)
	}
	return chosen
}

func (app *App) customersWatch(ctx context.Context, flags *globals, options customersWatchOptions) error {
	link, err := app.watchLink(ctx, flags, options)
	if err != nil {
		return err
	}
	teller := &watchTeller{app: app, options: options}
	feed := &changefeed.Feed{
		Open:       link.open,
		Emit:       teller.tell,
		Operations: options.operations,
		List:       link.list,
		Get:        link.get,
	}
	if options.state == "" {
		return link.explain(ctx, teller.run(ctx, feed))
	}
	state, err := openWatchState(options.state, link.endpoint.String(), options.match)
	if err != nil {
		return err
	}
	teller.state = state
	feed.Known, feed.Checkpoint = state.Customers, state.write
	return errors.Join(link.explain(ctx, teller.run(ctx, feed)), state.close())
}
