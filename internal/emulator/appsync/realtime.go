package appsync

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
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

	"github.com/appsyncctl/appsyncctl/internal/emulator/appsync/signature"
)

// The real-time protocol's numbers (AppSync developer guide, "Building a real-time
// WebSocket client", and the quotas page).
const (
	subprotocol       = "graphql-ws"
	headerProtocol    = "header-" // a subprotocol that carries the credentials
	maxSubscriptions  = 100       // of one connection
	keepAlive         = time.Minute
	connectionTimeout = 5 * time.Minute // without a ka the client gives up
	connectionLife    = 24 * time.Hour
	maxFrame          = 1 << 20 // bytes; what the service allows is not published
)

// frameTime bounds the writing of a frame, against a client that does not read.
const frameTime = 10 * time.Second

// serveRealtime upgrades to a WebSocket. A handshake that is refused is refused in
// a connection_error frame, where clients look for it.
func (a *API) serveRealtime(w http.ResponseWriter, r *http.Request) {
	offered := offeredProtocols(r.Header)
	refused := a.authorizeHandshake(r, offered)
	conn, err := websocket.Accept(w, r, &websocket.AcceptOptions{
		Subprotocols: []string{subprotocol},
		// Credentials come in the handshake and never in a cookie, so a page of
		// another origin has no more power than any other client.
		InsecureSkipVerify: true,
	})
	if err != nil {
		return // Accept has answered
	}
	defer conn.CloseNow() //nolint:errcheck // closed in good order already, or lost
	conn.SetReadLimit(maxFrame)
	ctx, cancel := context.WithTimeout(r.Context(), connectionLife)
	defer cancel()
	s := &session{api: a, conn: conn, refused: refused, endpoint: graphqlURL(r), running: map[string]*subscription{}}
	if !slices.Contains(offered, subprotocol) {
		s.refused = badRequest("Subprotocol 'graphql-ws' is required.")
		s.refused.Type = "SubProtocolNotSupportedError"
		s.reject(ctx)
		return
	}
	s.run(ctx)
}

// authorizeHandshake finds the credentials in the query string, in a subprotocol or
// in plain headers, and checks them.
func (a *API) authorizeHandshake(r *http.Request, offered []string) *refusal {
	c := signature.Request{Header: r.Header, Host: r.Host, Method: http.MethodPost, URL: graphqlURL(r).JoinPath("connect"), Body: []byte("{}")}
	encoded := ""
	if query := r.URL.Query(); query.Has("header") {
		if payload, err := decodeBase64(query.Get("payload")); err != nil || string(payload) != "{}" {
			return badRequest("The payload of the handshake must be an empty object.")
		}
		encoded = query.Get("header")
	}
	for _, protocol := range offered {
		if after, ok := strings.CutPrefix(protocol, headerProtocol); ok {
			encoded = after
		}
	}
	if encoded != "" {
		header, err := decodeHeader(encoded)
		if err != nil {
			return badRequest("The header of the handshake cannot be read.")
		}
		if refused := useHeader(&c, header); refused != nil {
			return refused
		}
	}
	_, refused := a.authorizer.authorize(r.Context(), c)
	return refused
}

// useHeader puts the pairs of a header object in the place of the request's headers. Its
// host must be the GraphQL endpoint's, which here is the one that was called.
func useHeader(r *signature.Request, pairs map[string]string) *refusal {
	r.Header = http.Header{}
	host := ""
	for name, value := range pairs {
		if strings.EqualFold(name, "host") {
			host = value
			continue
		}
		r.Header.Set(name, value)
	}
	if host != r.Host {
		return badRequest("The host of the authorization is not that of the GraphQL endpoint.")
	}
	return nil
}

// graphqlURL is the GraphQL endpoint's, which signatures cover.
func graphqlURL(r *http.Request) *url.URL {
	return &url.URL{Scheme: "https", Host: r.Host, Path: strings.TrimSuffix(r.URL.Path, "/realtime")}
}

func offeredProtocols(header http.Header) []string {
	var offered []string
	for _, line := range header.Values("Sec-WebSocket-Protocol") {
		for name := range strings.SplitSeq(line, ",") {
			offered = append(offered, strings.TrimSpace(name))
		}
	}
	return offered
}

func decodeHeader(encoded string) (map[string]string, error) {
	data, err := decodeBase64(encoded)
	if err != nil {
		return nil, err
	}
	var pairs map[string]string
	if err := json.Unmarshal(data, &pairs); err != nil {
		return nil, errors.New("no object of texts")
	}
	return pairs, nil
}

// decodeBase64 takes both alphabets, padded or not.
func decodeBase64(text string) ([]byte, error) {
	text = strings.NewReplacer("-", "+", "_", "/").Replace(strings.TrimRight(text, "="))
	return base64.RawStdEncoding.DecodeString(text)
}

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
	// Before start_ack, so that nothing that happens after it is missed.
	events, err := s.api.executor.subscribe(subscribed, p)
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
	c := signature.Request{Host: s.endpoint.Host, Method: http.MethodPost, URL: s.endpoint, Body: []byte(frame.Payload.Data)}
	if refused := useHeader(&c, frame.Payload.Extensions.Authorization); refused != nil {
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
	p, invalid, refused := s.api.executor.prepare(req)
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
		answer := s.api.executor.render(p, result)
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

// inbound is a frame from the client.
type inbound struct {
	ID      string `json:"id"`
	Type    string `json:"type"`
	Payload struct {
		Data       string `json:"data"` // a GraphQL request, as JSON in a text
		Extensions struct {
			Authorization map[string]string `json:"authorization"`
		} `json:"extensions"`
	} `json:"payload"`
}

// outbound is a frame to the client.
type outbound struct {
	ID      string `json:"id,omitempty"`
	Type    string `json:"type"`
	Payload any    `json:"payload,omitempty"`
}

type ackPayload struct {
	ConnectionTimeoutMs int64 `json:"connectionTimeoutMs"`
}

type dataPayload struct {
	Data   json.RawMessage `json:"data"`
	Errors []any           `json:"errors,omitempty"`
}

type errorPayload struct {
	Errors []any `json:"errors"`
}

// frameError is an error of a connection or of a subscription.
type frameError struct {
	ErrorType string `json:"errorType"`
	ErrorCode int    `json:"errorCode,omitempty"`
	Message   string `json:"message"`
}

func errorFrame(id string, errors ...any) outbound {
	return outbound{ID: id, Type: "error", Payload: errorPayload{Errors: errors}}
}

func (r *refusal) frame() frameError {
	return frameError{ErrorType: r.Type, ErrorCode: r.Status, Message: r.Message}
}
