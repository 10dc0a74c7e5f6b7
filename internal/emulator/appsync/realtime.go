package appsync

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/coder/websocket"
)

// The real-time protocol's numbers (AppSync developer guide, "Building a real-time
// WebSocket client", and the quotas page).
const (
	subprotocol       = "graphql-ws"
	headerProtocol    = "header-" // a subprotocol that carries the credentials
	maxSubscriptions  = 100       // of one connection
	keepAlive         = time.Minute
	connectionTimeout = 5 * time.Minute // without a ka the client gives up
	connectionLife    = 24 * time.Hour
	maxFrame          = 1 << 20 // bytes; what the service allows is not published
)

// serveRealtime upgrades to a WebSocket. A handshake that is refused is refused in
// a connection_error frame, where clients look for it.
func (a *API) serveRealtime(w http.ResponseWriter, r *http.Request) {
	offered := offeredProtocols(r.Header)
	refused := a.authorizeHandshake(r, offered)
	conn, err := websocket.Accept(w, r, &websocket.AcceptOptions{
		Subprotocols: []string{subprotocol},
		// Credentials come in the handshake and never in a cookie, so a page of
		// another origin has no more power than any other client.
		InsecureSkipVerify: true,
	})
	if err != nil {
		return // Accept has answered
	}
	defer conn.CloseNow() //nolint:errcheck // closed in good order already, or lost
	conn.SetReadLimit(maxFrame)
	ctx, cancel := context.WithTimeout(r.Context(), connectionLife)
	defer cancel()
	s := &session{api: a, conn: conn, refused: refused, endpoint: graphqlURL(r), running: map[string]*subscription{}}
	if !slices.Contains(offered, subprotocol) {
		s.refused = badRequest("Subprotocol 'graphql-ws' is required.")
		s.refused.Type = "SubProtocolNotSupportedError"
		s.reject(ctx)
		return
	}
	s.run(ctx)
}

// authorizeHandshake finds the credentials in the query string, in a subprotocol or
// in plain headers, and checks them.
func (a *API) authorizeHandshake(r *http.Request, offered []string) *refusal {
	c := credentials{header: r.Header, host: r.Host, method: http.MethodPost, url: graphqlURL(r).JoinPath("connect"), body: []byte("{}")}
	encoded := ""
	if query := r.URL.Query(); query.Has("header") {
		if payload, err := decodeBase64(query.Get("payload")); err != nil || string(payload) != "{}" {
			return badRequest("The payload of the handshake must be an empty object.")
		}
		encoded = query.Get("header")
	}
	for _, protocol := range offered {
		if after, ok := strings.CutPrefix(protocol, headerProtocol); ok {
			encoded = after
		}
	}
	if encoded != "" {
		header, err := decodeHeader(encoded)
		if err != nil {
			return badRequest("The header of the handshake cannot be read.")
		}
		if refused := c.show(header); refused != nil {
			return refused
		}
	}
	_, refused := a.authorizer.authorize(r.Context(), c)
	return refused
}

// show puts the pairs of a header object in the place of the request's headers. Its
// host must be the GraphQL endpoint's, which here is the one that was called.
func (c *credentials) show(pairs map[string]string) *refusal {
	c.header = http.Header{}
	host := ""
	for name, value := range pairs {
		if strings.EqualFold(name, "host") {
			host = value
			continue
		}
		c.header.Set(name, value)
	}
	if host != c.host {
		return badRequest("The host of the authorization is not that of the GraphQL endpoint.")
	}
	return nil
}

// graphqlURL is the GraphQL endpoint's, which signatures cover.
func graphqlURL(r *http.Request) *url.URL {
	return &url.URL{Scheme: "https", Host: r.Host, Path: strings.TrimSuffix(r.URL.Path, "/realtime")}
}

func offeredProtocols(header http.Header) []string {
	var offered []string
	for _, line := range header.Values("Sec-WebSocket-Protocol") {
		for name := range strings.SplitSeq(line, ",") {
			offered = append(offered, strings.TrimSpace(name))
		}
	}
	return offered
}

func decodeHeader(encoded string) (map[string]string, error) {
	data, err := decodeBase64(encoded)
	if err != nil {
		return nil, err
	}
	var pairs map[string]string
	if err := json.Unmarshal(data, &pairs); err != nil {
		return nil, errors.New("no object of texts")
	}
	return pairs, nil
}

// decodeBase64 takes both alphabets, padded or not.
func decodeBase64(text string) ([]byte, error) {
	text = strings.NewReplacer("-", "+", "_", "/").Replace(strings.TrimRight(text, "="))
	return base64.RawStdEncoding.DecodeString(text)
}
