package cli

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os/exec"
	"runtime"
	"syscall"
	"time"

	"github.com/appsyncctl/appsyncctl/internal/changefeed"
	"github.com/appsyncctl/appsyncctl/internal/output"
)

// A watchTeller tells events to whoever reads standard output and to a command,
// and ends the watch when enough was told.
type watchTeller struct {
	app     *App
	options customersWatchOptions
	state   *watchState     // nil for none
	ctx     context.Context //nolint:containedctx // the watch's; Emit has none
	end     context.CancelCauseFunc
	idle    *time.Timer // nil until the watch is ready
	told    int         // changes
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
func (t *watchTeller) run(ctx context.Context, feed *changefeed.Feed) error {
	if t.options.last > 0 {
		timed, cancel := context.WithTimeoutCause(ctx, t.options.last, errTimeUp)
		defer cancel()
		ctx = timed
	}
	t.ctx, t.end = context.WithCancelCause(ctx)
	defer t.end(nil)
	err := feed.Run(t.ctx)
	if t.idle != nil {
		t.idle.Stop()
	}
	switch {
	case errors.Is(err, errEnough), errors.Is(err, errNobody):
		return nil
	case !errors.Is(err, errTimeUp) && !errors.Is(err, errIdle):
		return err
	case t.told < t.options.count:
		return fmt.Errorf("%w: %d of %d changes came", err, t.told, t.options.count)
	default:
		return nil
	}
}

// tell writes one line, at once, and runs the command.
func (t *watchTeller) tell(event changefeed.Event) error {
	if t.ctx.Err() != nil {
		return context.Cause(t.ctx)
	}
	if event.Kind == changefeed.Ready && t.options.idle > 0 && t.idle == nil {
		t.idle = time.AfterFunc(t.options.idle, func() { t.end(errIdle) })
	}
	if t.state != nil && event.IsChange() {
		if err := t.state.note(event.ID); err != nil {
			return err
		}
	}
	var line bytes.Buffer
	if err := output.JSONLine(&line, event); err != nil {
		return err
	}
	if _, err := t.app.Out.Write(line.Bytes()); err != nil {
		if errors.Is(err, syscall.EPIPE) {
			return errNobody
		}
		return err
	}
	if err := t.execute(event, line.Bytes()); err != nil {
		return err
	}
	if !event.IsChange() {
		return nil
	}
	if t.state != nil {
		t.state.unsure = ""
	}
	if t.idle != nil {
		t.idle.Reset(t.options.idle)
	}
	if t.told++; t.told == t.options.count {
		t.end(errEnough)
	}
	return nil
}

// execute runs the command of --exec for an event that matters to a consumer.
func (t *watchTeller) execute(event changefeed.Event, line []byte) error {
	if t.options.command == "" || !event.IsChange() && event.Kind != changefeed.Gap {
		return nil
	}
	shell := []string{"sh", "-c", t.options.command}
	if runtime.GOOS == "windows" {
		shell = []string{"cmd", "/C", t.options.command}
	}
	child := exec.CommandContext(t.ctx, shell[0], shell[1:]...)
	child.Stdin, child.Stdout, child.Stderr = bytes.NewReader(line), t.app.Err, t.app.Err
	child.Env = t.app.Environ()
	if err := child.Run(); err != nil && !errors.Is(err, syscall.EPIPE) { // a command need not read
		return fmt.Errorf("--exec: %w", err)
	}
	return nil
}
