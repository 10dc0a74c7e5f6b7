// The real-time client: one WebSocket connection to an API, with subscriptions.

package appsync

import (
	"context"
	"errors"
	"fmt"
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
	answerTime     = 15 * time.Second // for the handshake and for a start_ack, as AWS's clients wait
	silenceDefault = 5 * time.Minute  // without a ka, when the ack names no other time
	frameMost      = 2 << 20          // bytes
	backlog        = 10_000           // frames that a consumer may lag behind
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
	return fmt.Sprintf("the real-time connection to %s: %s", e.Host, short(e.Err.Error()))
}
func (e *ConnectionError) Unwrap() error { return e.Err }

// Kind implements the interface of failure.Of.
func (*ConnectionError) Kind() failure.Kind { return failure.Network }

// Temporary implements the interface of retry.Temporary.
func (*ConnectionError) Temporary() bool { return true }

// An Authorizer returns the headers that let a request pass the API's authorization.
type Authorizer interface {
	Authorize(ctx context.Context, req *http.Request) (http.Header, error)
}

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

	conn    *websocket.Conn
	life    context.Context //nolint:containedctx // the connection's; genqlient's Subscribe has none
	end     context.CancelCauseFunc
	silence time.Duration // the longest time between two frames
	errs    chan error
	queue   chan delivery
	workers sync.WaitGroup

	mu    sync.Mutex
	subs  map[string]*subscription
	heard time.Time // when the last frame came
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

// Heard returns when the last frame came: until then nothing was missed.
func (r *Realtime) Heard() time.Time {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.heard
}

// lost returns err as what became of the connection, unless it says so itself.
func (r *Realtime) lost(err error) error {
	_, answered := errors.AsType[*ResponseError](err)
	_, said := errors.AsType[*ConnectionError](err)
	if answered || said {
		return err
	}
	return &ConnectionError{Host: r.Endpoint.Host, Err: err}
}
