package appsync

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/coder/websocket"
	"github.com/graph-gophers/graphql-go"
	"github.com/vektah/gqlparser/v2/ast"
)

// frameTime bounds the writing of a frame, against a client that does not read.
const frameTime = 10 * time.Second

// session is one connection. Its loop reads frames; each subscription has a
// goroutine of its own, which ends with the subscription or with the connection.
type session struct {
	api      *API
	conn     *websocket.Conn
	refused  *refusal // of the handshake; nil when it was authorized
	endpoint *url.URL
	acked    bool
	running  map[string]*subscription // by id; only the reading loop touches it
	workers  sync.WaitGroup
}

// subscription is one that runs; ended closes after its last frame.
type subscription struct {
	cancel context.CancelFunc
	ended  chan struct{}
}

func (s *session) run(ctx context.Context) {
	ctx, cancel := context.WithCancel(ctx)
	defer s.workers.Wait()
	defer cancel()
	for {
		kind, text, err := s.conn.Read(ctx)
		if err != nil {
			return
		}
		var frame inbound
		if kind != websocket.MessageText || json.Unmarshal(text, &frame) != nil {
			s.send(ctx, errorFrame("", badRequest("The frame cannot be read.").frame()))
			continue
		}
		if !s.handle(ctx, frame) {
			return
		}
	}
}

// handle answers a frame; false ends the connection. Frames before the ack are
// ignored.
func (s *session) handle(ctx context.Context, frame inbound) bool {
	switch {
	case frame.Type == "connection_init" && s.refused != nil:
		s.reject(ctx)
		return false
	case frame.Type == "connection_init":
		s.acknowledge(ctx)
	case !s.acked:
	case frame.Type == "start":
		s.start(ctx, frame)
	case frame.Type == "stop":
		s.stop(ctx, frame.ID)
	default:
		s.send(ctx, errorFrame(frame.ID, unsupported("unknown")))
	}
	return true
}

func (s *session) reject(ctx context.Context) {
	s.send(ctx, outbound{Type: "connection_error", Payload: errorPayload{Errors: []any{s.refused.frame()}}})
	_ = s.conn.Close(websocket.StatusNormalClosure, "")
}

func (s *session) acknowledge(ctx context.Context) {
	s.send(ctx, outbound{Type: "connection_ack", Payload: ackPayload{ConnectionTimeoutMs: s.api.config.ConnectionTimeout.Milliseconds()}})
	if s.acked {
		return
	}
	s.acked = true
	s.workers.Go(func() { s.keepAlive(ctx) })
}

// keepAlive sends a ka at once and then in intervals.
func (s *session) keepAlive(ctx context.Context) {
	ticker := time.NewTicker(s.api.config.KeepAlive)
	defer ticker.Stop()
	for {
		if !s.api.config.Fault(FaultNoKeepAlive, "") {
			s.send(ctx, outbound{Type: "ka"})
		}
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
		}
	}
}

func (s *session) start(ctx context.Context, frame inbound) {
	p, fault := s.prepare(ctx, frame)
	if fault != nil {
		s.send(ctx, errorFrame(frame.ID, fault...))
		return
	}
	// Frames are written under the connection's context: a write that is cancelled
	// closes the connection.
	subscribed, cancel := context.WithCancel(ctx)
	// The subscriber is registered when Subscribe returns: nothing that happens
	// after start_ack is missed.
	events, err := s.api.engine.Subscribe(subscribed, p.Query, p.OperationName, p.Variables)
	if err != nil {
		cancel()
		s.send(ctx, errorFrame(frame.ID, badRequest(err.Error()).frame()))
		return
	}
	sub := &subscription{cancel: cancel, ended: make(chan struct{})}
	s.running[frame.ID] = sub
	s.send(ctx, outbound{ID: frame.ID, Type: "start_ack"})
	s.workers.Go(func() {
		defer close(sub.ended)
		s.forward(ctx, frame.ID, p, events)
	})
}

// prepare returns the errors that keep a subscription from starting.
func (s *session) prepare(ctx context.Context, frame inbound) (*prepared, []any) {
	if frame.ID == "" {
		return nil, []any{badRequest("The subscription has no id.").frame()}
	}
	if _, duplicate := s.running[frame.ID]; duplicate {
		return nil, []any{frameError{ErrorType: "DuplicatedOperationError", ErrorCode: http.StatusBadRequest, Message: "Duplicated operation id " + frame.ID}}
	}
	if limit := s.api.config.MaxSubscriptions; len(s.running) >= limit {
		return nil, []any{frameError{ErrorType: "MaxSubscriptionsReachedError", ErrorCode: http.StatusBadRequest,
			Message: fmt.Sprintf("Max number of %d subscriptions reached", limit)}}
	}
	c := credentials{host: s.endpoint.Host, method: http.MethodPost, url: s.endpoint, body: []byte(frame.Payload.Data)}
	if refused := c.show(frame.Payload.Extensions.Authorization); refused != nil {
		return nil, []any{refused.frame()}
	}
	mode, refused := s.api.authorizer.authorize(ctx, c)
	if refused != nil {
		return nil, []any{refused.frame()}
	}
	var req request
	if err := json.Unmarshal([]byte(frame.Payload.Data), &req); err != nil {
		return nil, []any{malformed("Unable to parse GraphQL query.").frame()}
	}
	p, invalid, refused := s.api.prepare(req)
	switch {
	case refused != nil:
		return nil, []any{refused.frame()}
	case invalid != nil:
		return nil, invalid.errors
	case p.operation.Operation != ast.Subscription:
		return nil, []any{unsupported(string(p.operation.Operation))}
	}
	roots := slices.Collect(eachField(p.operation.SelectionSet))
	if len(roots) != 1 || strings.HasPrefix(roots[0].Name, "__") { // GraphQL, section 5.2.3.1
		return nil, []any{badRequest("A subscription must have exactly one root field.").frame()}
	}
	if err := s.api.guard.check(mode, "Subscription", roots[0].Name); err != nil {
		return nil, []any{frameError{ErrorType: "Unauthorized", Message: err.Error()}}
	}
	return p, nil
}

// forward sends the events of a subscription until it ends.
func (s *session) forward(ctx context.Context, id string, p *prepared, events <-chan any) {
	for event := range events {
		result, ok := event.(*graphql.Response)
		if !ok {
			continue
		}
		if root := p.rootField(); root != nil && s.api.config.Fault(FaultSocketDrop, root.Name) {
			_ = s.conn.CloseNow()
			return
		}
		answer := s.api.render(p, result)
		if answer.data == nil {
			answer.data = json.RawMessage("null")
		}
		s.send(ctx, outbound{ID: id, Type: "data", Payload: dataPayload{Data: answer.data, Errors: answer.errors}})
	}
}

func (s *session) stop(ctx context.Context, id string) {
	sub := s.running[id]
	delete(s.running, id)
	if sub == nil {
		s.send(ctx, errorFrame(id, frameError{ErrorType: "UnknownOperationError", ErrorCode: http.StatusBadRequest, Message: "Unknown operation id " + id}))
		return
	}
	sub.cancel()
	<-sub.ended // nothing comes after complete
	s.send(ctx, outbound{ID: id, Type: "complete"})
}

// send writes a frame. A connection that cannot be written to is soon found broken
// by the reading loop, so there is no error to hand up.
func (s *session) send(ctx context.Context, frame outbound) {
	ctx, cancel := context.WithTimeout(ctx, frameTime)
	defer cancel()
	_ = s.conn.Write(ctx, websocket.MessageText, marshal(frame))
}

func unsupported(what string) frameError {
	return frameError{ErrorType: "UnsupportedOperation", ErrorCode: http.StatusBadRequest, Message: what + " not supported through the realtime channel"}
}
