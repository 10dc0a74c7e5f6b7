// Settings: what is set, where it came from, and whether it can be used at all.

package doctor

import (
	"context"
	"fmt"
	"net/url"
	"slices"
	"strings"

	"github.com/appsyncctl/appsyncctl/internal/appsync"
	"github.com/appsyncctl/appsyncctl/internal/auth"
	"github.com/appsyncctl/appsyncctl/internal/redact"
	"github.com/appsyncctl/appsyncctl/internal/shell"
)

const (
	endpointExample = "https://ID.appsync-api.REGION.amazonaws.com/graphql"
	issuerExample   = "https://TENANT.auth0.com/"
	consoleHost     = "console.aws.amazon.com"

	isRealtime = "this is the API's real-time address"
	isConsole  = "this is a page of the AWS console"
)

func settingsChecks() []Check {
	return []Check{
		{
			ID: SettingsComplete, Category: Settings, Title: "every setting that is needed has a value",
			Meaning: `A setting comes from its flag, else from its environment variable, else from the profile. One that this authorization mode or grant needs has no value in any of them. "appsyncctl status" shows each value and where it came from; a profile that was not found, or another one than you think, is the usual reason.`,
		},
		{
			ID: EndpointUsable, Category: Settings, Title: "the endpoint is a URL that a token may be sent to",
			Meaning: `The endpoint must be an absolute https URL without user name, password and fragment. Plain http is for this machine only, where nobody listens in. Copy it from the API's page in AppSync's console, or from "aws appsync get-graphql-api": it is uris.GRAPHQL.`,
		},
		{
			ID: EndpointShape, Category: Settings, Title: "the endpoint is that of a GraphQL API", needs: []ID{EndpointUsable},
			Meaning: `AppSync's GraphQL endpoints look like https://ID.appsync-api.REGION.amazonaws.com/graphql. The real-time address (appsync-realtime-api), the address of the console, one without /graphql and one with a path below it are other things. ID is not the API's ID in ARNs. The region in the host must be that of the setting, where one is set.`,
		},
		{
			ID: IssuerUsable, Category: Settings, Title: "the issuer is the URL of a provider",
			Meaning: `The issuer must be an https URL, or a host name, without query and fragment: https://TENANT.eu.auth0.com/ for Auth0. Plain http is for this machine only. It is not the address of the token endpoint or of the login page.`,
		},
		{
			ID: AudienceSet, Category: Settings, Title: "an audience is set where the provider needs one", needs: []ID{IssuerUsable},
			Meaning: `Auth0 gives a JWT only to those who name an API as the audience; without one the access token is opaque, and AppSync refuses it with 401. The audience is the identifier of the API in Auth0's dashboard, exactly as it stands there, slash included.`, Refusal: true,
		},
	}
}

// settingsFacts are what the settings say.
type settingsFacts struct {
	endpoint *url.URL // nil if it cannot be used
	issuer   string   // canonical; empty if it cannot be used
	found    findings
}

// examineSettings looks at the settings, which asks nobody.
func examineSettings(ctx context.Context, r *runner) (f settingsFacts) {
	s := r.Subject
	f.found = r.check(ctx, f.found, SettingsComplete, func(context.Context) Verdict { return settingsComplete(s) })
	f.endpoint, f.found = learn(ctx, r, f.found, EndpointUsable, func(context.Context) (*url.URL, Verdict) { return endpointUsable(s) })
	f.found = r.check(ctx, f.found, EndpointShape, func(context.Context) Verdict { return endpointShape(s, f.endpoint) })
	f.issuer, f.found = learn(ctx, r, f.found, IssuerUsable, func(context.Context) (string, Verdict) { return issuerUsable(s) })
	f.found = r.check(ctx, f.found, AudienceSet, func(context.Context) Verdict { return audienceSet(s, f.issuer) })
	return f
}

// settingsComplete lists what is missing, and with it where the rest came from.
func settingsComplete(s *Subject) Verdict {
	var missing []Setting
	for _, name := range s.Needed {
		if setting := s.setting(name); setting.Value == "" {
			missing = append(missing, setting)
		}
	}
	var evidence []Evidence
	for _, setting := range s.Settings {
		if setting.Value != "" {
			value := setting.Value
			if setting.Name == "endpoint" || setting.Name == "issuer" {
				value = harmless(value)
			}
			evidence = append(evidence, Evidence{Name: setting.Name, Found: value, From: setting.Origin})
		}
	}
	if s.Problem != nil {
		return Verdict{Result: Failure, Message: bounded(s.Problem.Error()), Fix: s.Remedy, Err: s.Problem, Evidence: evidence}
	}
	for _, setting := range s.Settings {
		if bare, is := unquoted(setting.Value); is {
			return failure("the "+setting.Label+" stands in quotation marks, which a shell would have taken away", s.change(setting.Name, bare),
				Evidence{Name: setting.Name, Expected: harmless(bare), Found: harmless(setting.Value), From: setting.Origin})
		}
	}
	if len(missing) == 0 {
		return ok(fmt.Sprintf("%d settings are needed, and all are there", len(s.Needed)), evidence...)
	}
	return failure(missingText(missing), give(s, missing), evidence...)
}

func endpointUsable(s *Subject) (*url.URL, Verdict) {
	setting := s.setting("endpoint")
	if setting.Value == "" {
		return nil, lacking("endpoint")
	}
	endpoint, err := appsync.ParseEndpoint(setting.Value)
	if err != nil {
		message, fix := unusable(s, setting, err)
		verdict := failedBy(message, fix, err,
			Evidence{Name: "endpoint", Expected: endpointExample, Found: harmless(setting.Value), From: setting.Origin})
		if _, is := unquoted(setting.Value); is && s.Problem == nil {
			return nil, consequence(verdict, SettingsComplete)
		}
		return nil, verdict
	}
	return endpoint, ok("requests go to "+endpoint.Host, Evidence{Name: "endpoint", Found: harmless(endpoint.String()), From: setting.Origin})
}

// unusable says what stands in place of an endpoint, and how to come by the right one:
// addresses of AWS that people copy by mistake are known by their hosts, also where
// something else about them keeps them from being used. err is what that is.
func unusable(s *Subject, setting Setting, err error) (message, fix string) {
	address, notOne := url.Parse(setting.Value)
	if notOne != nil {
		return err.Error(), setting.remedy()
	}
	host := strings.ToLower(address.Hostname())
	id, service, region := hostParts(host)
	switch {
	case address.User != nil:
		return err.Error(), setting.remedy()
	case strings.HasSuffix(host, consoleHost):
		return isConsole, listEndpoints
	case service == "appsync-realtime-api":
		return isRealtime, s.change("endpoint", graphqlAddress(id, region, host))
	case service == "appsync-api":
		return err.Error(), s.change("endpoint", graphqlAddress(id, region, host))
	}
	// Without a scheme there is no host to be seen.
	secured, unfit := appsync.ParseEndpoint("https://" + setting.Value)
	if unfit != nil {
		return err.Error(), setting.remedy()
	}
	if _, service, _ := hostParts(strings.ToLower(secured.Hostname())); service != "appsync-api" {
		return err.Error(), setting.remedy()
	}
	return err.Error() + ": it lacks https://", s.change("endpoint", secured.String())
}

// unquoted is a value without the quotation marks around it, and whether it has any:
// docker run --env-file, for one, leaves them where they are.
func unquoted(value string) (bare string, is bool) {
	last := len(value) - 1
	if last < 1 || value[0] != value[last] || value[0] != '"' && value[0] != '\'' {
		return value, false
	}
	return value[1:last], true
}

// harmless hides an address that may hold a password, and the query of one, which may
// hold a key.
func harmless(address string) string {
	if strings.Contains(address, "@") {
		return redact.Redacted
	}
	if path, query, _ := strings.Cut(address, "?"); query != "" {
		return path + "?" + redact.Redacted
	}
	return address
}

func endpointShape(s *Subject, endpoint *url.URL) Verdict {
	setting := s.setting("endpoint")
	found := Evidence{Name: "endpoint", Expected: endpointExample, Found: harmless(endpoint.String()), From: setting.Origin}
	host := strings.ToLower(endpoint.Hostname())
	id, service, region := hostParts(host)
	switch {
	case service == "appsync-realtime-api":
		return failure(isRealtime, s.change("endpoint", graphqlAddress(id, region, host)), found)
	case isAuth0(host):
		return failure("this is the address of a tenant at Auth0, and not the API's", listEndpoints, found)
	case strings.HasSuffix(host, consoleHost):
		return failure(isConsole, listEndpoints, found)
	case service == "appsync-api" && endpoint.Path != "/graphql":
		return failure(fmt.Sprintf("the path of AppSync's endpoints is /graphql, and this one's is %q", endpoint.Path), s.change("endpoint", graphqlAddress(id, region, host)), found)
	case service == "appsync-api":
		wanted := s.setting("region")
		if wanted.Value != "" && !strings.EqualFold(wanted.Value, region) {
			return failure("the API is in "+region+", and the region that is set is "+bounded(wanted.Value), s.change("region", region),
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

func issuerUsable(s *Subject) (string, Verdict) {
	setting := s.setting("issuer")
	if setting.Value == "" {
		return "", lacking("issuer")
	}
	issuer, err := auth.ParseIssuer(setting.Value)
	if err != nil {
		return "", Verdict{
			Result: Failure, Message: err.Error(), Err: err, Fix: setting.remedy(),
			Evidence: []Evidence{{Name: "issuer", Expected: issuerExample, Found: harmless(setting.Value), From: setting.Origin}},
		}
	}
	if address, notOne := url.Parse(issuer); notOne == nil {
		if _, service, _ := hostParts(strings.ToLower(address.Hostname())); service == "appsync-api" {
			return "", failure("this is the endpoint of an API in AppSync, and not its provider", setting.remedy(),
				Evidence{Name: "issuer", Expected: issuerExample, Found: harmless(setting.Value), From: setting.Origin})
		}
	}
	return issuer, ok("the provider is "+issuer, Evidence{Name: "issuer", Found: setting.Value, From: setting.Origin})
}

func audienceSet(s *Subject, known string) Verdict {
	audience := s.setting("audience")
	issuer, _ := url.Parse(known) // SET-004 has parsed it
	switch {
	case audience.Value != "":
		return ok("the token is asked for "+audience.Value, Evidence{Name: "audience", Found: audience.Value, From: audience.Origin})
	case s.Grant == "":
		return skipped("the token was given")
	case !isAuth0(issuer.Hostname()):
		return skipped("only Auth0 needs one")
	default:
		return warning("Auth0 is asked for a token without an audience: it is opaque unless the tenant has a default audience",
			audience.remedy(), Evidence{Name: "audience", Expected: "the identifier of the API in Auth0", Found: "", From: "settings"})
	}
}

// missingText names settings: "no endpoint, issuer or client ID is set".
func missingText(missing []Setting) string {
	labels := make([]string, len(missing))
	for i, setting := range missing {
		labels[i] = setting.Label
	}
	last := len(labels) - 1
	list := labels[last]
	if last > 0 {
		list = strings.Join(labels[:last], ", ") + " or " + list
	}
	return "no " + list + " is set"
}

// give is one command that gives all of settings a value, with words in capitals for
// what only a person knows.
func give(s *Subject, settings []Setting) string {
	if slices.ContainsFunc(settings, func(s Setting) bool { return s.Flag == "" }) {
		return settings[0].remedy() // no profile has it
	}
	words := []string{"appsyncctl profile set", shell.Word(s.Profile)}
	for _, setting := range settings {
		words = append(words, "--"+setting.Flag, placeholder(setting))
	}
	return strings.Join(words, " ")
}

// placeholder stands for the value of a setting.
func placeholder(setting Setting) string {
	switch setting.Name {
	case "endpoint", "issuer":
		return "URL"
	case "client_id":
		return "ID"
	case "client_key_file":
		return "FILE"
	default:
		return strings.ToUpper(setting.Name)
	}
}
