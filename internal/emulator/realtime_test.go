package emulator_test

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/coder/websocket"

	"github.com/appsyncctl/appsyncctl/internal/emulator"
)

// subscribe opens the real-time endpoint and reads the answer to connection_init.
func (r running) subscribe(t *testing.T) *websocket.Conn {
	t.Helper()
	endpoint, err := url.Parse(r.env["APPSYNCCTL_ENDPOINT"])
	if err != nil {
		t.Fatal(err)
	}
	header, err := json.Marshal(map[string]string{"host": endpoint.Host, "Authorization": r.token(t)})
	if err != nil {
		t.Fatal(err)
	}
	conn, _, err := websocket.Dial(t.Context(), "ws://"+endpoint.Host+"/graphql/realtime", &websocket.DialOptions{
		HTTPClient:   r.client,
		Subprotocols: []string{"graphql-ws", "header-" + base64.RawURLEncoding.EncodeToString(header)},
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.CloseNow() })
	if err := conn.Write(t.Context(), websocket.MessageText, []byte(`{"type":"connection_init"}`)); err != nil {
		t.Fatal(err)
	}
	if _, message, err := conn.Read(t.Context()); err != nil || !strings.Contains(string(message), "connection_ack") {
		t.Fatalf("%s %v", message, err)
	}
	return conn
}

func TestCloseEndsSubscriptions(t *testing.T) {
	r := start(t, emulator.Config{})
	conn := r.subscribe(t)
	if err := r.Close(); err != nil {
		t.Error(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 5*time.Minute)
	defer cancel()
	for {
		if _, _, err := conn.Read(ctx); err != nil {
			break // ka frames may come before
		}
	}
	if ctx.Err() != nil {
		t.Error("the connection is still open")
	}
}

func TestRealtimeIsInTheLog(t *testing.T) {
	r := start(t, emulator.Config{})
	r.subscribe(t)
	_, body := r.must(t, http.MethodGet, "/_emulator/requests", "", "")
	if want := `{"method":"GET","path":"/graphql/realtime","status":101}`; !strings.Contains(body, want) {
		t.Errorf("no %s in %s", want, body)
	}
}
