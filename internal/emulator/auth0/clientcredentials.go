// The client credentials grant: a token for a machine.

package auth0

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
)

// redeemClientCredentials is RFC 6749 section 4.4. Auth0 asks for an audience, which
// must be an API that the client has a client grant for.
func (t *Tenant) redeemClientCredentials(client *Client, p parameters, header http.Header) (*grant, error) {
	audience := p["audience"]
	if audience == "" {
		return nil, refuse(http.StatusForbidden, "access_denied",
			"No audience parameter was provided, and no default audience has been configured")
	}
	api, known := t.registry.api(audience)
	if !known {
		return nil, errService(audience)
	}
	granted := api.Scopes
	if client.Audiences != nil || api.System {
		scopes, authorized := client.Audiences[audience]
		if !authorized {
			return nil, refuse(http.StatusForbidden, "access_denied", fmt.Sprintf(
				"Client is not authorized to access %q. You need to create a \"client-grant\" associated to this API."+
					" See: https://auth0.com/docs/api/v2#!/Client_Grants/post_client_grants", audience))
		}
		granted = scopes
	}
	if asked := p.scopes(); len(asked) > 0 {
		for _, scope := range asked {
			if !slices.Contains(granted, scope) {
				return nil, refuse(http.StatusForbidden, "access_denied", "Client has not been granted scopes: "+scope)
			}
		}
		granted = asked
	}
	organization, err := t.organization(client, p["organization"])
	if err != nil {
		return nil, err
	}
	if err := t.spend(client, organization, header); err != nil {
		return nil, err
	}
	return &grant{
		kind:         GrantClientCredentials,
		client:       client,
		api:          api,
		organization: organization,
		scope:        strings.Join(granted, " "),
	}, nil
}

func errService(audience string) error {
	return refuse(http.StatusForbidden, "access_denied", "Service not found: "+audience)
}
