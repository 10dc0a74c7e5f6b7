package transport_test

import (
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"sync/atomic"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/appsyncctl/appsyncctl/internal/transport"
)

// What becomes of an attempt without an answer, as net/http reports it.
var (
	refused     = &net.OpError{Op: "dial", Net: "tcp", Err: os.NewSyscallError("connect", syscall.ECONNREFUSED)}
	noProxy     = &net.OpError{Op: "proxyconnect", Net: "tcp", Err: refused}
	unknownHost = &net.OpError{Op: "dial", Net: "tcp", Err: &net.DNSError{Err: "no such host", Name: "x", IsNotFound: true}}
	reset       = &net.OpError{Op: "read", Net: "tcp", Err: os.NewSyscallError("read", syscall.ECONNRESET)}
	brokenPipe  = &net.OpError{Op: "write", Net: "tcp", Err: os.NewSyscallError("write", syscall.EPIPE)}
)

// status is a reply with a Retry-After header, if there is a value.
func status(code int, retryAfter string) reply {
	r := reply{status: code, header: http.Header{}, body: "last"}
	if retryAfter != "" {
		r.header.Set("Retry-After", retryAfter)
	}
	return r
}

func retry(base http.RoundTripper) *transport.Retry {
	return &transport.Retry{Attempts: 4, Budget: time.Minute, Notice: func(string) {}, Base: base}
}

// A mutation is sent again only when it surely did not run; a query whenever it
// may help.
func TestRetryWhat(t *testing.T) {
	tests := []struct {
		name     string
		reply    reply
		mutation int // requests sent, of at most 4
		query    int
	}{
		{"success", status(200, ""), 1, 1},
		{"connection refused", reply{err: refused}, 4, 4},
		{"proxy not reached", reply{err: noProxy}, 4, 4},
		{"unknown host", reply{err: unknownHost}, 1, 1},
		{"connection reset", reply{err: reset}, 1, 4},
		{"broken while writing", reply{err: brokenPipe}, 1, 4},
		{"closed without an answer", reply{err: io.EOF}, 1, 4},
		{"answer cut short", reply{err: io.ErrUnexpectedEOF}, 1, 4},
		{"no answer in time", reply{err: &transport.TimeoutError{}}, 1, 1},
		{"unknown error", reply{err: errBroken}, 1, 1},
		{"429", status(429, ""), 4, 4},
		{"429 with Retry-After", status(429, "1"), 4, 4},
		{"500", status(500, ""), 1, 4},
		{"501", status(501, ""), 1, 1},
		{"502", status(502, ""), 1, 4},
		{"503", status(503, ""), 1, 4},
		{"503 with Retry-After", status(503, "1"), 1, 4},
		{"504", status(504, ""), 1, 4},
		{"505", status(505, ""), 1, 1},
		{"400", status(400, ""), 1, 1},
		{"401", status(401, ""), 1, 1},
		{"403", status(403, ""), 1, 1},
		{"302", status(302, ""), 1, 1},
	}
	for _, tt := range tests {
		for kind, want := range map[string]int{"mutation": tt.mutation, "query": tt.query} {
			t.Run(tt.name+"/"+kind, func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					net := &network{replies: []reply{tt.reply}}
					req := post(t, endpoint, "whole body")
					if kind == "query" {
						req.Header["Idempotency-Key"] = []string{} // present and empty
					}
					resp, err := retry(net).RoundTrip(req)
					if len(net.sent) != want {
						t.Errorf("sent %d requests, want %d", len(net.sent), want)
					}
					for _, request := range net.sent {
						if request.body != "whole body" {
							t.Errorf("sent body %q", request.body)
						}
					}
					if tt.reply.err != nil {
						var none *transport.NoAnswerError
						if !errors.As(err, &none) || !errors.Is(err, tt.reply.err) || none.Attempts != want {
							t.Errorf("got error %v, want a NoAnswerError after %d attempts around %v", err, want, tt.reply.err)
						}
						return
					}
					if err != nil || resp.StatusCode != tt.reply.status || read(t, resp) != tt.reply.body {
						t.Errorf("got %v, %v; want the last answer whole", resp, err)
					}
				})
			})
		}
	}
}

func TestRetryUntilSuccess(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		net := &network{replies: []reply{{err: refused}, status(429, ""), {status: 200, body: "done"}}}
		resp, err := retry(net).RoundTrip(post(t, endpoint, "{}"))
		if err != nil || read(t, resp) != "done" || len(net.sent) != 3 {
			t.Errorf("got %v, %v after %d requests; want success at the third", resp, err, len(net.sent))
		}
	})
}

func TestRetryWaits(t *testing.T) {
	const ms, s = time.Millisecond, time.Second
	date := func(d time.Duration) string { // synctest begins at this time
		return time.Date(2000, 1, 1, 0, 0, 0, 0, time.UTC).Add(d).Format(http.TimeFormat)
	}
	tests := []struct {
		name     string
		replies  []reply
		min, max time.Duration // in all
		sent     int
		notices  int
	}{
		{"doubles, with jitter", []reply{status(429, "")}, 1400 * ms, 2100 * ms, 4, 0},
		{"seconds", []reply{status(429, "7"), status(200, "")}, 7 * s, 7 * s, 2, 1},
		{"a date", []reply{status(429, date(9*s)), status(200, "")}, 9 * s, 9 * s, 2, 1},
		{"a date that is over", []reply{status(429, date(-9*s)), status(200, "")}, 200 * ms, 300 * ms, 2, 0},
		{"less than the backoff", []reply{status(429, "0"), status(200, "")}, 200 * ms, 300 * ms, 2, 0},
		{"negative", []reply{status(429, "-5"), status(200, "")}, 200 * ms, 300 * ms, 2, 0},
		{"nonsense", []reply{status(429, "soon"), status(200, "")}, 200 * ms, 300 * ms, 2, 0},
		{"all of the budget", []reply{status(429, "60"), status(200, "")}, 60 * s, 60 * s, 2, 1},
		{"more than the budget", []reply{status(429, "61"), status(200, "")}, 0, 0, 1, 0},
		{"the rest of the budget", []reply{status(429, "31"), status(429, "30")}, 31 * s, 31 * s, 2, 1},
		{"more than an integer holds", []reply{status(429, "99999999999999999999"), status(200, "")}, 0, 0, 1, 0},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				net := &network{replies: tt.replies}
				var notices []string
				chain := retry(net)
				chain.Notice = func(text string) { notices = append(notices, text) }
				start := time.Now()
				resp, err := chain.RoundTrip(post(t, endpoint, "{}"))
				if err != nil {
					t.Fatal(err)
				}
				if want := tt.replies[min(tt.sent, len(tt.replies))-1].status; resp.StatusCode != want {
					t.Errorf("got status %d, want %d", resp.StatusCode, want)
				}
				if got := time.Since(start); got < tt.min || got > tt.max {
					t.Errorf("waited %s, want %s to %s", got, tt.min, tt.max)
				}
				if len(net.sent) != tt.sent {
					t.Errorf("sent %d requests, want %d", len(net.sent), tt.sent)
				}
				if len(notices) != tt.notices {
					t.Errorf("got notices %q, want %d", notices, tt.notices)
				}
			})
		})
	}
}

func TestRetryCancelledWhileItWaits(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancelCause(t.Context())
		net := &network{replies: []reply{status(429, "30")}}
		time.AfterFunc(time.Second, func() { cancel(errBroken) })
		start := time.Now()
		_, err := retry(net).RoundTrip(post(t, endpoint, "{}").WithContext(ctx))
		if !errors.Is(err, errBroken) {
			t.Errorf("got %v, want why the context ended", err)
		}
		if got := time.Since(start); got != time.Second {
			t.Errorf("returned after %s, want at once", got)
		}
		if len(net.sent) != 1 {
			t.Errorf("sent %d requests, want 1", len(net.sent))
		}
	})
}

func TestRetryCancelledInAnAttempt(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	calls := 0
	base := roundTrip(func(*http.Request) (*http.Response, error) {
		calls++
		cancel()
		return nil, refused
	})
	_, err := retry(base).RoundTrip(post(t, endpoint, "{}").WithContext(ctx))
	if !errors.Is(err, refused) || calls != 1 {
		t.Errorf("got %v after %d attempts, want the error of the first", err, calls)
	}
	if _, none := errors.AsType[*transport.NoAnswerError](err); none {
		t.Error("an interruption counts as a failure of the network")
	}
}

func TestRetryBodyThatCannotBeSentTwice(t *testing.T) {
	net := &network{replies: []reply{status(429, "")}}
	req := post(t, endpoint, "{}")
	req.GetBody = nil
	resp, err := retry(net).RoundTrip(req)
	if err != nil || resp.StatusCode != 429 || len(net.sent) != 1 {
		t.Errorf("got %v, %v after %d requests; want the 429 after 1", resp, err, len(net.sent))
	}
}

// net/http sends some requests again by itself; a mutation must not be among them.
func TestMutationOnAConnectionThatEnds(t *testing.T) {
	var mutations atomic.Int32
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		if string(body) == "warm up" {
			return
		}
		mutations.Add(1)
		conn, _, err := w.(http.Hijacker).Hijack()
		if err != nil {
			t.Error(err)
			return
		}
		_ = conn.Close()
	}))
	defer server.Close()
	base := &http.Transport{}
	defer base.CloseIdleConnections()
	chain := retry(&transport.Attempt{Limit: 10 * time.Second, MaxBytes: 1 << 20, Base: base})
	if _, err := chain.RoundTrip(post(t, server.URL, "warm up")); err != nil {
		t.Fatal(err)
	}
	_, err := chain.RoundTrip(post(t, server.URL, "mutation"))
	if _, none := errors.AsType[*transport.NoAnswerError](err); !none {
		t.Errorf("got %v, want a NoAnswerError", err)
	}
	if got := mutations.Load(); got != 1 {
		t.Errorf("the mutation arrived %d times, want once", got)
	}
}

func TestNoAnswerErrorSaysHowOften(t *testing.T) {
	tests := []struct {
		attempts int
		want     string
	}{
		{1, "no answer from h: broken on purpose"},
		{4, "no answer from h after 4 attempts: broken on purpose"},
	}
	for _, tt := range tests {
		err := &transport.NoAnswerError{Host: "h", Attempts: tt.attempts, Err: errBroken}
		if got := err.Error(); got != tt.want {
			t.Errorf("got %q, want %q", got, tt.want)
		}
	}
}
