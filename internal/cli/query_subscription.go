package cli

import (
	"context"
	"encoding/json"
	"errors"

	"github.com/Khan/genqlient/graphql"

	"github.com/appsyncctl/appsyncctl/internal/appsync"
	"github.com/appsyncctl/appsyncctl/internal/output"
)

// querySubscription prints the events of a subscription, one a line, until ctx or
// the connection ends.
func (app *App) querySubscription(ctx context.Context, flags *globals, request *graphql.Request, options queryOptions) error {
	link, err := app.watchLink(ctx, flags, customersWatchOptions{})
	if err != nil {
		return err
	}
	conn := app.connector(link.endpoint, link.access.authorizer).Connection()
	lost, err := conn.Start(ctx)
	if err != nil {
		return err
	}
	defer conn.Close() //nolint:errcheck // the connection ends with the command
	events := make(chan json.RawMessage)
	if _, err := conn.Subscribe(request, events, forwardEvent); err != nil {
		return err
	}
	app.Notice("subscribed; Ctrl-C ends it")
	for {
		select {
		case event, open := <-events:
			if !open {
				return <-lost
			}
			if err := app.writeEvent(ctx, options, event); err != nil {
				return err
			}
		case err := <-lost:
			return err
		case <-ctx.Done():
			return context.Cause(ctx)
		}
	}
}

func forwardEvent(channel any, payload json.RawMessage) error {
	events, ok := channel.(chan json.RawMessage)
	if !ok {
		return errors.New("not a channel of events")
	}
	events <- payload
	return nil
}

// writeEvent writes the data of an event on one line.
func (app *App) writeEvent(ctx context.Context, options queryOptions, payload json.RawMessage) error {
	var event struct {
		Data   json.RawMessage  `json:"data"`
		Errors []*appsync.Error `json:"errors"`
	}
	if err := json.Unmarshal(payload, &event); err != nil {
		return err
	}
	if len(event.Errors) > 0 {
		return event.Errors[0]
	}
	if options.query.query != nil {
		return options.query.query.Write(ctx, app.Out, event.Data, app.Width > 0)
	}
	return output.JSONLine(app.Out, event.Data)
}
