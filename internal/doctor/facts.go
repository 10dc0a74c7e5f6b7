package doctor

import (
	"net/url"
	"time"

	"github.com/appsyncctl/appsyncctl/internal/auth"
	"github.com/appsyncctl/appsyncctl/internal/awsaccount"
)

// facts are what checks learn for those that come after them. A field is set by
// the check that its comment names, and only there.
type facts struct {
	endpoint *url.URL // SET-002
	issuer   string   // SET-004: canonical

	proxy         *url.URL // NET-001: for requests to the API; nil without one
	providerProxy *url.URL // NET-001: for those to the provider

	anonymous *reply    // NET-003: to { __typename } without any credentials; nil if that was not asked
	closed    string    // NET-003: the proxy that does not lead to the API; mostly empty
	way       passage   // NET-003: how the anonymous call got to the API
	metadata  *metadata // NET-006: what the provider says of itself; nil if that was not asked

	clock time.Duration // NET-004: how far the API's clock is ahead of this machine's

	provider *auth.Provider // OIDC-002
	keys     *auth.KeySet   // OIDC-004; AUTH-005 when others have come since

	stored *stored // STORE-001; nil if nothing was tried

	token    string      // AUTH-001; empty if it was withheld
	withheld error       // AUTH-001: why the caller threw a token away; mostly nil
	claims   auth.Claims // AUTH-002

	probes map[string]*probe // by once, and only under the lock
	api    *awsaccount.API   // API-004
}
