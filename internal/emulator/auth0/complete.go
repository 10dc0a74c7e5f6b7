// The check of a configuration: defaults are filled in, and what cannot work is refused
// at the start and not at the first login.

package auth0

import (
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"maps"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/appsyncctl/appsyncctl/internal/address"
)

const (
	defaultLifetime       = 24 * time.Hour
	defaultDeviceLifetime = 15 * time.Minute
	defaultDeviceInterval = 5 * time.Second
)

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
	c.APIs, c.Clients = slices.Clone(c.APIs), slices.Clone(c.Clients) // the caller's stay as they are
	return c, errors.Join(
		each("api", c.APIs, func(a *API) (string, error) { return a.Identifier, a.complete() }),
		each("client", c.Clients, func(cl *Client) (string, error) { return cl.ID, cl.complete(c.managementAPI()) }),
		each("user", c.Users, func(u *User) (string, error) { return u.ID, nil }),
		each("organization", c.Organizations, func(o *Organization) (string, error) { return o.ID, nil }),
	)
}

// each completes the things of a kind; complete returns the id of one, which must not
// be empty and must be its own.
func each[T any](kind string, things []T, complete func(*T) (id string, err error)) error {
	seen := map[string]bool{}
	for i := range things {
		id, err := complete(&things[i])
		switch {
		case id == "":
			return fmt.Errorf("%s %d has no id", kind, i+1)
		case seen[id]:
			return fmt.Errorf("%s %s is there twice", kind, id)
		case err != nil:
			return fmt.Errorf("%s %s: %w", kind, id, err)
		}
		seen[id] = true
	}
	return nil
}

func (a *API) complete() error {
	if a.Name == "" {
		a.Name = a.Identifier
	}
	switch a.Algorithm {
	case "":
		a.Algorithm = RS256
	case RS256:
	case HS256:
		a.secret = Secret(rand.Text() + rand.Text())
	default:
		return fmt.Errorf("unknown signing algorithm %q", a.Algorithm)
	}
	if a.Lifetime == 0 {
		a.Lifetime = defaultLifetime
	}
	switch a.Dialect {
	case "":
		a.Dialect = DialectAccessToken
	case DialectAccessToken, DialectAccessTokenAuthz, DialectRFC9068, DialectRFC9068Authz:
	default:
		return fmt.Errorf("unknown token dialect %q", a.Dialect)
	}
	return nil
}

// managementAPI returns the identifier of the tenant's Management API.
func (c Config) managementAPI() string { return strings.TrimSuffix(c.Issuer, "/") + ManagementAPI }

func (c *Client) complete(management string) error {
	if c.Name == "" {
		c.Name = c.ID
	}
	for _, kind := range c.Grants {
		switch kind {
		case GrantClientCredentials, GrantDeviceCode, GrantAuthorizationCode, GrantRefreshToken:
		default:
			return fmt.Errorf("unknown grant type %q", kind)
		}
	}
	switch c.Organization {
	case "":
		c.Organization = OrganizationDeny
	case OrganizationDeny, OrganizationAllow, OrganizationRequire:
	default:
		return fmt.Errorf("unknown organization usage %q", c.Organization)
	}
	if scopes, granted := c.Audiences[ManagementAPI]; granted {
		c.Audiences = maps.Clone(c.Audiences) // the caller's stays as it is
		delete(c.Audiences, ManagementAPI)
		c.Audiences[management] = scopes
	}
	return c.completeMethod()
}

func (c *Client) completeMethod() error {
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
		var err error
		c.key, err = parsePublicKey(c.PublicKey)
		return err
	default:
		return fmt.Errorf("unknown authentication method %q", c.Method)
	}
}

func parsePublicKey(text string) (*rsa.PublicKey, error) {
	block, _ := pem.Decode([]byte(text))
	if block == nil {
		return nil, errors.New("public key is not PEM")
	}
	parsed, err := x509.ParsePKIXPublicKey(block.Bytes)
	if err != nil {
		return nil, fmt.Errorf("public key: %w", err)
	}
	key, ok := parsed.(*rsa.PublicKey)
	if !ok {
		return nil, errors.New("public key is not an RSA key")
	}
	return key, nil
}

// Redirect URIs: where a browser may be sent with a code.

// redirectsTo tells whether uri is one of the client's. Auth0 compares the text, port
// included; anyPort is RFC 8252 section 7.3 instead: any port of a loopback host.
func (c *Client) redirectsTo(uri string, anyPort bool) bool {
	if uri == "" {
		return false
	}
	if slices.Contains(c.RedirectURIs, uri) {
		return true
	}
	asked, err := url.Parse(uri)
	if err != nil || !anyPort || !address.Loopback(asked.Hostname()) || asked.User != nil || asked.Fragment != "" {
		return false
	}
	return slices.ContainsFunc(c.RedirectURIs, func(registered string) bool {
		allowed, err := url.Parse(registered)
		return err == nil && allowed.Scheme == asked.Scheme && allowed.Hostname() == asked.Hostname() &&
			allowed.Path == asked.Path && allowed.RawQuery == asked.RawQuery
	})
}
