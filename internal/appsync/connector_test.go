package appsync_test

import (
	"context"
	"errors"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/appsyncctl/appsyncctl/internal/appsync"
	"github.com/appsyncctl/appsyncctl/internal/appsync/appsynctest"
)

// renewable is an authorizer whose token can be renewed.
type renewable struct {
	*appsynctest.Server
	renewed  string // what Renew gives
	err      error
	rejected []string
	refusal  string
}

func (r *renewable) Token(context.Context) (string, error) { return "first", nil }

func (r *renewable) Renew(_ context.Context, rejected, refusal string) (string, error) {
	r.rejected = append(r.rejected, rejected)
	r.refusal = refusal
	return r.renewed, r.err
}

// A refused token is renewed once.
func TestRefusedToken(t *testing.T) {
	const refusal = "UnauthorizedException: Token has expired."
	broken := errors.New("broken")
	tests := []struct {
		name        string
		renewed     string
		err         error
		refusals    int
		connections int
		want        string // the error; empty for none
	}{
		{"accepted", "second", nil, 0, 1, ""},
		{"refused once", "second", nil, 1, 2, ""},
		{"refused for ever", "second", nil, 9, 2, refusal},
		{"no way to get another", "", nil, 9, 1, refusal},
		{"no other to be had", "", broken, 9, 1, "broken"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				connections := 0
				server := &appsynctest.Server{T: t, Part: func(s *appsynctest.Stage) {
					if connections++; connections <= tt.refusals {
						s.Send(`{"type":"connection_error","payload":{"errors":[{"errorType":"UnauthorizedException","errorCode":401,"message":"Token has expired."}]}}`)
					} else {
						s.Accept(appsynctest.PlainAck, 1)
					}
					s.Wait()
				}}
				tokens := &renewable{Server: server, renewed: tt.renewed, err: tt.err}
				connector := server.Connector()
				connector.Authorizer = tokens
				stream, err := connector.Follow(t.Context(), []appsync.Operation{appsync.Created}, appsync.Match{})
				if err == nil {
					defer stream.Close()
				}
				if tt.want == "" && err != nil || tt.want != "" && (err == nil || err.Error() != tt.want) {
					t.Errorf("got %v, want %q", err, tt.want)
				}
				if connections != tt.connections {
					t.Errorf("got %d connections, want %d", connections, tt.connections)
				}
				if tt.refusals > 0 && (!slices.Equal(tokens.rejected, []string{"first"}) || tokens.refusal != refusal) {
					t.Errorf("rejected %q with %q", tokens.rejected, tokens.refusal)
				}
			})
		})
	}
}

// A connection is replaced a twentieth of its token's lifetime before that ends, half a
// minute at most.
func TestReplacedBeforeTheTokenExpires(t *testing.T) {
	tests := []struct {
		name     string
		lifetime func(string) (issued, expires time.Time)
		want     time.Duration // until the second connection; 0 for none within an hour
	}{
		{"a token for 10 minutes", func(string) (issued, expires time.Time) {
			return time.Now(), time.Now().Add(10 * time.Minute)
		}, 9*time.Minute + 30*time.Second},
		{"a token for a minute", func(string) (issued, expires time.Time) {
			return time.Now(), time.Now().Add(time.Minute)
		}, 57 * time.Second},
		{"one that does not say", func(string) (issued, expires time.Time) { return time.Time{}, time.Time{} }, 0},
		{"one that is never renewed", nil, 0},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				start := time.Now()
				var connected []time.Duration
				server := &appsynctest.Server{T: t, Part: func(s *appsynctest.Stage) {
					connected = append(connected, time.Since(start))
					s.Accept(`{"type":"connection_ack","payload":{"connectionTimeoutMs":7200000}}`, 1)
					s.Wait()
				}}
				connector := server.Connector()
				connector.Authorizer, connector.Lifetime = &renewable{Server: server}, tt.lifetime
				ctx, cancel := context.WithTimeout(t.Context(), time.Hour)
				defer cancel()
				stream, err := connector.Follow(ctx, []appsync.Operation{appsync.Created}, appsync.Match{})
				if err != nil {
					t.Fatal(err)
				}
				defer stream.Close()
				if change, open := <-stream.Changes; open {
					t.Errorf("got %+v", change)
				}
				if !errors.Is(stream.Err(), context.DeadlineExceeded) {
					t.Errorf("the stream ended: %v", stream.Err())
				}
				var second time.Duration
				if len(connected) > 1 {
					second = connected[1]
				}
				if second != tt.want {
					t.Errorf("connected after %s, want a second connection after %s", connected, tt.want)
				}
			})
		})
	}
}
