package appsync_test

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

	"github.com/appsyncctl/appsyncctl/internal/emulator/appsync"
	"github.com/appsyncctl/appsyncctl/internal/redact"
)

// socket is a client's end of a connection.
type socket struct {
	t    *testing.T
	conn *websocket.Conn
	s    *service
}

func (s *service) host() string {
	return strings.TrimSuffix(strings.TrimPrefix(s.endpoint, "http://"), "/graphql")
}

// header is what a client puts into its handshake and into each start.
func (s *service) header(token string) map[string]string {
	return map[string]string{"host": s.host(), "Authorization": token}
}

func encode(t *testing.T, v any) []byte {
	t.Helper()
	text, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return text
}

func (s *service) dial(t *testing.T, query string, header http.Header, protocols ...string) *socket {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 5*time.Minute)
	defer cancel()
	conn, resp, err := websocket.Dial(ctx, s.endpoint+"/realtime"+query, &websocket.DialOptions{Subprotocols: protocols, HTTPHeader: header})
	if err != nil {
		t.Fatal(err)
	}
	if resp.Body != nil {
		t.Cleanup(func() { resp.Body.Close() })
	}
	t.Cleanup(func() { _ = conn.CloseNow() })
	return &socket{t: t, conn: conn, s: s}
}

// connect dials as the newest clients do, and waits for the ack.
func (s *service) connect(t *testing.T) *socket {
	t.Helper()
	c := s.dial(t, "", nil, "graphql-ws", "header-"+base64.RawURLEncoding.EncodeToString(encode(t, s.header(s.auth))))
	c.send(`{"type":"connection_init"}`)
	c.want(`{"type":"connection_ack","payload":{"connectionTimeoutMs":300000}}`)
	c.want(`{"type":"ka"}`)
	return c
}

func (c *socket) send(frame string) {
	c.t.Helper()
	if err := c.conn.Write(c.t.Context(), websocket.MessageText, []byte(frame)); err != nil {
		c.t.Fatal(err)
	}
}

func (c *socket) read() string {
	c.t.Helper()
	ctx, cancel := context.WithTimeout(c.t.Context(), 5*time.Minute)
	defer cancel()
	_, frame, err := c.conn.Read(ctx)
	if err != nil {
		c.t.Fatal(err)
	}
	return string(frame)
}

func (c *socket) want(frame string) {
	c.t.Helper()
	if got := c.read(); got != frame {
		c.t.Fatalf("frame:\ngot  %s\nwant %s", got, frame)
	}
}

func (c *socket) start(id, query string, variables map[string]any, token string) {
	c.t.Helper()
	request := encode(c.t, map[string]any{"query": query, "variables": variables})
	c.send(string(encode(c.t, map[string]any{"id": id, "type": "start", "payload": map[string]any{
		"data": string(request), "extensions": map[string]any{"authorization": c.s.header(token)},
	}})))
}

func (c *socket) subscribe(id, query string, variables map[string]any) {
	c.t.Helper()
	c.start(id, query, variables, c.s.auth)
	c.want(`{"id":"` + id + `","type":"start_ack"}`)
}

func TestSubscription(t *testing.T) {
	s := serve(t, extended)
	c := s.connect(t)
	c.subscribe("1", "subscription { onCreateCustomer { id name } }", nil)
	s.create(t, map[string]any{"id": "a", "name": "customer1"})
	c.want(`{"id":"1","type":"data","payload":{"data":{"onCreateCustomer":{"id":"a","name":"customer1"}}}}`)
	c.subscribe("2", "subscription { u: onUpdateCustomer { name } }", nil)
	s.call(t, updateMutation, map[string]any{"input": map[string]any{"id": "a", "name": "new"}})
	c.want(`{"id":"2","type":"data","payload":{"data":{"u":{"name":"new"}}}}`)
	c.subscribe("3", "subscription { onDeleteCustomer { id } }", nil)
	s.call(t, `mutation { deleteCustomer(input: {id: "a"}) { id } }`, nil)
	c.want(`{"id":"3","type":"data","payload":{"data":{"onDeleteCustomer":{"id":"a"}}}}`)

	c.send(`{"id":"1","type":"stop"}`)
	c.want(`{"id":"1","type":"complete"}`)
	s.create(t, map[string]any{"id": "b"})
	// Nothing came in between: the next frame answers the next question.
	c.send(`{"id":"1","type":"stop"}`)
	c.want(`{"id":"1","type":"error","payload":{"errors":[{"errorType":"UnknownOperationError","errorCode":400,"message":"Unknown operation id 1"}]}}`)
}

// A subscriber sees what the mutation selected (aws-appsync-community#89).
func TestSubscriberSeesTheMutationsSelection(t *testing.T) {
	s := serve(t, extended)
	c := s.connect(t)
	c.subscribe("1", "subscription { onCreateCustomer { id name city } }", nil)
	s.call(t, `mutation { createCustomer(input: {id: "a", name: "n", city: "c"}) { key: id ...F } } fragment F on Customer { name }`, nil)
	c.want(`{"id":"1","type":"data","payload":{"data":{"onCreateCustomer":{"id":"a","name":"n","city":null}}}}`)
	s.call(t, `mutation { createCustomer(input: {id: "b", name: "n"}) { name } }`, nil)
	c.want(`{"id":"1","type":"data","payload":{"data":{"onCreateCustomer":null},"errors":[{"path":["onCreateCustomer","id"],"locations":null,` +
		`"message":"Cannot return null for non-nullable type: 'ID' within parent 'Customer' (/onCreateCustomer/id)"}]}}`)
}

func TestSubscriptionArguments(t *testing.T) {
	s := serve(t, extended)
	c := s.connect(t)
	c.subscribe("city", "subscription($city: String) { onCreateCustomer(city: $city) { id } }", map[string]any{"city": "Boston"})
	c.subscribe("null", "subscription { onCreateCustomer(city: null) { id } }", nil)
	const selectsAll, selectsID = `mutation($input: CreateCustomerInput!) { createCustomer(input: $input) { id city } }`,
		`mutation($input: CreateCustomerInput!) { createCustomer(input: $input) { id } }`
	tests := []struct {
		mutation string
		input    map[string]any
		want     string // the subscription that gets it
	}{
		{selectsAll, map[string]any{"id": "a", "city": "Boston"}, "city"},
		{selectsAll, map[string]any{"id": "b"}, "null"},
		{selectsAll, map[string]any{"id": "c", "city": nil}, "null"},
		{selectsID, map[string]any{"id": "d", "city": "Boston"}, "null"}, // city was not selected, so it is null
		{selectsAll, map[string]any{"id": "e", "city": "Boston"}, "city"},
	}
	s.call(t, selectsAll, map[string]any{"input": map[string]any{"id": "x", "city": "Dallas"}}) // nobody's
	for _, tt := range tests {
		s.call(t, tt.mutation, map[string]any{"input": tt.input})
		c.want(`{"id":"` + tt.want + `","type":"data","payload":{"data":{"onCreateCustomer":{"id":"` + tt.input["id"].(string) + `"}}}}`)
	}
}

func TestHandshake(t *testing.T) {
	s := serve(t, func(c *appsync.Config) { c.APIKeys = []redact.Secret{"da2-x"} })
	std, raw := base64.StdEncoding, base64.RawURLEncoding
	query := func(header map[string]string, payload string) string {
		return "?" + url.Values{"header": {std.EncodeToString(encode(t, header))}, "payload": {payload}}.Encode()
	}
	protocol := func(header map[string]string) string { return "header-" + raw.EncodeToString(encode(t, header)) }
	good, stale := s.header(s.auth), s.header(s.token(t, map[string]any{"exp": 1}))
	tests := []struct {
		name      string
		query     string
		header    http.Header
		protocols []string
		want      string // of the error; empty is an ack
	}{
		{name: "query", query: query(good, "e30="), protocols: []string{"graphql-ws"}},
		{name: "subprotocol", protocols: []string{"graphql-ws", protocol(good)}},
		{name: "plain headers", header: http.Header{"Authorization": {s.auth}}, protocols: []string{"graphql-ws"}},
		{name: "api key", protocols: []string{"graphql-ws", protocol(map[string]string{"host": s.host(), "x-api-key": "da2-x"})}},
		{name: "nothing", protocols: []string{"graphql-ws"}, want: `{"errorType":"UnauthorizedException","errorCode":401,"message":"Valid authorization header not provided."}`},
		{name: "expired", query: query(stale, "e30="), protocols: []string{"graphql-ws"}, want: `{"errorType":"UnauthorizedException","errorCode":401,"message":"Token has expired."}`},
		{name: "other host", protocols: []string{"graphql-ws", protocol(map[string]string{"host": "other.example", "Authorization": s.auth})}, want: `{"errorType":"BadRequestException","errorCode":400,"message":"The host of the authorization is not that of the GraphQL endpoint."}`},
		{name: "no payload", query: query(good, ""), protocols: []string{"graphql-ws"}, want: `{"errorType":"BadRequestException","errorCode":400,"message":"The payload of the handshake must be an empty object."}`},
		{name: "garbled", query: "?header=%2A&payload=e30=", protocols: []string{"graphql-ws"}, want: `{"errorType":"BadRequestException","errorCode":400,"message":"The header of the handshake cannot be read."}`},
		{name: "no subprotocol", query: query(good, "e30="), want: `{"errorType":"SubProtocolNotSupportedError","errorCode":400,"message":"Subprotocol 'graphql-ws' is required."}`},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			c := s.dial(t, tt.query, tt.header, tt.protocols...)
			c.send(`{"type":"connection_init"}`)
			if tt.want == "" {
				c.want(`{"type":"connection_ack","payload":{"connectionTimeoutMs":300000}}`)
				return
			}
			c.want(`{"type":"connection_error","payload":{"errors":[` + tt.want + `]}}`)
			if _, _, err := c.conn.Read(t.Context()); err == nil {
				t.Error("the connection stays open")
			}
		})
	}
}

func TestStartRefused(t *testing.T) {
	s := serve(t, func(c *appsync.Config) {
		c.Schema = strings.Replace(c.Schema, `@aws_subscribe(mutations: ["deleteCustomer"])`, `@aws_subscribe(mutations: ["deleteCustomer"]) @aws_iam`, 1)
		c.MaxSubscriptions = 1
	})
	const query = "subscription { onCreateCustomer { id } }"
	tests := []struct {
		name string
		act  func(*socket)
		want string
	}{
		{"expired", func(c *socket) { c.start("2", query, nil, s.token(t, map[string]any{"exp": 1})) }, `{"id":"2","type":"error","payload":{"errors":[{"errorType":"UnauthorizedException","errorCode":401,"message":"Token has expired."}]}}`},
		{"invalid", func(c *socket) { c.start("2", "subscription { nope }", nil, s.auth) }, `{"id":"2","type":"error","payload":{"errors":[{"path":null,"locations":[{"line":1,"column":16,"sourceName":null}],"message":"Validation error of type FieldUndefined: Field 'nope' in type 'Subscription' is undefined @ 'nope'"}]}}`},
		{"another mode than the default", func(c *socket) { c.start("2", "subscription { onDeleteCustomer { id } }", nil, s.auth) }, `{"id":"2","type":"error","payload":{"errors":[{"errorType":"Unauthorized","message":"Not Authorized to access onDeleteCustomer on type Subscription"}]}}`},
		{"no field", func(c *socket) { c.start("2", "subscription { __typename }", nil, s.auth) }, `{"id":"2","type":"error","payload":{"errors":[{"errorType":"BadRequestException","errorCode":400,"message":"A subscription must have exactly one root field."}]}}`},
		{"two fields", func(c *socket) {
			c.start("2", "subscription { onCreateCustomer { id } onUpdateCustomer { id } }", nil, s.auth)
		}, `{"id":"2","type":"error","payload":{"errors":[{"errorType":"BadRequestException","errorCode":400,"message":"A subscription must have exactly one root field."}]}}`},
		{"a query", func(c *socket) { c.start("2", "query { __typename }", nil, s.auth) }, `{"id":"2","type":"error","payload":{"errors":[{"errorType":"UnsupportedOperation","errorCode":400,"message":"query not supported through the realtime channel"}]}}`},
		{"no id", func(c *socket) { c.start("", query, nil, s.auth) }, `{"type":"error","payload":{"errors":[{"errorType":"BadRequestException","errorCode":400,"message":"The subscription has no id."}]}}`},
		{"no JSON", func(c *socket) { c.send("meow") }, `{"type":"error","payload":{"errors":[{"errorType":"BadRequestException","errorCode":400,"message":"The frame cannot be read."}]}}`},
		{"an unknown type", func(c *socket) { c.send(`{"id":"2","type":"subscribe"}`) }, `{"id":"2","type":"error","payload":{"errors":[{"errorType":"UnsupportedOperation","errorCode":400,"message":"unknown not supported through the realtime channel"}]}}`},
		{"the same id", func(c *socket) { c.subscribe("1", query, nil); c.start("1", query, nil, s.auth) }, `{"id":"1","type":"error","payload":{"errors":[{"errorType":"DuplicatedOperationError","errorCode":400,"message":"Duplicated operation id 1"}]}}`},
		{"one too many", func(c *socket) { c.subscribe("1", query, nil); c.start("2", query, nil, s.auth) }, `{"id":"2","type":"error","payload":{"errors":[{"errorType":"MaxSubscriptionsReachedError","errorCode":400,"message":"Max number of 1 subscriptions reached"}]}}`},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			c := s.connect(t)
			tt.act(c)
			c.want(tt.want)
		})
	}
}

func TestFramesBeforeTheAckAreIgnored(t *testing.T) {
	s := serve(t, nil)
	c := s.dial(t, "", http.Header{"Authorization": {s.auth}}, "graphql-ws")
	c.start("1", "subscription { onCreateCustomer { id } }", nil, s.auth)
	c.send(`{"type":"connection_init"}`)
	c.want(`{"type":"connection_ack","payload":{"connectionTimeoutMs":300000}}`)
	c.want(`{"type":"ka"}`)
	c.subscribe("1", "subscription { onCreateCustomer { id } }", nil)
}

func TestKeepAlive(t *testing.T) {
	s := serve(t, func(c *appsync.Config) { c.KeepAlive = time.Millisecond })
	c := s.connect(t)
	for range 3 {
		c.want(`{"type":"ka"}`)
	}
}

func TestManySubscriptions(t *testing.T) {
	s := serve(t, func(c *appsync.Config) { c.MaxSubscriptions = 200 })
	c := s.connect(t)
	waiting := map[string]bool{}
	for n := range 200 {
		id := "s" + strings.Repeat("i", n)
		c.subscribe(id, "subscription { onCreateCustomer { name } }", nil)
		waiting[id] = true
	}
	s.create(t, map[string]any{"name": "customer1"})
	for len(waiting) > 0 {
		var frame struct{ ID, Type string }
		if err := json.Unmarshal([]byte(c.read()), &frame); err != nil {
			t.Fatal(err)
		}
		if frame.Type != "data" || !waiting[frame.ID] {
			t.Fatalf("got %+v", frame)
		}
		delete(waiting, frame.ID)
	}
}
