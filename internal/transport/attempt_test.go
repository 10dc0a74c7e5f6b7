package transport_test

import (
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/appsyncctl/appsyncctl/internal/transport"
)

// stuck is a body that gives some bytes and then waits for its request to end.
type stuck struct {
	ctx    context.Context
	start  io.Reader
	closed *bool
}

func (b *stuck) Read(p []byte) (int, error) {
	if n, err := b.start.Read(p); err == nil {
		return n, nil
	}
	<-b.ctx.Done()
	return 0, b.ctx.Err()
}

func (b *stuck) Close() error {
	*b.closed = true
	return nil
}

func TestAttemptTimeLimit(t *testing.T) {
	closed := false
	tests := []struct {
		name string
		base roundTrip
	}{
		{"no answer", func(req *http.Request) (*http.Response, error) {
			<-req.Context().Done()
			return nil, req.Context().Err()
		}},
		{"an answer without an end", func(req *http.Request) (*http.Response, error) {
			resp := respond(req, reply{status: 200})
			resp.Body = &stuck{req.Context(), strings.NewReader(`{"data":`), &closed}
			return resp, nil
		}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				chain := &transport.Attempt{Limit: 35 * time.Second, MaxBytes: 100, Base: tt.base}
				start := time.Now()
				_, err := chain.RoundTrip(post(t, endpoint, "{}"))
				var late *transport.TimeoutError
				if !errors.As(err, &late) || late.Limit != 35*time.Second {
					t.Errorf("got %v, want a TimeoutError with its limit", err)
				}
				if got := time.Since(start); got != 35*time.Second {
					t.Errorf("returned after %s, want the limit", got)
				}
			})
		})
	}
	if !closed {
		t.Error("the body was not closed")
	}
}

func TestAttemptInterrupted(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		time.AfterFunc(time.Second, cancel)
		chain := &transport.Attempt{Limit: time.Minute, Base: roundTrip(func(req *http.Request) (*http.Response, error) {
			<-req.Context().Done()
			return nil, errBroken
		})}
		_, err := chain.RoundTrip(post(t, endpoint, "{}").WithContext(ctx))
		if !errors.Is(err, context.Canceled) {
			t.Errorf("got %v, want context.Canceled", err)
		}
		if _, late := errors.AsType[*transport.TimeoutError](err); late {
			t.Error("an interruption counts as a time limit")
		}
	})
}

func TestAttemptSize(t *testing.T) {
	tests := []struct {
		name string
		size int
		ok   bool
	}{
		{"empty", 0, true},
		{"at the limit", 1 << 20, true},
		{"one byte more", 1<<20 + 1, false},
		{"far more", 5 << 20, false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			body := strings.Repeat("x", tt.size)
			net := &network{replies: []reply{{status: 200, body: body}}}
			resp, err := (&transport.Attempt{Limit: time.Minute, MaxBytes: 1 << 20, Base: net}).RoundTrip(post(t, endpoint, "{}"))
			if tt.ok {
				if err != nil || read(t, resp) != body {
					t.Errorf("got %v, want the whole body", err)
				}
				return
			}
			var large *transport.TooLargeError
			if !errors.As(err, &large) || large.Max != 1<<20 {
				t.Errorf("got %v, want a TooLargeError", err)
			}
		})
	}
}

// The body can be read after the attempt's own time limit is gone.
func TestAttemptAnswerOutlivesIt(t *testing.T) {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		_, _ = io.WriteString(w, strings.Repeat("x", 100_000))
	}))
	defer server.Close()
	chain := &transport.Attempt{Limit: time.Minute, MaxBytes: 1 << 20, Base: server.Client().Transport}
	resp, err := chain.RoundTrip(post(t, server.URL, "{}"))
	if err != nil {
		t.Fatal(err)
	}
	if got := read(t, resp); len(got) != 100_000 {
		t.Errorf("got %d bytes, want 100000", len(got))
	}
}

func TestAttemptBodyCutShort(t *testing.T) {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Length", "1000")
		_, _ = io.WriteString(w, `{"data":{}}`)
	}))
	defer server.Close()
	chain := &transport.Attempt{Limit: time.Minute, MaxBytes: 1 << 20, Base: server.Client().Transport}
	_, err := chain.RoundTrip(post(t, server.URL, "{}"))
	if !errors.Is(err, io.ErrUnexpectedEOF) {
		t.Errorf("got %v, want io.ErrUnexpectedEOF", err)
	}
}
