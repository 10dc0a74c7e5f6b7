package query

import (
	"context"
	"encoding/json"
	"errors"

	"github.com/Khan/genqlient/graphql"

	"github.com/appsyncctl/appsyncctl/internal/appsync"
	"github.com/appsyncctl/appsyncctl/internal/output"
	"github.com/appsyncctl/appsyncctl/internal/session"
)

// runSubscription prints the events of a subscription, one a line, until ctx or
// the connection ends.
func runSubscription(ctx context.Context, s *session.Session, request *graphql.Request, options queryOptions) error {
	api, err := s.API(ctx, session.Options{})
	if err != nil {
		return err
	}
	conn := api.Connector().Connection()
	lost, err := conn.Start(ctx)
	if err != nil {
		return err
	}
	defer conn.Close() //nolint:errcheck // the connection ends with the command
	events := make(chan json.RawMessage)
	if _, err := conn.Subscribe(request, events, forwardEvent); err != nil {
		return err
	}
	s.App.Notice("subscribed; Ctrl-C ends it")
	for {
		select {
		case event, open := <-events:
			if !open {
				return <-lost
			}
			if err := writeEvent(ctx, s, options, event); err != nil {
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
func writeEvent(ctx context.Context, s *session.Session, options queryOptions, payload json.RawMessage) error {
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
	if options.jq != nil {
		return options.jq.Write(ctx, s.App.Out, event.Data, s.App.Width > 0)
	}
	return output.JSONLine(s.App.Out, event.Data)
}
