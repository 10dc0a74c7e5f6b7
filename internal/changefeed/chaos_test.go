package changefeed_test

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"maps"
	"math/rand/v2"
	"net"
	"net/http"
	"net/url"
	"os"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/appsyncctl/appsyncctl/internal/appsync"
	"github.com/appsyncctl/appsyncctl/internal/changefeed"
	emulated "github.com/appsyncctl/appsyncctl/internal/emulator/appsync"
	"github.com/appsyncctl/appsyncctl/internal/redact"
	"github.com/appsyncctl/appsyncctl/internal/schema"
)

// inMemory is a network of pipes with one server, so that its connections live on
// synctest's clock. It is also the server's listener.
type inMemory struct {
	accept chan net.Conn
	closed chan struct{}
}

// emulateInMemory serves an emulated API until the test ends. It must be called
// inside synctest.
func emulateInMemory(t *testing.T) (*inMemory, *appsync.Client) {
	t.Helper()
	api, err := emulated.New(emulated.Config{Schema: schema.Extended(), APIKeys: []redact.Secret{emulatorKey}})
	if err != nil {
		t.Fatal(err)
	}
	network := &inMemory{accept: make(chan net.Conn), closed: make(chan struct{})}
	server := &http.Server{Handler: api}
	go server.Serve(network) //nolint:errcheck // ends with the test
	transport := &http.Transport{DialContext: network.dial}
	t.Cleanup(func() {
		transport.CloseIdleConnections()
		_ = server.Close()
	})
	return network, &appsync.Client{Endpoint: chaosEndpoint.String(), HTTP: &http.Client{Transport: keyed{transport}}}
}

const emulatorKey = "da2-realtimerealtimerealtimere"

type keyed struct{ base http.RoundTripper }

func (k keyed) RoundTrip(req *http.Request) (*http.Response, error) {
	req = req.Clone(req.Context())
	req.Header.Set("X-Api-Key", emulatorKey)
	return k.base.RoundTrip(req)
}

// chaosEndpoint is of an API in memory; nothing resolves its name.
var chaosEndpoint = &url.URL{Scheme: "http", Host: "api.example.com", Path: "/graphql"}

func (n *inMemory) dial(context.Context, string, string) (net.Conn, error) {
	near, far := net.Pipe()
	select {
	case n.accept <- far:
		return near, nil
	case <-n.closed:
		return nil, net.ErrClosed
	}
}

func (n *inMemory) Accept() (net.Conn, error) {
	select {
	case conn := <-n.accept:
		return conn, nil
	case <-n.closed:
		return nil, net.ErrClosed
	}
}
func (n *inMemory) Close() error   { close(n.closed); return nil }
func (n *inMemory) Addr() net.Addr { return &net.UnixAddr{} }

// fragile dials connections that can all be cut.
type fragile struct {
	*inMemory
	armed atomic.Bool // the next change cuts

	mu   sync.Mutex
	open []net.Conn
}

func (f *fragile) client() *http.Client {
	return &http.Client{Transport: &http.Transport{
		DisableKeepAlives: true,
		DialContext: func(ctx context.Context, network, address string) (net.Conn, error) {
			conn, err := f.dial(ctx, network, address)
			f.mu.Lock()
			defer f.mu.Unlock()
			f.open = append(f.open, conn)
			return conn, err
		},
	}}
}

func (f *fragile) cut() {
	f.mu.Lock()
	defer f.mu.Unlock()
	for _, conn := range f.open {
		if conn != nil {
			_ = conn.Close()
		}
	}
	f.open = nil
}

// consumer applies what a feed tells.
type consumer struct {
	mu        sync.Mutex
	customers map[string]appsync.Customer
	events    []changefeed.Event
}

func (c *consumer) take(event changefeed.Event) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.events = append(c.events, event)
	switch {
	case !event.IsChange():
	case event.Operation == appsync.Deleted:
		delete(c.customers, event.ID)
	default:
		c.customers[event.ID] = *event.Customer
	}
	return nil
}

func (c *consumer) count(kind string) int {
	c.mu.Lock()
	defer c.mu.Unlock()
	count := 0
	for _, event := range c.events {
		if event.Kind == kind {
			count++
		}
	}
	return count
}

func (c *consumer) told(id string) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return slices.ContainsFunc(c.events, func(e changefeed.Event) bool { return e.Kind == changefeed.Live && e.ID == id })
}

func (c *consumer) has(want map[string]appsync.Customer) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return maps.EqualFunc(c.customers, want, func(a, b appsync.Customer) bool {
		return text(a.Name) == text(b.Name) && text(a.City) == text(b.City)
	})
}

func text(value *string) string {
	if value == nil {
		return "null"
	}
	return *value
}

// A written change, and when it may have happened.
type written struct {
	operation  appsync.Operation
	id, city   string
	start, end time.Time
}

// tokens are an authorizer whose tokens are as new as their use.
type tokens struct{}

func (tokens) Authorize(context.Context, *http.Request) (http.Header, error) {
	return http.Header{"X-Api-Key": {emulatorKey}}, nil
}
func (tokens) Token(context.Context) (string, error)                 { return "token", nil }
func (tokens) Renew(context.Context, string, string) (string, error) { return "", nil }

// feedOver is a feed whose connections are replaced every so often.
func feedOver(client *appsync.Client, network *fragile, c *consumer, replace time.Duration) *changefeed.Feed {
	all := []appsync.Operation{appsync.Created, appsync.Updated, appsync.Deleted}
	return &changefeed.Feed{
		Open: func(ctx context.Context) (*appsync.Stream, error) {
			connector := &appsync.Connector{
				Endpoint:   chaosEndpoint,
				HTTP:       network.client(),
				Authorizer: tokens{},
				Lifetime: func(string) (issued, expires time.Time) {
					// Changes come at whole milliseconds; some come at this very moment.
					until := time.Now().Add(replace).Truncate(time.Millisecond)
					return until, until
				},
			}
			return connector.Follow(ctx, all, appsync.Match{})
		},
		Emit:       c.take,
		Operations: all,
		List: func(ctx context.Context) iter.Seq2[*appsync.Customer, error] {
			return appsync.Customers(ctx, client, appsync.Paging{})
		},
		Get: func(ctx context.Context, id string) (*appsync.Customer, error) {
			resp, err := appsync.GetCustomer(ctx, client, id)
			return resp.GetCustomer, err
		},
		Checkpoint: func() error { return nil },
	}
}

// write makes changes until ctx ends and returns them. A change that finds the network
// armed races with the cut.
func write(ctx context.Context, t *testing.T, client *appsync.Client, network *fragile) []written {
	t.Helper()
	var log []written
	var ids []string
	for n := 0; ctx.Err() == nil; n++ {
		change := written{start: time.Now(), city: fmt.Sprint("city ", n)}
		var err error
		pick := 0
		if len(ids) > 0 {
			pick = rand.IntN(len(ids))
		}
		if network.armed.Swap(false) {
			go network.cut()
		}
		switch chance := rand.IntN(10); {
		case len(ids) == 0 || chance < 4:
			change.operation, change.id = appsync.Created, fmt.Sprint(n)
			_, err = appsync.CreateCustomer(t.Context(), client, appsync.CreateCustomerInput{Id: &change.id, Name: new("n"), City: &change.city, State: new("s"), Country: new("c")})
			ids = append(ids, change.id)
		case chance < 8:
			change.operation, change.id = appsync.Updated, ids[pick]
			_, err = appsync.UpdateCustomer(t.Context(), client, appsync.CustomerChange{ID: change.id, Fields: map[string]*string{"city": &change.city}})
		default:
			change.operation, change.id = appsync.Deleted, ids[pick]
			_, err = appsync.DeleteCustomer(t.Context(), client, change.id)
			ids = slices.Delete(ids, pick, pick+1)
		}
		if err != nil {
			t.Errorf("write: %v", err)
			return log
		}
		change.end = time.Now()
		log = append(log, change)
		select {
		case <-time.After(time.Duration(rand.IntN(20)) * time.Millisecond):
		case <-ctx.Done():
		}
	}
	return log
}

// TestChaos cuts all connections every few seconds, and replaces them in between,
// while customers come, change and go. A consumer with a state must end with the
// table; one without must have been told each change, or a gap around it.
// APPSYNCCTL_CHAOS=10m makes it last longer, by the test's own clock.
func TestChaos(t *testing.T) {
	last := 10 * time.Second
	if longer, err := time.ParseDuration(os.Getenv("APPSYNCCTL_CHAOS")); err == nil {
		last = longer
	}
	synctest.Test(t, func(t *testing.T) {
		memory, client := emulateInMemory(t)
		network := &fragile{inMemory: memory}
		kept := &consumer{customers: map[string]appsync.Customer{}}
		bare := &consumer{customers: map[string]appsync.Customer{}}
		withState := feedOver(client, network, kept, 700*time.Millisecond)
		withState.Known = changefeed.Known{}
		without := feedOver(client, network, bare, 900*time.Millisecond)

		watching, stop := context.WithCancel(t.Context())
		var watches sync.WaitGroup
		for _, feed := range []*changefeed.Feed{withState, without} {
			watches.Go(func() {
				if err := feed.Run(watching); !errors.Is(err, context.Canceled) {
					t.Errorf("a feed ended: %v", err)
				}
			})
		}
		defer watches.Wait()
		defer stop()
		eventually(t, "ready", func() bool { return kept.count(changefeed.Ready) > 0 && bare.count(changefeed.Ready) > 0 })

		writing, enough := context.WithTimeout(t.Context(), last)
		defer enough()
		go func() {
			for pause(writing, time.Second+rand.N(2*time.Second)) {
				if rand.IntN(2) == 0 {
					network.cut()
				} else {
					network.armed.Store(true)
				}
			}
		}()
		log := write(writing, t, client, network)

		// Nothing is cut any more. What is told now comes after all that was missed.
		eventually(t, "both are told of a change at once", func() bool {
			marker := fmt.Sprint("marker ", rand.Uint64())
			if _, err := appsync.CreateCustomer(t.Context(), client, appsync.CreateCustomerInput{Id: &marker, Name: &marker}); err != nil {
				t.Fatal(err)
			}
			time.Sleep(100 * time.Millisecond)
			return kept.told(marker) && bare.told(marker)
		})

		table := map[string]appsync.Customer{}
		for customer, err := range appsync.Customers(t.Context(), client, appsync.Paging{}) {
			if err != nil {
				t.Fatal(err)
			}
			table[customer.Id] = *customer
		}
		eventually(t, fmt.Sprintf("the consumer has the %d customers of the table after %d changes", len(table), len(log)),
			func() bool { return kept.has(table) })
		checkTold(t, log, bare)
		t.Logf("%d changes, %d customers; with state: %d live, %d by listing, %d connections lost; without: %d live, %d gaps",
			len(log), len(table), kept.count(changefeed.Live), kept.count(changefeed.Resync), kept.count(changefeed.Reconnecting), bare.count(changefeed.Live), bare.count(changefeed.Gap))
	})
}

// checkTold fails for each change that was told neither once nor by a gap.
func checkTold(t *testing.T, log []written, c *consumer) {
	t.Helper()
	c.mu.Lock()
	defer c.mu.Unlock()
	told := map[string]int{}
	for _, event := range c.events {
		if event.Kind == changefeed.Live {
			told[fmt.Sprint(event.Operation, event.ID, text(event.Customer.City))]++
		}
	}
	city := map[string]string{}
	for _, change := range log {
		if change.operation != appsync.Deleted {
			city[change.id] = change.city
		}
		count := told[fmt.Sprint(change.operation, change.id, city[change.id])]
		if count == 1 {
			continue
		}
		within := slices.ContainsFunc(c.events, func(e changefeed.Event) bool {
			return e.Kind == changefeed.Gap && !e.From.After(change.end) && !e.To.Before(change.start)
		})
		if count > 1 || !within {
			t.Errorf("%s %s at %s was told %d times, gap %t", change.operation, change.id, change.start.UTC(), count, within)
		}
	}
}

func eventually(t *testing.T, what string, is func() bool) {
	t.Helper()
	for limit := time.Now().Add(time.Minute); time.Now().Before(limit); {
		if is() {
			return
		}
		time.Sleep(10 * time.Millisecond)
	}
	t.Fatalf("never: %s", what)
}

func pause(ctx context.Context, wait time.Duration) bool {
	select {
	case <-time.After(wait):
		return true
	case <-ctx.Done():
		return false
	}
}
