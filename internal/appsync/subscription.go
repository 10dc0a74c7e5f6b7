// The subscriptions of a real-time connection: how each starts, is fed and ends.

package appsync

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"reflect"

	"github.com/Khan/genqlient/graphql"
	"github.com/coder/websocket"
	"github.com/google/uuid"
)

// A subscription hands what comes for it to channel, a chan of a generated type
// that only forward knows.
type subscription struct {
	channel any
	forward graphql.ForwardDataFunction
	started chan error // gets nil from start_ack, or what kept it from starting
	asked   bool       // its end was asked for
	running bool
}

// A delivery is a payload for a subscription, or its end when payload is nil.
type delivery struct {
	id      string
	sub     *subscription
	payload json.RawMessage
}

// Subscribe implements graphql.WebSocketClient. It returns when the API has
// acknowledged: nothing that happens later goes unannounced while the connection
// lasts. The error is a *ResponseError if the API refuses.
func (r *Realtime) Subscribe(req *graphql.Request, channel any, forward graphql.ForwardDataFunction) (string, error) {
	data, err := json.Marshal(req)
	if err != nil {
		return "", fmt.Errorf("encode the variables of %s: %w", req.OpName, err)
	}
	ctx, cancel := context.WithTimeoutCause(r.life, answerTime, errors.New("no start_ack in time"))
	defer cancel()
	credentials, err := r.authorize(ctx, r.Endpoint, data)
	if err != nil {
		return "", err
	}
	start := map[string]any{
		"id":   uuid.NewString(),
		"type": "start",
		"payload": map[string]any{
			"data":       string(data),
			"extensions": map[string]any{"authorization": credentials},
		},
	}
	id, _ := start["id"].(string)
	sub := &subscription{channel: channel, forward: forward, started: make(chan error, 1)}
	r.mu.Lock()
	r.subs[id] = sub
	r.mu.Unlock()
	if err := r.write(ctx, start); err != nil {
		return "", err
	}
	select {
	case err := <-sub.started:
		return id, err
	case <-ctx.Done():
	}
	select {
	case err := <-sub.started: // before it ended
		return id, err
	default:
		return "", r.connectionError(context.Cause(ctx))
	}
}

// Unsubscribe implements graphql.WebSocketClient. The channel is closed after the
// last event, which its reader must wait for.
func (r *Realtime) Unsubscribe(id string) error {
	r.mu.Lock()
	sub := r.subs[id]
	if sub != nil {
		sub.asked = true
	}
	r.mu.Unlock()
	if sub == nil {
		return fmt.Errorf("there is no subscription %s", id)
	}
	ctx, cancel := context.WithTimeout(r.life, answerTime)
	defer cancel()
	return r.write(ctx, map[string]string{"id": id, "type": "stop"})
}

func (r *Realtime) write(ctx context.Context, frame any) error {
	data, err := json.Marshal(frame)
	if err != nil {
		return err
	}
	if err := r.conn.Write(ctx, websocket.MessageText, data); err != nil {
		return r.connectionError(cause(ctx, err))
	}
	return nil
}

// forward hands events to their readers, one at a time, and closes each channel
// after its last. What has come before a connection broke is still handed on.
func (r *Realtime) forward() {
	for d := range r.queue {
		if d.payload == nil {
			r.finish(d)
		} else if err := d.sub.forward(d.sub.channel, d.payload); err != nil {
			_ = d.sub.forward(d.sub.channel, unreadable())
		}
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, sub := range r.subs {
		sub.close()
	}
}

// finish closes the channel of a subscription that is complete.
func (r *Realtime) finish(d delivery) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.subs[d.id] == d.sub { // and not for the second time
		delete(r.subs, d.id)
		d.sub.close()
	}
}

// unreadable stands for an event of another shape than was asked for.
func unreadable() json.RawMessage {
	return json.RawMessage(`{"errors":[{"message":"an event of another shape than asked for"}]}`)
}

func (s *subscription) close() { reflect.ValueOf(s.channel).Close() }

// drain reads what nobody else will, until the channel is closed.
func (s *subscription) drain() {
	for more := true; more; {
		_, more = reflect.ValueOf(s.channel).Recv()
	}
}
