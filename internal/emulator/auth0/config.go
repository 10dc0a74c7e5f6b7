// What a tenant is made of, under Auth0's names for it.

package auth0

import (
	"crypto/rsa"
	"errors"
	"fmt"
	"io"
	"net/http"
	"time"

	"go.yaml.in/yaml/v3"

	"github.com/appsyncctl/appsyncctl/internal/emulator/auth0/management"
	"github.com/appsyncctl/appsyncctl/internal/redact"
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

	// RevocationDeletesGrant makes the revocation of one refresh token revoke all that
	// the user has with that client and API.
	RevocationDeletesGrant bool

	// AnyLoopbackPort lets a redirect URI on a loopback host have another port than the
	// registered one (RFC 8252 section 7.3), which Auth0 refuses.
	AnyLoopbackPort bool

	DeviceInterval time.Duration // between polls, whole seconds; default 5 s, or 1 s with AutoApprove
	DeviceLifetime time.Duration // of a device code; default 900 s

	SigningKey *rsa.PrivateKey // signs until the keys are rotated; default a new one

	RateLimit int // requests to /oauth/token a minute; 0 is no limit

	// Fault is asked whether to commit the fault with a name, one of the Fault
	// constants, in answering a token request of a grant type. Nil never does.
	Fault func(name, grantType string) bool
	// Alter is asked how to commit FaultAlteredToken; nil never does.
	Alter func(grantType string) (Alteration, bool)
}

// API is a resource server that tokens can be made for.
type API struct {
	Identifier    string        `yaml:"identifier"`           // the audience, compared byte by byte
	Name          string        `yaml:"name"`                 // default the identifier
	Algorithm     string        `yaml:"signing_alg"`          // of its access tokens: RS256, the default, or HS256
	Scopes        []string      `yaml:"scopes"`               // that may be asked for
	Lifetime      time.Duration `yaml:"token_lifetime"`       // of an access token; default 24h
	Dialect       Dialect       `yaml:"token_dialect"`        // of its access tokens; default access_token
	OfflineAccess bool          `yaml:"allow_offline_access"` // refresh tokens are allowed
	System        bool          `yaml:"-"`                    // the Management API, which no client has without a grant

	secret   Secret   // signs for HS256
	document document // as the Management API has it
}

// The algorithms of an API's access tokens. Whoever reads HS256 must have the API's
// secret, which AppSync cannot be given.
const (
	RS256 = "RS256"
	HS256 = "HS256"
)

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
	ID           string     `yaml:"client_id"`
	Name         string     `yaml:"name"`                       // shown on pages; default the id
	Secret       Secret     `yaml:"client_secret"`              // needed by the methods that send one
	Method       AuthMethod `yaml:"token_endpoint_auth_method"` // default AnySecret with a secret, else None
	PublicKey    string     `yaml:"public_key"`                 // PEM, PKIX; for PrivateKeyJWT
	Grants       []string   `yaml:"grant_types"`                // by their full names
	RedirectURIs []string   `yaml:"callbacks"`                  // compared byte by byte; see AnyLoopbackPort
	LogoutURIs   []string   `yaml:"allowed_logout_urls"`        // that a logout may return to

	// Audiences are the client grants: API identifier to scopes. Nil is every API
	// with every scope, but for the Management API, which ManagementAPI names.
	Audiences    map[string][]string `yaml:"client_grants"`
	Organization Usage               `yaml:"organization_usage"` // default OrganizationDeny
	NonRotating  bool                `yaml:"non_rotating"`       // a refresh answers no new refresh token
	Quota        Quota               `yaml:"token_quota"`        // of client credentials tokens

	key      any           // PublicKey, parsed
	leeway   time.Duration // Config.RefreshLeeway of this client alone
	document document      // as the Management API has it
}

// ManagementAPI in Client.Audiences is the tenant's own Management API, whose
// identifier begins with an issuer that a configuration may not know.
const ManagementAPI = management.Path

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
	ID            string   `yaml:"user_id"` // the sub claim, such as auth0|customer-desk
	Name          string   `yaml:"name"`
	Email         string   `yaml:"email"`
	Permissions   []string `yaml:"permissions"`
	Organizations []string `yaml:"organizations"` // ids of those the user is a member of
}

// Organization is one of Auth0 Organizations.
type Organization struct {
	ID    string `yaml:"id"` // the org_id claim, such as org_abc
	Name  string `yaml:"name"`
	Quota Quota  `yaml:"token_quota"` // of client credentials tokens
}

// Secret is a client secret.
type Secret = redact.Secret

// The tenant from a YAML file, under the names that Auth0's Management API has for the
// same things. yaml.v3 is taken for its line numbers and its refusal of unknown keys.

// ReadYAML puts what a file says in the place of what c had: each of the lists apis,
// clients, users and organizations that is there, whole. An error names the line of
// a key that is not known.
func (c *Config) ReadYAML(r io.Reader) error {
	var file struct {
		APIs          []API          `yaml:"apis"`
		Clients       []Client       `yaml:"clients"`
		Users         []User         `yaml:"users"`
		Organizations []Organization `yaml:"organizations"`
	}
	decoder := yaml.NewDecoder(r)
	decoder.KnownFields(true)
	if err := decoder.Decode(&file); err != nil && !errors.Is(err, io.EOF) {
		return fmt.Errorf("read the tenant: %w", err)
	}
	replace(&c.APIs, file.APIs)
	replace(&c.Clients, file.Clients)
	replace(&c.Users, file.Users)
	replace(&c.Organizations, file.Organizations)
	return nil
}

func replace[T any](list *[]T, with []T) {
	if with != nil {
		*list = with
	}
}

// organization returns the organization that a request names by id or by name, nil
// when none is named and none is needed. The words are Auth0's for /authorize;
// those for client credentials are unconfirmed.
func (c Config) organization(client *Client, named string) (*Organization, error) {
	switch {
	case named == "" && client.Organization == OrganizationRequire:
		return nil, refuse(http.StatusBadRequest, "invalid_request", "parameter organization is required for this client")
	case named == "":
		return nil, nil
	case client.Organization == OrganizationDeny:
		return nil, refuse(http.StatusBadRequest, "invalid_request", "parameter organization is not allowed for this client")
	}
	for i := range c.Organizations {
		if o := &c.Organizations[i]; o.ID == named || o.Name == named {
			return o, nil
		}
	}
	return nil, refuse(http.StatusBadRequest, "invalid_request", "parameter organization is invalid")
}

// user returns the user with an id, the first one for an empty id, else nil.
func (c Config) user(id string) *User {
	for i := range c.Users {
		if id == "" || c.Users[i].ID == id {
			return &c.Users[i]
		}
	}
	return nil
}
