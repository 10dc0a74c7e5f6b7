// The reading of frames, which never waits for a consumer.

package appsync

import (
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/coder/websocket"
)

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
		ctx, cancel := context.WithTimeoutCause(r.life, r.silence, fmt.Errorf("silent for %s", r.silence))
		_, data, err := r.conn.Read(ctx)
		err = cause(ctx, err)
		cancel()
		if err != nil {
			return r.lost(ended(err))
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
	r.heard = time.Now()
	sub := r.subs[f.id]
	switch {
	case f.kind == "": // it may have been an event
		return r.lost(errors.New("a frame that cannot be read"))
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
		return r.lost(errors.New("the API ended a subscription"))
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
		return r.lost(ErrSlow)
	}
}
