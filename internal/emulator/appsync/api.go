package appsync

import (
	"crypto/rand"
	"fmt"
	"net/http"
	"path"
	"strings"
	"time"

	"github.com/graph-gophers/graphql-go"
	"github.com/vektah/gqlparser/v2"
	"github.com/vektah/gqlparser/v2/ast"

	"github.com/appsyncctl/appsyncctl/internal/emulator/appsync/store"
)

// AppSync's limits (AppSync endpoints and quotas page).
const (
	executionTime = 30 * time.Second
	maxBody       = 1 << 20 // bytes; what the service allows is not published
	maxResponse   = 5 << 20 // bytes, of the data
)

// API is one AppSync API. It serves POST and GET on any path, and the real-time
// protocol on a path that ends in /realtime.
type API struct {
	config     Config
	schema     *ast.Schema     // for validation
	engine     *graphql.Schema // for execution
	authorizer authorizer
	guard      guard
}

// New makes an API from its configuration. An error names the field at fault.
func New(config Config) (*API, error) {
	if config.Now == nil {
		config.Now = time.Now
	}
	if config.HTTP == nil {
		config.HTTP = &http.Client{Timeout: time.Minute}
	}
	if config.Table == nil {
		config.Table = store.NewMemory()
	}
	if config.Fault == nil {
		config.Fault = func(string, string) bool { return false }
	}
	if config.ExecutionTime == 0 {
		config.ExecutionTime = executionTime
	}
	if config.MaxSubscriptions == 0 {
		config.MaxSubscriptions = maxSubscriptions
	}
	if config.KeepAlive == 0 {
		config.KeepAlive = keepAlive
	}
	if config.ConnectionTimeout == 0 {
		config.ConnectionTimeout = connectionTimeout
	}
	if len(config.TokenKey) == 0 {
		config.TokenKey = make([]byte, 32)
		_, _ = rand.Read(config.TokenKey) // never fails, see crypto/rand
	}
	parsed, err := gqlparser.LoadSchema(&ast.Source{Name: "schema", Input: config.Schema})
	if err != nil {
		return nil, fmt.Errorf("schema: %w", err)
	}
	tokens, err := newPageTokens(config.TokenKey)
	if err != nil {
		return nil, fmt.Errorf("token key: %w", err)
	}
	events, access := newHub(), guard{schema: parsed, only: config.DefaultMode}
	engine, err := graphql.ParseSchema(config.Schema,
		&resolver{table: config.Table, tokens: tokens, hub: events, guard: access, fault: config.Fault},
		graphql.SubscribeResolverTimeout(config.ExecutionTime),
		graphql.Logger(silent{}))
	if err != nil {
		return nil, fmt.Errorf("schema: %w", err)
	}
	modes, err := newAuthorizer(config)
	if err != nil {
		return nil, err
	}
	return &API{config: config, schema: parsed, engine: engine, authorizer: modes, guard: access}, nil
}

// ServeHTTP implements http.Handler.
func (a *API) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if strings.HasSuffix(path.Clean(r.URL.Path), "/realtime") {
		a.serveRealtime(w, r)
		return
	}
	a.serveGraphQL(w, r)
}
