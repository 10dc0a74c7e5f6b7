// Package appsynctest is a real-time server for tests of those who follow an API: it plays
// a part, frame by frame, on connections in memory, so that a test can move the clock. The
// emulator behaves as AppSync does; this server also does what AppSync never should.
package appsynctest

import (
	"bufio"
	"context"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/coder/websocket"

	"github.com/appsyncctl/appsyncctl/internal/appsync"
)

// Server plays a part on each connection. It must be made inside synctest.
type Server struct {
	T    *testing.T
	Part func(s *Stage)
}

// A Stage is one connection of a Server.
type Stage struct {
	*Server
	Conn *websocket.Conn
	IDs  []string // of the subscriptions, as they started
}

const (
	// Token is the token that a connection must show.
	Token = "header.payload.signature"
	// PlainAck acknowledges a connection.
	PlainAck = `{"type":"connection_ack"}`
)

// Connector makes connections to the server.
func (s *Server) Connector() *appsync.Connector {
	return &appsync.Connector{
		Endpoint:   &url.URL{Scheme: "https", Host: "api.example.com", Path: "/graphql"},
		HTTP:       &http.Client{Transport: s},
		Authorizer: s,
	}
}

// Authorize implements appsync.Authorizer.
func (s *Server) Authorize(context.Context, *http.Request) (http.Header, error) {
	return http.Header{"Authorization": {Token}}, nil
}

// RoundTrip answers the handshake over a pipe.
func (s *Server) RoundTrip(req *http.Request) (*http.Response, error) {
	near, far := net.Pipe()
	go http.Serve(&oneConn{conn: far}, http.HandlerFunc(s.serve)) //nolint:errcheck,gosec // ends with the pipe
	if err := req.Write(near); err != nil {
		return nil, err
	}
	reader := bufio.NewReader(near)
	resp, err := http.ReadResponse(reader, req)
	if err != nil {
		return nil, err
	}
	resp.Body = &pipeBody{reader, near}
	return resp, nil
}

type pipeBody struct {
	reader *bufio.Reader
	net.Conn
}

func (b *pipeBody) Read(p []byte) (int, error) { return b.reader.Read(p) }

// oneConn is a listener that accepts once.
type oneConn struct{ conn net.Conn }

func (l *oneConn) Accept() (net.Conn, error) {
	if l.conn == nil {
		return nil, net.ErrClosed
	}
	conn := l.conn
	l.conn = nil
	return conn, nil
}
func (l *oneConn) Close() error   { return nil }
func (l *oneConn) Addr() net.Addr { return &net.UnixAddr{} }

func (s *Server) serve(w http.ResponseWriter, r *http.Request) {
	_, encoded, _ := strings.Cut(r.Header.Get("Sec-WebSocket-Protocol"), "header-")
	shown, err := base64.RawURLEncoding.DecodeString(encoded)
	want := `{"Accept":"application/json, text/javascript","Authorization":"` + Token +
		`","Content-Encoding":"amz-1.0","Content-Type":"application/json; charset=UTF-8","host":"api.example.com"}`
	if err != nil || string(shown) != want {
		s.T.Errorf("handshake: got %s, %v; want %s", shown, err, want)
	}
	if r.URL.RawQuery != "" || r.Header.Get("Authorization") != "" {
		s.T.Errorf("credentials in another place: %s %v", r.URL, r.Header)
	}
	conn, err := websocket.Accept(w, r, &websocket.AcceptOptions{Subprotocols: []string{"graphql-ws"}})
	if err != nil {
		s.T.Error(err)
		return
	}
	defer conn.CloseNow() //nolint:errcheck // the part is over
	stage := &Stage{Server: s, Conn: conn}
	if frame := stage.Receive(); frame["type"] != "connection_init" {
		s.T.Errorf("got %v first", frame)
	}
	s.Part(stage)
}

// Receive returns the next frame of the client.
func (s *Stage) Receive() map[string]any {
	var frame map[string]any
	_, data, err := s.Conn.Read(context.Background())
	if err == nil {
		err = json.Unmarshal(data, &frame)
	}
	if err != nil {
		s.T.Errorf("receive: %v", err)
	}
	return frame
}

// Send sends a frame.
func (s *Stage) Send(format string, args ...any) {
	if err := s.Conn.Write(context.Background(), websocket.MessageText, fmt.Appendf(nil, format, args...)); err != nil {
		s.T.Logf("send: %v", err) // the client may have gone
	}
}

// Accept acknowledges the connection and n subscriptions.
func (s *Stage) Accept(ack string, n int) {
	s.Send("%s", ack)
	for range n {
		frame := s.Receive()
		id, _ := frame["id"].(string)
		s.IDs = append(s.IDs, id)
		s.Send(`{"type":"start_ack","id":%q}`, id)
	}
}

// Wait reads until the client closes.
func (s *Stage) Wait() {
	for {
		if _, _, err := s.Conn.Read(context.Background()); err != nil {
			return
		}
	}
}
