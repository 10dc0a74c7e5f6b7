package doctor

import (
	"context"
	"slices"
	"strings"
)

// grantOffered looks at the endpoint that the grant needs first, which this program
// cannot do without, and then at the list, which providers keep more loosely.
func grantOffered(_ context.Context, e *examination) Verdict {
	provider := e.known().provider
	wanted, known := map[string]struct{ parameter, endpoint string }{
		grantDevice:  {"urn:ietf:params:oauth:grant-type:device_code", provider.DeviceAuthorizationEndpoint},
		grantBrowser: {"authorization_code", provider.AuthorizationEndpoint},
		grantMachine: {"client_credentials", provider.TokenEndpoint},
	}[e.Grant]
	if !known {
		return skipped("the token was given")
	}
	found := Evidence{Name: "grant_types_supported", Expected: wanted.parameter, Found: strings.Join(provider.GrantTypes, " "), From: "discovery"}
	switch {
	case wanted.endpoint == "":
		found.Name, found.Expected, found.Found = "endpoint", "one for the grant "+e.Grant, "none"
		return failure("the provider does not offer the grant "+e.Grant, e.otherGrant(), found)
	case len(provider.GrantTypes) > 0 && !slices.Contains(provider.GrantTypes, wanted.parameter):
		return warning("the provider does not list the grant "+e.Grant, e.otherGrant(), found)
	default:
		return ok("the provider offers the grant "+e.Grant, found)
	}
}

// otherGrant is the way to another grant for the same kind of caller: a person has
// two to choose from.
func (e *examination) otherGrant() string {
	switch e.Grant {
	case grantDevice:
		return e.change("grant", grantBrowser)
	case grantBrowser:
		return e.change("grant", grantDevice)
	default:
		return "turn the grant client_credentials on at the provider"
	}
}
