package doctor

import (
	"context"
	"crypto/tls"
	"net"
	"net/url"
	"strings"
	"time"

	"github.com/appsyncctl/appsyncctl/internal/auth"
)

// metadata is what asking a provider for its OpenID metadata came to.
type metadata struct {
	provider *auth.Provider
	err      error   // auth.Discover's
	way      passage // how the request got there
}

// apiConnects sends the anonymous call that later checks judge.
func apiConnects(ctx context.Context, e *examination) Verdict {
	if reason := e.apiUnasked(); reason != "" {
		return skipped(reason)
	}
	if e.unresolved(APIResolves) {
		return Verdict{Result: Skipped, Because: APIResolves}
	}
	ctx, cancel := e.Deadline.Set(ctx, patience, APIConnects.asks())
	defer cancel()
	w := &watch{base: e.Plain, now: e.Now}
	got := e.post(ctx, w, nil, "{ __typename }")
	way := w.passage()
	if way.Status == 0 {
		to := e.apiHost()
		verdict := e.explainConnection(to, way, got.Err)
		if verdict.Result == Failure && atProxy(to, way, got.Err) {
			e.learn(func(f *facts) { f.closed = to.proxy.Host })
		}
		return verdict
	}
	e.learn(func(f *facts) { f.anonymous, f.way = got, way })
	return e.connected(e.apiHost(), way)
}

// providerConnects asks for the metadata that later checks judge.
func providerConnects(ctx context.Context, e *examination) Verdict {
	if reason := e.providerUnasked(); reason != "" {
		return skipped(reason)
	}
	if e.unresolved(ProviderResolves) {
		return Verdict{Result: Skipped, Because: ProviderResolves}
	}
	ctx, cancel := e.Deadline.Set(ctx, patience, ProviderConnects.asks())
	defer cancel()
	client, w := watched(e.Provider, e.Now)
	provider, err := auth.Discover(ctx, client, e.known().issuer)
	way := w.passage()
	if way.Status == 0 {
		verdict := e.explainConnection(e.providerHost(), way, err)
		if verdict.Result == Failure && atProxy(e.providerHost(), way, err) {
			return e.sameProxy(ctx, verdict)
		}
		return verdict
	}
	e.learn(func(f *facts) { f.metadata = &metadata{provider, err, way} })
	return e.connected(e.providerHost(), way)
}

// sameProxy is the verdict on a proxy that does not lead to the provider, as a
// consequence of NET-003 if it does not lead to the API either.
func (e *examination) sameProxy(ctx context.Context, verdict Verdict) Verdict {
	_, _ = e.await(ctx, APIConnects) // which nobody has to wait for who gets there
	if known := e.known(); known.closed != "" && known.closed == known.providerProxy.Host {
		return consequence(verdict, APIConnects)
	}
	return verdict
}

// unresolved reports whether the check of a name found none. Behind a proxy it is
// skipped, and that is no obstacle.
func (e *examination) unresolved(id ID) bool {
	finding, _ := e.finding(id)
	return finding.Result == Failure || finding.Result == Unknown
}

// connected is the verdict on a host that has answered.
func (e *examination) connected(to host, way passage) Verdict {
	if way.WantsTLS {
		return failure(to.address.Host+" speaks TLS, and its address says http", e.readdress(to, "https", to.address.Host))
	}
	evidence := []Evidence{{Name: "address", Found: way.Address, From: "connection"}}
	through := ""
	if to.proxy != nil {
		evidence[0].Name, through = "proxy's address", " through the proxy "+to.proxy.Host
	}
	if way.TLS == nil {
		return ok(to.address.Host+" answers, without TLS as it is on this machine"+through, evidence...)
	}
	evidence = append(evidence, Evidence{Name: "TLS", Found: tls.VersionName(way.TLS.Version), From: to.address.Host})
	if len(way.TLS.PeerCertificates) > 0 {
		evidence = append(evidence, certificateEvidence(to, way.TLS.PeerCertificates[0])...)
	}
	return ok(to.address.Host+" answers with "+tls.VersionName(way.TLS.Version)+through, evidence...)
}

// readdress returns the way to set the address of a host to another scheme and host.
func (e *examination) readdress(to host, scheme, name string) string {
	address := *to.address
	address.Scheme, address.Host = scheme, name
	return e.change(to.setting, address.String())
}

// isLocal reports whether address is one of this machine's.
func isLocal(address *url.URL) bool {
	ip := net.ParseIP(address.Hostname())
	return strings.EqualFold(address.Hostname(), "localhost") || ip != nil && ip.IsLoopback()
}

// isManaged reports whether AWS or Auth0 themselves run a host: its certificate is
// in order for everyone.
func isManaged(name string) bool {
	for _, domain := range []string{".amazonaws.com", ".amazonaws.com.cn", ".auth0.com", ".amazoncognito.com"} {
		if strings.HasSuffix(strings.ToLower(name), domain) {
			return true
		}
	}
	return false
}

// day is an instant for a person to compare with another.
func day(when time.Time) string { return when.UTC().Format("2006-01-02 15:04 UTC") }
