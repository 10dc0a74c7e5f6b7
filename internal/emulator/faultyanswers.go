// Faults on demand: how they look to the client.

package emulator

import (
	"bytes"
	"context"
	"io"
	"maps"
	"net/http"
	"slices"
	"strconv"
	"time"
)

// The faults that need to know nothing but HTTP.
const (
	faultAnswer       = "answer"       // status, headers and body as given
	faultUnauthorized = "unauthorized" // AppSync's 401
	faultForbidden    = "forbidden"    // 403 {"message":"Forbidden"}, as a firewall in front of AppSync
	faultThrottled    = "throttled"    // 429
	faultInternal     = "internal-error"
	faultBadGateway   = "bad-gateway" // 502 with a page of HTML
	faultUnavailable  = "unavailable" // 503
	faultEmptyObject  = "empty-object"
	faultClosedBefore = "closed-before-execution"
	faultClosedAfter  = "closed-after-execution"
	faultTruncated    = "truncated-body"
)

// effect answers a request in the way of a fault; next is the service that would
// have answered.
type effect func(f *Fault, next http.Handler) http.Handler

func answers() map[string]effect {
	return map[string]effect{
		faultAnswer:       func(f *Fault, _ http.Handler) http.Handler { return fixed(f, orElse(f.Status, 500), f.Body) },
		faultUnauthorized: unauthorized,
		faultForbidden:    func(f *Fault, _ http.Handler) http.Handler { return fixed(f, 403, `{"message":"Forbidden"}`) },
		faultThrottled:    throttled,
		faultInternal: func(f *Fault, _ http.Handler) http.Handler {
			return fixed(f, 500, `{"message":"Internal Server Error"}`)
		},
		faultBadGateway:   badGateway,
		faultUnavailable:  func(f *Fault, _ http.Handler) http.Handler { return fixed(f, 503, `{"message":"Service Unavailable"}`) },
		faultEmptyObject:  func(f *Fault, _ http.Handler) http.Handler { return fixed(f, 200, `{}`) },
		faultClosedBefore: func(*Fault, http.Handler) http.Handler { return http.HandlerFunc(hangUp) },
		faultClosedAfter:  closedAfter,
		faultTruncated:    truncated,
	}
}

// around puts the faults between the client and a service. A request meets at most
// one slow and one other fault, so that those asked for one after the other strike
// one after the other.
func (f *faults) around(next http.Handler) func(call) http.Handler {
	effects := answers()
	names := slices.Collect(maps.Keys(effects))
	return func(c call) http.Handler {
		handler, cleared := next, f.end()
		slow := f.strike(c, faultSlow)
		if fault := f.strike(c, names...); fault != nil {
			handler = effects[fault.Name](fault, next)
		}
		if slow != nil {
			handler = delayed(time.Duration(slow.Delay), cleared, handler)
		}
		return handler
	}
}

// fixed answers always the same, with the fault's own headers and its Retry-After.
func fixed(f *Fault, status int, body string) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		header := w.Header()
		header.Set("Content-Type", "application/json")
		if f.RetryAfter > 0 {
			header.Set("Retry-After", strconv.Itoa(f.RetryAfter))
		}
		for name, value := range f.Headers {
			header.Set(name, value)
		}
		w.WriteHeader(status)
		_, _ = io.WriteString(w, body) // the client may have gone
	})
}

func unauthorized(f *Fault, _ http.Handler) http.Handler {
	headers := map[string]string{"x-amzn-ErrorType": "UnauthorizedException"}
	maps.Copy(headers, f.Headers)
	return fixed(&Fault{Headers: headers}, 401, `{
  "errors" : [ {
    "errorType" : "UnauthorizedException",
    "message" : "Token has expired."
  } ]
}`)
}

// throttled answers in the shape of the service that the request was for. AppSync's
// body is not documented; DynamoDB throttles with 400.
func throttled(f *Fault, _ http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		fault, status := *f, 429
		body := `{"error":"too_many_requests","error_description":"Global limit has been reached"}`
		switch {
		case r.URL.Path == "/graphql":
			body = `{"message":"Rate limit exceeded"}`
		case r.URL.Path == "/" && accountOperation(r) != "":
			status, body = 400, `{"__type":"com.amazon.coral.availability#ThrottlingException","message":"Rate of requests exceeds the allowed throughput."}`
		case accountOperation(r) != "":
			body = `{"message":"Rate exceeded"}`
			fault.Headers = map[string]string{"x-amzn-ErrorType": "ThrottlingException"}
			maps.Copy(fault.Headers, f.Headers)
		}
		fixed(&fault, status, body).ServeHTTP(w, r)
	})
}

func badGateway(f *Fault, _ http.Handler) http.Handler {
	headers := map[string]string{"Content-Type": "text/html"}
	maps.Copy(headers, f.Headers)
	return fixed(&Fault{Headers: headers, RetryAfter: f.RetryAfter}, 502,
		"<html>\r\n<head><title>502 Bad Gateway</title></head>\r\n<body>\r\n<center><h1>502 Bad Gateway</h1></center>\r\n</body>\r\n</html>\r\n")
}

// delayed waits before the service sees the request, until the faults are cleared at most.
func delayed(delay time.Duration, cleared <-chan struct{}, next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if !wait(r.Context(), delay, cleared) {
			hangUp(w, r)
		}
		next.ServeHTTP(w, r)
	})
}

// wait returns false when ctx ended before the time had passed or the faults were cleared.
func wait(ctx context.Context, delay time.Duration, cleared <-chan struct{}) bool {
	timer := time.NewTimer(delay)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-cleared:
		return true
	case <-ctx.Done():
		return false
	}
}

// hangUp closes the connection without an answer.
func hangUp(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) }

// closedAfter lets the service do its work and loses the answer.
func closedAfter(_ *Fault, next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		next.ServeHTTP(newKeptAnswer(), r)
		hangUp(w, r)
	})
}

// truncated announces the whole answer, sends half of it and closes the connection.
func truncated(_ *Fault, next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		kept := newKeptAnswer()
		next.ServeHTTP(kept, r)
		maps.Copy(w.Header(), kept.header)
		w.Header().Set("Content-Length", strconv.Itoa(kept.body.Len()))
		w.WriteHeader(kept.status)
		_, _ = w.Write(kept.body.Bytes()[:kept.body.Len()/2])
		_ = http.NewResponseController(w).Flush()
		hangUp(w, r)
	})
}

// keptAnswer is a ResponseWriter that sends nothing.
type keptAnswer struct {
	header http.Header
	status int
	body   bytes.Buffer
}

func newKeptAnswer() *keptAnswer { return &keptAnswer{header: http.Header{}, status: http.StatusOK} }

func (k *keptAnswer) Header() http.Header         { return k.header }
func (k *keptAnswer) WriteHeader(status int)      { k.status = status }
func (k *keptAnswer) Write(p []byte) (int, error) { return k.body.Write(p) }
