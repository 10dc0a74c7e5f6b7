package changefeed_test

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"iter"
	"slices"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/appsyncctl/appsyncctl/internal/appsync"
	"github.com/appsyncctl/appsyncctl/internal/appsync/appsynctest"
	"github.com/appsyncctl/appsyncctl/internal/changefeed"
)

// A keep-alive that is missing once does no harm; when none comes any more, the
// connection is made again.
func TestMissingKeepAlive(t *testing.T) {
	tests := []struct {
		name    string
		missing func(minute int) bool
		want    []string // events within an hour
	}{
		{"none", func(int) bool { return false }, []string{changefeed.Ready}},
		{"one", func(minute int) bool { return minute == 10 }, []string{changefeed.Ready}},
		{"three in a row", func(minute int) bool { return minute >= 10 && minute < 13 }, []string{changefeed.Ready}},
		{"all from some time on", func(minute int) bool { return minute >= 10 }, []string{
			changefeed.Ready, "14m0s: silent for 5m0s", changefeed.Gap, changefeed.Ready,
		}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				start := time.Now()
				server := &appsynctest.Server{T: t, Part: func(s *appsynctest.Stage) {
					s.Accept(`{"type":"connection_ack","payload":{"connectionTimeoutMs":300000}}`, 1)
					first := time.Since(start) < time.Minute
					living, end := context.WithCancel(t.Context())
					defer end()
					go func() {
						for minute := 1; pause(living, time.Minute); minute++ {
							if !first || !tt.missing(minute) {
								s.Send(`{"type":"ka"}`)
							}
						}
					}()
					s.Wait()
				}}
				var got []string
				feed := &changefeed.Feed{
					Open: func(ctx context.Context) (*appsync.Stream, error) {
						return server.Connector().Follow(ctx, []appsync.Operation{appsync.Created}, appsync.Match{})
					},
					Emit: func(event changefeed.Event) error {
						told := event.Kind
						if event.Kind == changefeed.Reconnecting {
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
				if err := feed.Run(ctx); !errors.Is(err, context.DeadlineExceeded) {
					t.Errorf("got %v", err)
				}
				if !slices.Equal(got, tt.want) {
					t.Errorf("got %q, want %q", got, tt.want)
				}
			})
		})
	}
}

// A frame that cannot be read may have been an event. The connection ends, and a feed
// says that it may have missed something.
func TestUnreadableFrame(t *testing.T) {
	for _, frame := range []string{"{", "", "[]", "no JSON", `{"id":"1"}`, `{"type":""}`} {
		t.Run(frame, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var connections atomic.Int32
				server := &appsynctest.Server{T: t, Part: func(s *appsynctest.Stage) {
					n := connections.Add(1)
					s.Accept(appsynctest.PlainAck, 1)
					if n == 1 {
						s.Send("%s", frame)
					}
					s.Send(`{"type":"data","id":%q,"payload":{"data":{"onCreateCustomer":{"id":"%d"}}}}`, s.IDs[0], n)
					s.Wait()
				}}
				var told []string
				feed := &changefeed.Feed{
					Operations: []appsync.Operation{appsync.Created},
					Open: func(ctx context.Context) (*appsync.Stream, error) {
						return server.Connector().Follow(ctx, []appsync.Operation{appsync.Created}, appsync.Match{})
					},
				}
				feed.Emit = func(event changefeed.Event) error {
					told = append(told, strings.TrimSpace(event.Kind+" "+event.ID))
					if event.Kind == changefeed.Reconnecting && !strings.HasSuffix(event.Reason, "a frame that cannot be read") {
						t.Errorf("reconnecting because of %q", event.Reason)
					}
					return nil
				}
				ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
				defer cancel()
				if err := feed.Run(ctx); !errors.Is(err, context.DeadlineExceeded) {
					t.Errorf("got %v", err)
				}
				want := []string{changefeed.Ready, changefeed.Reconnecting, changefeed.Gap, changefeed.Ready, "event 2"}
				if !slices.Equal(told, want) {
					t.Errorf("got %q, want %q", told, want)
				}
			})
		})
	}
}

// What stops the consumer ends the feed, also if the system calls it temporary: to connect
// again would not tell what was not taken.
func TestConsumerFails(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		server := &appsynctest.Server{T: t, Part: func(s *appsynctest.Stage) {
			s.Accept(appsynctest.PlainAck, 1)
			s.Send(`{"type":"data","id":%q,"payload":{"data":{"onCreateCustomer":{"id":"1"}}}}`, s.IDs[0])
			s.Wait()
		}}
		failed := &fs.PathError{Op: "pipe2", Err: syscall.EMFILE}
		var told []string
		feed := &changefeed.Feed{
			Open: func(ctx context.Context) (*appsync.Stream, error) {
				return server.Connector().Follow(ctx, []appsync.Operation{appsync.Created}, appsync.Match{})
			},
			Emit: func(event changefeed.Event) error {
				told = append(told, event.Kind)
				if event.Kind == changefeed.Live {
					return failed
				}
				return nil
			},
			Operations: []appsync.Operation{appsync.Created},
		}
		ctx, cancel := context.WithTimeout(t.Context(), time.Hour)
		defer cancel()
		if err := feed.Run(ctx); !errors.Is(err, failed) {
			t.Errorf("got %v, want %v", err, failed)
		}
		if want := []string{changefeed.Ready, changefeed.Live}; !slices.Equal(told, want) {
			t.Errorf("told %q, want %q", told, want)
		}
	})
}

// A connection is replaced before AppSync ends it after a day, without a gap.
func TestReplacedEachDay(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		connections := 0
		server := &appsynctest.Server{T: t, Part: func(s *appsynctest.Stage) {
			connections++
			s.Accept(appsynctest.PlainAck, 1)
			s.Send(`{"type":"data","id":%q,"payload":{"data":{"onCreateCustomer":{"id":"%d"}}}}`, s.IDs[0], connections)
			living, end := context.WithTimeout(t.Context(), 24*time.Hour)
			defer end()
			go func() {
				for pause(living, time.Minute) {
					s.Send(`{"type":"ka"}`)
				}
				_ = s.Conn.CloseNow()
			}()
			s.Wait()
		}}
		var events []changefeed.Event
		feed := &changefeed.Feed{
			Open: func(ctx context.Context) (*appsync.Stream, error) {
				return server.Connector().Follow(ctx, []appsync.Operation{appsync.Created}, appsync.Match{})
			},
			Emit: func(event changefeed.Event) error {
				events = append(events, event)
				return nil
			},
			Operations: []appsync.Operation{appsync.Created},
		}
		ctx, cancel := context.WithTimeout(t.Context(), 71*time.Hour)
		defer cancel()
		if err := feed.Run(ctx); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("got %v", err)
		}
		if connections != 3 || len(events) != 4 || events[0].Kind != changefeed.Ready {
			t.Errorf("got %d connections and %v", connections, events)
		}
	})
}

// A feed with a state looks again where an announcement is in doubt: when changes
// of one customer come in another order than they were made, and when a mutation
// selected only some fields.
func TestSecondLook(t *testing.T) {
	const both = `{"type":"data","id":%q,"payload":{"data":{%q:{"id":"1","name":%s,"city":"c","state":"s","country":"x"}}}}`
	tests := []struct {
		name  string
		plays func(s *appsynctest.Stage)
		table *appsync.Customer // what the API has of 1 in the end
		want  []string
	}{
		{"changed places", func(s *appsynctest.Stage) {
			s.Send(both, s.IDs[2], "onDeleteCustomer", `"n"`)
			s.Send(both, s.IDs[0], "onCreateCustomer", `"n"`)
		}, nil, []string{"event created", "resync deleted"}},
		{"fields not selected", func(s *appsynctest.Stage) {
			s.Send(both, s.IDs[1], "onUpdateCustomer", "null")
		}, &appsync.Customer{Id: "1", Name: new("n")}, []string{"event updated", "resync updated"}},
		{"as told", func(s *appsynctest.Stage) {
			s.Send(both, s.IDs[0], "onCreateCustomer", `"n"`)
			s.Send(both, s.IDs[2], "onDeleteCustomer", `"n"`)
		}, nil, []string{"event created", "event deleted"}},
		{"told without content", func(s *appsynctest.Stage) {
			s.Send(`{"type":"data","id":%q,"payload":{"data":null,"errors":[{"message":"m"}]}}`, s.IDs[0])
		}, &appsync.Customer{Id: "1"}, []string{"resync created"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				server := &appsynctest.Server{T: t, Part: func(s *appsynctest.Stage) {
					s.Accept(appsynctest.PlainAck, 3)
					time.Sleep(time.Minute) // until the first listing is over
					tt.plays(s)
					s.Wait()
				}}
				start := time.Now()
				var told []string
				feed := &changefeed.Feed{
					Operations: []appsync.Operation{appsync.Created, appsync.Updated, appsync.Deleted},
					Known:      changefeed.Known{},
					Checkpoint: func() error { return nil },
					Emit: func(event changefeed.Event) error {
						if event.Kind == changefeed.Reconnecting {
							t.Errorf("the connection was lost: %s", event.Reason)
						}
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
				feed.Open = func(ctx context.Context) (*appsync.Stream, error) {
					return server.Connector().Follow(ctx, feed.Operations, appsync.Match{})
				}
				ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
				defer cancel()
				if err := feed.Run(ctx); !errors.Is(err, context.DeadlineExceeded) {
					t.Errorf("got %v", err)
				}
				if !slices.Equal(told, tt.want) {
					t.Errorf("got %q, want %q", told, tt.want)
				}
			})
		})
	}
}
