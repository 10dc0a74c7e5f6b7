// Organizations: whether a client may, or must, name one.

package auth0

import "net/http"

// organization returns the organization that a request names by id or by name, nil
// when none is named and none is needed. The words are Auth0's for /authorize;
// those for client credentials are unconfirmed.
func (t *Tenant) organization(client *Client, named string) (*Organization, error) {
	switch {
	case named == "" && client.Organization == OrganizationRequire:
		return nil, refuse(http.StatusBadRequest, "invalid_request", "parameter organization is required for this client")
	case named == "":
		return nil, nil
	case client.Organization == OrganizationDeny:
		return nil, refuse(http.StatusBadRequest, "invalid_request", "parameter organization is not allowed for this client")
	}
	for i := range t.config.Organizations {
		if o := &t.config.Organizations[i]; o.ID == named || o.Name == named {
			return o, nil
		}
	}
	return nil, refuse(http.StatusBadRequest, "invalid_request", "parameter organization is invalid")
}
