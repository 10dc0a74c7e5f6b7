// The network: proxies, names, connections and clocks. Nothing else can be told of
// a host that is not reached, so this is looked at before anything that it says.

package doctor

import (
	"net/url"
	"time"
)

const (
	// patience is for one question to a host; a check that asks it lives a little
	// longer, so that it can say how far it got.
	patience     = 3 * time.Second
	patientLimit = patience + 500*time.Millisecond
)

func networkChecks() []Check {
	return []Check{
		{
			ID: ProxyUsable, Category: Network, Title: "the proxy settings are usable", after: []ID{EndpointUsable, IssuerUsable}, run: proxyUsable, limit: patientLimit,
			Meaning: `The proxy is looked up by which requests leave this machine: HTTPS_PROXY names it, unless NO_PROXY lists the host; the names may be in lower case. It must be an http, https or socks5 URL whose host exists; whether it lets requests through turns out when the hosts are asked (NET-003, NET-006). A variable that is left from another network is the usual reason for a failure: unset it, or correct it.`,
		},
		{
			ID: APIResolves, Category: Network, Title: "the API's host name resolves", needs: []ID{EndpointUsable, ProxyUsable}, run: apiResolves, limit: patientLimit,
			Meaning: `The name of an AppSync endpoint exists as long as its API does: a name that does not is misspelled, or its API was deleted, or belongs to a custom domain whose DNS record is missing. A private API's name may resolve only inside its VPC. A resolver that gives no answer is another matter: then this is unknown.`,
		},
		{
			ID: APIConnects, Category: Network, Title: "the API's host accepts a connection", needs: []ID{EndpointUsable, ProxyUsable}, after: []ID{APIResolves}, run: apiConnects, limit: patientLimit,
			Meaning: `One call without credentials is sent, and any answer will do. Where the certificate's authority is unknown, a proxy opens TLS on the way, as companies have them do: its certificate goes into SSL_CERT_FILE (on macOS and Windows into the system's store). A certificate that has ended, or is not valid yet, may also be a wrong clock here; one for other names means a custom domain that is not set up, or a wrong address.`,
		},
		{
			ID: APIClock, Category: Network, Title: "this machine's clock agrees with the API's", needs: []ID{APIConnects}, run: apiClock, Refusal: true,
			Meaning: `A token is valid from one instant to another, and each side goes by its own clock. With a clock that is behind, this machine sends tokens that have expired long ago, and AppSync refuses them with 401; signatures with AWS credentials are refused from five minutes on, in either direction. Up to a minute is taken for exact, since the time of an answer has whole seconds and tokens are renewed a minute before they end.`,
		},
		{
			ID: ProviderResolves, Category: Network, Title: "the provider's host name resolves", needs: []ID{IssuerUsable, ProxyUsable}, run: providerResolves, limit: patientLimit,
			Meaning: `The issuer's host is looked up as every program on this machine would. A name that does not exist is misspelled, or is a custom domain whose DNS record is missing. Of Auth0's own names all exist, whether there is such a tenant or not. A resolver that gives no answer is another matter: then this is unknown.`,
		},
		{
			ID: ProviderConnects, Category: Network, Title: "the provider's host accepts a connection", needs: []ID{IssuerUsable, ProxyUsable}, after: []ID{ProviderResolves}, run: providerConnects, limit: patientLimit,
			Meaning: `The provider is asked for its OpenID metadata, and any answer will do. For TLS the same holds as for the API: an unknown authority is a proxy that opens TLS, an ended certificate may be a wrong clock, other names mean a custom domain that is not set up. AppSync itself asks the provider too, from the internet: a provider that only this machine can reach is no use to it.`,
		},
		{
			ID: ProviderClock, Category: Network, Title: "this machine's clock agrees with the provider's", needs: []ID{ProviderConnects}, after: []ID{APIClock}, run: providerClock, Refusal: true,
			Meaning: `The provider writes into a token from when it is valid (iat, nbf) and until when (exp), by its own clock. If that is ahead of AppSync's, new tokens are not valid yet; if it is behind, they end early: both are 401. Where the API's clock differs from this machine's by as much, it is this machine's that is wrong.`,
		},
	}
}

// A host is one of the two that a set-up talks to.
type host struct {
	setting string   // where its address stands
	address *url.URL // of the endpoint or the issuer
	proxy   *url.URL // on the way there; nil without one
}

func (e *examination) apiHost() host {
	known := e.known()
	return host{setting: "endpoint", address: known.endpoint, proxy: known.proxy}
}

func (e *examination) providerHost() host {
	known := e.known()
	address, err := url.Parse(known.issuer)
	if err != nil { // SET-004 has parsed it
		address = new(url.URL)
	}
	return host{setting: "issuer", address: address, proxy: known.providerProxy}
}

// apiUnasked says why the API is not asked anything; empty if it is.
func (e *examination) apiUnasked() string {
	if e.Answer != nil {
		return "a saved answer is explained, so that the API is not asked"
	}
	return ""
}

// providerUnasked says why the provider is not asked anything; empty if it is.
func (e *examination) providerUnasked() string {
	if e.Mode == modeAPIKey || e.Mode == modeIAM {
		return "no token is needed in the mode " + e.Mode
	}
	return ""
}
