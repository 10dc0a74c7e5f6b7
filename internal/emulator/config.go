// What an emulator can be told, what that makes of the two services, and the demo tenant,
// which it has when nobody configures one.

package emulator

import (
	"bytes"
	"crypto/rand"
	"crypto/rsa"
	"iter"
	"log/slog"
	"time"

	"github.com/appsyncctl/appsyncctl/internal/emulator/appsync"
	"github.com/appsyncctl/appsyncctl/internal/emulator/appsync/store"
	"github.com/appsyncctl/appsyncctl/internal/emulator/auth0"
	"github.com/appsyncctl/appsyncctl/internal/schema"
)

// Config describes an emulator. Its zero value is the demo on a free port.
type Config struct {
	Listen          string           // host:port; the host must be loopback, see AllowRemote; default 127.0.0.1:0
	AllowRemote     bool             // listen where other machines can reach it; it gives tokens to anybody who asks
	PublicURL       string           // scheme://host[:port] by which clients know it, if not by its address
	Schema          string           // SDL of the API; default schema.Wizard()
	ClientIDPattern string           // regular expression for the API's clientId setting; default none
	IatTTL, AuthTTL time.Duration    // the API's iatTTL and authTTL; default no bound
	NoIntrospection bool             // the API hides its schema
	Modes           []string         // the API's modes of authorization, see ModeNames; default oidc
	AutoApprove     bool             // devices and logins are approved without a person
	Now             func() time.Time // the clock of both services; default time.Now
	Faults          []Fault          // to begin with; POST /_emulator/faults adds more
	TenantYAML      []byte           // lists that take the place of the demo's; see auth0.Config.ReadYAML
	TLS             bool             // HTTPS, with the authority that CA returns
	SigningKey      *rsa.PrivateKey  // of the tenant's tokens, until its keys are rotated; default a new one
	Log             *slog.Logger     // one line a request; default none
	Version         string           // of the program, for GET /_emulator/status

	// At most one of these keeps the customers, else they end with the emulator.
	DataFile      string // see store.OpenFile
	DynamoDBTable string // see store.OpenDynamoDB
	// Seed holds customers to begin with; one whose id is taken is passed over.
	Seed iter.Seq2[store.Item, error]

	// Tenant and API change what the demo starts with, for what the fields above have
	// no name for; they may be nil.
	Tenant func(*auth0.Config)
	API    func(*appsync.Config)
}

func (c Config) complete() Config {
	if c.Schema == "" {
		c.Schema = schema.Wizard()
	}
	if c.Now == nil {
		c.Now = time.Now
	}
	if c.Log == nil {
		c.Log = slog.New(slog.DiscardHandler)
	}
	return c
}

// tenant is the demo's with all that c changes in it.
func (c Config) tenant(origin string, faults *faults) (auth0.Config, error) {
	tenant := demoTenant(origin + "/")
	tenant.AutoApprove, tenant.Now, tenant.SigningKey = c.AutoApprove, c.Now, c.SigningKey
	tenant.Fault, tenant.Alter = faults.at("/oauth/token"), faults.alter
	if err := tenant.ReadYAML(bytes.NewReader(c.TenantYAML)); err != nil {
		return auth0.Config{}, err
	}
	if c.Tenant != nil {
		c.Tenant(&tenant)
	}
	return tenant, nil
}

// api is an API that takes the issuer's tokens, with all that c changes in it.
func (c Config) api(issuer string, faults *faults, modes modes, storage *storage) appsync.Config {
	api := appsync.Config{
		Schema:   c.Schema,
		ClientID: c.ClientIDPattern,
		Table:    storage.Table,
		TokenKey: storage.tokenKey,
		IatTTL:   c.IatTTL,
		AuthTTL:  c.AuthTTL,
		Now:      c.Now,
		Fault:    faults.at("/graphql"),

		IntrospectionOff: c.NoIntrospection,
	}
	modes.open(&api, issuer)
	if c.API != nil {
		c.API(&api)
	}
	return api
}

// The demo's names. The secrets of the machine clients are made at each start.
const (
	MachineClientID    = "demo-machine"
	DeviceClientID     = "demo-device"
	ManagementClientID = "demo-management"
	Audience           = "https://appsyncctl.example/customers"
)

// demoTenant has one API, a machine client, a native one, for the device flow and for
// authorization code with PKCE on three loopback ports, and a machine client for the
// Management API.
func demoTenant(issuer string) auth0.Config {
	return auth0.Config{
		Issuer: issuer,
		APIs:   []auth0.API{{Identifier: Audience, OfflineAccess: true}},
		Clients: []auth0.Client{
			{
				ID:           MachineClientID,
				Name:         "Demo machine",
				Secret:       auth0.Secret(rand.Text() + rand.Text()),
				Grants:       []string{auth0.GrantClientCredentials},
				Organization: auth0.OrganizationAllow,
			},
			{
				ID:     DeviceClientID,
				Name:   "Demo command line",
				Grants: []string{auth0.GrantDeviceCode, auth0.GrantAuthorizationCode, auth0.GrantRefreshToken},
				RedirectURIs: []string{ // exact, as at Auth0; those that the client tries
					"http://127.0.0.1:8976/callback", "http://127.0.0.1:8977/callback", "http://127.0.0.1:8978/callback",
				},
				Organization: auth0.OrganizationAllow,
			},
			{
				ID:        ManagementClientID,
				Name:      "Demo management",
				Secret:    auth0.Secret(rand.Text() + rand.Text()),
				Grants:    []string{auth0.GrantClientCredentials},
				Audiences: map[string][]string{auth0.ManagementAPI: auth0.ManagementScopes()},
			},
		},
		Users: []auth0.User{{
			ID:            "auth0|demo",
			Name:          "Demo User",
			Email:         "demo@appsyncctl.example",
			Organizations: []string{"org_demo"},
		}},
		Organizations: []auth0.Organization{{ID: "org_demo", Name: "demo"}},
	}
}
