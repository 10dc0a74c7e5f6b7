// The demo tenant: what the emulator has when nobody configures it.

package emulator

import (
	"crypto/rand"

	"github.com/appsyncctl/appsyncctl/internal/emulator/auth0"
)

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
