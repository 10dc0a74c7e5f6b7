// The provider: what it says of itself, and whether AppSync can check its tokens by
// that. AppSync asks for the same two documents.

package doctor

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/appsyncctl/appsyncctl/internal/auth"
	"github.com/appsyncctl/appsyncctl/internal/shell"
)

func providerChecks() []Check {
	return []Check{
		{
			ID: MetadataPublished, Category: Provider, Title: "the issuer publishes its OpenID metadata", needs: []ID{ProviderConnects},
			Meaning: `A provider says where its endpoints and keys are at ISSUER/.well-known/openid-configuration, and AppSync reads that too. Where it is not found, the path of the issuer is wrong (a realm, a policy, an authorization server), or the tenant's name is: every name below auth0.com exists, also without a tenant. A page of HTML is a login page or another web site.`,
		},
		{
			ID: IssuerMatches, Category: Provider, Title: "the metadata is about the issuer that is set", needs: []ID{MetadataPublished}, Refusal: true,
			Meaning: `The metadata names its issuer, and tokens carry that name as iss. AppSync compares it with the issuer in the API's configuration, by its documentation at least where the API has several authorization modes: the host (a custom domain is another issuer than the tenant's own name), upper and lower case, the path. Of the slash at the end nothing is promised, so write it as the provider does: Auth0 always has one. Set the issuer as the provider writes it, here and in the API.`,
		},
		{
			ID: GrantOffered, Category: Provider, Title: "the provider offers the grant that is set", needs: []ID{IssuerMatches},
			Meaning: `The metadata names an endpoint for each way to a token: one for devices, one for browsers, one for all. Where the one for the grant is missing, the provider does not know it or has it turned off. That it is listed does not say that this client may use it: at Auth0 the application's page has a list of grant types of its own.`,
		},
		{
			ID: KeysFetched, Category: Provider, Title: "the provider's keys can be fetched", needs: []ID{IssuerMatches}, limit: patientLimit, Refusal: true,
			Meaning: `The keys that signatures are checked with are fetched from the metadata's jwks_uri, as AppSync does from the internet: without them it cannot check a token, and refuses each with 401. A provider behind a firewall, on a private network or on this machine is of no use to AppSync. Open that address (curl shows what it answers), and let the provider publish its keys where everybody can read them.`,
		},
		{
			ID: KeysTaken, Category: Provider, Title: "one of the keys is of a kind that AppSync takes", needs: []ID{KeysFetched}, Refusal: true,
			Meaning: `AppSync checks signatures by RS256, RS384 and RS512, PS256 to PS512, ES256 to ES512 and HS256 to HS512, and finds the key by its kid. A provider that signs with EdDSA or with a key without kid gives tokens that AppSync refuses with 401. RS256 works everywhere; Auth0 signs with it unless the API's settings say HS256, whose key is not published.`,
		},
	}
}

// providerFacts are what is known of the provider.
type providerFacts struct {
	provider *auth.Provider // nil if its metadata could not be had
	auth0    bool           // it is Auth0
	fetched  promise[keyFacts]
	found    findings // with those of the settings and the network
}

// keyFacts are the provider's keys, which are fetched while a token is asked for.
type keyFacts struct {
	keys  *auth.KeySet
	found findings
}

// examineProvider judges what the provider was asked by examineNetwork.
func examineProvider(ctx context.Context, r *runner, settings settingsFacts, network networkFacts) providerFacts {
	p := published{r.Subject, settings.issuer, network.toProvider, network.metadata}
	known := r.check(ctx, network.found, MetadataPublished, func(context.Context) Verdict { return p.metadataPublished() })
	provider, known := learn(ctx, r, known, IssuerMatches, func(context.Context) (*auth.Provider, Verdict) { return p.issuerMatches() })
	return providerFacts{
		provider: provider,
		auth0:    goesByAuth0(provider, settings.issuer),
		fetched:  begin(func() keyFacts { return examineKeys(ctx, r, provider, known) }),
		found:    r.check(ctx, known, GrantOffered, func(context.Context) Verdict { return grantOffered(r.Subject, provider) }),
	}
}

func examineKeys(ctx context.Context, r *runner, provider *auth.Provider, known findings) (f keyFacts) {
	keys, found := learn(ctx, r, known, KeysFetched, func(ctx context.Context) (*auth.KeySet, Verdict) { return keysFetched(ctx, r.Subject, provider) })
	f.keys, f.found = keys, r.check(ctx, found, KeysTaken, func(context.Context) Verdict { return keysTaken(keys, provider) })
	return f
}

// goesByAuth0 reports whether the provider is Auth0, also behind a custom domain: nobody
// else has its token endpoint there.
func goesByAuth0(provider *auth.Provider, issuer string) bool {
	if provider != nil {
		return strings.HasSuffix(provider.TokenEndpoint, "/oauth/token")
	}
	address, err := url.Parse(issuer)
	return err == nil && isAuth0(address.Hostname())
}

// console is a path through the console of the provider. Only Auth0's is known;
// of others' the last step is what can be said.
func (f providerFacts) console(path ...string) string {
	if f.auth0 {
		return strings.Join(append([]string{"Auth0 dashboard"}, path...), " → ")
	}
	return "in the provider's console: " + strings.Join(path, " → ")
}

// published is what the provider said when it was asked for its metadata.
type published struct {
	*Subject
	issuer string
	to     host
	asked  *metadata
}

// metadataPublished judges what NET-006 was answered.
func (p published) metadataPublished() Verdict {
	asked, issuer := p.asked, p.setting("issuer")
	found := Evidence{Name: "metadata", Expected: "200 with JSON", Found: fmt.Sprint(asked.way.Status), From: p.to.address.Host}
	if missing, ok := errors.AsType[*auth.DiscoveryError](asked.err); ok {
		found.Found += ", " + string(missing.Reason)
		if missing.Detail != "" {
			found.Found += ": " + missing.Detail
		}
		return failedBy(p.unpublished(missing.Reason), p.issuerFix(), asked.err, found)
	}
	if refusal, ok := errors.AsType[*auth.Error](asked.err); ok {
		return p.metadataRefused(refusal, asked.way.Header.Get("Location"), found)
	}
	if _, other := errors.AsType[*auth.IssuerMismatchError](asked.err); asked.err != nil && !other {
		return unknown("the provider's answer did not arrive whole", asked.err)
	}
	found.Expected = ""
	return ok("the provider publishes its metadata", found, Evidence{Name: "issuer", Found: harmless(issuer.Value), From: issuer.Origin})
}

// unpublished says what is wrong with metadata.
func (p published) unpublished(reason auth.DiscoveryReason) string {
	name := p.to.address.Hostname()
	switch {
	case reason == auth.NotFound && isAuth0(name):
		return "Auth0 has no tenant called " + strings.TrimSuffix(name, ".auth0.com")
	case reason == auth.NotFound:
		return "there is no OpenID metadata below the issuer " + p.issuer
	case reason == auth.NotJSON:
		return "below the issuer " + p.issuer + " is a page and no OpenID metadata"
	default:
		return string(reason)
	}
}

// issuerFix is the way to the right issuer, where it can be guessed: a tenant of
// Auth0 has no path.
func (p published) issuerFix() string {
	address := p.to.address
	if isAuth0(address.Hostname()) && address.Path != "/" {
		return p.change("issuer", "https://"+address.Host+"/")
	}
	return p.setting("issuer").remedy()
}

func isAuth0(name string) bool { return strings.HasSuffix(strings.ToLower(name), ".auth0.com") }

// metadataRefused is the verdict on another status than 200 and 404.
func (p published) metadataRefused(refusal *auth.Error, location string, found Evidence) Verdict {
	switch {
	case refusal.Transient(), refusal.Status == http.StatusRequestTimeout:
		return unknown(fmt.Sprintf("the provider answered %d: it is busy or out of order", refusal.Status), refusal, found)
	case refusal.Status/100 == 3:
		found.Found += " to " + bounded(harmless(location))
		fix := p.issuerFix()
		if elsewhere, err := auth.ParseIssuer(location); err == nil {
			fix = p.change("issuer", elsewhere)
		}
		return failedBy("the issuer's metadata is somewhere else", fix, refusal, found)
	default:
		return failedBy(fmt.Sprintf("the provider does not show its metadata: %d", refusal.Status), p.issuerFix(), refusal, found)
	}
}

// issuerMatches compares the issuer that is set with what the provider calls itself.
// A slash at the end and the host's case make no difference to this program, so they
// are told and not found fault with: API-006 looks at what the API has.
func (p published) issuerMatches() (*auth.Provider, Verdict) {
	asked, setting := p.asked, p.setting("issuer")
	if other, mismatch := errors.AsType[*auth.IssuerMismatchError](asked.err); mismatch {
		return nil, p.otherIssuer(other)
	}
	named := Evidence{Name: "issuer", Expected: asked.provider.Issuer, Found: setting.Value, From: setting.Origin}
	if setting.Value == asked.provider.Issuer {
		return asked.provider, ok("the provider calls itself "+asked.provider.Issuer, named)
	}
	return asked.provider, ok("the provider calls itself "+asked.provider.Issuer+", and so must the API's configuration, to the slash", named)
}

// otherIssuer is the verdict on a provider that goes by another name.
func (p published) otherIssuer(other *auth.IssuerMismatchError) Verdict {
	setting := p.setting("issuer")
	fix := p.change("issuer", other.Found)
	if _, err := auth.ParseIssuer(other.Found); err != nil || strings.ContainsAny(other.Found, "{}") {
		fix = setting.remedy() // some put a placeholder there: https://login.microsoftonline.com/{tenantid}/v2.0
	}
	return failedBy("the provider calls itself "+bounded(other.Found)+": "+issuerDifference(other.Expected, other.Found), fix, other,
		Evidence{Name: "issuer", Expected: other.Found, Found: setting.Value, From: setting.Origin})
}

// issuerDifference says in which way two issuers are not the same.
func issuerDifference(set, found string) string {
	ours, errOurs := url.Parse(set)
	theirs, errTheirs := url.Parse(found)
	switch {
	case errOurs != nil || errTheirs != nil || theirs.Host == "":
		return "this is not the issuer that is set"
	case strings.EqualFold(strings.TrimRight(set, "/"), strings.TrimRight(found, "/")):
		return "the issuer that is set differs in upper and lower case"
	case !strings.EqualFold(ours.Host, theirs.Host):
		return ours.Host + " is another name for it, and its tokens are refused where that one is expected"
	case ours.Scheme != theirs.Scheme:
		return "the issuer that is set begins with " + ours.Scheme
	default:
		return "the issuer that is set has another path"
	}
}

// grantOffered looks at the endpoint that the grant needs first, which this program
// cannot do without, and then at the list, which providers keep more loosely.
func grantOffered(s *Subject, provider *auth.Provider) Verdict {
	wanted, known := map[string]struct{ parameter, endpoint string }{
		grantDevice:  {"urn:ietf:params:oauth:grant-type:device_code", provider.DeviceAuthorizationEndpoint},
		grantBrowser: {"authorization_code", provider.AuthorizationEndpoint},
		grantMachine: {"client_credentials", provider.TokenEndpoint},
	}[s.Grant]
	if !known {
		return skipped("the token was given")
	}
	found := Evidence{Name: "grant_types_supported", Expected: wanted.parameter, Found: strings.Join(provider.GrantTypes, " "), From: "discovery"}
	switch {
	case wanted.endpoint == "":
		found.Name, found.Expected, found.Found = "endpoint", "one for the grant "+s.Grant, "none"
		return failure("the provider does not offer the grant "+s.Grant, otherGrant(s), found)
	case len(provider.GrantTypes) > 0 && !slices.Contains(provider.GrantTypes, wanted.parameter):
		return warning("the provider does not list the grant "+s.Grant, otherGrant(s), found)
	default:
		return ok("the provider offers the grant "+s.Grant, found)
	}
}

// otherGrant is the way to another grant for the same kind of caller: a person has
// two to choose from.
func otherGrant(s *Subject) string {
	switch s.Grant {
	case grantDevice:
		return s.change("grant", grantBrowser)
	case grantBrowser:
		return s.change("grant", grantDevice)
	default:
		return "turn the grant client_credentials on at the provider"
	}
}

func keysFetched(ctx context.Context, s *Subject, provider *auth.Provider) (*auth.KeySet, Verdict) {
	limited, cancel := s.Deadline.Set(ctx, patience, KeysFetched.asks())
	defer cancel()
	keys, err := auth.FetchKeys(limited, s.Provider, provider)
	found := Evidence{Name: "jwks_uri", Found: provider.JWKSURI, From: "discovery"}
	refusal, refused := errors.AsType[*auth.Error](err)
	_, lost := errors.AsType[*auth.TransportError](err)
	_, none := errors.AsType[*auth.UnsupportedError](err)
	switch {
	case err == nil:
		return keys, ok(fmt.Sprintf("the provider publishes %s", counted(len(keys.Keys), "key")), found)
	case lost:
		return nil, unknown("no answer with the provider's keys", err, found, said("connection", err))
	case refused && (refusal.Transient() || refusal.Status == http.StatusRequestTimeout):
		return nil, unknown(fmt.Sprintf("the provider answered %d when asked for its keys", refusal.Status), err, found)
	case refused:
		found.Found += fmt.Sprintf(": %d", refusal.Status)
		return nil, failedBy(fmt.Sprintf("the provider does not show its keys: %d", refusal.Status), "curl -sSi "+shell.Word(provider.JWKSURI), err, found)
	case none:
		found.Found = "none"
		return nil, failedBy("the provider's metadata names no place for its keys", s.setting("issuer").remedy(), err, found)
	default:
		return nil, failedBy("the provider's keys cannot be read", "curl -sSi "+shell.Word(provider.JWKSURI), err, found)
	}
}

// keysTaken looks for a key that AppSync can find and use.
func keysTaken(published *auth.KeySet, provider *auth.Provider) Verdict {
	keys, from := published.Keys, provider.JWKSURI
	var evidence []Evidence
	named, taken := false, false
	for _, key := range keys {
		named = named || key.ID != ""
		taken = taken || key.ID != "" && takenKey(key)
		if len(evidence) < 5 {
			evidence = append(evidence, Evidence{
				Name: "key", Expected: "RS256 with a kid",
				Found: strings.TrimSpace(fmt.Sprintf("%s %s kid %q", key.Type, key.Algorithm, bounded(key.ID))), From: from,
			})
		}
	}
	const fix = "let the provider sign with RS256 and publish the key with a kid"
	switch {
	case taken:
		return ok("AppSync can check signatures with the provider's keys", evidence...)
	case len(keys) == 0:
		return failure("the provider publishes no key for signatures", fix)
	case !named:
		return failure("the provider's keys have no kid, by which AppSync finds them", fix, evidence...)
	default:
		return failure("none of the provider's keys is of a kind that AppSync takes", fix, evidence...)
	}
}

// takenKey reports whether AppSync can check a signature with key. A key need not
// say for which algorithm it is.
func takenKey(key auth.Key) bool {
	if key.Algorithm == "" {
		return key.Type == "RSA" || key.Type == "EC"
	}
	return appSyncAlgorithm(key.Algorithm)
}

// counted is "1 key" or "2 keys".
func counted(n int, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return fmt.Sprintf("%d %ss", n, noun)
}
