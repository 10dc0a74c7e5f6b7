package appsync_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/coder/websocket"

	"github.com/appsyncctl/appsyncctl/internal/appsync"
	"github.com/appsyncctl/appsyncctl/internal/appsync/appsynctest"
)

func TestSilenceEndsAConnection(t *testing.T) {
	tests := []struct {
		name, ack string
		want      time.Duration
	}{
		{"as the ack says", `{"type":"connection_ack","payload":{"connectionTimeoutMs":300000}}`, 5 * time.Minute},
		{"another time", `{"type":"connection_ack","payload":{"connectionTimeoutMs":9000}}`, 9 * time.Second},
		{"no time", appsynctest.PlainAck, 5 * time.Minute},
		{"nonsense", `{"type":"connection_ack","payload":{"connectionTimeoutMs":"soon"}}`, 5 * time.Minute},
		{"negative", `{"type":"connection_ack","payload":{"connectionTimeoutMs":-1}}`, 5 * time.Minute},
		{"too much", `{"type":"connection_ack","payload":{"connectionTimeoutMs":1e300}}`, 24 * time.Hour},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				server := &appsynctest.Server{T: t, Part: func(s *appsynctest.Stage) {
					s.Accept(tt.ack, 1)
					time.Sleep(tt.want / 2)
					s.Send(`{"type":"ka"}`) // which starts the time anew
					s.Wait()
				}}
				start := time.Now()
				conn := server.Connector().Connection() // which no other replaces
				lost, err := conn.Start(t.Context())
				if err != nil {
					t.Fatal(err)
				}
				defer conn.Close()
				events, _, err := appsync.OnCreateCustomer(t.Context(), conn, nil, nil, nil, nil, nil)
				if err != nil {
					t.Fatal(err)
				}
				if event, open := <-events; open {
					t.Errorf("got %v", event)
				}
				if got, want := time.Since(start), tt.want/2+tt.want; got != want {
					t.Errorf("gave up after %s, want %s", got, want)
				}
				if err := <-lost; !strings.Contains(err.Error(), "silent for") {
					t.Errorf("got %v", err)
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
				server := &appsynctest.Server{T: t, Part: func(s *appsynctest.Stage) {
					s.Send(`{"type":"ka"}`) // too early, and no reason to fail
					s.Send("%s", tt.frame)
					s.Wait()
				}}
				_, err := server.Connector().Connection().Start(t.Context())
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
		server := &appsynctest.Server{T: t, Part: func(s *appsynctest.Stage) {
			s.Accept(appsynctest.PlainAck, 3)
			for n := range 300 {
				for i, name := range []string{"onCreateCustomer", "onUpdateCustomer", "onDeleteCustomer"} {
					s.Send(`{"type":"data","id":%q,"payload":{"data":{%q:{"id":"%d"}}}}`, s.IDs[i], name, n)
				}
			}
			for _, payload := range []string{
				`{"data":null,"errors":[{"errorType":"Lambda:Unhandled","message":"m","path":{"odd":1}}]}`,
				`{"data":{"onCreateCustomer":{"id":"1"}},"errors":[{"message":"partial"}]}`,
				`{"data":{"onCreateCustomer":null}}`, `{"data":null}`, `{}`, `[]`, `"text"`,
				`{"data":{"onCreateCustomer":[]}}`, `{"data":[]}`,
			} {
				s.Send(`{"type":"data","id":%q,"payload":%s}`, s.IDs[0], payload)
			}
			s.Send(`{"type":"data","id":"nobody's","payload":{}}`)
			s.Send(`{"type":"something new","id":%q}`, s.IDs[0])
			s.Send(`{"type":"data","id":%q,"payload":{"data":{"onCreateCustomer":{"id":"last"}}}}`, s.IDs[0])
			s.Send(`{"type":"complete","id":%q}`, s.IDs[0]) // unasked
			s.Wait()
		}}
		all := []appsync.Operation{appsync.Created, appsync.Updated, appsync.Deleted}
		feed, err := server.Connector().Follow(t.Context(), all, appsync.Match{})
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

// Whoever unsubscribes gets what was under way, and then the end. The connection and its
// other subscriptions live on.
func TestUnsubscribe(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const event = `{"type":"data","id":%q,"payload":{"data":{"onCreateCustomer":{"id":"%d"}}}}`
		server := &appsynctest.Server{T: t, Part: func(s *appsynctest.Stage) {
			s.Accept(appsynctest.PlainAck, 2)
			s.Send(event, s.IDs[0], 1)
			if frame := s.Receive(); frame["type"] != "stop" || frame["id"] != s.IDs[0] {
				t.Errorf("got %v, want that %s is to stop", frame, s.IDs[0])
			}
			s.Send(event, s.IDs[0], 2)
			s.Send(`{"type":"complete","id":%q}`, s.IDs[0])
			s.Send(event, s.IDs[1], 3)
			s.Wait()
		}}
		conn := server.Connector().Connection()
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
		server := &appsynctest.Server{T: t, Part: func(s *appsynctest.Stage) {
			s.Accept(appsynctest.PlainAck, 1)
			for n := range frames {
				s.Send(`{"type":"data","id":%q,"payload":{"data":{"onCreateCustomer":{"id":"%d"}}}}`, s.IDs[0], n)
			}
			s.Wait()
		}}
		feed, err := server.Connector().Follow(t.Context(), []appsync.Operation{appsync.Created}, appsync.Match{})
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
		part func(*appsynctest.Stage)
		want string
	}{
		{"no connection_ack", (*appsynctest.Stage).Wait, "no answer in time"},
		{"no start_ack", func(s *appsynctest.Stage) { s.Send(appsynctest.PlainAck); s.Wait() }, "no start_ack in time"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				start := time.Now()
				_, err := (&appsynctest.Server{T: t, Part: tt.part}).Connector().Follow(t.Context(), []appsync.Operation{appsync.Created}, appsync.Match{})
				if err == nil || !strings.Contains(err.Error(), tt.want) {
					t.Errorf("got %v, want %s", err, tt.want)
				}
				if strings.Contains(fmt.Sprint(err), appsynctest.Token) {
					t.Errorf("the error holds the token: %v", err)
				}
				if got := time.Since(start); got != 15*time.Second {
					t.Errorf("waited for %s, want 15s", got)
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
			server := &appsynctest.Server{T: t, Part: func(s *appsynctest.Stage) {
				s.Accept(appsynctest.PlainAck, 1)
				for _, frame := range []string{first, second} {
					s.Send("%s", strings.ReplaceAll(frame, "ID", s.IDs[0]))
				}
				_ = s.Conn.Close(websocket.StatusNormalClosure, "")
			}}
			feed, err := server.Connector().Follow(t.Context(), []appsync.Operation{appsync.Created}, appsync.Match{})
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
