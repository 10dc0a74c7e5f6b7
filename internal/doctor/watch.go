// How a request gets to the other side, and how far it gets.

package doctor

import (
	"bytes"
	"crypto/tls"
	"io"
	"net/http"
	"net/http/httptrace"
	"sync"
	"time"
)

// A watch is an http.RoundTripper that notes what it sees of the way of its last
// request.
type watch struct {
	base http.RoundTripper
	now  func() time.Time

	mu   sync.Mutex // connections are made in the background, and may outlive their request
	seen passage
}

// A passage is how far a request got.
type passage struct {
	Address   string               // of the other end, or of its proxy: "192.0.2.1:443"; empty before there is a connection
	Dialed    bool                 // somebody took the connection: the other end, or its proxy
	Handshake bool                 // TLS was begun, behind a proxy with the other end
	Connected bool                 // the request could be sent
	HTTP2     bool                 // both ends have agreed to speak it
	TLS       *tls.ConnectionState // nil without TLS
	Status    int                  // of the answer; 0 before there is one
	Header    http.Header
	Sent      time.Time // by this machine's clock
	Received  time.Time // when the header was there; zero before
	WantsTLS  bool      // it answered plain HTTP by saying that it speaks HTTPS
}

// RoundTrip implements http.RoundTripper.
func (w *watch) RoundTrip(req *http.Request) (*http.Response, error) {
	sent := w.now()
	w.note(func(p *passage) { *p = passage{Sent: sent} })
	req = req.WithContext(httptrace.WithClientTrace(req.Context(), &httptrace.ClientTrace{
		ConnectDone: func(_, address string, err error) {
			if err == nil {
				w.note(func(p *passage) { p.Dialed, p.Address = true, address })
			}
		},
		TLSHandshakeStart: func() { w.note(func(p *passage) { p.Handshake = true }) },
		GotConn: func(info httptrace.GotConnInfo) {
			address := info.Conn.RemoteAddr().String()
			secured, isTLS := info.Conn.(*tls.Conn)
			http2 := isTLS && secured.ConnectionState().NegotiatedProtocol == "h2"
			w.note(func(p *passage) { p.Connected, p.HTTP2, p.Dialed, p.Address = true, http2, true, address })
		},
	}))
	resp, err := w.base.RoundTrip(req)
	if err != nil {
		return nil, err
	}
	received := w.now()
	wantsTLS := req.URL.Scheme == "http" && wantsTLS(resp)
	w.note(func(p *passage) {
		p.TLS, p.Status, p.Header, p.Received, p.WantsTLS = resp.TLS, resp.StatusCode, resp.Header, received, wantsTLS
	})
	return resp, nil
}

// wantsTLS reports whether resp is what servers of HTTPS answer to plain HTTP. Go's,
// nginx's and Apache's pages have that word in common.
func wantsTLS(resp *http.Response) bool {
	if resp.StatusCode != http.StatusBadRequest {
		return false
	}
	start, err := io.ReadAll(io.LimitReader(resp.Body, 1<<10))
	rest := resp.Body
	if err != nil {
		rest = broken{err, rest}
	}
	resp.Body = resumed{io.MultiReader(bytes.NewReader(start), rest), rest}
	return bytes.Contains(start, []byte("HTTPS"))
}

// resumed is a body whose start has been read and put back.
type resumed struct {
	io.Reader
	io.Closer
}

// broken is a body that could not be read on.
type broken struct {
	err error
	io.Closer
}

func (b broken) Read([]byte) (int, error) { return 0, b.err }

func (w *watch) note(change func(*passage)) {
	w.mu.Lock()
	defer w.mu.Unlock()
	change(&w.seen)
}

// watched returns a copy of client with a watch in it.
func watched(client *http.Client, now func() time.Time) (*http.Client, *watch) {
	w, copied := &watch{base: client.Transport, now: now}, *client
	copied.Transport = w
	return &copied, w
}

// passage returns what has been seen so far.
func (w *watch) passage() passage {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.seen
}
