// Faults on demand: how one is described, in JSON or in a flag; those that wait, and which
// requests they strike; how they look to the client.

package emulator

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"math/rand/v2"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/appsyncctl/appsyncctl/internal/emulator/appsync"
	"github.com/appsyncctl/appsyncctl/internal/emulator/appsync/account"
	"github.com/appsyncctl/appsyncctl/internal/emulator/auth0"
)

// Fault is one misbehaviour on demand: what to do, and to which requests. FaultNames
// lists the names.
type Fault struct {
	Name      string   `json:"name"`
	Count     int      `json:"count,omitempty"`     // how many requests it strikes; 0: all until it is cleared
	Rate      float64  `json:"rate,omitempty"`      // the chance that a request is struck, up to 1; 0 is 1
	Path      string   `json:"path,omitempty"`      // of the requests; default all, or those the fault is about
	Operation string   `json:"operation,omitempty"` // name of a GraphQL operation or of one of its root fields, a grant type or AWS's action; default all
	Delay     Duration `json:"delay,omitempty"`     // of slow; default 2 s

	Header map[string]json.RawMessage `json:"header,omitempty"` // of altered-token: what its header says instead; null takes away
	Claims map[string]json.RawMessage `json:"claims,omitempty"` // the same of its claims

	Status     int               `json:"status,omitempty"` // of answer; default 500
	Headers    map[string]string `json:"headers,omitempty"`
	Body       string            `json:"body,omitempty"`
	RetryAfter int               `json:"retry_after,omitempty"` // seconds, sent as Retry-After; 0: not sent
}

// Duration is a time.Duration that JSON writes as text, such as "1.5s".
type Duration time.Duration

// MarshalText implements encoding.TextMarshaler.
func (d Duration) MarshalText() ([]byte, error) { return []byte(time.Duration(d).String()), nil }

// UnmarshalText implements encoding.TextUnmarshaler.
func (d *Duration) UnmarshalText(text []byte) error {
	parsed, err := time.ParseDuration(string(text))
	*d = Duration(parsed)
	return err
}

// ParseFault reads a fault from a flag: a name and then settings by the names they
// have in JSON, such as "throttled,count=2,retry_after=1". A body, a header and claims
// cannot be given.
func ParseFault(text string) (Fault, error) {
	name, settings, _ := strings.Cut(text, ",")
	fault := Fault{Name: name}
	for setting := range strings.SplitSeq(settings, ",") {
		if setting == "" {
			continue
		}
		key, value, _ := strings.Cut(setting, "=")
		var err error
		switch key {
		case "count":
			fault.Count, err = strconv.Atoi(value)
		case "rate":
			fault.Rate, err = strconv.ParseFloat(value, 64)
		case "path":
			fault.Path = value
		case "operation":
			fault.Operation = value
		case "delay":
			err = fault.Delay.UnmarshalText([]byte(value))
		case "status":
			fault.Status, err = strconv.Atoi(value)
		case "retry_after":
			fault.RetryAfter, err = strconv.Atoi(value)
		default:
			return Fault{}, fmt.Errorf("fault %s: unknown setting %q", name, key)
		}
		if err != nil {
			return Fault{}, fmt.Errorf("fault %s: %s: %w", name, key, err)
		}
	}
	return fault.complete()
}

// FaultNames returns the name of every fault, sorted.
func FaultNames() []string {
	names := slices.Concat(auth0.Faults(), appsync.Faults(), account.Faults(), slices.Collect(maps.Keys(answers())), []string{faultSlow, faultLostRefresh})
	slices.Sort(names)
	return names
}

const (
	faultSlow        = "slow"
	faultLostRefresh = "lost-refresh-answer" // closed-after-execution of a refresh
	defaultDelay     = 2 * time.Second
)

// complete fills the defaults in and refuses what cannot work.
func (f Fault) complete() (Fault, error) {
	if !slices.Contains(FaultNames(), f.Name) {
		return f, fmt.Errorf("unknown fault %q; known are %s", f.Name, strings.Join(FaultNames(), ", "))
	}
	if f.Rate == 0 {
		f.Rate = 1
	}
	switch {
	case !(f.Rate > 0 && f.Rate <= 1):
		return f, fmt.Errorf("fault %s: rate is not between 0 and 1", f.Name)
	case f.Count < 0 || f.RetryAfter < 0 || f.Delay < 0:
		return f, fmt.Errorf("fault %s: a negative number", f.Name)
	case f.Status != 0 && (f.Status < 200 || f.Status > 599):
		return f, fmt.Errorf("fault %s: status is not between 200 and 599", f.Name)
	}
	switch f.Name {
	case faultUnauthorized, faultForbidden, faultEmptyObject:
		f.Path = orElse(f.Path, "/graphql")
	case faultSlow:
		f.Delay = orElse(f.Delay, Duration(defaultDelay))
	case faultLostRefresh:
		f.Name, f.Path, f.Operation = faultClosedAfter, "/oauth/token", auth0.GrantRefreshToken
	}
	return f, nil
}

func orElse[T comparable](value, otherwise T) T {
	var zero T
	if value == zero {
		return otherwise
	}
	return value
}

func (f *Fault) matches(c call) bool {
	return (f.Path == "" || f.Path == c.Path) && (f.Operation == "" ||
		// listCustomers, the field, and ListCustomers, the operation named after it
		strings.EqualFold(f.Operation, c.Operation) ||
		// device_code, the last part of a grant type that is a URN
		strings.HasSuffix(c.Operation, ":"+f.Operation) ||
		// createCustomer, whatever the operation that asks for it is called
		c.rootFields != nil && slices.Contains(c.rootFields(), f.Operation))
}

// faults are those that wait for requests, in the order in which they were asked for.
type faults struct {
	mu      sync.Mutex
	armed   []*Fault
	cleared chan struct{} // closed when these faults are cleared
}

func newFaults(initial []Fault) (*faults, error) {
	f := &faults{cleared: make(chan struct{})}
	for _, fault := range initial {
		if err := f.arm(fault); err != nil {
			return nil, err
		}
	}
	return f, nil
}

func (f *faults) arm(fault Fault) error {
	fault, err := fault.complete()
	if err != nil {
		return err
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	f.armed = append(f.armed, &fault)
	return nil
}

// strike uses up one of the first fault that has one of the names, matches the call
// and does not pass it over by chance; it returns nil when there is none.
func (f *faults) strike(c call, names ...string) *Fault {
	f.mu.Lock()
	defer f.mu.Unlock()
	for i, fault := range f.armed {
		if !slices.Contains(names, fault.Name) || !fault.matches(c) || rand.Float64() >= fault.Rate { //nolint:gosec // chance, not secrecy
			continue
		}
		struck := *fault
		if fault.Count == 1 {
			f.armed = slices.Delete(f.armed, i, i+1)
		} else if fault.Count > 1 {
			fault.Count--
		}
		return &struck
	}
	return nil
}

// at returns what a service asks before it commits a fault of its own in answering a
// POST to path; see auth0.Config.Fault and appsync.Config.Fault.
func (f *faults) at(path string) func(name, operation string) bool {
	return func(name, operation string) bool {
		return f.strike(call{Method: http.MethodPost, Path: path, Operation: operation}, name) != nil
	}
}

// alter is what a tenant asks before it alters a token; see auth0.Config.Alter.
func (f *faults) alter(grantType string) (auth0.Alteration, bool) {
	struck := f.strike(call{Method: http.MethodPost, Path: "/oauth/token", Operation: grantType}, auth0.FaultAlteredToken)
	if struck == nil {
		return auth0.Alteration{}, false
	}
	return auth0.Alteration{Header: struck.Header, Claims: struck.Claims}, true
}

// list answers GET /_emulator/faults: what is still to come.
func (f *faults) list(w http.ResponseWriter, _ *http.Request) {
	writeJSON(w, http.StatusOK, f.waiting())
}

func (f *faults) waiting() []Fault {
	f.mu.Lock()
	defer f.mu.Unlock()
	waiting := []Fault{}
	for _, fault := range f.armed {
		waiting = append(waiting, *fault)
	}
	return waiting
}

// add answers POST /_emulator/faults: one fault as a JSON object.
func (f *faults) add(w http.ResponseWriter, r *http.Request) {
	var fault Fault
	decoder := json.NewDecoder(io.LimitReader(r.Body, 1<<20))
	decoder.DisallowUnknownFields()
	err := decoder.Decode(&fault)
	if err == nil {
		err = f.arm(fault)
	}
	if err != nil {
		writeJSON(w, http.StatusBadRequest, map[string]string{"message": err.Error()})
		return
	}
	f.list(w, r)
}

// clear answers DELETE /_emulator/faults.
func (f *faults) clear(w http.ResponseWriter, _ *http.Request) {
	f.reset()
	w.WriteHeader(http.StatusNoContent)
}

func (f *faults) reset() {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.armed = nil
	close(f.cleared)
	f.cleared = make(chan struct{})
}

// end is closed when the faults that are there now are cleared.
func (f *faults) end() <-chan struct{} {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.cleared
}

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
