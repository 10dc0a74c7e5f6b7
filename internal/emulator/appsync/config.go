package appsync

import (
	"crypto/rand"
	"net/http"
	"slices"
	"time"

	"github.com/appsyncctl/appsyncctl/internal/emulator/appsync/signature"
	"github.com/appsyncctl/appsyncctl/internal/emulator/appsync/store"
	"github.com/appsyncctl/appsyncctl/internal/redact"
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
	APIKeys []redact.Secret
	// IAM turns AWS_IAM on.
	IAM *signature.Key
	// LambdaToken turns AWS_LAMBDA on: the one token that the function allows.
	LambdaToken redact.Secret

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

// complete fills the defaults in.
func (c Config) complete() Config {
	if c.Now == nil {
		c.Now = time.Now
	}
	if c.HTTP == nil {
		c.HTTP = &http.Client{Timeout: time.Minute}
	}
	if c.Table == nil {
		c.Table = store.NewMemory()
	}
	if c.Fault == nil {
		c.Fault = func(string, string) bool { return false }
	}
	if c.ExecutionTime == 0 {
		c.ExecutionTime = executionTime
	}
	if c.MaxSubscriptions == 0 {
		c.MaxSubscriptions = maxSubscriptions
	}
	if c.KeepAlive == 0 {
		c.KeepAlive = keepAlive
	}
	if c.ConnectionTimeout == 0 {
		c.ConnectionTimeout = connectionTimeout
	}
	if len(c.TokenKey) == 0 {
		c.TokenKey = make([]byte, 32)
		_, _ = rand.Read(c.TokenKey) // never fails, see crypto/rand
	}
	return c
}

// A Mode is a way of authorization, named as AppSync's control plane names it.
type Mode string

// The modes.
const (
	ModeOpenID  Mode = "OPENID_CONNECT"
	ModeCognito Mode = "AMAZON_COGNITO_USER_POOLS"
	ModeAPIKey  Mode = "API_KEY"
	ModeIAM     Mode = "AWS_IAM"
	ModeLambda  Mode = "AWS_LAMBDA"
)

// allModes are the modes, in the order in which they came to AppSync.
func allModes() []Mode { return []Mode{ModeAPIKey, ModeIAM, ModeCognito, ModeOpenID, ModeLambda} }

// directive is the name of the directive that opens a field to the mode.
func (m Mode) directive() string {
	switch m {
	case ModeOpenID:
		return "aws_oidc"
	case ModeCognito:
		return "aws_cognito_user_pools"
	case ModeAPIKey:
		return "aws_api_key"
	case ModeIAM:
		return "aws_iam"
	}
	return "aws_lambda"
}

// on tells whether a mode's fields are set.
func (c Config) on(m Mode) bool {
	switch m {
	case ModeOpenID:
		return c.Issuer != ""
	case ModeCognito:
		return c.CognitoIssuer != ""
	case ModeAPIKey:
		return len(c.APIKeys) > 0
	case ModeIAM:
		return c.IAM != nil
	case ModeLambda:
		return c.LambdaToken != ""
	}
	return false
}

// Modes returns the modes that are on, the default first, then in the given order.
func (c Config) Modes(order []Mode) []Mode {
	var all []Mode
	for _, m := range slices.Concat([]Mode{c.DefaultMode}, order, allModes()) {
		if c.on(m) && !slices.Contains(all, m) {
			all = append(all, m)
		}
	}
	return all
}

// The faults that only the inside of the API can make.
const (
	FaultPartialData   = "partial-data"   // the data, and an error beside it
	FaultNullData      = "null-data"      // {"data":null} and no errors
	FaultEmptyPage     = "empty-page"     // a page without items, with a nextToken
	FaultRepeatedToken = "repeated-token" // the page again, with the same nextToken
	FaultUnauthorized  = "field-unauthorized"
	FaultTimeout       = "execution-timeout"
	FaultSocketDrop    = "socket-drop"        // the connection closes instead of a data frame
	FaultNoKeepAlive   = "missing-keep-alive" // one ka frame is left out
	FaultOpen          = "open"               // everybody passes the edge
	FaultUnverified    = "unverified"         // nobody looks at a token's signature
	FaultTimeless      = "timeless"           // nobody looks at a token's end
	FaultHiddenItems   = "hidden-items"       // lists show nothing
)

// Faults returns every name that Config.Fault is asked about.
func Faults() []string {
	return []string{
		FaultPartialData, FaultNullData, FaultEmptyPage, FaultRepeatedToken,
		FaultUnauthorized, FaultTimeout, FaultSocketDrop, FaultNoKeepAlive,
		FaultOpen, FaultUnverified, FaultTimeless, FaultHiddenItems,
	}
}
