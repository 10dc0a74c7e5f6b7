// One request to a provider. Everything that is sent or fetched goes through here:
// once, to no other host, within limits, and knowing whether it left the machine.

package auth

import (
	"crypto/tls"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptrace"
	"net/url"
	"strings"
	"sync/atomic"
	"time"
)

const (
	maxBody        = 1 << 20          // bytes of an answer that are read
	requestTimeout = 30 * time.Second // for clients that come without one
)

// An answer is what an endpoint said to one request.
type answer struct {
	endpoint string
	status   int
	header   http.Header
	body     []byte
	started  time.Time // when the request began, so that lifetimes err on the short side
	received time.Time
	secrets  []string // what the request held that no message may hold
}

// roundTrip sends req with a hardened copy of client and reads the answer whole.
func roundTrip(client *http.Client, req *http.Request) (*answer, error) {
	req.Header.Set("Accept", "application/json")
	// A transport of net/http's reports when it looks for a connection and when
	// it has one: until then it has sent nothing. Others tell by their error only.
	var asked, connected atomic.Bool
	req = req.WithContext(httptrace.WithClientTrace(req.Context(), &httptrace.ClientTrace{
		GetConn: func(string) { asked.Store(true) },
		GotConn: func(httptrace.GotConnInfo) { connected.Store(true) },
	}))
	a := &answer{endpoint: req.URL.String(), started: time.Now()}
	fail := func(err error) (*answer, error) {
		if wrapped, ok := errors.AsType[*url.Error](err); ok {
			err = wrapped.Err // the endpoint is in our own message already
		}
		unsent := !connected.Load() && (asked.Load() || dialFailed(err))
		return nil, &TransportError{Endpoint: place(a.endpoint), Sent: !unsent, Err: err}
	}

	resp, err := hardened(client).Do(req)
	if err != nil {
		return fail(err)
	}
	defer func() { _ = resp.Body.Close() }() // it has been read to its end
	a.body, err = io.ReadAll(resp.Body)
	if _, ok := errors.AsType[*http.MaxBytesError](err); ok {
		a.body, err = nil, nil // too long to be what was asked for
	}
	if err != nil {
		return fail(err)
	}
	a.status, a.header, a.received = resp.StatusCode, resp.Header, time.Now()
	return a, nil
}

// hardened returns a copy of client that follows no redirect (a 307 would carry
// the secret to another host), reads no endless answer and waits for none.
func hardened(client *http.Client) *http.Client {
	copied := *client
	copied.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	if copied.Timeout == 0 {
		copied.Timeout = requestTimeout
	}
	if copied.Transport == nil {
		copied.Transport = http.DefaultTransport
	}
	copied.Transport = limited{copied.Transport}
	return &copied
}

// limited cuts answers at maxBody with an *http.MaxBytesError.
type limited struct{ base http.RoundTripper }

func (l limited) RoundTrip(req *http.Request) (*http.Response, error) {
	resp, err := l.base.RoundTrip(req)
	if err == nil {
		resp.Body = http.MaxBytesReader(nil, resp.Body, maxBody)
	}
	return resp, err
}

func dialFailed(err error) bool {
	if op, ok := errors.AsType[*net.OpError](err); ok && op.Op == "dial" {
		return true
	}
	_, ok := errors.AsType[*net.DNSError](err)
	return ok
}

// hopeless says that a request which was not sent would fail again: the host's
// name does not exist, or its certificate is not trusted.
func hopeless(err error) bool {
	if dns, ok := errors.AsType[*net.DNSError](err); ok {
		return dns.IsNotFound
	}
	_, ok := errors.AsType[*tls.CertificateVerificationError](err)
	return ok
}

// sent lists the secrets in a request, as the server may echo them.
func sent(req *http.Request, form url.Values) []string {
	_, password, _ := req.BasicAuth()
	unescaped, _ := url.QueryUnescape(password) // empty if it was not escaped
	_, basic, _ := strings.Cut(req.Header.Get("Authorization"), " ")
	secrets := []string{basic, password, unescaped}
	for _, key := range []string{
		"client_secret", "client_assertion", "refresh_token", "device_code", "code", "code_verifier", "token",
	} {
		secrets = append(secrets, form.Get(key), url.QueryEscape(form.Get(key)))
	}
	longer := secrets[:0]
	for _, secret := range secrets {
		if len(secret) >= 4 { // shorter ones would tear words apart
			longer = append(longer, secret)
		}
	}
	return longer
}
