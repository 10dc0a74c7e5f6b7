// The provider: what it says of itself, and whether AppSync can check its tokens by
// that. AppSync asks for the same two documents.

package doctor

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"

	"github.com/appsyncctl/appsyncctl/internal/auth"
)

func providerChecks() []Check {
	return []Check{
		{
			ID: MetadataPublished, Category: Provider, Title: "the issuer publishes its OpenID metadata", needs: []ID{ProviderConnects}, run: metadataPublished,
			Meaning: `A provider says where its endpoints and keys are at ISSUER/.well-known/openid-configuration, and AppSync reads that too. Where it is not found, the path of the issuer is wrong (a realm, a policy, an authorization server), or the tenant's name is: every name below auth0.com exists, also without a tenant. A page of HTML is a login page or another web site.`,
		},
		{
			ID: IssuerMatches, Category: Provider, Title: "the metadata is about the issuer that is set", needs: []ID{MetadataPublished}, run: issuerMatches, Refusal: true,
			Meaning: `The metadata names its issuer, and tokens carry that name as iss. AppSync compares it with the issuer in the API's configuration, by its documentation at least where the API has several authorization modes: the host (a custom domain is another issuer than the tenant's own name), upper and lower case, the path. Of the slash at the end nothing is promised, so write it as the provider does: Auth0 always has one. Set the issuer as the provider writes it, here and in the API.`,
		},
		{
			ID: GrantOffered, Category: Provider, Title: "the provider offers the grant that is set", needs: []ID{IssuerMatches}, run: grantOffered,
			Meaning: `The metadata names an endpoint for each way to a token: one for devices, one for browsers, one for all. Where the one for the grant is missing, the provider does not know it or has it turned off. That it is listed does not say that this client may use it: at Auth0 the application's page has a list of grant types of its own.`,
		},
		{
			ID: KeysFetched, Category: Provider, Title: "the provider's keys can be fetched", needs: []ID{IssuerMatches}, run: keysFetched, limit: patientLimit, Refusal: true,
			Meaning: `The keys that signatures are checked with are fetched from the metadata's jwks_uri, as AppSync does from the internet: without them it cannot check a token, and refuses each with 401. A provider behind a firewall, on a private network or on this machine is of no use to AppSync. Open that address (curl shows what it answers), and let the provider publish its keys where everybody can read them.`,
		},
		{
			ID: KeysTaken, Category: Provider, Title: "one of the keys is of a kind that AppSync takes", needs: []ID{KeysFetched}, run: keysTaken, Refusal: true,
			Meaning: `AppSync checks signatures by RS256, RS384 and RS512, PS256 to PS512, ES256 to ES512 and HS256 to HS512, and finds the key by its kid. A provider that signs with EdDSA or with a key without kid gives tokens that AppSync refuses with 401. RS256 works everywhere; Auth0 signs with it unless the API's settings say HS256, whose key is not published.`,
		},
	}
}

// metadataPublished judges what NET-006 was answered.
func metadataPublished(_ context.Context, e *examination) Verdict {
	asked, issuer := e.known().metadata, e.setting("issuer")
	found := Evidence{Name: "metadata", Expected: "200 with JSON", Found: fmt.Sprint(asked.way.Status), From: e.providerHost().address.Host}
	if missing, ok := errors.AsType[*auth.DiscoveryError](asked.err); ok {
		found.Found += ", " + string(missing.Reason)
		if missing.Detail != "" {
			found.Found += ": " + missing.Detail
		}
		return failedBy(e.unpublished(missing.Reason), e.issuerFix(), asked.err, found)
	}
	if refusal, ok := errors.AsType[*auth.Error](asked.err); ok {
		return e.metadataRefused(refusal, asked.way.Header.Get("Location"), found)
	}
	if _, other := errors.AsType[*auth.IssuerMismatchError](asked.err); asked.err != nil && !other {
		return unknown("the provider's answer did not arrive whole", asked.err)
	}
	found.Expected = ""
	return ok("the provider publishes its metadata", found, Evidence{Name: "issuer", Found: harmless(issuer.Value), From: issuer.Origin})
}

// unpublished says what is wrong with metadata.
func (e *examination) unpublished(reason auth.DiscoveryReason) string {
	name := e.providerHost().address.Hostname()
	switch {
	case reason == auth.NotFound && isAuth0(name):
		return "Auth0 has no tenant called " + strings.TrimSuffix(name, ".auth0.com")
	case reason == auth.NotFound:
		return "there is no OpenID metadata below the issuer " + e.known().issuer
	case reason == auth.NotJSON:
		return "below the issuer " + e.known().issuer + " is a page and no OpenID metadata"
	default:
		return string(reason)
	}
}

// issuerFix is the way to the right issuer, where it can be guessed: a tenant of
// Auth0 has no path.
func (e *examination) issuerFix() string {
	address := e.providerHost().address
	if isAuth0(address.Hostname()) && address.Path != "/" {
		return e.change("issuer", "https://"+address.Host+"/")
	}
	return e.setting("issuer").remedy()
}

func isAuth0(name string) bool { return strings.HasSuffix(strings.ToLower(name), ".auth0.com") }

// metadataRefused is the verdict on another status than 200 and 404.
func (e *examination) metadataRefused(refusal *auth.Error, location string, found Evidence) Verdict {
	switch {
	case refusal.Temporary(), refusal.Status == http.StatusRequestTimeout:
		return unknown(fmt.Sprintf("the provider answered %d: it is busy or out of order", refusal.Status), refusal, found)
	case refusal.Status/100 == 3:
		found.Found += " to " + bounded(harmless(location))
		fix := e.issuerFix()
		if elsewhere, err := auth.ParseIssuer(location); err == nil {
			fix = e.change("issuer", elsewhere)
		}
		return failedBy("the issuer's metadata is somewhere else", fix, refusal, found)
	default:
		return failedBy(fmt.Sprintf("the provider does not show its metadata: %d", refusal.Status), e.issuerFix(), refusal, found)
	}
}
