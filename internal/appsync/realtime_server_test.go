package appsync_test

import (
	"bufio"
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"iter"
	"net"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/coder/websocket"

	"github.com/appsyncctl/appsyncctl/internal/appsync"
)

// scripted is a real-time server that plays a part, on connections in memory, so
// that a test can move the clock. It must be made inside synctest.
type scripted struct {
	t    *testing.T
	part func(s *stage)
}

// A stage is one connection of a scripted server.
type stage struct {
	*scripted
	ctx  context.Context
	conn *websocket.Conn
	ids  []string // of the subscriptions, as they started
}

const secretToken = "header.payload.signature"

func (s *scripted) realtime() *appsync.Realtime {
	return &appsync.Realtime{
		Endpoint: &url.URL{Scheme: "https", Host: "api.example.com", Path: "/graphql"},
		HTTP:     &http.Client{Transport: s},
		Authorizer: authorizer(func(context.Context, *http.Request) (http.Header, error) {
			return http.Header{"Authorization": {secretToken}}, nil
		}),
	}
}

// RoundTrip answers the handshake over a pipe.
func (s *scripted) RoundTrip(req *http.Request) (*http.Response, error) {
	near, far := net.Pipe()
	go http.Serve(&oneConn{conn: far}, http.HandlerFunc(s.serve)) //nolint:errcheck // ends with the pipe
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

func (s *scripted) serve(w http.ResponseWriter, r *http.Request) {
	_, encoded, _ := strings.Cut(r.Header.Get("Sec-WebSocket-Protocol"), "header-")
	shown, err := base64.RawURLEncoding.DecodeString(encoded)
	want := `{"Accept":"application/json, text/javascript","Authorization":"` + secretToken +
		`","Content-Encoding":"amz-1.0","Content-Type":"application/json; charset=UTF-8","host":"api.example.com"}`
	if err != nil || string(shown) != want {
		s.t.Errorf("handshake: got %s, %v; want %s", shown, err, want)
	}
	if r.URL.RawQuery != "" || r.Header.Get("Authorization") != "" {
		s.t.Errorf("credentials in another place: %s %v", r.URL, r.Header)
	}
	conn, err := websocket.Accept(w, r, &websocket.AcceptOptions{Subprotocols: []string{"graphql-ws"}})
	if err != nil {
		s.t.Error(err)
		return
	}
	defer conn.CloseNow() //nolint:errcheck // the part is over
	st := &stage{scripted: s, ctx: context.Background(), conn: conn}
	if frame := st.receive(); frame["type"] != "connection_init" {
		s.t.Errorf("got %v first", frame)
	}
	s.part(st)
}

func (s *stage) receive() map[string]any {
	var frame map[string]any
	_, data, err := s.conn.Read(s.ctx)
	if err == nil {
		err = json.Unmarshal(data, &frame)
	}
	if err != nil {
		s.t.Errorf("receive: %v", err)
	}
	return frame
}

func (s *stage) send(format string, args ...any) {
	if err := s.conn.Write(s.ctx, websocket.MessageText, fmt.Appendf(nil, format, args...)); err != nil {
		s.t.Logf("send: %v", err) // the client may have gone
	}
}

// accept acknowledges the connection and n subscriptions.
func (s *stage) accept(ack string, n int) {
	s.send("%s", ack)
	for range n {
		frame := s.receive()
		id, _ := frame["id"].(string)
		s.ids = append(s.ids, id)
		s.send(`{"type":"start_ack","id":%q}`, id)
	}
}

// wait reads until the client closes.
func (s *stage) wait() {
	for {
		if _, _, err := s.conn.Read(s.ctx); err != nil {
			return
		}
	}
}

const plainAck = `{"type":"connection_ack"}`

func TestSilenceEndsAConnection(t *testing.T) {
	tests := []struct {
		name, ack string
		want      time.Duration
	}{
		{"as the ack says", `{"type":"connection_ack","payload":{"connectionTimeoutMs":300000}}`, 5 * time.Minute},
		{"another time", `{"type":"connection_ack","payload":{"connectionTimeoutMs":9000}}`, 9 * time.Second},
		{"no time", plainAck, 5 * time.Minute},
		{"nonsense", `{"type":"connection_ack","payload":{"connectionTimeoutMs":"soon"}}`, 5 * time.Minute},
		{"negative", `{"type":"connection_ack","payload":{"connectionTimeoutMs":-1}}`, 5 * time.Minute},
		{"too much", `{"type":"connection_ack","payload":{"connectionTimeoutMs":1e300}}`, 24 * time.Hour},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				server := &scripted{t: t, part: func(s *stage) {
					s.accept(tt.ack, 1)
					time.Sleep(tt.want / 2)
					s.send(`{"type":"ka"}`) // which starts the time anew
					s.wait()
				}}
				start := time.Now()
				feed, err := appsync.Follow(t.Context(), server.realtime(), []appsync.Operation{appsync.Created}, appsync.Match{})
				if err != nil {
					t.Fatal(err)
				}
				defer feed.Close()
				if change, open := <-feed.Changes; open {
					t.Errorf("got %v", change)
				}
				if got, want := time.Since(start), tt.want/2+tt.want; got != want {
					t.Errorf("gave up after %s, want %s", got, want)
				}
				if err := feed.Err(); !strings.Contains(err.Error(), "silent for") {
					t.Errorf("got %v", err)
				}
			})
		})
	}
}

// A keep-alive that is missing once does no harm; when none comes any more, the
// connection is made again.
func TestMissingKeepAlive(t *testing.T) {
	tests := []struct {
		name    string
		missing func(minute int) bool
		want    []string // events within an hour
	}{
		{"none", func(int) bool { return false }, []string{appsync.Ready}},
		{"one", func(minute int) bool { return minute == 10 }, []string{appsync.Ready}},
		{"three in a row", func(minute int) bool { return minute >= 10 && minute < 13 }, []string{appsync.Ready}},
		{"all from some time on", func(minute int) bool { return minute >= 10 }, []string{
			appsync.Ready, "14m0s: silent for 5m0s", appsync.Gap, appsync.Ready,
		}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				start := time.Now()
				server := &scripted{t: t, part: func(s *stage) {
					s.accept(`{"type":"connection_ack","payload":{"connectionTimeoutMs":300000}}`, 1)
					first := time.Since(start) < time.Minute
					living, end := context.WithCancel(s.ctx)
					defer end()
					go func() {
						for minute := 1; pause(living, time.Minute); minute++ {
							if !first || !tt.missing(minute) {
								s.send(`{"type":"ka"}`)
							}
						}
					}()
					s.wait()
				}}
				var got []string
				watch := &appsync.Watch{
					Open: func(ctx context.Context) (*appsync.Feed, time.Time, error) {
						feed, err := appsync.Follow(ctx, server.realtime(), []appsync.Operation{appsync.Created}, appsync.Match{})
						return feed, time.Time{}, err
					},
					Temporary: func(error) bool { return true },
					Emit: func(event appsync.Event) error {
						told := event.Kind
						if event.Kind == appsync.Reconnecting {
							_, reason, _ := strings.Cut(event.Reason, "api.example.com: ")
							told = fmt.Sprintf("%s: %s", time.Since(start), reason)
						}
						got = append(got, told)
						return nil
					},
					Operations: []appsync.Operation{appsync.Created},
				}
				ctx, cancel := context.WithTimeout(t.Context(), time.Hour)
				defer cancel()
				if err := watch.Run(ctx); !errors.Is(err, context.DeadlineExceeded) {
					t.Errorf("got %v", err)
				}
				if !slices.Equal(got, tt.want) {
					t.Errorf("got %q, want %q", got, tt.want)
				}
			})
		})
	}
}

// Whatever an API says when it refuses is understood.
func TestRefusalFrames(t *testing.T) {
	tests := []struct {
		name, frame string
		status      int
		want        string
	}{
		{"array", `{"type":"connection_error","payload":{"errors":[{"errorType":"UnauthorizedException","errorCode":401,"message":"Token has expired."}]}}`, 401, "UnauthorizedException: Token has expired."},
		{"object", `{"type":"connection_error","payload":{"errors":{"errorType":"LimitExceededError","message":"Rate limit exceeded"}}}`, 429, "LimitExceededError: Rate limit exceeded"},
		{"text", `{"type":"connection_error","payload":{"errors":"no"}}`, 200, "errors of unknown shape"},
		{"texts", `{"type":"connection_error","payload":{"errors":["no"]}}`, 200, "no"},
		{"beside the payload", `{"type":"connection_error","errors":[{"message":"no","errorType":"UnauthorizedException"}]}`, 401, "UnauthorizedException: no"},
		{"the payload itself", `{"type":"connection_error","payload":{"errorType":"BadRequestException","errorCode":400,"message":"no"}}`, 400, "BadRequestException: no"},
		{"a text as payload", `{"type":"connection_error","payload":"no"}`, 200, "no"},
		{"long type", `{"type":"connection_error","payload":{"errors":[{"errorType":"com.amazonaws.deepdish.graphql.auth#BadRequestException","errorCode":"400","message":"no"}]}}`, 400, "BadRequestException: no"},
		{"extensions", `{"type":"connection_error","payload":{"errors":[{"message":"no","extensions":{"errorType":"UnauthorizedException"}}]}}`, 401, "UnauthorizedException: no"},
		{"nothing", `{"type":"connection_error"}`, 200, "no reason given"},
		{"error", `{"type":"error","payload":{"errors":[{"errorType":"SubProtocolNotSupportedError","errorCode":400,"message":"no"}]}}`, 400, "SubProtocolNotSupportedError: no"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				server := &scripted{t: t, part: func(s *stage) {
					s.send(`{"type":"ka"}`) // too early, and no reason to fail
					s.send("%s", tt.frame)
					s.wait()
				}}
				_, err := server.realtime().Start(t.Context())
				refused, ok := errors.AsType[*appsync.ResponseError](err)
				if !ok || refused.Status != tt.status || refused.Error() != tt.want {
					t.Errorf("got %#v, want status %d and %q", err, tt.status, tt.want)
				}
			})
		})
	}
}

// What comes for a subscription, in all its shapes, in the order in which it came.
func TestEvents(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		server := &scripted{t: t, part: func(s *stage) {
			s.accept(plainAck, 3)
			for n := range 300 {
				for i, name := range []string{"onCreateCustomer", "onUpdateCustomer", "onDeleteCustomer"} {
					s.send(`{"type":"data","id":%q,"payload":{"data":{%q:{"id":"%d"}}}}`, s.ids[i], name, n)
				}
			}
			for _, payload := range []string{
				`{"data":null,"errors":[{"errorType":"Lambda:Unhandled","message":"m","path":{"odd":1}}]}`,
				`{"data":{"onCreateCustomer":{"id":"1"}},"errors":[{"message":"partial"}]}`,
				`{"data":{"onCreateCustomer":null}}`, `{"data":null}`, `{}`, `[]`, `"text"`,
				`{"data":{"onCreateCustomer":[]}}`, `{"data":[]}`,
			} {
				s.send(`{"type":"data","id":%q,"payload":%s}`, s.ids[0], payload)
			}
			s.send(`{"type":"data","id":"nobody's","payload":{}}`)
			s.send(`{"type":"something new","id":%q}`, s.ids[0])
			s.send(`{"type":"data","id":%q,"payload":{"data":{"onCreateCustomer":{"id":"last"}}}}`, s.ids[0])
			s.send(`{"type":"complete","id":%q}`, s.ids[0]) // unasked
			s.wait()
		}}
		all := []appsync.Operation{appsync.Created, appsync.Updated, appsync.Deleted}
		feed, err := appsync.Follow(t.Context(), server.realtime(), all, appsync.Match{})
		if err != nil {
			t.Fatal(err)
		}
		defer feed.Close()
		for n := range 300 {
			for _, operation := range all {
				if got := <-feed.Changes; got.Operation != operation || got.Err != nil || got.Customer.Id != fmt.Sprint(n) {
					t.Fatalf("got %+v, want %s %d", got, operation, n)
				}
			}
		}
		for _, want := range []string{
			"Lambda:Unhandled: m", "partial", "the API answered created with null and no reason",
			"an event without data", "an event without data", "an event without data", "an event without data",
			"an event of another shape than asked for", "an event of another shape than asked for",
		} {
			if got := <-feed.Changes; got.Err == nil || got.Err.Error() != want {
				t.Errorf("got %v, want %s", got.Err, want)
			}
		}
		if got := <-feed.Changes; got.Err != nil || got.Customer.Id != "last" {
			t.Errorf("got %+v", got)
		}
		if got, open := <-feed.Changes; open {
			t.Errorf("got %+v after the end", got)
		}
		if err := feed.Err(); !strings.HasSuffix(err.Error(), "the API ended a subscription") {
			t.Errorf("got %v", err)
		}
	})
}

// A frame that cannot be read may have been an event. The connection ends, and a watch
// says that it may have missed something.
func TestUnreadableFrame(t *testing.T) {
	for _, frame := range []string{"{", "", "[]", "no JSON", `{"id":"1"}`, `{"type":""}`} {
		t.Run(frame, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var connections atomic.Int32
				server := &scripted{t: t, part: func(s *stage) {
					n := connections.Add(1)
					s.accept(plainAck, 1)
					if n == 1 {
						s.send("%s", frame)
					}
					s.send(`{"type":"data","id":%q,"payload":{"data":{"onCreateCustomer":{"id":"%d"}}}}`, s.ids[0], n)
					s.wait()
				}}
				var told []string
				watch := &appsync.Watch{
					Operations: []appsync.Operation{appsync.Created},
					Temporary:  func(error) bool { return true },
					Open: func(ctx context.Context) (*appsync.Feed, time.Time, error) {
						feed, err := appsync.Follow(ctx, server.realtime(), []appsync.Operation{appsync.Created}, appsync.Match{})
						return feed, time.Time{}, err
					},
				}
				watch.Emit = func(event appsync.Event) error {
					told = append(told, strings.TrimSpace(event.Kind+" "+event.ID))
					if event.Kind == appsync.Reconnecting && !strings.HasSuffix(event.Reason, "a frame that cannot be read") {
						t.Errorf("reconnecting because of %q", event.Reason)
					}
					return nil
				}
				ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
				defer cancel()
				if err := watch.Run(ctx); !errors.Is(err, context.DeadlineExceeded) {
					t.Errorf("got %v", err)
				}
				want := []string{appsync.Ready, appsync.Reconnecting, appsync.Gap, appsync.Ready, "event 2"}
				if !slices.Equal(told, want) {
					t.Errorf("got %q, want %q", told, want)
				}
			})
		})
	}
}

// Whoever unsubscribes gets what was under way, and then the end. The connection and its
// other subscriptions live on.
func TestUnsubscribe(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const event = `{"type":"data","id":%q,"payload":{"data":{"onCreateCustomer":{"id":"%d"}}}}`
		server := &scripted{t: t, part: func(s *stage) {
			s.accept(plainAck, 2)
			s.send(event, s.ids[0], 1)
			if frame := s.receive(); frame["type"] != "stop" || frame["id"] != s.ids[0] {
				t.Errorf("got %v, want that %s is to stop", frame, s.ids[0])
			}
			s.send(event, s.ids[0], 2)
			s.send(`{"type":"complete","id":%q}`, s.ids[0])
			s.send(event, s.ids[1], 3)
			s.wait()
		}}
		conn := server.realtime()
		errs, err := conn.Start(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		defer conn.Close()
		subscribe := func() (chan appsync.OnCreateCustomerWsResponse, string) {
			events, id, err := appsync.OnCreateCustomer(t.Context(), conn, nil, nil, nil, nil, nil)
			if err != nil {
				t.Fatal(err)
			}
			return events, id
		}
		first, id := subscribe()
		second, _ := subscribe()
		if err := conn.Unsubscribe(id); err != nil {
			t.Error(err)
		}
		for _, want := range []string{"1", "2"} {
			if got := <-first; got.Data == nil || got.Data.OnCreateCustomer.Id != want {
				t.Errorf("got %+v, want customer %s", got, want)
			}
		}
		if got, open := <-first; open {
			t.Errorf("got %+v after the end", got)
		}
		if got := <-second; got.Data == nil || got.Data.OnCreateCustomer.Id != "3" {
			t.Errorf("got %+v, want customer 3", got)
		}
		if err := conn.Unsubscribe(id); err == nil {
			t.Error("a subscription ended twice")
		}
		select {
		case err := <-errs:
			t.Errorf("the connection ended: %v", err)
		default:
		}
	})
}

// A consumer that does not read holds up nothing, up to a limit; then it is told.
func TestSlowConsumer(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const frames = 10_010
		server := &scripted{t: t, part: func(s *stage) {
			s.accept(plainAck, 1)
			for n := range frames {
				s.send(`{"type":"data","id":%q,"payload":{"data":{"onCreateCustomer":{"id":"%d"}}}}`, s.ids[0], n)
			}
			s.wait()
		}}
		feed, err := appsync.Follow(t.Context(), server.realtime(), []appsync.Operation{appsync.Created}, appsync.Match{})
		if err != nil {
			t.Fatal(err)
		}
		defer feed.Close()
		synctest.Wait()
		count := 0
		for range feed.Changes {
			count++
		}
		if err := feed.Err(); !errors.Is(err, appsync.ErrSlow) {
			t.Errorf("got %v, want ErrSlow", err)
		}
		if count < 10_000 || count >= frames {
			t.Errorf("got %d changes of %d", count, frames)
		}
	})
}

// A server that does not answer is not waited for.
func TestNoAnswerInTime(t *testing.T) {
	tests := []struct {
		name string
		part func(*stage)
		want string
	}{
		{"no connection_ack", (*stage).wait, "no answer in time"},
		{"no start_ack", func(s *stage) { s.send(plainAck); s.wait() }, "no start_ack in time"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				start := time.Now()
				_, err := appsync.Follow(t.Context(), (&scripted{t: t, part: tt.part}).realtime(), []appsync.Operation{appsync.Created}, appsync.Match{})
				if err == nil || !strings.Contains(err.Error(), tt.want) {
					t.Errorf("got %v, want %s", err, tt.want)
				}
				if strings.Contains(fmt.Sprint(err), secretToken) {
					t.Errorf("the error holds the token: %v", err)
				}
				if got := time.Since(start); got != 15*time.Second {
					t.Errorf("waited for %s, want 15s", got)
				}
			})
		})
	}
}

// A connection is replaced before AppSync ends it after a day, without a gap.
func TestReplacedEachDay(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		connections := 0
		server := &scripted{t: t, part: func(s *stage) {
			connections++
			s.accept(plainAck, 1)
			s.send(`{"type":"data","id":%q,"payload":{"data":{"onCreateCustomer":{"id":"%d"}}}}`, s.ids[0], connections)
			living, end := context.WithTimeout(s.ctx, 24*time.Hour)
			defer end()
			go func() {
				for pause(living, time.Minute) {
					s.send(`{"type":"ka"}`)
				}
				_ = s.conn.CloseNow()
			}()
			s.wait()
		}}
		var events []appsync.Event
		watch := &appsync.Watch{
			Open: func(ctx context.Context) (*appsync.Feed, time.Time, error) {
				feed, err := appsync.Follow(ctx, server.realtime(), []appsync.Operation{appsync.Created}, appsync.Match{})
				return feed, time.Time{}, err
			},
			Temporary: func(error) bool { return true },
			Emit: func(event appsync.Event) error {
				events = append(events, event)
				return nil
			},
			Operations: []appsync.Operation{appsync.Created},
		}
		ctx, cancel := context.WithTimeout(t.Context(), 71*time.Hour)
		defer cancel()
		if err := watch.Run(ctx); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("got %v", err)
		}
		if connections != 3 || len(events) != 4 || events[0].Kind != appsync.Ready {
			t.Errorf("got %d connections and %v", connections, events)
		}
	})
}

// A watch with a state looks again where an announcement is in doubt: when changes
// of one customer come in another order than they were made, and when a mutation
// selected only some fields.
func TestSecondLook(t *testing.T) {
	const both = `{"type":"data","id":%q,"payload":{"data":{%q:{"id":"1","name":%s,"city":"c","state":"s","country":"x"}}}}`
	tests := []struct {
		name  string
		plays func(s *stage)
		table *appsync.Customer // what the API has of 1 in the end
		want  []string
	}{
		{"changed places", func(s *stage) {
			s.send(both, s.ids[2], "onDeleteCustomer", `"n"`)
			s.send(both, s.ids[0], "onCreateCustomer", `"n"`)
		}, nil, []string{"event created", "resync deleted"}},
		{"fields not selected", func(s *stage) {
			s.send(both, s.ids[1], "onUpdateCustomer", "null")
		}, &appsync.Customer{Id: "1", Name: new("n")}, []string{"event updated", "resync updated"}},
		{"as told", func(s *stage) {
			s.send(both, s.ids[0], "onCreateCustomer", `"n"`)
			s.send(both, s.ids[2], "onDeleteCustomer", `"n"`)
		}, nil, []string{"event created", "event deleted"}},
		{"told without content", func(s *stage) {
			s.send(`{"type":"data","id":%q,"payload":{"data":null,"errors":[{"message":"m"}]}}`, s.ids[0])
		}, &appsync.Customer{Id: "1"}, []string{"resync created"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				server := &scripted{t: t, part: func(s *stage) {
					s.accept(plainAck, 3)
					time.Sleep(time.Minute) // until the first listing is over
					tt.plays(s)
					s.wait()
				}}
				start := time.Now()
				var told []string
				watch := &appsync.Watch{
					Operations: []appsync.Operation{appsync.Created, appsync.Updated, appsync.Deleted},
					Temporary:  func(error) bool { return false },
					Known:      appsync.Known{},
					Checkpoint: func() error { return nil },
					Emit: func(event appsync.Event) error {
						if event.IsChange() {
							told = append(told, event.Kind+" "+string(event.Operation))
						}
						return nil
					},
					Get: func(context.Context, string) (*appsync.Customer, error) { return tt.table, nil },
					List: func(context.Context) iter.Seq2[*appsync.Customer, error] {
						return func(yield func(*appsync.Customer, error) bool) {
							if tt.table != nil && time.Since(start) > 30*time.Second {
								yield(tt.table, nil)
							}
						}
					},
				}
				watch.Open = func(ctx context.Context) (*appsync.Feed, time.Time, error) {
					feed, err := appsync.Follow(ctx, server.realtime(), watch.Operations, appsync.Match{})
					return feed, time.Time{}, err
				}
				ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
				defer cancel()
				if err := watch.Run(ctx); !errors.Is(err, context.DeadlineExceeded) {
					t.Errorf("got %v", err)
				}
				if !slices.Equal(told, tt.want) {
					t.Errorf("got %q, want %q", told, tt.want)
				}
			})
		})
	}
}

// FuzzFrames plays arbitrary frames to a client, which must end in good order.
func FuzzFrames(f *testing.F) {
	f.Add(`{"type":"data","id":"ID","payload":{"data":{"onCreateCustomer":{"id":"1"}}}}`, `{"type":"ka"}`)
	f.Add(`{"type":"error","id":"ID","payload":{"errors":[{"errorCode":1e400}]}}`, `{"type":"complete","id":"ID"}`)
	f.Add(`{"type":"connection_error","payload":{"errors":[null]}}`, `{"type":"start_ack","id":"ID"}`)
	f.Add(`{"type":"data","id":"ID","payload":null}`, `[]`)
	f.Fuzz(func(t *testing.T, first, second string) {
		synctest.Test(t, func(t *testing.T) {
			server := &scripted{t: t, part: func(s *stage) {
				s.accept(plainAck, 1)
				for _, frame := range []string{first, second} {
					s.send("%s", strings.ReplaceAll(frame, "ID", s.ids[0]))
				}
				_ = s.conn.Close(websocket.StatusNormalClosure, "")
			}}
			feed, err := appsync.Follow(t.Context(), server.realtime(), []appsync.Operation{appsync.Created}, appsync.Match{})
			if err != nil {
				t.Fatal(err)
			}
			defer feed.Close()
			for change := range feed.Changes {
				if (change.Customer == nil) == (change.Err == nil) {
					t.Errorf("got %+v", change)
				}
			}
			if feed.Err() == nil {
				t.Error("the connection ended without a reason")
			}
		})
	})
}
