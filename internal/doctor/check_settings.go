// Settings: what is set, where it came from, and whether it can be used at all.

package doctor

import (
	"context"
	"fmt"
	"net/url"
	"strings"

	"github.com/appsyncctl/appsyncctl/internal/appsync"
	"github.com/appsyncctl/appsyncctl/internal/auth"
)

func settingsChecks() []Check {
	return []Check{
		{
			ID: SettingsComplete, Category: Settings, Title: "every setting that is needed has a value", run: settingsComplete,
			Meaning: `A setting comes from its flag, else from its environment variable, else from the profile. One that this authorization mode or grant needs has no value in any of them. "appsyncctl status" shows each value and where it came from; a profile that was not found, or another one than you think, is the usual reason.`,
		},
		{
			ID: EndpointUsable, Category: Settings, Title: "the endpoint is a URL that a token may be sent to", run: endpointUsable,
			Meaning: `The endpoint must be an absolute https URL without user name, password and fragment. Plain http is for this machine only, where nobody listens in. Copy it from the API's page in AppSync's console, or from "aws appsync get-graphql-api": it is uris.GRAPHQL.`,
		},
		{
			ID: EndpointShape, Category: Settings, Title: "the endpoint is that of a GraphQL API", needs: []ID{EndpointUsable}, run: endpointShape,
			Meaning: `AppSync's GraphQL endpoints look like https://ID.appsync-api.REGION.amazonaws.com/graphql. The real-time address (appsync-realtime-api), the address of the console, one without /graphql and one with a path below it are other things. ID is not the API's ID in ARNs. The region in the host must be that of the setting, where one is set.`,
		},
		{
			ID: IssuerUsable, Category: Settings, Title: "the issuer is the URL of a provider", run: issuerUsable,
			Meaning: `The issuer must be an https URL, or a host name, without query and fragment: https://TENANT.eu.auth0.com/ for Auth0. Plain http is for this machine only. It is not the address of the token endpoint or of the login page.`,
		},
		{
			ID: AudienceSet, Category: Settings, Title: "an audience is set where the provider needs one", needs: []ID{IssuerUsable}, run: audienceSet,
			Meaning: `Auth0 gives a JWT only to those who name an API as the audience; without one the access token is opaque, and AppSync refuses it with 401. The audience is the identifier of the API in Auth0's dashboard, exactly as it stands there, slash included.`, Refusal: true,
		},
	}
}

// settingsComplete lists what is missing, and with it where the rest came from.
func settingsComplete(_ context.Context, e *examination) Verdict {
	var missing []Setting
	for _, name := range e.Needed {
		if setting := e.setting(name); setting.Value == "" {
			missing = append(missing, setting)
		}
	}
	var evidence []Evidence
	for _, setting := range e.Settings {
		if setting.Value != "" {
			value := setting.Value
			if setting.Name == "endpoint" || setting.Name == "issuer" {
				value = harmless(value)
			}
			evidence = append(evidence, Evidence{Name: setting.Name, Found: value, From: setting.Origin})
		}
	}
	if e.Problem != nil {
		return Verdict{Result: Failure, Message: bounded(e.Problem.Error()), Fix: e.Remedy, Err: e.Problem, Evidence: evidence}
	}
	for _, setting := range e.Settings {
		if bare, is := unquoted(setting.Value); is {
			return failure("the "+setting.Label+" stands in quotation marks, which a shell would have taken away", e.change(setting.Name, bare),
				Evidence{Name: setting.Name, Expected: harmless(bare), Found: harmless(setting.Value), From: setting.Origin})
		}
	}
	if len(missing) == 0 {
		return ok(fmt.Sprintf("%d settings are needed, and all are there", len(e.Needed)), evidence...)
	}
	return failure(missingText(missing), e.give(missing), evidence...)
}

func endpointUsable(_ context.Context, e *examination) Verdict {
	setting := e.setting("endpoint")
	if setting.Value == "" {
		return lacking("endpoint")
	}
	endpoint, err := appsync.ParseEndpoint(setting.Value)
	if err != nil {
		message, fix := e.unusable(setting, err)
		verdict := failedBy(message, fix, err,
			Evidence{Name: "endpoint", Expected: endpointExample, Found: harmless(setting.Value), From: setting.Origin})
		if _, is := unquoted(setting.Value); is && e.Problem == nil {
			return consequence(verdict, SettingsComplete)
		}
		return verdict
	}
	e.learn(func(f *facts) { f.endpoint = endpoint })
	return ok("requests go to "+endpoint.Host, Evidence{Name: "endpoint", Found: harmless(endpoint.String()), From: setting.Origin})
}

// harmless hides an address that may hold a password, and the query of one, which may
// hold a key.
func harmless(address string) string {
	if strings.Contains(address, "@") {
		return "[redacted]"
	}
	if path, query, _ := strings.Cut(address, "?"); query != "" {
		return path + "?[redacted]"
	}
	return address
}

func endpointShape(_ context.Context, e *examination) Verdict {
	endpoint, setting := e.known().endpoint, e.setting("endpoint")
	found := Evidence{Name: "endpoint", Expected: endpointExample, Found: harmless(endpoint.String()), From: setting.Origin}
	host := strings.ToLower(endpoint.Hostname())
	id, service, region := hostParts(host)
	switch {
	case service == "appsync-realtime-api":
		return failure(isRealtime, e.change("endpoint", graphqlAddress(id, region, host)), found)
	case isAuth0(host):
		return failure("this is the address of a tenant at Auth0, and not the API's", listEndpoints, found)
	case strings.HasSuffix(host, consoleHost):
		return failure(isConsole, listEndpoints, found)
	case service == "appsync-api" && endpoint.Path != "/graphql":
		return failure(fmt.Sprintf("the path of AppSync's endpoints is /graphql, and this one's is %q", endpoint.Path), e.change("endpoint", graphqlAddress(id, region, host)), found)
	case service == "appsync-api":
		wanted := e.setting("region")
		if wanted.Value != "" && !strings.EqualFold(wanted.Value, region) {
			return failure("the API is in "+region+", and the region that is set is "+bounded(wanted.Value), e.change("region", region),
				Evidence{Name: "region", Expected: region, Found: wanted.Value, From: wanted.Origin}, found)
		}
		return ok("an API in "+region, Evidence{Name: "real-time", Found: harmless(appsync.RealtimeURL(endpoint).String()), From: "endpoint"})
	default:
		found.Expected = ""
		return ok(host+" is not AppSync's own name: a custom domain, a proxy or an emulator", found)
	}
}

// hostParts splits ID.SERVICE.REGION.amazonaws.com, or .com.cn; the parts are
// empty for other hosts.
func hostParts(host string) (id, service, region string) {
	labels := strings.Split(host, ".")
	if len(labels) < 5 {
		return "", "", ""
	}
	if domain := strings.Join(labels[3:], "."); domain != "amazonaws.com" && domain != "amazonaws.com.cn" {
		return "", "", ""
	}
	return labels[0], labels[1], labels[2]
}

// graphqlAddress returns the endpoint of an API with AppSync's own host name.
func graphqlAddress(id, region, host string) string {
	_, domain, _ := strings.Cut(host, region+".")
	address := url.URL{Scheme: "https", Host: strings.Join([]string{id, "appsync-api", region, domain}, "."), Path: "/graphql"}
	return address.String()
}

func issuerUsable(_ context.Context, e *examination) Verdict {
	setting := e.setting("issuer")
	if setting.Value == "" {
		return lacking("issuer")
	}
	issuer, err := auth.ParseIssuer(setting.Value)
	if err != nil {
		return Verdict{
			Result: Failure, Message: err.Error(), Err: err, Fix: setting.remedy(),
			Evidence: []Evidence{{Name: "issuer", Expected: issuerExample, Found: harmless(setting.Value), From: setting.Origin}},
		}
	}
	if address, notOne := url.Parse(issuer); notOne == nil {
		if _, service, _ := hostParts(strings.ToLower(address.Hostname())); service == "appsync-api" {
			return failure("this is the endpoint of an API in AppSync, and not its provider", setting.remedy(),
				Evidence{Name: "issuer", Expected: issuerExample, Found: harmless(setting.Value), From: setting.Origin})
		}
	}
	e.learn(func(f *facts) { f.issuer = issuer })
	return ok("the provider is "+issuer, Evidence{Name: "issuer", Found: setting.Value, From: setting.Origin})
}

func audienceSet(_ context.Context, e *examination) Verdict {
	audience := e.setting("audience")
	issuer, _ := url.Parse(e.known().issuer) // SET-004 has parsed it
	switch {
	case audience.Value != "":
		return ok("the token is asked for "+audience.Value, Evidence{Name: "audience", Found: audience.Value, From: audience.Origin})
	case e.Grant == "":
		return skipped("the token was given")
	case !isAuth0(issuer.Hostname()):
		return skipped("only Auth0 needs one")
	default:
		return warning("Auth0 is asked for a token without an audience: it is opaque unless the tenant has a default audience",
			audience.remedy(), Evidence{Name: "audience", Expected: "the identifier of the API in Auth0", Found: "", From: "settings"})
	}
}
