package doctor

import (
	"context"
	"errors"
	"net"
	"strings"
)

func apiResolves(ctx context.Context, e *examination) Verdict {
	if reason := e.apiUnasked(); reason != "" {
		return skipped(reason)
	}
	return e.resolve(ctx, e.apiHost(), APIResolves)
}

func providerResolves(ctx context.Context, e *examination) Verdict {
	if reason := e.providerUnasked(); reason != "" {
		return skipped(reason)
	}
	return e.resolve(ctx, e.providerHost(), ProviderResolves)
}

func (e *examination) resolve(ctx context.Context, to host, id ID) Verdict {
	if to.proxy != nil {
		return skipped("the proxy resolves it")
	}
	name := to.address.Hostname()
	if net.ParseIP(name) != nil {
		return ok(name + " is an address: there is nothing to resolve")
	}
	ctx, cancel := e.Deadline.Set(ctx, patience, id.asks())
	defer cancel()
	addresses, err := e.LookupHost(ctx, name)
	if err != nil {
		return e.explainName(to, err)
	}
	return ok("the name "+name+" resolves", Evidence{Name: "addresses", Found: strings.Join(addresses, ", "), From: "name resolution"})
}

// explainName says why a name could not be resolved: it does not exist, or the
// resolver gave no answer.
func (e *examination) explainName(to host, err error) Verdict {
	name, setting := to.address.Hostname(), e.setting(to.setting)
	if lookup, ok := errors.AsType[*net.DNSError](err); !ok || !lookup.IsNotFound {
		return unknown(name+" could not be looked up: the resolver gives no answer", err)
	}
	fix := setting.remedy()
	if _, service, region := hostParts(name); service == "appsync-api" {
		fix = "aws appsync list-graphql-apis --region " + quoted(region) + ` --query "graphqlApis[].uris.GRAPHQL"`
	}
	return Verdict{
		Result: Failure, Message: "the name " + name + " does not exist", Fix: fix, Err: err,
		Evidence: []Evidence{{Name: to.setting, Found: harmless(to.address.String()), From: setting.Origin}},
	}
}
