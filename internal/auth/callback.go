// The end of a browser login on one's own machine: a listener on loopback that
// takes one answer. Whether the login worked is known only after the exchange of
// the code, so the page that the browser shows waits for that.

package auth

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strconv"
	"sync"
	"sync/atomic"
	"time"
)

const (
	callbackPath   = "/callback"
	callbackReads  = time.Minute     // for a request's header
	callbackWrites = time.Minute     // for the login's own page to be written
	callbackCloses = 3 * time.Second // for all other pages to be written
	callbackHeader = 64 << 10        // bytes
)

// A Callback waits on 127.0.0.1 for the browser to come back (RFC 8252, section
// 7.3). The order is: Listen, NewAuthorization with the RedirectURI, Wait,
// Authorization.Exchange, Finish.
type Callback struct {
	RedirectURI string // must be registered with the provider

	listener net.Listener
	server   *http.Server
	login    *Authorization
	arrived  chan arrival // holds one, since only one is taken
	taken    atomic.Bool
	answered chan struct{} // closed when the login's own page is written
	finish   sync.Once
	finished chan struct{} // closed by Finish
	verdict  error         // of the login; set before finished is closed
}

// An arrival is what a browser brought.
type arrival struct {
	code string
	err  error
}

// Listen takes the first free one of ports on 127.0.0.1. Providers know redirect
// URIs by their ports, Auth0 among them, so ports is a fixed list.
func Listen(ctx context.Context, ports ...int) (*Callback, error) {
	var last error
	for _, port := range ports {
		address := net.JoinHostPort("127.0.0.1", strconv.Itoa(port))
		listener, err := new(net.ListenConfig).Listen(ctx, "tcp4", address)
		if err != nil {
			last = err
			continue
		}
		c := &Callback{
			RedirectURI: "http://" + listener.Addr().String() + callbackPath,
			listener:    listener,
			arrived:     make(chan arrival, 1),
			answered:    make(chan struct{}),
			finished:    make(chan struct{}),
		}
		mux := http.NewServeMux()
		mux.HandleFunc("GET "+callbackPath, c.answer)
		c.server = &http.Server{Handler: mux, ReadHeaderTimeout: callbackReads, MaxHeaderBytes: callbackHeader}
		return c, nil
	}
	return nil, fmt.Errorf("none of the ports %v on 127.0.0.1 can be listened on: %w", ports, last)
}

// Wait returns the code that a browser brings for a, or why the login failed, as
// Authorization.Code does; but it goes on waiting when what comes belongs to
// another login. When ctx ends first, it returns the cause. It is called once.
func (c *Callback) Wait(ctx context.Context, a *Authorization) (string, error) {
	c.login = a
	go func() { _ = c.server.Serve(c.listener) }() // until Finish
	select {
	case got := <-c.arrived:
		return got.code, got.err
	case <-c.finished:
		return "", net.ErrClosed
	case <-ctx.Done():
		return "", context.Cause(ctx)
	}
}

// answer takes the first request that belongs to the login, and shows the browser
// that brought it how the login ended.
func (c *Callback) answer(w http.ResponseWriter, r *http.Request) {
	// Another host name means that a web page sent the browser through its own DNS.
	if r.Host != c.listener.Addr().String() {
		show(w, http.StatusBadRequest, "This address goes by no other name.")
		return
	}
	code, err := c.login.Code(r.URL.Query())
	if errors.Is(err, ErrState) {
		show(w, http.StatusBadRequest, "This answer belongs to another login.")
		return
	}
	if c.taken.Swap(true) {
		show(w, http.StatusGone, "This login has had its answer.")
		return
	}
	defer close(c.answered)
	c.arrived <- arrival{code, err}
	select {
	case <-c.finished:
	case <-r.Context().Done():
		return
	}
	if c.verdict != nil {
		show(w, http.StatusOK, "The login failed. The terminal says why.")
		return
	}
	show(w, http.StatusOK, "You are logged in. You can close this window.")
}

// Finish tells the browser how the login ended, nil for well, and closes the
// listener. Only its first call counts.
func (c *Callback) Finish(verdict error) {
	c.finish.Do(func() {
		c.verdict = verdict
		close(c.finished)
		_ = c.listener.Close() // also when nothing was served on it
		if c.taken.Load() {
			late := time.NewTimer(callbackWrites)
			defer late.Stop()
			select {
			case <-c.answered:
			case <-late.C:
			}
		}
		// The page is written though the login's own context may have ended.
		ctx, cancel := context.WithTimeout(context.Background(), callbackCloses)
		defer cancel()
		if c.server.Shutdown(ctx) != nil {
			_ = c.server.Close()
		}
	})
}

// show writes a page that loads nothing, is kept nowhere and tells nobody the
// address, which holds the code. It is sent when show returns.
func show(w http.ResponseWriter, status int, message string) {
	header := w.Header()
	header.Set("Content-Type", "text/html; charset=utf-8")
	header.Set("Cache-Control", "no-store")
	header.Set("Referrer-Policy", "no-referrer")
	header.Set("Content-Security-Policy", "default-src 'none'; frame-ancestors 'none'")
	header.Set("X-Content-Type-Options", "nosniff")
	header.Set("Connection", "close")
	page := "<!doctype html><title>appsyncctl</title><p>" + message + "</p>\n"
	header.Set("Content-Length", strconv.Itoa(len(page)))
	w.WriteHeader(status)
	_, _ = io.WriteString(w, page)
	_ = http.NewResponseController(w).Flush()
}
