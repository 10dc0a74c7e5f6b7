// Discovery: where a provider's endpoints are. The result is plain data, which
// callers keep, so that no later command asks again.

package auth

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/appsyncctl/appsyncctl/internal/failure"
	"github.com/appsyncctl/appsyncctl/internal/retry"
)

// A Provider is what an OpenID provider says of itself (OpenID Connect Discovery
// 1.0, section 3; RFC 8414, section 2). It is plain data with the document's own
// names, for callers to keep as JSON.
type Provider struct {
	Issuer                      string   `json:"issuer"` // as the provider writes it, slash or not: tokens carry the same
	AuthorizationEndpoint       string   `json:"authorization_endpoint,omitempty"`
	TokenEndpoint               string   `json:"token_endpoint"`
	DeviceAuthorizationEndpoint string   `json:"device_authorization_endpoint,omitempty"`
	RevocationEndpoint          string   `json:"revocation_endpoint,omitempty"`
	UserinfoEndpoint            string   `json:"userinfo_endpoint,omitempty"`
	EndSessionEndpoint          string   `json:"end_session_endpoint,omitempty"`
	JWKSURI                     string   `json:"jwks_uri,omitempty"`
	GrantTypes                  []string `json:"grant_types_supported,omitempty"`
	Scopes                      []string `json:"scopes_supported,omitempty"`
	AuthenticationMethods       []string `json:"token_endpoint_auth_methods_supported,omitempty"`
	IDTokenAlgorithms           []string `json:"id_token_signing_alg_values_supported,omitempty"`
}

// A DiscoveryError says that no usable metadata was found at an issuer.
type DiscoveryError struct {
	Issuer string
	Reason DiscoveryReason
	Detail string // what exactly, where there is more to say
}

// A DiscoveryReason says what was wrong.
type DiscoveryReason string

// The reasons, in the order in which they are found.
const (
	NotFound   DiscoveryReason = "it publishes no OpenID metadata"
	NotJSON    DiscoveryReason = "its OpenID metadata is not JSON"
	Incomplete DiscoveryReason = "its OpenID metadata names no issuer or no token endpoint"
	Insecure   DiscoveryReason = "its OpenID metadata names an endpoint that is refused"
)

func (e *DiscoveryError) Error() string {
	message := e.Issuer + ": " + string(e.Reason)
	if e.Detail != "" {
		message += " (" + e.Detail + ")"
	}
	return message
}

// Kind implements the interface of failure.Of.
func (*DiscoveryError) Kind() failure.Kind { return failure.Usage }

// An IssuerMismatchError says that an issuer calls itself by another name, as a
// tenant does behind a custom domain. Tokens carry Found, and who expects the
// other name will refuse them.
type IssuerMismatchError struct{ Expected, Found string }

func (e *IssuerMismatchError) Error() string {
	return fmt.Sprintf("the issuer is %.200q, not %.200q", e.Found, e.Expected)
}

// Kind implements the interface of failure.Of.
func (*IssuerMismatchError) Kind() failure.Kind { return failure.Usage }

// Discover fetches the metadata of issuer, in any form that ParseIssuer takes, and
// checks it. One request, or a second to the place of RFC 8414 when the first finds
// nothing. The error is an *IssuerError, a *DiscoveryError, an
// *IssuerMismatchError, a *TransportError, or an *Error for any other status.
func Discover(ctx context.Context, client *http.Client, issuer string) (*Provider, error) {
	issuer, err := ParseIssuer(issuer)
	if err != nil {
		return nil, err
	}
	addresses, err := metadataAddresses(issuer)
	if err != nil {
		return nil, err
	}
	for _, address := range addresses {
		req, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
		if err != nil {
			return nil, &IssuerError{Input: issuer, Reason: "it is not a URL"}
		}
		a, err := roundTrip(client, req)
		if err != nil {
			return nil, err
		}
		switch {
		case a.status == http.StatusNotFound:
			continue
		case a.status != http.StatusOK:
			return nil, newError(a)
		}
		provider := new(Provider)
		if json.Unmarshal(a.body, provider) != nil {
			return nil, &DiscoveryError{Issuer: issuer, Reason: NotJSON, Detail: short(a.header.Get("Content-Type"))}
		}
		if err := provider.Check(issuer); err != nil {
			return nil, err
		}
		return provider, nil
	}
	return nil, &DiscoveryError{Issuer: issuer, Reason: NotFound}
}

// DiscoverAgain is Discover up to three times: nothing can go wrong by asking, and a
// provider that is out of order for a moment is none to give up.
func DiscoverAgain(ctx context.Context, client *http.Client, issuer string) (*Provider, error) {
	return retry.Policy[*Provider]{
		Backoff:  retry.Backoff{First: 300 * time.Millisecond, Factor: 3},
		Attempts: 3,
		Again: func(_ *Provider, err error, wait time.Duration) (time.Duration, bool) {
			refusal, refused := errors.AsType[*Error](err)
			throttled := refused && refusal.Status == http.StatusTooManyRequests
			return wait, retry.Transient(err) && !throttled
		},
	}.Do(ctx, func() (*Provider, error) { return Discover(ctx, client, issuer) })
}

// metadataAddresses returns where the metadata of issuer may be: below it
// (OpenID Connect), or between its host and its path (RFC 8414, section 3.1).
func metadataAddresses(issuer string) ([]string, error) {
	u, err := url.Parse(issuer)
	if err != nil {
		return nil, &IssuerError{Input: issuer, Reason: "it is not a URL"}
	}
	base, path := u.Scheme+"://"+u.Host, strings.TrimRight(u.EscapedPath(), "/")
	return []string{base + path + discoveryPath, base + "/.well-known/oauth-authorization-server" + path}, nil
}

// Check makes sure that the metadata is about issuer, a URL as ParseIssuer returns
// it, and names endpoints that secrets can be sent to. Discover has done it; it is
// for metadata that was kept. The errors are Discover's.
func (p *Provider) Check(issuer string) error {
	if p.Issuer == "" || p.TokenEndpoint == "" {
		return &DiscoveryError{Issuer: issuer, Reason: Incomplete}
	}
	if canonical, err := ParseIssuer(p.Issuer); err != nil || canonical != issuer {
		return &IssuerMismatchError{Expected: issuer, Found: p.Issuer}
	}
	for _, endpoint := range []string{
		p.AuthorizationEndpoint, p.TokenEndpoint, p.DeviceAuthorizationEndpoint,
		p.RevocationEndpoint, p.UserinfoEndpoint, p.EndSessionEndpoint, p.JWKSURI,
	} {
		if endpoint == "" {
			continue
		}
		if err := checkEndpoint(endpoint); err != nil {
			return &DiscoveryError{Issuer: issuer, Reason: Insecure, Detail: err.Error()}
		}
	}
	return nil
}
