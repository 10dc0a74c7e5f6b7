// What the AWS account says of the API.

package doctor

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/appsyncctl/appsyncctl/internal/awsaccount"
)

// accountReadable reads the API's configuration. That the account is another one, or
// that there are no credentials, is no finding: most people have none for the API.
func accountReadable(ctx context.Context, e *examination) Verdict {
	if e.Account == nil {
		return skipped("there are no AWS credentials to read it with")
	}
	api, err := e.Account.API(ctx, e.known().endpoint.String())
	if failed, known := errors.AsType[*awsaccount.Error](err); known {
		switch failed.Reason {
		case awsaccount.NoCredentials, awsaccount.NoRegion:
			return skipped(e.harmlessly(failed.Error()))
		case awsaccount.NotFound:
			return skipped("the AWS credentials are those of an account without this API")
		case awsaccount.Denied:
			verdict := unknown("these AWS credentials are not allowed to read it: "+e.harmlessly(failed.Error()), err)
			verdict.Fix = "allow " + failed.Action
			return verdict
		}
	}
	if err != nil {
		return unknown(e.harmlessly(err.Error()), err)
	}
	if api == nil || len(api.Modes) == 0 {
		return unknown("the account says nothing of its modes", nil)
	}
	e.learn(func(f *facts) { f.api = api })
	return ok(fmt.Sprintf("the API is called %q", e.harmlessly(api.Name)), configuration(api)...)
}

// configuration is what the other checks compare with.
func configuration(api *awsaccount.API) []Evidence {
	var names []string
	for _, mode := range api.Modes {
		names = append(names, string(mode.Type))
	}
	all := []Evidence{{Name: "api id", Found: api.ID}, {Name: "modes", Found: strings.Join(names, ", ")}}
	add := func(name, found string) {
		if found != "" {
			all = append(all, Evidence{Name: name, Found: found})
		}
	}
	for _, mode := range api.Modes {
		add("issuer", mode.Issuer)
		add("client id expression", mode.Client+mode.PoolClients)
		add("iatTTL", milliseconds(mode.IatTTL))
		add("authTTL", milliseconds(mode.AuthTTL))
		add("user pool", mode.UserPool)
		add("function", mode.Function)
	}
	add("firewall", api.WebACL)
	if api.Private {
		add("visibility", "private to its VPC")
	}
	if !api.Introspection {
		add("introspection", "off")
	}
	for i := range all {
		all[i].From = account
	}
	return all
}

// account says where a fact comes from.
const account = "AWS account"

// milliseconds is a bound as AppSync has it, and as people do; empty for none.
func milliseconds(bound time.Duration) string {
	if bound == 0 {
		return ""
	}
	return fmt.Sprintf("%d ms (%s)", bound.Milliseconds(), bound)
}
