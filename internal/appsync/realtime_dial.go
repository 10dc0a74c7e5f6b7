// How a real-time connection begins: its address, the handshake with the
// credentials, and the acknowledgement.

package appsync

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"io"
	"maps"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/coder/websocket"
)

const (
	graphqlProtocol = "graphql-ws"
	headerProtocol  = "header-" // and the credentials, base64url without padding
)

// RealtimeURL returns the real-time address of a GraphQL endpoint: the host of
// AppSync's own, ID.appsync-api.REGION.…, has a sibling; a custom domain has a path.
func RealtimeURL(endpoint *url.URL) *url.URL {
	address := *endpoint
	address.Scheme = strings.Replace(endpoint.Scheme, "http", "ws", 1)
	labels := strings.Split(endpoint.Host, ".")
	if len(labels) > 3 && strings.EqualFold(labels[1], "appsync-api") {
		labels[1] = "appsync-realtime-api"
		address.Host = strings.Join(labels, ".")
		return &address
	}
	return address.JoinPath("realtime")
}

// dial connects, shows the credentials and waits for the acknowledgement.
func (r *Realtime) dial(ctx context.Context) error {
	credentials, err := r.authorize(ctx, r.Endpoint.JoinPath("connect"), []byte("{}"))
	if err != nil {
		return err
	}
	encoded, err := json.Marshal(credentials)
	if err != nil {
		return err
	}
	conn, resp, err := websocket.Dial(ctx, RealtimeURL(r.Endpoint).String(), &websocket.DialOptions{ //nolint:bodyclose // the library has closed it
		HTTPClient:   r.HTTP,
		Subprotocols: []string{graphqlProtocol, headerProtocol + base64.RawURLEncoding.EncodeToString(encoded)},
	})
	if err != nil {
		return r.notUpgraded(ctx, resp, err)
	}
	conn.SetReadLimit(frameMost)
	r.conn = conn
	if err := r.greet(ctx); err != nil {
		_ = conn.CloseNow() // the error that brought us here says more
		r.conn = nil
		return err
	}
	return nil
}

// authorize returns the credentials as AppSync wants them in a frame: the headers of a
// POST of body to address, with the host of the GraphQL endpoint, whatever host the
// connection goes to. A signature covers the headers that are set here, and the body but
// not its length.
func (r *Realtime) authorize(ctx context.Context, address *url.URL, body []byte) (map[string]string, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, address.String(), nil)
	if err != nil {
		return nil, err
	}
	req.GetBody = func() (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(body)), nil }
	req.Header.Set("Accept", "application/json, text/javascript")
	req.Header.Set("Content-Encoding", "amz-1.0")
	req.Header.Set("Content-Type", "application/json; charset=UTF-8")
	header, err := r.Authorizer.Authorize(ctx, req)
	if err != nil {
		return nil, err
	}
	maps.Copy(req.Header, header)
	credentials := map[string]string{"host": r.Endpoint.Host}
	for name := range req.Header {
		credentials[name] = req.Header.Get(name)
	}
	return credentials, nil
}

// notUpgraded returns why a handshake failed. The library's own text could quote
// what the server echoes, and so a token.
func (r *Realtime) notUpgraded(ctx context.Context, resp *http.Response, err error) error {
	if resp == nil {
		if wrapped, ok := errors.AsType[*url.Error](err); ok {
			err = wrapped.Err
		}
		return r.lost(cause(ctx, err))
	}
	if resp.StatusCode == http.StatusSwitchingProtocols {
		return r.lost(errors.New("the answer to the WebSocket handshake is wrong"))
	}
	refused := &ResponseError{Status: resp.StatusCode, NotGraphQL: "no WebSocket"}
	body, _ := io.ReadAll(resp.Body) // the first 1024 bytes, which the library has kept
	var none struct{}
	if answer, ok := errors.AsType[*ResponseError](decode(resp, body, &none)); ok && len(body) > 0 {
		refused = answer
	}
	return refused
}

// greet sends connection_init and waits for connection_ack.
func (r *Realtime) greet(ctx context.Context) error {
	if r.conn.Subprotocol() != graphqlProtocol {
		return r.lost(errors.New("the server does not speak AppSync's real-time protocol"))
	}
	if err := r.conn.Write(ctx, websocket.MessageText, []byte(`{"type":"connection_init"}`)); err != nil {
		return r.lost(cause(ctx, err))
	}
	for {
		_, data, err := r.conn.Read(ctx)
		if err != nil {
			return r.lost(cause(ctx, err))
		}
		frame := parseFrame(data)
		switch frame.kind {
		case "connection_ack":
			r.silence = frame.silence()
			r.heard = time.Now()
			return nil
		case "connection_error", "error":
			return frame.refusal()
		}
	}
}

// cause prefers why ctx ended over the way in which that surfaced.
func cause(ctx context.Context, err error) error {
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	return err
}
