package customers

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"iter"
	"syscall"
	"time"

	"github.com/spf13/cobra"

	"github.com/appsyncctl/appsyncctl/internal/app"
	"github.com/appsyncctl/appsyncctl/internal/appsync"
	"github.com/appsyncctl/appsyncctl/internal/changefeed"
	"github.com/appsyncctl/appsyncctl/internal/cli/command"
	"github.com/appsyncctl/appsyncctl/internal/output"
	"github.com/appsyncctl/appsyncctl/internal/session"
	"github.com/appsyncctl/appsyncctl/internal/shell"
)

type watchOptions struct {
	operations []appsync.Operation
	match      appsync.Match
	state      string // path; empty for none
	count      int    // 0 for no end
	last       time.Duration
	idle       time.Duration
	command    string // for the shell; empty for none
}

func newWatchCommand(s *session.Session) *cobra.Command {
	var options watchOptions
	var filter command.Filter
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
		Args: command.NoArguments,
	}
	set := cmd.Flags()
	set.SortFlags = false
	set.BoolVar(&created, "created", false, "tell of new customers (default: of everything)")
	set.BoolVar(&updated, "updated", false, "tell of changed customers")
	set.BoolVar(&deleted, "deleted", false, "tell of removed customers")
	command.FilterFlags(set, &filter)
	set.StringVar(&options.state, "state", "", "`file` that remembers what was told, so that nothing is missed")
	set.IntVar(&options.count, "count", 0, "end after so many changes")
	set.DurationVar(&options.last, "for", 0, "end after this time; an error if --count was not reached")
	set.DurationVar(&options.idle, "idle", 0, "end after this time without a change; an error if --count was not reached")
	set.StringVar(&options.command, "exec", "", "shell `command` to run for each change")
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		options.operations = chosenOperations(created, updated, deleted)
		asked, err := filter.Input()
		if err == nil {
			options.match, err = appsync.MatchOf(asked)
		}
		switch {
		case err != nil:
		case cmd.Flags().Changed("output") && !s.Flags.Output.ForPrograms():
			err = errors.New("a watch is JSON lines: leave --output out")
		case options.count < 0, options.last < 0, options.idle < 0:
			err = errors.New("--count, --for and --idle cannot be negative")
		}
		if err != nil {
			return &app.UsageError{Err: err}
		}
		return runWatch(cmd.Context(), s, options)
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

func runWatch(ctx context.Context, s *session.Session, options watchOptions) error {
	api, err := s.API(ctx, session.Options{})
	if err != nil {
		return err
	}
	watch := &watcher{world: s.App, options: options}
	source := watched{api, options}
	feed := &changefeed.Feed{
		Open:       source.open,
		Emit:       watch.emit,
		Operations: options.operations,
		List:       source.list,
		Get:        source.get,
	}
	if options.state == "" {
		return api.Explain(ctx, watch.run(ctx, feed))
	}
	state, err := openWatchState(options.state, api.Endpoint.String(), options.match)
	if err != nil {
		return err
	}
	watch.state = state
	feed.Known, feed.Checkpoint = state.Customers, state.write
	return errors.Join(api.Explain(ctx, watch.run(ctx, feed)), state.close())
}

// watched is how a watch reaches the API: by WebSocket for what happens, by HTTP for what
// is there. Both show the same token.
type watched struct {
	api     *session.API
	options watchOptions
}

// open connects and subscribes.
func (w watched) open(ctx context.Context) (*appsync.Stream, error) {
	return w.api.Connector().Follow(ctx, w.options.operations, w.options.match)
}

// list yields the customers that are watched.
func (w watched) list(ctx context.Context) iter.Seq2[*appsync.Customer, error] {
	return appsync.Customers(ctx, w.api, appsync.Paging{Filter: w.options.match.Filter()})
}

// get returns a customer that is watched.
func (w watched) get(ctx context.Context, id string) (*appsync.Customer, error) {
	resp, err := appsync.GetCustomer(ctx, w.api, id)
	if err != nil {
		return nil, err
	}
	if customer := resp.GetCustomer; customer != nil && w.options.match.Passes(customer) {
		return customer, nil
	}
	return nil, nil
}

// A watcher writes events to standard output and passes them to a command, and ends the
// watch when there were enough.
type watcher struct {
	world   *app.App
	options watchOptions
	state   *watchState     // nil for none
	ctx     context.Context //nolint:containedctx // the watch's; Emit has none
	end     context.CancelCauseFunc
	idle    *time.Timer // nil until the watch is ready
	changes int         // that were written
}

// The ends of a watch that are no failures.
var (
	errEnough = errors.New("enough changes")
	errTimeUp = errors.New("the time is up")
	errIdle   = errors.New("no change for so long")
	errNobody = errors.New("nobody reads")
)

// run watches until its end. Time that is up before enough changes have come is an
// error.
func (w *watcher) run(ctx context.Context, feed *changefeed.Feed) error {
	if w.options.last > 0 {
		timed, cancel := context.WithTimeoutCause(ctx, w.options.last, errTimeUp)
		defer cancel()
		ctx = timed
	}
	w.ctx, w.end = context.WithCancelCause(ctx)
	defer w.end(nil)
	err := feed.Run(w.ctx)
	if w.idle != nil {
		w.idle.Stop()
	}
	switch {
	case errors.Is(err, errEnough), errors.Is(err, errNobody):
		return nil
	case !errors.Is(err, errTimeUp) && !errors.Is(err, errIdle):
		return err
	case w.changes < w.options.count:
		return fmt.Errorf("%w: %d of %d changes came", err, w.changes, w.options.count)
	default:
		return nil
	}
}

// emit writes one line, at once, and runs the command.
func (w *watcher) emit(event changefeed.Event) error {
	if w.ctx.Err() != nil {
		return context.Cause(w.ctx)
	}
	if event.Kind == changefeed.Ready && w.options.idle > 0 && w.idle == nil {
		w.idle = time.AfterFunc(w.options.idle, func() { w.end(errIdle) })
	}
	if w.state != nil && event.IsChange() {
		if err := w.state.note(event.ID); err != nil {
			return err
		}
	}
	var line bytes.Buffer
	if err := output.JSONLine(&line, event); err != nil {
		return err
	}
	if _, err := w.world.Out.Write(line.Bytes()); err != nil {
		if errors.Is(err, syscall.EPIPE) {
			return errNobody
		}
		return err
	}
	if err := w.execute(event, line.Bytes()); err != nil {
		return err
	}
	if !event.IsChange() {
		return nil
	}
	if w.state != nil {
		w.state.unsure = ""
	}
	if w.idle != nil {
		w.idle.Reset(w.options.idle)
	}
	if w.changes++; w.changes == w.options.count {
		w.end(errEnough)
	}
	return nil
}

// execute runs the command of --exec for an event that matters to a consumer.
func (w *watcher) execute(event changefeed.Event, line []byte) error {
	if w.options.command == "" || !event.IsChange() && event.Kind != changefeed.Gap {
		return nil
	}
	child := shell.Command(w.ctx, w.options.command)
	child.Stdin, child.Stdout, child.Stderr = bytes.NewReader(line), w.world.Err, w.world.Err
	child.Env = w.world.Environ()
	if err := child.Run(); err != nil && !errors.Is(err, syscall.EPIPE) { // a command need not read
		return fmt.Errorf("--exec: %w", err)
	}
	return nil
}
