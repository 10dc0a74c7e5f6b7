package checkup

import (
	"net/url"
	"time"

	"github.com/appsyncctl/appsyncctl/internal/auth"
)

// facts are what checks learn for those that come after them. A field is set by
// the check that its comment names, and only there.
type facts struct {
	endpoint *url.URL // SET-002
	issuer   string   // SET-004: canonical

	anonymous *reply // NET-003: to { __typename } without any credentials; nil if that was not asked

	clock         time.Duration // NET-004: how far the API's clock is ahead of this machine's
	providerClock time.Duration // NET-007: how far the provider's is

	provider *auth.Provider // OIDC-001
	keys     *auth.KeySet   // OIDC-004

	token  string      // AUTH-001
	claims auth.Claims // AUTH-002
}
