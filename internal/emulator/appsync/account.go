package appsync

import (
	"context"
	"crypto/rand"
	"net/http"
	"strings"
	"time"

	"github.com/google/uuid"

	"github.com/appsyncctl/appsyncctl/internal/emulator/appsync/store"
)

// AccountConfig says what the AWS account around an API is like.
type AccountConfig struct {
	API      Config    // the API's own configuration, and the store behind the table
	Modes    []Mode    // the order in which those that are on are told, the default first
	Endpoint string    // the API's, as AppSync tells it
	RealTime string    // the same for subscriptions
	Table    string    // name of the table with the customers; its key is id
	Key      AccessKey // whose signatures it takes
	// Fault is like Config.Fault, with the request's path before the operation.
	Fault func(name, path, operation string) bool
}

// Account is the AWS account around an API, as far as an owner of the API looks at it:
// the calls that read an API's configuration and those that read the table. It takes
// signatures by one key, which may do everything that is here, and nothing is ever
// written by it.
type Account struct {
	config AccountConfig
	api    string // the API's id
	other  string // the id of another API, which is not served
	host   string // what that one's host begins with
}

// The made-up number of the account, and the owner of its key.
const (
	accountNumber = "000000000000"
	accountUser   = "arn:aws:iam::" + accountNumber + ":user/demo"
)

// NewAccount makes the account around an API.
func NewAccount(config AccountConfig) *Account {
	if config.API.Now == nil {
		config.API.Now = time.Now
	}
	if config.API.Table == nil {
		config.API.Table = store.NewMemory()
	}
	if config.Fault == nil {
		config.Fault = func(string, string, string) bool { return false }
	}
	config.Modes = config.API.told(config.Modes)
	made := func() string { return strings.ToLower(rand.Text()) }
	return &Account{config: config, api: made(), other: made(), host: made()}
}

// caller is who signed a request, and where it goes by its signature.
type caller struct {
	region string
	body   []byte
}

// admit reads a request, checks its signature for a service and whether the key may do
// what it asks for: action is the part of the IAM action after the colon.
func (a *Account) admit(ctx context.Context, r *http.Request, service, action, resource string) (caller, *refusal) {
	body, refused := readBody(r)
	if refused != nil {
		return caller{}, refused
	}
	verifier := signature{key: a.config.Key, service: service, now: a.config.API.Now}
	shown := credentials{header: r.Header, host: r.Host, method: r.Method, url: r.URL, body: body}
	if refused := verifier.verify(ctx, shown); refused != nil {
		return caller{}, refused
	}
	_, scope, _, _ := parseSignature(r.Header.Get("Authorization"))
	if a.config.Fault(FaultAccessDenied, r.URL.Path, action) {
		return caller{}, &refusal{
			Status: http.StatusForbidden, Type: "AccessDeniedException",
			Message: "User: " + accountUser + " is not authorized to perform: " + service + ":" + action +
				" on resource: arn:aws:" + service + ":" + scope.region + ":" + accountNumber + ":" + resource +
				" because no identity-based policy allows the " + service + ":" + action + " action",
		}
	}
	return caller{region: scope.region, body: body}, nil
}

// respond writes an answer of the account: v as JSON.
func respond(w http.ResponseWriter, status int, kind string, v any) {
	header := w.Header()
	header.Set("Content-Type", kind)
	header.Set("x-amzn-RequestId", uuid.NewString())
	w.WriteHeader(status)
	_, _ = w.Write(marshal(v)) // the client may have gone
}
