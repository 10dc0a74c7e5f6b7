// The real-time client: one WebSocket connection to an API, how it begins, is read and
// ends. Its subscriptions are in subscription.go.

package appsync

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/url"
	"sync"
	"time"

	"github.com/Khan/genqlient/graphql"
	"github.com/coder/websocket"

	"github.com/appsyncctl/appsyncctl/internal/failure"
)

// The protocol's times and sizes (AppSync developer guide, "Building a real-time
// WebSocket client"). A payload has at most 240 KB.
const (
	answerTime       = 15 * time.Second // for the handshake and for a start_ack, as AWS's clients wait
	keepAliveDefault = 5 * time.Minute  // without a ka, when the ack names no other time
	frameMost        = 2 << 20          // bytes
	backlog          = 10_000           // frames that a consumer may lag behind
)

const (
	graphqlProtocol = "graphql-ws"
	headerProtocol  = "header-" // and the credentials, base64url without padding
)

// ErrSlow says that a consumer lagged so far behind that events would be lost.
// The connection was given up, which a consumer notices, instead.
var ErrSlow = fmt.Errorf("the events were not read in time: more than %d wait", backlog)

// A ConnectionError says that a real-time connection could not be made, or broke.
// What the API itself refuses is a *ResponseError.
type ConnectionError struct {
	Host string
	Err  error
}

func (e *ConnectionError) Error() string {
	return fmt.Sprintf("the real-time connection to %s: %s", e.Host, Short(e.Err.Error()))
}
func (e *ConnectionError) Unwrap() error { return e.Err }

// Kind implements the interface of failure.Of.
func (*ConnectionError) Kind() failure.Kind { return failure.Network }

// Transient implements the interface of retry.Transient.
func (*ConnectionError) Transient() bool { return true }

// Realtime is one connection in AppSync's real-time protocol over WebSocket. It
// implements graphql.WebSocketClient, which the generated subscriptions take; the
// stock client speaks another protocol. We take coder/websocket for the frames
// because its reads and writes take a context.
//
// It is used once: Start, Subscribe any number of times, Close. Events are handed
// on one at a time, in the order in which they came: whoever reads the channels of
// several subscriptions in one select sees that order. A slow reader does not keep
// the connection from living; one that is 10,000 frames late ends it.
type Realtime struct {
	Endpoint   *url.URL     // of GraphQL; the real-time address follows from it
	HTTP       *http.Client // makes the handshake; its answers must not be wrapped
	Authorizer Authorizer   // asked for the connection and for each subscription

	conn             *websocket.Conn
	life             context.Context //nolint:containedctx // the connection's; genqlient's Subscribe has none
	end              context.CancelCauseFunc
	keepAliveTimeout time.Duration // the longest time between two frames
	errs             chan error
	queue            chan delivery
	workers          sync.WaitGroup

	mu           sync.Mutex
	subs         map[string]*subscription
	lastActivity time.Time // when the last frame came
}

var _ graphql.WebSocketClient = (*Realtime)(nil)

// Start implements graphql.WebSocketClient: it connects and waits until the API
// has taken the credentials. ctx bounds the connection's life. The channel gets the
// error that ends the connection, and is closed by Close.
func (r *Realtime) Start(ctx context.Context) (chan error, error) {
	r.life, r.end = context.WithCancelCause(ctx)
	r.errs = make(chan error, 1)
	r.queue = make(chan delivery, backlog)
	r.subs = make(map[string]*subscription)
	dial, cancel := context.WithTimeoutCause(r.life, answerTime, errors.New("no answer in time"))
	defer cancel()
	if err := r.dial(dial); err != nil {
		r.end(err)
		return nil, err
	}
	r.workers.Go(r.read)
	r.workers.Go(r.forward)
	return r.errs, nil
}

// dial connects, shows the credentials and waits for the acknowledgement.
func (r *Realtime) dial(ctx context.Context) error {
	credentials, err := r.authorize(ctx, r.Endpoint.JoinPath("connect"), []byte("{}"))
	if err != nil {
		return err
	}
	encoded, err := json.Marshal(credentials)
	if err != nil {
		return err
	}
	conn, resp, err := websocket.Dial(ctx, RealtimeURL(r.Endpoint).String(), &websocket.DialOptions{ //nolint:bodyclose // the library has closed it
		HTTPClient:   r.HTTP,
		Subprotocols: []string{graphqlProtocol, headerProtocol + base64.RawURLEncoding.EncodeToString(encoded)},
	})
	if err != nil {
		return r.notUpgraded(ctx, resp, err)
	}
	conn.SetReadLimit(frameMost)
	r.conn = conn
	if err := r.initialize(ctx); err != nil {
		_ = conn.CloseNow() // the error that brought us here says more
		r.conn = nil
		return err
	}
	return nil
}

// authorize returns the credentials as AppSync wants them in a frame: the headers of a
// POST of body to address, with the host of the GraphQL endpoint, whatever host the
// connection goes to. A signature covers the headers that are set here, and the body but
// not its length.
func (r *Realtime) authorize(ctx context.Context, address *url.URL, body []byte) (map[string]string, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, address.String(), nil)
	if err != nil {
		return nil, err
	}
	req.GetBody = func() (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(body)), nil }
	req.Header.Set("Accept", "application/json, text/javascript")
	req.Header.Set("Content-Encoding", "amz-1.0")
	req.Header.Set("Content-Type", "application/json; charset=UTF-8")
	header, err := r.Authorizer.Authorize(ctx, req)
	if err != nil {
		return nil, err
	}
	maps.Copy(req.Header, header)
	credentials := map[string]string{"host": r.Endpoint.Host}
	for name := range req.Header {
		credentials[name] = req.Header.Get(name)
	}
	return credentials, nil
}

// notUpgraded returns why a handshake failed. The library's own text could quote
// what the server echoes, and so a token.
func (r *Realtime) notUpgraded(ctx context.Context, resp *http.Response, err error) error {
	if resp == nil {
		if wrapped, ok := errors.AsType[*url.Error](err); ok {
			err = wrapped.Err
		}
		return r.connectionError(cause(ctx, err))
	}
	if resp.StatusCode == http.StatusSwitchingProtocols {
		return r.connectionError(errors.New("the answer to the WebSocket handshake is wrong"))
	}
	refused := &ResponseError{Status: resp.StatusCode, NotGraphQL: "no WebSocket"}
	body, _ := io.ReadAll(resp.Body) // the first 1024 bytes, which the library has kept
	var none struct{}
	if answer, ok := errors.AsType[*ResponseError](decode(resp, body, &none)); ok && len(body) > 0 {
		refused = answer
	}
	return refused
}

// initialize sends connection_init and waits for connection_ack.
func (r *Realtime) initialize(ctx context.Context) error {
	if r.conn.Subprotocol() != graphqlProtocol {
		return r.connectionError(errors.New("the server does not speak AppSync's real-time protocol"))
	}
	if err := r.conn.Write(ctx, websocket.MessageText, []byte(`{"type":"connection_init"}`)); err != nil {
		return r.connectionError(cause(ctx, err))
	}
	for {
		_, data, err := r.conn.Read(ctx)
		if err != nil {
			return r.connectionError(cause(ctx, err))
		}
		frame := parseFrame(data)
		switch frame.kind {
		case "connection_ack":
			r.keepAliveTimeout = frame.keepAliveTimeout()
			r.lastActivity = time.Now()
			return nil
		case "connection_error", "error":
			return frame.refusal()
		}
	}
}

// read reads frames until the connection ends, and never waits for a consumer.
func (r *Realtime) read() {
	err := r.readFrames()
	_ = r.conn.CloseNow() // closed already, or of no more use
	r.end(err)
	r.mu.Lock()
	for _, sub := range r.subs {
		if !sub.running {
			sub.started <- err // has room: nothing else was sent
			sub.running = true
		}
	}
	r.mu.Unlock()
	close(r.queue)
	if !errors.Is(context.Cause(r.life), errClosed) {
		r.errs <- err
	}
	close(r.errs)
}

func (r *Realtime) readFrames() error {
	for {
		ctx, cancel := context.WithTimeoutCause(r.life, r.keepAliveTimeout, fmt.Errorf("silent for %s", r.keepAliveTimeout))
		_, data, err := r.conn.Read(ctx)
		err = cause(ctx, err)
		cancel()
		if err != nil {
			return r.connectionError(ended(err))
		}
		if err := r.handle(parseFrame(data)); err != nil {
			return err
		}
	}
}

// ended says in plain words how a connection was closed.
func ended(err error) error {
	if closed, ok := errors.AsType[websocket.CloseError](err); ok {
		return fmt.Errorf("closed by the server (%d)", closed.Code)
	}
	if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		return errors.New("cut off")
	}
	return err
}

// handle takes note of a frame; an error ends the connection.
func (r *Realtime) handle(f frame) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.lastActivity = time.Now()
	sub := r.subs[f.id]
	switch {
	case f.kind == "": // it may have been an event
		return r.connectionError(errors.New("a frame that cannot be read"))
	case f.kind == "connection_error", f.kind == "error" && (sub == nil || sub.running):
		return f.refusal()
	case sub == nil: // ka, or a subscription that is no more
		return nil
	case f.kind == "error":
		delete(r.subs, f.id)
		sub.started <- f.refusal()
		return nil
	case f.kind == "start_ack" && !sub.running:
		sub.running = true
		sub.started <- nil
		return nil
	case f.kind == "complete" && !sub.asked:
		return r.connectionError(errors.New("the API ended a subscription"))
	case f.kind == "complete":
		return r.enqueue(delivery{f.id, sub, nil})
	case f.kind == "data":
		return r.enqueue(delivery{f.id, sub, deliverable(f.payload)})
	default: // a type that a later version of the protocol may have
		return nil
	}
}

func (r *Realtime) enqueue(d delivery) error {
	select {
	case r.queue <- d:
		return nil
	default:
		return r.connectionError(ErrSlow)
	}
}

// Close implements graphql.WebSocketClient. Events that nobody has read are lost.
func (r *Realtime) Close() error {
	if r.conn == nil {
		return nil
	}
	if r.life.Err() == nil {
		_ = r.conn.Close(websocket.StatusNormalClosure, "") // a courtesy
	}
	r.end(errClosed)
	r.mu.Lock()
	for _, sub := range r.subs {
		go sub.drain()
	}
	r.mu.Unlock()
	r.workers.Wait()
	return nil
}

var errClosed = errors.New("closed")

// LastActivity returns when the last frame came: until then nothing was missed.
func (r *Realtime) LastActivity() time.Time {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.lastActivity
}

// connectionError returns err as what became of the connection, unless it says so itself.
func (r *Realtime) connectionError(err error) error {
	_, answered := errors.AsType[*ResponseError](err)
	_, said := errors.AsType[*ConnectionError](err)
	if answered || said {
		return err
	}
	return &ConnectionError{Host: r.Endpoint.Host, Err: err}
}

// cause prefers why ctx ended over the way in which that surfaced.
func cause(ctx context.Context, err error) error {
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	return err
}
