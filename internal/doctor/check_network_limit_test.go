package doctor_test

import (
	"context"
	"io"
	"net"
	"net/http"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/appsyncctl/appsyncctl/internal/doctor"
	"github.com/appsyncctl/appsyncctl/internal/transport"
)

// hanging answers nothing until its request is given up.
type hanging struct{}

func (hanging) RoundTrip(req *http.Request) (*http.Response, error) {
	<-req.Context().Done()
	return nil, req.Context().Err()
}

// A host that hangs is not known to be wrong, and holds nobody up for long.
func TestNetworkTakesTooLong(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newSite()
		s.Plain, s.Authorized, s.Provider = hanging{}, hanging{}, client(hanging{})
		findings := examined(t, s.Subject)
		wantSaid(t, findings, map[string]string{
			"NET-003": "unknown: api.example.com takes no connection within 3s",
			"NET-006": "unknown: id.example.com takes no connection within 3s",
		})
		if got := findings["NET-003"].Elapsed; got != 3*time.Second {
			t.Errorf("took %s, want 3s", got)
		}
	})
}

// A mute takes connections and says nothing on them until the test ends.
type mute struct {
	mu   sync.Mutex
	ends []net.Conn
}

func (m *mute) dial(context.Context, string, string) (net.Conn, error) {
	ours, theirs := net.Pipe()
	go func() { _, _ = io.Copy(io.Discard, theirs) }()
	m.mu.Lock()
	defer m.mu.Unlock()
	m.ends = append(m.ends, theirs)
	return ours, nil
}

func (m *mute) hangUp() {
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, end := range m.ends {
		_ = end.Close()
	}
}

func TestNobodySaysAWord(t *testing.T) {
	tests := []struct {
		name, endpoint string
		want           string
	}{
		{"to TLS", "https://api.example.com/graphql", "unknown: api.example.com took a connection and did not say a word within 3s"},
		{"to a request", "http://127.0.0.1:4000/graphql", "unknown: 127.0.0.1:4000 took the request and did not answer within 3s"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := newSite()
				s.set("endpoint", tt.endpoint)
				s.connect(t)
				nobody := new(mute)
				defer nobody.hangUp()
				s.transport.DialContext = nobody.dial
				s.Provider = client(hanging{})
				wantSaid(t, examined(t, s.Subject), map[string]string{"NET-003": tt.want})
			})
		})
	}
}

func TestResolverHangs(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newSite()
		s.Plain, s.Authorized, s.Provider = hanging{}, hanging{}, client(hanging{})
		s.LookupHost = func(ctx context.Context, _ string) ([]string, error) {
			<-ctx.Done()
			return nil, ctx.Err()
		}
		wantSaid(t, examined(t, s.Subject), map[string]string{
			"NET-002": "unknown: api.example.com could not be looked up: the resolver gives no answer",
			"NET-003": "skipped:  <NET-002>",
		})
	})
}

// Who gives up earlier, as --timeout asks for, has waited too.
func TestNetworkHasLessTime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newSite()
		s.Plain = &transport.Attempt{Limit: time.Second, MaxBytes: 1 << 20, Base: hanging{}}
		s.Authorized, s.Provider = s.Plain, client(s.Plain)
		wantSaid(t, examined(t, s.Subject), map[string]string{
			"NET-003": "unknown: api.example.com takes no connection within 1s",
			"NET-006": "unknown: id.example.com takes no connection within 1s",
		})
	})
}

// Ctrl-C is no finding.
func TestNetworkInterrupted(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newSite()
		s.Plain, s.Authorized, s.Provider = hanging{}, hanging{}, client(hanging{})
		ctx, cancel := context.WithCancel(t.Context())
		time.AfterFunc(time.Second, cancel)
		findings := make(map[doctor.ID]doctor.Finding)
		doctor.Examine(ctx, s.Subject, func(f doctor.Finding) { findings[f.ID] = f })
		wantSaid(t, findings, map[string]string{"NET-003": "unknown: interrupted", "NET-006": "unknown: interrupted"})
	})
}
