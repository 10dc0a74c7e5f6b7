// Package account is the AWS account around the emulated API, as far as an owner of the API
// looks at it: what AppSync's control plane tells of the API's configuration, and the table
// behind it, by DynamoDB's own protocol. The AWS CLI and SDKs speak to both.
//
// It takes signatures by one key, which may do everything that is here, and nothing is ever
// written by it. What it tells it was given: it reads no configuration of the API's.
package account

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"time"

	"github.com/google/uuid"

	"github.com/appsyncctl/appsyncctl/internal/emulator/appsync/signature"
	"github.com/appsyncctl/appsyncctl/internal/emulator/appsync/store"
)

// Config says what an account is like.
type Config struct {
	API       API           // the one that is served
	Table     store.Table   // the table with the customers
	TableName string        // its name
	Key       signature.Key // whose signatures it takes
	// Now is the account's clock; nil is the machine's.
	Now func() time.Time
	// Fault is asked before each act that can go wrong on demand, with a name from Faults,
	// the request's path and the operation; true makes it go wrong.
	Fault func(name, path, operation string) bool
}

// An API is what the control plane tells of the API that is served.
type API struct {
	Endpoint, RealTime string
	Modes              []Mode // the default first

	DepthLimit, ResolverLimit int
	IntrospectionOff          bool
}

// A Mode is a mode of authorization, by the name that the control plane has for it, with
// what is configured for it.
type Mode struct {
	Type     string
	OpenID   *OpenID // of OPENID_CONNECT
	UserPool bool    // AMAZON_COGNITO_USER_POOLS
	Function bool    // AWS_LAMBDA
}

// OpenID is the configuration of OPENID_CONNECT.
type OpenID struct {
	Issuer, ClientID string
	IatTTL, AuthTTL  time.Duration
}

// The faults that only the account can make.
const (
	FaultTableEmpty   = "table-empty"   // the table answers as if it held nothing
	FaultAccessDenied = "access-denied" // the key lacks the right to the operation
)

// Faults returns every name that Config.Fault is asked about.
func Faults() []string { return []string{FaultTableEmpty, FaultAccessDenied} }

// Account is an account: what it serves.
type Account struct {
	ControlPlane http.Handler // on the paths of ControlPlanePaths
	Table        http.Handler // requests for which TableOperation has a name
}

// New makes an account.
func New(config Config) *Account {
	if config.Now == nil {
		config.Now = time.Now
	}
	if config.Fault == nil {
		config.Fault = func(string, string, string) bool { return false }
	}
	rights := rights{key: config.Key, now: config.Now, fault: config.Fault}
	return &Account{
		ControlPlane: newControlPlane(rights, config.API),
		Table:        &tableService{rights: rights, table: config.Table, name: config.TableName},
	}
}

// The made-up number of the account, and the owner of its key.
const (
	accountNumber = "000000000000"
	accountUser   = "arn:aws:iam::" + accountNumber + ":user/demo"
)

// rights decide who may do what.
type rights struct {
	key   signature.Key
	now   func() time.Time
	fault func(name, path, operation string) bool
}

// request is one that was admitted.
type request struct {
	region string // that it is signed for
	body   []byte
}

// admit reads a request, checks its signature for a service and whether the key may do
// what it asks for: action is the part of the IAM action after the colon.
func (a rights) admit(ctx context.Context, r *http.Request, service, action, resource string) (request, *refusal) {
	read, err := signature.Read(r)
	if large := (*http.MaxBytesError)(nil); errors.As(err, &large) {
		return request{}, &refusal{Status: http.StatusRequestEntityTooLarge, Type: malformed, Message: "Request body is too large."}
	}
	if err != nil {
		return request{}, &refusal{Status: http.StatusBadRequest, Type: malformed, Message: "Unable to parse GraphQL query."}
	}
	verifier := signature.Verifier{Key: a.key, Service: service, Now: a.now}
	region, refused := verifier.Verify(ctx, read)
	if refused != nil {
		return request{}, &refusal{Status: http.StatusForbidden, Type: refused.Type, Message: refused.Message}
	}
	if a.fault(FaultAccessDenied, r.URL.Path, action) {
		return request{}, &refusal{
			Status: http.StatusForbidden, Type: "AccessDeniedException",
			Message: "User: " + accountUser + " is not authorized to perform: " + service + ":" + action +
				" on resource: arn:aws:" + service + ":" + region + ":" + accountNumber + ":" + resource +
				" because no identity-based policy allows the " + service + ":" + action + " action",
		}
	}
	return request{region: region, body: read.Body}, nil
}

const malformed = "MalformedHttpRequestException"

// A refusal is an error as AWS's services answer it.
type refusal struct {
	Status  int
	Type    string
	Message string
}

// respond writes an answer, which was encoded.
func respond(w http.ResponseWriter, status int, kind string, body []byte) {
	header := w.Header()
	header.Set("Content-Type", kind)
	header.Set("x-amzn-RequestId", uuid.NewString())
	w.WriteHeader(status)
	_, _ = w.Write(body) // the client may have gone
}

// encode encodes what is known to encode, and leaves < > & alone as AWS does.
func encode(v any) []byte {
	var text bytes.Buffer
	encoder := json.NewEncoder(&text)
	encoder.SetEscapeHTML(false)
	_ = encoder.Encode(v)
	return bytes.TrimSuffix(text.Bytes(), []byte("\n"))
}
