// The network: proxies, names, connections and clocks. Nothing else can be told of
// a host that is not reached, so this is looked at before anything that it says.

package doctor

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/appsyncctl/appsyncctl/internal/auth"
	"github.com/appsyncctl/appsyncctl/internal/shell"
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
			ID: ProxyUsable, Category: Network, Title: "the proxy settings are usable", limit: patientLimit,
			Meaning: `The proxy is looked up by which requests leave this machine: HTTPS_PROXY names it, unless NO_PROXY lists the host; the names may be in lower case. It must be an http, https or socks5 URL whose host exists; whether it lets requests through turns out when the hosts are asked (NET-003, NET-006). A variable that is left from another network is the usual reason for a failure: unset it, or correct it.`,
		},
		{
			ID: APIResolves, Category: Network, Title: "the API's host name resolves", needs: []ID{EndpointUsable, ProxyUsable}, limit: patientLimit,
			Meaning: `The name of an AppSync endpoint exists as long as its API does: a name that does not is misspelled, or its API was deleted, or belongs to a custom domain whose DNS record is missing. A private API's name may resolve only inside its VPC. A resolver that gives no answer is another matter: then this is unknown.`,
		},
		{
			ID: APIConnects, Category: Network, Title: "the API's host accepts a connection", needs: []ID{EndpointUsable, ProxyUsable}, limit: patientLimit,
			Meaning: `One call without credentials is sent, and any answer will do. Where the certificate's authority is unknown, a proxy opens TLS on the way, as companies have them do: its certificate goes into SSL_CERT_FILE (on macOS and Windows into the system's store). A certificate that has ended, or is not valid yet, may also be a wrong clock here; one for other names means a custom domain that is not set up, or a wrong address.`,
		},
		{
			ID: APIClock, Category: Network, Title: "this machine's clock agrees with the API's", needs: []ID{APIConnects}, Refusal: true,
			Meaning: `A token is valid from one instant to another, and each side goes by its own clock. With a clock that is behind, this machine sends tokens that have expired long ago, and AppSync refuses them with 401; signatures with AWS credentials are refused from five minutes on, in either direction. Up to a minute is taken for exact, since the time of an answer has whole seconds and tokens are renewed a minute before they end.`,
		},
		{
			ID: ProviderResolves, Category: Network, Title: "the provider's host name resolves", needs: []ID{IssuerUsable, ProxyUsable}, limit: patientLimit,
			Meaning: `The issuer's host is looked up as every program on this machine would. A name that does not exist is misspelled, or is a custom domain whose DNS record is missing. Of Auth0's own names all exist, whether there is such a tenant or not. A resolver that gives no answer is another matter: then this is unknown.`,
		},
		{
			ID: ProviderConnects, Category: Network, Title: "the provider's host accepts a connection", needs: []ID{IssuerUsable, ProxyUsable}, limit: patientLimit,
			Meaning: `The provider is asked for its OpenID metadata, and any answer will do. For TLS the same holds as for the API: an unknown authority is a proxy that opens TLS, an ended certificate may be a wrong clock, other names mean a custom domain that is not set up. AppSync itself asks the provider too, from the internet: a provider that only this machine can reach is no use to it.`,
		},
		{
			ID: ProviderClock, Category: Network, Title: "this machine's clock agrees with the provider's", needs: []ID{ProviderConnects}, Refusal: true,
			Meaning: `The provider writes into a token from when it is valid (iat, nbf) and until when (exp), by its own clock. If that is ahead of AppSync's, new tokens are not valid yet; if it is behind, they end early: both are 401. Where the API's clock differs from this machine's by as much, it is this machine's that is wrong.`,
		},
	}
}

// networkFacts are how the two hosts are reached, and what they answered.
type networkFacts struct {
	toAPI, toProvider host
	anonymous         *reply        // to { __typename } without any credentials; nil if that was not asked
	clock             time.Duration // how far the API's clock is ahead of this machine's
	metadata          *metadata     // what the provider says of itself; nil if that was not asked
	found             findings      // with those of the settings
}

// metadata is what asking a provider for its OpenID metadata came to.
type metadata struct {
	provider *auth.Provider
	err      error   // auth.Discover's
	way      passage // how the request got there
}

// examineNetwork looks for the ways to the API and to the provider, both at once.
func examineNetwork(ctx context.Context, r *runner, in settingsFacts) networkFacts {
	toAPI := host{Subject: r.Subject, option: "endpoint", address: in.endpoint}
	toProvider := host{Subject: r.Subject, option: "issuer", address: addressOf(in.issuer)}
	through, known := learn(ctx, r, in.found, ProxyUsable, func(ctx context.Context) (proxies, Verdict) {
		return proxyUsable(ctx, r.Subject, toAPI, toProvider)
	})
	f := networkFacts{toAPI: toAPI.through(through.toAPI), toProvider: toProvider.through(through.toProvider)}
	api := begin(func() apiReached { return reachAPI(ctx, r, f.toAPI, known) })
	asked, found := reachProvider(ctx, r, f.toProvider, in.issuer, known, api)
	reached := api.wait()
	f.anonymous, f.clock, f.metadata = reached.anonymous, reached.clock, asked
	known = joined(reached.found, found)
	f.found = r.check(ctx, known, ProviderClock, func(context.Context) Verdict {
		return providerClock(f.toProvider, asked, f.clock, known[APIClock])
	})
	return f
}

// apiReached is what trying to reach the API came to.
type apiReached struct {
	connection
	clock time.Duration
	found findings
}

func reachAPI(ctx context.Context, r *runner, to host, known findings) (f apiReached) {
	resolved := r.check(ctx, known, APIResolves, func(ctx context.Context) Verdict { return apiResolves(ctx, to) })
	made, connected := learn(ctx, r, resolved, APIConnects, func(ctx context.Context) (connection, Verdict) { return apiConnects(ctx, to, resolved) })
	f.connection = made
	f.clock, f.found = learn(ctx, r, connected, APIClock, func(context.Context) (time.Duration, Verdict) { return apiClock(to, made.way) })
	return f
}

func reachProvider(ctx context.Context, r *runner, to host, issuer string, known findings, api promise[apiReached]) (*metadata, findings) {
	resolved := r.check(ctx, known, ProviderResolves, func(ctx context.Context) Verdict { return providerResolves(ctx, to) })
	return learn(ctx, r, resolved, ProviderConnects, func(ctx context.Context) (*metadata, Verdict) {
		return providerConnects(ctx, to, issuer, resolved, api)
	})
}

// A host is one of the two that a set-up talks to.
type host struct {
	*Subject
	option  string   // the setting that has its address
	address *url.URL // of the endpoint or the issuer
	proxy   *url.URL // on the way there; nil without one
}

// through is the host with a proxy on the way there.
func (to host) through(proxy *url.URL) host {
	to.proxy = proxy
	return to
}

// addressOf is an issuer's, which has been parsed before.
func addressOf(issuer string) *url.URL {
	address, err := url.Parse(issuer)
	if err != nil {
		return new(url.URL)
	}
	return address
}

// apiUnasked says why the API is not asked anything; empty if it is.
func apiUnasked(s *Subject) string {
	if s.Answer != nil {
		return "a saved answer is explained, so that the API is not asked"
	}
	return ""
}

// providerUnasked says why the provider is not asked anything; empty if it is.
func providerUnasked(s *Subject) string {
	if s.Mode == modeAPIKey || s.Mode == modeIAM {
		return "no token is needed in the mode " + s.Mode
	}
	return ""
}

// proxies are those on the ways to both hosts; nil without one.
type proxies struct{ toAPI, toProvider *url.URL }

// proxyUsable finds out which proxies the two hosts are behind, and whether they
// can be proxies at all. Whether they let us through turns out on the way.
func proxyUsable(ctx context.Context, s *Subject, toAPI, toProvider host) (found proxies, verdict Verdict) {
	var evidence []Evidence
	for _, to := range []host{toAPI, toProvider} {
		if to.address == nil || to.address.Host == "" || s.Proxy == nil {
			continue
		}
		proxy, err := s.Proxy(to.address)
		// A text that is no URL may still make one, of other parts than were meant. An
		// error quotes it, and with it a password.
		if err != nil || proxy != nil && (proxy.Host == "" || strings.HasSuffix(proxy.Host, ":") || strings.Trim(proxy.Path, "/") != "") {
			return found, failure("the proxy for "+to.address.Host+" is not a URL", withoutProxy,
				Evidence{Name: "proxy", Expected: "http://HOST:PORT", Found: "something else", From: proxyVariable})
		}
		if proxy == nil {
			continue
		}
		through := Evidence{Name: "proxy", Found: bare(proxy), From: proxyVariable + ", for " + to.address.Host}
		evidence = append(evidence, through)
		if bad := checkProxy(ctx, s, proxy); bad.Result != OK {
			bad.Evidence = append(bad.Evidence, through)
			return found, bad
		}
		if to.option == toAPI.option {
			found.toAPI = proxy
		} else {
			found.toProvider = proxy
		}
	}
	if len(evidence) == 0 {
		return found, ok("requests go without a proxy")
	}
	return found, ok("requests go through "+evidence[0].Found, evidence...)
}

func checkProxy(ctx context.Context, s *Subject, proxy *url.URL) Verdict {
	if !slices.Contains([]string{"http", "https", "socks5", "socks5h"}, proxy.Scheme) {
		return failure("a proxy of the kind "+proxy.Scheme+" cannot be used", withoutProxy)
	}
	ctx, cancel := s.Deadline.Set(ctx, patience, ProxyUsable.asks())
	defer cancel()
	_, err := s.LookupHost(ctx, proxy.Hostname())
	lookup, _ := errors.AsType[*net.DNSError](err)
	switch {
	case err == nil:
		return ok("")
	case lookup != nil && lookup.IsNotFound:
		v := failure("the proxy's host "+proxy.Hostname()+" does not exist", withoutProxy)
		v.Err = err
		return v
	default:
		return unknown("the proxy's host "+proxy.Hostname()+" could not be looked up", err)
	}
}

// bare is address without what may be secret in it.
func bare(address *url.URL) string { return address.Scheme + "://" + address.Host }

// proxyVariable names the proxy, in upper or lower case (package net/http). Plain http
// goes to this machine only, and never through one.
const proxyVariable = "HTTPS_PROXY"

// withoutProxy is the way to do without one.
const withoutProxy = "unset HTTPS_PROXY https_proxy"

func apiResolves(ctx context.Context, to host) Verdict {
	if reason := apiUnasked(to.Subject); reason != "" {
		return skipped(reason)
	}
	return to.resolve(ctx, APIResolves)
}

func providerResolves(ctx context.Context, to host) Verdict {
	if reason := providerUnasked(to.Subject); reason != "" {
		return skipped(reason)
	}
	return to.resolve(ctx, ProviderResolves)
}

func (to host) resolve(ctx context.Context, id ID) Verdict {
	if to.proxy != nil {
		return skipped("the proxy resolves it")
	}
	name := to.address.Hostname()
	if net.ParseIP(name) != nil {
		return ok(name + " is an address: there is nothing to resolve")
	}
	ctx, cancel := to.Deadline.Set(ctx, patience, id.asks())
	defer cancel()
	addresses, err := to.LookupHost(ctx, name)
	if err != nil {
		return to.explainName(err)
	}
	return ok("the name "+name+" resolves", Evidence{Name: "addresses", Found: strings.Join(addresses, ", "), From: "name resolution"})
}

// explainName says why a name could not be resolved: it does not exist, or the
// resolver gave no answer.
func (to host) explainName(err error) Verdict {
	name, setting := to.address.Hostname(), to.setting(to.option)
	if lookup, ok := errors.AsType[*net.DNSError](err); !ok || !lookup.IsNotFound {
		return unknown(name+" could not be looked up: the resolver gives no answer", err)
	}
	fix := setting.remedy()
	if _, service, region := hostParts(name); service == "appsync-api" {
		fix = "aws appsync list-graphql-apis --region " + shell.Word(region) + ` --query "graphqlApis[].uris.GRAPHQL"`
	}
	return Verdict{
		Result: Failure, Message: "the name " + name + " does not exist", Fix: fix, Err: err,
		Evidence: []Evidence{{Name: to.option, Found: harmless(to.address.String()), From: setting.Origin}},
	}
}

// A connection is what came of the first call of the API.
type connection struct {
	anonymous *reply  // nil if none came
	way       passage // how the call got there
	closed    string  // the proxy that does not lead to the API; mostly empty
}

// apiConnects sends the anonymous call that later checks judge.
func apiConnects(ctx context.Context, to host, known findings) (connection, Verdict) {
	if reason := apiUnasked(to.Subject); reason != "" {
		return connection{}, skipped(reason)
	}
	if known.unresolved(APIResolves) {
		return connection{}, Verdict{Result: Skipped, Because: APIResolves}
	}
	ctx, cancel := to.Deadline.Set(ctx, patience, APIConnects.asks())
	defer cancel()
	w := &watch{base: to.Plain, now: to.Now}
	got := post(ctx, to.address, w, nil, "{ __typename }")
	way := w.passage()
	if way.Status == 0 {
		verdict := to.explainConnection(way, got.Err)
		if verdict.Result == Failure && to.atProxy(way, got.Err) {
			return connection{closed: to.proxy.Host}, verdict
		}
		return connection{}, verdict
	}
	return connection{anonymous: got, way: way}, to.connected(way)
}

// providerConnects asks for the metadata that later checks judge.
func providerConnects(ctx context.Context, to host, issuer string, known findings, api promise[apiReached]) (*metadata, Verdict) {
	if reason := providerUnasked(to.Subject); reason != "" {
		return nil, skipped(reason)
	}
	if known.unresolved(ProviderResolves) {
		return nil, Verdict{Result: Skipped, Because: ProviderResolves}
	}
	ctx, cancel := to.Deadline.Set(ctx, patience, ProviderConnects.asks())
	defer cancel()
	client, w := watched(to.Provider, to.Now)
	provider, err := auth.Discover(ctx, client, issuer)
	way := w.passage()
	if way.Status == 0 {
		verdict := to.explainConnection(way, err)
		if verdict.Result == Failure && to.atProxy(way, err) {
			return nil, to.sameProxy(ctx, verdict, api)
		}
		return nil, verdict
	}
	return &metadata{provider, err, way}, to.connected(way)
}

// sameProxy is the verdict on a proxy that does not lead to the provider, as a
// consequence of NET-003 if it does not lead to the API either.
func (to host) sameProxy(ctx context.Context, verdict Verdict, api promise[apiReached]) Verdict {
	reached, _ := api.within(ctx) // which nobody has to wait for who gets there
	if reached.closed != "" && reached.closed == to.proxy.Host {
		return consequence(verdict, APIConnects)
	}
	return verdict
}

// unresolved reports whether the check of a name found none. Behind a proxy it is
// skipped, and that is no obstacle.
func (f findings) unresolved(id ID) bool {
	finding := f[id]
	return finding.Result == Failure || finding.Result == Unknown
}

// connected is the verdict on a host that has answered.
func (to host) connected(way passage) Verdict {
	if way.WantsTLS {
		return failure(to.address.Host+" speaks TLS, and its address says http", to.readdress("https", to.address.Host))
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
func (to host) readdress(scheme, name string) string {
	address := *to.address
	address.Scheme, address.Host = scheme, name
	return to.change(to.option, address.String())
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

// How far two clocks may differ. A token is renewed a minute before its end, which
// makes up for the first; AWS refuses signatures that are off by more than the
// second (IAM user guide, "Signature Version 4").
const (
	smallSkew = time.Minute
	largeSkew = 5 * time.Minute
)

func apiClock(to host, way passage) (time.Duration, Verdict) {
	skew, evidence, known := compareClocks(to, way)
	if !known {
		return 0, unknown("the API's answer has no date that can be read", nil)
	}
	return skew, clockVerdict("the API's", skew, evidence)
}

func providerClock(to host, asked *metadata, apiSkew time.Duration, api Finding) Verdict {
	skew, evidence, known := compareClocks(to, asked.way)
	if !known {
		return unknown("the provider's answer has no date that can be read", nil)
	}
	verdict := clockVerdict("the provider's", skew, evidence)
	between := (skew - apiSkew).Abs()
	switch {
	case verdict.Result == OK, api.Result == Skipped, api.Result == Unknown:
	case api.Result == OK:
		verdict.Message += " and agrees with the API's: the provider's is wrong"
	case between < smallSkew:
		return consequence(verdict, APIClock)
	default:
		verdict.Message += ", and the API's says something else again"
	}
	return verdict
}

// compareClocks returns how far the clock of a host was ahead of this machine's when
// it answered: at least so far, and zero where they may have been equal. A Date has
// whole seconds and was written at some time between request and answer; a cache
// may have added a second header, Age, and have kept the first or not (RFC 9111,
// section 5.1).
func compareClocks(to host, way passage) (skew time.Duration, evidence Evidence, known bool) {
	date, err := http.ParseTime(way.Header.Get("Date"))
	if err != nil {
		return 0, Evidence{}, false
	}
	age, err := strconv.ParseUint(way.Header.Get("Age"), 10, 31)
	if err != nil {
		age = 0
	}
	least := date.Sub(way.Received)
	most := date.Add(time.Duration(age+1) * time.Second).Sub(way.Sent)
	switch {
	case least > 0:
		skew = least
	case most < 0:
		skew = most
	}
	return skew, Evidence{
		Name: "clock", Expected: date.UTC().Format(time.RFC3339), Found: way.Received.UTC().Format(time.RFC3339),
		From: "Date of " + to.address.Host,
	}, true
}

func clockVerdict(whose string, skew time.Duration, evidence Evidence) Verdict {
	direction := "behind"
	if skew < 0 {
		direction = "ahead of"
	}
	message := fmt.Sprintf("this machine's clock is %s %s %s", rounded(skew.Abs()), direction, whose)
	switch {
	case skew.Abs() < smallSkew:
		return ok("this machine's clock agrees with "+whose, evidence)
	case skew.Abs() < largeSkew:
		return warning(message, clockFix(), evidence)
	default:
		return failure(message, clockFix(), evidence)
	}
}

// clockFix is how to set a clock from the network's.
func clockFix() string {
	switch runtime.GOOS {
	case "darwin":
		return "sudo sntp -sS time.apple.com"
	case "windows":
		return "w32tm /resync"
	default:
		return "sudo timedatectl set-ntp true"
	}
}

// rounded is a duration of a minute or more in one unit.
func rounded(d time.Duration) string {
	switch {
	case d < 2*time.Minute:
		return fmt.Sprintf("%.0f seconds", d.Seconds())
	case d < 2*time.Hour:
		return fmt.Sprintf("%.0f minutes", d.Minutes())
	case d < 48*time.Hour:
		return fmt.Sprintf("%.0f hours", d.Hours())
	default:
		return fmt.Sprintf("%.0f days", d.Hours()/24)
	}
}
