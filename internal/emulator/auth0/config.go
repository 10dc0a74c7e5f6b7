// What a tenant is made of, under Auth0's names for it.

package auth0

import (
	"errors"
	"fmt"
	"log/slog"
	"net/url"
	"strings"
	"time"

	"github.com/go-jose/go-jose/v4"
)

// Config describes a tenant. The zero value of each field but Issuer is usable.
type Config struct {
	Issuer        string // absolute URL with a trailing slash, as Auth0 writes it into iss
	APIs          []API
	Clients       []Client
	Users         []User // the first one is signed in when nobody chooses
	Organizations []Organization

	Now           func() time.Time // the tenant's clock; default time.Now
	AutoApprove   bool             // a device or a login is approved without a person
	RefreshLeeway time.Duration    // how long the previous refresh token may be used again; default none

	DeviceInterval time.Duration // between polls, whole seconds; default 5 s, or 1 s with AutoApprove
	DeviceLifetime time.Duration // of a device code; default 900 s

	RateLimit int // requests to /oauth/token a minute; 0 is no limit

	// Fault is asked whether to commit the fault with a name, one of the Fault
	// constants, in answering a token request of a grant type. Nil never does.
	Fault func(name, grantType string) bool
}

// API is a resource server that tokens can be made for.
type API struct {
	Identifier    string        // the audience, compared byte by byte
	Scopes        []string      // that may be asked for
	Lifetime      time.Duration // of an access token; default 86,400 s
	Dialect       Dialect       // of its access tokens; default DialectAccessToken
	OfflineAccess bool          // refresh tokens are allowed
}

// Dialect names the shape of an API's access tokens, as in Auth0's token_dialect.
type Dialect string

// The dialects; an "authz" one adds the permissions claim.
const (
	DialectAccessToken      Dialect = "access_token"
	DialectAccessTokenAuthz Dialect = "access_token_authz"
	DialectRFC9068          Dialect = "rfc9068_profile"
	DialectRFC9068Authz     Dialect = "rfc9068_profile_authz"
)

// Client is an application of the tenant.
type Client struct {
	ID           string
	Name         string     // shown on pages; default ID
	Secret       Secret     // needed by the methods that send one
	Method       AuthMethod // how it authenticates; default post or basic with a Secret, else none
	Key          *jose.JSONWebKey
	Grants       []string // grant types, by their full names
	RedirectURIs []string // of /authorize; one with a loopback IP or localhost matches any port
	LogoutURIs   []string // that /v2/logout may return to, besides none

	Audiences    map[string][]string // client grants: API identifier → scopes; nil: every API, every scope
	Organization Usage               // whether its tokens belong to an organization
	NonRotating  bool                // a refresh answers no new refresh token
	Quota        Quota               // of client credentials tokens
}

// AuthMethod is a client's token_endpoint_auth_method.
type AuthMethod string

// The methods. AnySecret takes a secret in the body or by basic authentication;
// Auth0 itself fixes one of the two for each application.
const (
	AnySecret     AuthMethod = "client_secret"
	SecretPost    AuthMethod = "client_secret_post"
	SecretBasic   AuthMethod = "client_secret_basic"
	PrivateKeyJWT AuthMethod = "private_key_jwt"
	None          AuthMethod = "none"
)

// The grant types, RFC 6749 and RFC 8628 section 3.4.
const (
	GrantClientCredentials = "client_credentials"
	GrantDeviceCode        = "urn:ietf:params:oauth:grant-type:device_code"
	GrantAuthorizationCode = "authorization_code"
	GrantRefreshToken      = "refresh_token"
)

// Usage is an application's organization_usage.
type Usage string

// The usages; the zero value is OrganizationDeny.
const (
	OrganizationDeny    Usage = "deny"
	OrganizationAllow   Usage = "allow"
	OrganizationRequire Usage = "require"
)

// User is a person who can approve a device or log in.
type User struct {
	ID            string // the sub claim, such as auth0|customer-desk
	Name          string
	Email         string
	Permissions   []string
	Organizations []string // ids of those the user is a member of
}

// Organization is a member of Auth0 Organizations.
type Organization struct {
	ID    string // the org_id claim, such as org_abc
	Name  string
	Quota Quota // of client credentials tokens
}

// Secret is a client secret. It prints as [redacted].
type Secret string

func (Secret) String() string       { return "[redacted]" }
func (Secret) GoString() string     { return "[redacted]" }
func (Secret) LogValue() slog.Value { return slog.StringValue("[redacted]") }

const (
	defaultLifetime       = 24 * time.Hour
	defaultDeviceLifetime = 15 * time.Minute
	defaultDeviceInterval = 5 * time.Second
)

// complete fills the defaults in and refuses what cannot work.
func (c Config) complete() (Config, error) {
	issuer, err := url.Parse(c.Issuer)
	if err != nil || issuer.Host == "" || !strings.HasSuffix(c.Issuer, "/") {
		return c, fmt.Errorf("issuer %q is not an absolute URL with a trailing slash", c.Issuer)
	}
	if c.Now == nil {
		c.Now = time.Now
	}
	if c.Fault == nil {
		c.Fault = func(string, string) bool { return false }
	}
	if c.DeviceLifetime == 0 {
		c.DeviceLifetime = defaultDeviceLifetime
	}
	if c.DeviceInterval == 0 {
		c.DeviceInterval = defaultDeviceInterval
		if c.AutoApprove {
			c.DeviceInterval = time.Second
		}
	}
	if len(c.Users) == 0 {
		c.Users = []User{{ID: "auth0|demo", Name: "Demo User", Email: "demo@appsyncctl.example"}}
	}
	seen := map[string]bool{}
	c.Clients = append([]Client(nil), c.Clients...)
	for i := range c.Clients {
		client := &c.Clients[i]
		if client.ID == "" || seen[client.ID] {
			return c, fmt.Errorf("client id %q is empty or given twice", client.ID)
		}
		seen[client.ID] = true
		if err := client.complete(); err != nil {
			return c, fmt.Errorf("client %s: %w", client.ID, err)
		}
	}
	return c, nil
}

func (c *Client) complete() error {
	if c.Name == "" {
		c.Name = c.ID
	}
	if c.Organization == "" {
		c.Organization = OrganizationDeny
	}
	if c.Method == "" {
		c.Method = None
		if c.Secret != "" {
			c.Method = AnySecret
		}
	}
	switch c.Method {
	case None:
		return nil
	case AnySecret, SecretPost, SecretBasic:
		if c.Secret == "" {
			return errors.New("no secret")
		}
		return nil
	case PrivateKeyJWT:
		if c.Key == nil {
			return errors.New("no public key")
		}
		return nil
	default:
		return fmt.Errorf("unknown authentication method %q", c.Method)
	}
}
