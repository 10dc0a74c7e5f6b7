package transport

import (
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"time"

	"github.com/appsyncctl/appsyncctl/internal/failure"
	"github.com/appsyncctl/appsyncctl/internal/retry"
)

// Retry sends a request again when that is safe and useful.
//
// Any request: when no connection was made, and after 429, since then it surely
// did not run. A request that may run twice also after 500, 502, 503, 504 and a
// connection that broke. A request says that it may with an Idempotency-Key or
// X-Idempotency-Key header, which may be present and empty, so that it is not
// sent: the convention of net/http.Transport.
//
// It waits twice as long each time, from 200 ms, with jitter, or as long as
// Retry-After says. When that would exceed Budget the last answer is returned.
type Retry struct {
	Attempts int           // in all; at least 1
	Budget   time.Duration // for waiting, in all; zero is no bound
	Notice   func(string)  // told of each wait of two seconds and more
	Base     http.RoundTripper
}

// RoundTrip implements http.RoundTripper.
func (t *Retry) RoundTrip(req *http.Request) (*http.Response, error) {
	next, attempts := req, 0
	policy := retry.Policy[*http.Response]{
		Backoff:  retry.Backoff{First: 200 * time.Millisecond, Factor: 2, Cap: 25600 * time.Millisecond, Jitter: 0.5},
		Attempts: t.Attempts,
		Budget:   t.Budget,
		Again: func(resp *http.Response, err error, wait time.Duration) (time.Duration, bool) {
			if !worthRepeating(req, resp, err) {
				return 0, false
			}
			if resp != nil {
				wait = max(wait, retry.After(resp.Header, time.Now()))
			}
			var replayErr error
			next, replayErr = replay(req)
			return wait, replayErr == nil
		},
		Notice: func(resp *http.Response, _ error, wait time.Duration) {
			if wait >= 2*time.Second {
				t.Notice("waiting " + wait.Round(time.Second).String() + " before asking " + req.URL.Host + " again")
			}
			if resp != nil {
				drain(resp)
			}
		},
	}
	resp, err := policy.Do(req.Context(), func() (*http.Response, error) {
		attempts++
		return t.Base.RoundTrip(next)
	})
	return resp, noAnswer(req, attempts, err)
}

// NoAnswerError says that no attempt brought an answer; Err is what became of
// the last.
type NoAnswerError struct {
	Host     string
	Attempts int
	Err      error
	// Unsafe says that the request may have been executed, and must not be twice.
	Unsafe bool
}

func (e *NoAnswerError) Error() string {
	tries := ""
	if e.Attempts > 1 {
		tries = fmt.Sprintf(" after %d attempts", e.Attempts)
	}
	return fmt.Sprintf("no answer from %s%s: %.300v", e.Host, tries, e.Err)
}
func (e *NoAnswerError) Unwrap() error { return e.Err }

// Kind implements the interface of failure.Of.
func (*NoAnswerError) Kind() failure.Kind { return failure.Network }

// Transient implements the interface of retry.Transient.
func (e *NoAnswerError) Transient() bool { return !e.Unsafe }

func noAnswer(req *http.Request, attempts int, err error) error {
	_, unsigned := errors.AsType[*SigningError](err)
	_, tooLarge := errors.AsType[*TooLargeError](err)
	if err == nil || unsigned || tooLarge || req.Context().Err() != nil {
		return err // not for want of an answer
	}
	return &NoAnswerError{Host: req.URL.Host, Attempts: attempts, Err: err, Unsafe: !neverSent(err) && !repeatable(req)}
}

func worthRepeating(req *http.Request, resp *http.Response, err error) bool {
	if err != nil {
		return neverSent(err) && !unknownHost(err) || broken(err) && repeatable(req)
	}
	return resp.StatusCode == http.StatusTooManyRequests || retry.TransientStatus(resp.StatusCode) && repeatable(req)
}

func repeatable(req *http.Request) bool {
	_, key := req.Header["Idempotency-Key"]
	_, xkey := req.Header["X-Idempotency-Key"]
	return key || xkey || req.Method == http.MethodGet || req.Method == http.MethodHead
}

// neverSent reports whether an attempt failed before its request could reach a
// server: no connection was made.
func neverSent(err error) bool {
	var op *net.OpError
	return errors.As(err, &op) && (op.Op == "dial" || op.Op == "proxyconnect")
}

// broken reports whether a connection ended while it was in use.
func broken(err error) bool {
	var op *net.OpError
	return errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) ||
		errors.As(err, &op) && (op.Op == "read" || op.Op == "write")
}

// unknownHost reports whether a name has no address: asking again cannot help.
func unknownHost(err error) bool {
	var dns *net.DNSError
	return errors.As(err, &dns) && dns.IsNotFound
}
