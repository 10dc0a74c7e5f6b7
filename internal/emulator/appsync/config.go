package appsync

import (
	"log/slog"
	"net/http"
	"time"

	"github.com/appsyncctl/appsyncctl/internal/emulator/appsync/store"
)

// Config says what an API is like. A mode of authorization is off until its fields
// are set; with none set every request is refused.
type Config struct {
	// Schema is the SDL, with AppSync's directives declared.
	Schema string
	// Table keeps the customers; nil keeps them in memory.
	Table store.Table

	// Issuer turns OPENID_CONNECT on: tokens must be signed by a key of the JWKS
	// that its discovery document names. A trailing slash makes no difference.
	Issuer string
	// ClientID is a regular expression that must match the whole of azp or of one
	// aud; empty allows all.
	ClientID string
	// IatTTL and AuthTTL bound the time since iat and auth_time; zero is no bound.
	// AppSync's own settings are in milliseconds.
	IatTTL, AuthTTL time.Duration
	// CheckIssuer compares iss with Issuer. AppSync does so only when the API has
	// several modes of authorization, and so does this API by itself.
	CheckIssuer bool
	// StrictRaw refuses a token behind "Bearer ", as AppSync did until 2022.
	StrictRaw bool

	// CognitoIssuer turns AMAZON_COGNITO_USER_POOLS on.
	CognitoIssuer string
	// APIKeys turns API_KEY on, and holds the keys, da2-….
	APIKeys []Secret
	// IAM turns AWS_IAM on.
	IAM *AccessKey
	// LambdaToken turns AWS_LAMBDA on: the one token that the function allows.
	LambdaToken Secret

	// DefaultMode is the one mode that may use the root fields without a directive
	// such as @aws_api_key. When empty every mode that is on may: AppSync always has
	// a default, but the wizard's schema has no directives, so that it would leave
	// the other modes nothing.
	DefaultMode Mode

	// IntrospectionOff hides __schema and __type (introspectionConfig: DISABLED).
	IntrospectionOff bool
	// DepthLimit bounds the nesting of a document (queryDepthLimit); zero is no bound.
	DepthLimit int
	// ResolverLimit bounds the resolvers of a request (resolverCountLimit); zero is
	// AppSync's own 10,000.
	ResolverLimit int
	// ExecutionTime bounds a request; zero is AppSync's 30 seconds.
	ExecutionTime time.Duration

	// MaxSubscriptions bounds those of one connection; zero is 100.
	MaxSubscriptions int
	// KeepAlive is the time between two ka frames; zero is a minute.
	KeepAlive time.Duration
	// ConnectionTimeout is how long a client waits for the next frame, as connection_ack
	// tells it; zero is five minutes.
	ConnectionTimeout time.Duration

	// TokenKey seals nextTokens, 16, 24 or 32 bytes. Without it a token is good
	// only for the life of this API.
	TokenKey []byte
	// HTTP fetches the issuers' keys; nil is a client with a deadline.
	HTTP *http.Client
	// Now is the API's clock; nil is the machine's.
	Now func() time.Time
	// Fault is asked before each act that can go wrong on demand, with a name from
	// Faults and the root field; true makes it go wrong.
	Fault func(name, operation string) bool
}

// An AccessKey is a pair of AWS credentials that the API knows.
type AccessKey struct {
	ID     string
	Secret Secret
	Region string // empty allows every region
}

// A Secret is text that prints as [redacted].
type Secret string

func (Secret) String() string       { return "[redacted]" }
func (Secret) GoString() string     { return "[redacted]" }
func (Secret) LogValue() slog.Value { return slog.StringValue("[redacted]") }

// The faults that only the inside of the API, or of the account around it, can make.
const (
	FaultPartialData   = "partial-data"   // the data, and an error beside it
	FaultNullData      = "null-data"      // {"data":null} and no errors
	FaultEmptyPage     = "empty-page"     // a page without items, with a nextToken
	FaultRepeatedToken = "repeated-token" // the page again, with the same nextToken
	FaultUnauthorized  = "field-unauthorized"
	FaultTimeout       = "execution-timeout"
	FaultSocketDrop    = "socket-drop"        // the connection closes instead of a data frame
	FaultNoKeepAlive   = "missing-keep-alive" // one ka frame is left out
	FaultTableEmpty    = "table-empty"        // the account's table answers as if it held nothing
	FaultOpen          = "open"               // everybody passes the edge
	FaultUnverified    = "unverified"         // nobody looks at a token's signature
	FaultTimeless      = "timeless"           // nobody looks at a token's end
	FaultHiddenItems   = "hidden-items"       // lists show nothing
	FaultAccessDenied  = "access-denied"      // the account's key lacks the right to the operation
)

// Faults returns every name that Config.Fault and AccountConfig.Fault are asked about.
func Faults() []string {
	return []string{
		FaultPartialData, FaultNullData, FaultEmptyPage, FaultRepeatedToken,
		FaultUnauthorized, FaultTimeout, FaultSocketDrop, FaultNoKeepAlive,
		FaultOpen, FaultUnverified, FaultTimeless, FaultHiddenItems,
		FaultTableEmpty, FaultAccessDenied,
	}
}
