package doctor

import (
	"net/url"
	"strings"

	"github.com/appsyncctl/appsyncctl/internal/appsync"
)

const (
	endpointExample = "https://ID.appsync-api.REGION.amazonaws.com/graphql"
	issuerExample   = "https://TENANT.auth0.com/"
	consoleHost     = "console.aws.amazon.com"

	isRealtime = "this is the API's real-time address"
	isConsole  = "this is a page of the AWS console"
)

// unquoted is a value without the quotation marks around it, and whether it has any:
// docker run --env-file, for one, leaves them where they are.
func unquoted(value string) (bare string, is bool) {
	last := len(value) - 1
	if last < 1 || value[0] != value[last] || value[0] != '"' && value[0] != '\'' {
		return value, false
	}
	return value[1:last], true
}

// unusable says what stands in place of an endpoint, and how to come by the right one:
// addresses of AWS that people copy by mistake are known by their hosts, also where
// something else about them keeps them from being used. err is what that is.
func (e *examination) unusable(setting Setting, err error) (message, fix string) {
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
		return isRealtime, e.change("endpoint", graphqlAddress(id, region, host))
	case service == "appsync-api":
		return err.Error(), e.change("endpoint", graphqlAddress(id, region, host))
	}
	// Without a scheme there is no host to be seen.
	secured, unfit := appsync.ParseEndpoint("https://" + setting.Value)
	if unfit != nil {
		return err.Error(), setting.remedy()
	}
	if _, service, _ := hostParts(strings.ToLower(secured.Hostname())); service != "appsync-api" {
		return err.Error(), setting.remedy()
	}
	return err.Error() + ": it lacks https://", e.change("endpoint", secured.String())
}
