package appsync_test

import (
	"context"
	"iter"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/appsyncctl/appsyncctl/internal/emulator/appsync"
	"github.com/appsyncctl/appsyncctl/internal/emulator/appsync/store"
	"github.com/appsyncctl/appsyncctl/internal/redact"
	"github.com/appsyncctl/appsyncctl/internal/schema"
)

// once makes one fault happen one time.
func once(name string) func(*appsync.Config) {
	return func(c *appsync.Config) {
		c.Schema = schema.Extended()
		struck := false
		c.Fault = func(asked, _ string) bool {
			if asked != name || struck {
				return false
			}
			struck = true
			return true
		}
	}
}

func TestFaultsInAnswers(t *testing.T) {
	const query = `{ getCustomer(id: "1") { id } }`
	tests := []struct {
		fault, want string
	}{
		{appsync.FaultPartialData, `{"data":{"getCustomer":null},"errors":[{"path":["getCustomer"],"data":null,"errorType":"Lambda:Unhandled","errorInfo":null,"locations":[{"line":1,"column":3,"sourceName":null}],"message":"partial data on demand"}]}`},
		{appsync.FaultNullData, `{"data":null}`},
		{appsync.FaultUnauthorized, `{"data":{"getCustomer":null},"errors":[{"path":["getCustomer"],"data":null,"errorType":"Unauthorized","errorInfo":null,"locations":[{"line":1,"column":3,"sourceName":null}],"message":"Not Authorized to access getCustomer on type Query"}]}`},
		{appsync.FaultTimeout, `{"data":{"getCustomer":null},"errors":[{"path":["getCustomer"],"data":null,"errorType":"ExecutionTimeout","errorInfo":null,"locations":[{"line":1,"column":3,"sourceName":null}],"message":"Execution timed out."}]}`},
	}
	for _, tt := range tests {
		t.Run(tt.fault, func(t *testing.T) {
			s := serve(t, once(tt.fault))
			if got := s.call(t, query, nil); got != tt.want {
				t.Errorf("got  %s\nwant %s", got, tt.want)
			}
			if got, want := s.call(t, query, nil), `{"data":{"getCustomer":null}}`; got != want {
				t.Errorf("afterwards: got %s, want %s", got, want)
			}
		})
	}
}

// An empty page and a repeated token lose nothing.
func TestFaultsInPages(t *testing.T) {
	for _, fault := range []string{appsync.FaultEmptyPage, appsync.FaultRepeatedToken} {
		t.Run(fault, func(t *testing.T) {
			s := serve(t, once(fault))
			s.create(t, map[string]any{"id": "1"})
			pages := s.pages(t, map[string]any{})
			last := pages[len(pages)-1]
			if len(pages) != 2 || !slices.Equal(last, []string{"1"}) {
				t.Errorf("got %v", pages)
			}
			if fault == appsync.FaultEmptyPage && len(pages[0]) != 0 {
				t.Errorf("first page: %v", pages[0])
			}
		})
	}
}

func TestRepeatedTokenRepeats(t *testing.T) {
	s := serve(t, func(c *appsync.Config) {
		c.Fault = func(name, operation string) bool {
			return name == appsync.FaultRepeatedToken && operation == "listCustomers"
		}
	})
	s.create(t, map[string]any{"name": "a"})
	first := s.list(t, nil)
	second := s.list(t, map[string]any{"nextToken": *first.ListCustomers.NextToken})
	if *first.ListCustomers.NextToken != *second.ListCustomers.NextToken || !slices.Equal(first.ids(), second.ids()) {
		t.Errorf("got %v and %v", first, second)
	}
}

func TestSocketFaults(t *testing.T) {
	t.Run(appsync.FaultSocketDrop, func(t *testing.T) {
		s := serve(t, once(appsync.FaultSocketDrop))
		c := s.connect(t)
		c.subscribe("1", "subscription { onCreateCustomer { id } }", nil)
		s.create(t, map[string]any{})
		if _, frame, err := c.conn.Read(t.Context()); err == nil {
			t.Errorf("got %s, want a lost connection", frame)
		}
	})
	t.Run(appsync.FaultNoKeepAlive, func(t *testing.T) {
		s := serve(t, once(appsync.FaultNoKeepAlive))
		c := s.dial(t, "", map[string][]string{"Authorization": {s.auth}}, "graphql-ws")
		c.send(`{"type":"connection_init"}`)
		c.want(`{"type":"connection_ack","payload":{"connectionTimeoutMs":300000}}`)
		c.subscribe("1", "subscription { onCreateCustomer { id } }", nil) // no ka before
	})
	t.Run("the next keep-alive comes", func(t *testing.T) {
		s := serve(t, func(c *appsync.Config) {
			once(appsync.FaultNoKeepAlive)(c)
			c.KeepAlive = time.Millisecond
			c.ConnectionTimeout = 7 * time.Second
		})
		c := s.dial(t, "", map[string][]string{"Authorization": {s.auth}}, "graphql-ws")
		c.send(`{"type":"connection_init"}`)
		c.want(`{"type":"connection_ack","payload":{"connectionTimeoutMs":7000}}`)
		c.want(`{"type":"ka"}`)
	})
}

// slowTable takes a minute for every read.
type slowTable struct{ store.Table }

func (s slowTable) Scan(ctx context.Context, after string) iter.Seq2[store.Item, error] {
	select {
	case <-time.After(time.Minute):
	case <-ctx.Done():
	}
	return s.Table.Scan(ctx, after)
}

func TestExecutionTime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		api, err := appsync.New(appsync.Config{Schema: schema.Wizard(), APIKeys: []redact.Secret{"da2-x"}, Table: slowTable{store.NewMemory()}})
		if err != nil {
			t.Fatal(err)
		}
		req := httptest.NewRequest(http.MethodPost, "/graphql", strings.NewReader(`{"query":"{ listCustomers { nextToken } }"}`))
		req.Header.Set("x-api-key", "da2-x")
		answer := httptest.NewRecorder()
		start := time.Now()
		api.ServeHTTP(answer, req)
		if took := time.Since(start); took != 30*time.Second {
			t.Errorf("took %v, want 30s", took)
		}
		want := `{"data":{"listCustomers":null},"errors":[{"path":["listCustomers"],"data":null,"errorType":"ExecutionTimeout","errorInfo":null,"locations":[{"line":1,"column":3,"sourceName":null}],"message":"Execution timed out."}]}`
		if got := answer.Body.String(); got != want {
			t.Errorf("got  %s\nwant %s", got, want)
		}
	})
}
