// The probes: calls that differ only in what they show of the caller. AppSync has one
// 401 for two dozen causes; what tells them apart is who else is refused.

package doctor

import (
	"bytes"
	"context"
	"errors"
	"net"
	"net/http/httptrace"
	"slices"
	"strings"
	"sync/atomic"
)

// typename asks for the least that an authorized caller may have.
const typename = "{__typename}"

// A probe is a call that is made once, whoever asks for its reply.
type probe struct {
	done  chan struct{}
	reply *reply
}

var errNotAsked = errors.New("the call was not made")

// once makes the call named, or waits for the one under way. The call ends before
// the checks that ask for it do, so that they can say what came of it.
func (e *examination) once(ctx context.Context, name string, call func(context.Context) *reply) *reply {
	p, first := e.claim(name)
	if first {
		func() {
			defer close(p.done)
			limited, cancel := e.Deadline.Set(ctx, patience, "")
			defer cancel()
			p.reply = call(limited)
		}()
	}
	select {
	case <-p.done:
		return p.reply
	case <-ctx.Done():
		return &reply{Err: context.Cause(ctx)}
	}
}

// claim returns the probe named, and whether the caller is the one to make it.
func (e *examination) claim(name string) (p *probe, first bool) {
	e.learn(func(f *facts) {
		if p = f.probes[name]; p != nil {
			return
		}
		if f.probes == nil {
			f.probes = make(map[string]*probe)
		}
		p, first = &probe{done: make(chan struct{}), reply: &reply{Err: errNotAsked}}, true
		f.probes[name] = p
	})
	return p, first
}

// own is the reply to what a command would send, or the answer that was saved.
func (e *examination) own(ctx context.Context) *reply {
	switch {
	case e.Answer != nil:
		return &reply{Status: e.Answer.status(), Header: e.Answer.Header, Body: e.Answer.Body, parsed: e.Answer.parsed}
	case e.Authorized == nil:
		return &reply{Err: errNotAsked}
	}
	return e.once(ctx, "own", func(ctx context.Context) *reply {
		var asked atomic.Bool // of the API, and not of whoever has the credentials
		traced := httptrace.WithClientTrace(ctx, &httptrace.ClientTrace{GetConn: func(address string) {
			host, _, _ := net.SplitHostPort(address)
			known := e.known()
			if host == known.endpoint.Hostname() || known.proxy != nil && host == known.proxy.Hostname() {
				asked.Store(true)
			}
		}})
		own := e.post(traced, e.Authorized, nil, typename).without(e.known().token)
		if own.Err != nil && ctx.Err() == nil && !asked.Load() && !e.tokened() {
			own.Err = &unsentError{own.Err}
		}
		return own
	})
}

// An unsentError is why a call was not made: no connection was asked for, so that the
// network had no part in it.
type unsentError struct{ err error }

func (e *unsentError) Error() string { return e.err.Error() }
func (e *unsentError) Unwrap() error { return e.err }

func unsent(err error) bool {
	_, is := errors.AsType[*unsentError](err)
	return is
}

// anonymous is the reply to a call without credentials; NET-003 has made it.
func (e *examination) anonymous(ctx context.Context) *reply {
	if known := e.known().anonymous; known != nil {
		return known
	}
	return e.once(ctx, "anonymous", func(ctx context.Context) *reply {
		return e.post(ctx, e.Plain, nil, typename)
	})
}

// nonsense is the reply to a credential of the right kind that nobody has given out.
func (e *examination) nonsense(ctx context.Context) *reply {
	header := map[string]string{"Authorization": "appsyncctl-doctor-shows-no-token"}
	if e.mode() == modeAPIKey {
		header = map[string]string{"x-api-key": "da2-appsyncctldoctorshowsnokey"}
	}
	return e.once(ctx, "nonsense", func(ctx context.Context) *reply {
		return e.post(ctx, e.Plain, header, typename)
	})
}

// otherScheme is the reply to the own token in the other form: raw instead of Bearer, or
// Bearer instead of raw.
func (e *examination) otherScheme(ctx context.Context) *reply {
	token := e.known().token
	if token == "" || e.Answer != nil {
		return &reply{Err: errNotAsked}
	}
	shown := "Bearer " + token
	if e.bearer() {
		shown = token
	}
	return e.once(ctx, "other scheme", func(ctx context.Context) *reply {
		return e.post(ctx, e.Plain, map[string]string{"Authorization": shown}, typename).without(token)
	})
}

// bearer tells whether the token is sent behind "Bearer".
func (s *Subject) bearer() bool { return s.setting("auth_scheme").Value == "bearer" }

// without takes a secret out of what a server repeats.
func (r *reply) without(secret string) *reply {
	const shortest = 8 // anything shorter would tear words apart
	if len(secret) < shortest {
		return r
	}
	r.Body = bytes.ReplaceAll(r.Body, []byte(secret), []byte("[redacted]"))
	if r.Err != nil && strings.Contains(r.Err.Error(), secret) {
		r.Err = errors.New(strings.ReplaceAll(r.Err.Error(), secret, "[redacted]"))
	}
	for name, values := range r.Header {
		if slices.ContainsFunc(values, func(v string) bool { return strings.Contains(v, secret) }) {
			r.Header.Del(name)
		}
	}
	return r
}
