package doctor

import (
	"context"
	"errors"
	"net"
	"net/url"
	"slices"
	"strings"
)

// proxyUsable finds out which proxies the two hosts are behind, and whether they
// can be proxies at all. Whether they let us through turns out on the way.
func proxyUsable(ctx context.Context, e *examination) Verdict {
	var evidence []Evidence
	for _, to := range []host{e.apiHost(), e.providerHost()} {
		if to.address == nil || to.address.Host == "" || e.Proxy == nil {
			continue
		}
		proxy, err := e.Proxy(to.address)
		// A text that is no URL may still make one, of other parts than were meant. An
		// error quotes it, and with it a password.
		if err != nil || proxy != nil && (proxy.Host == "" || strings.HasSuffix(proxy.Host, ":") || strings.Trim(proxy.Path, "/") != "") {
			return failure("the proxy for "+to.address.Host+" is not a URL", withoutProxy,
				Evidence{Name: "proxy", Expected: "http://HOST:PORT", Found: "something else", From: proxyVariable})
		}
		if proxy == nil {
			continue
		}
		found := Evidence{Name: "proxy", Found: bare(proxy), From: proxyVariable + ", for " + to.address.Host}
		evidence = append(evidence, found)
		if bad := e.checkProxy(ctx, proxy); bad.Result != OK {
			bad.Evidence = append(bad.Evidence, found)
			return bad
		}
		e.learn(func(f *facts) {
			if to.setting == "endpoint" {
				f.proxy = proxy
			} else {
				f.providerProxy = proxy
			}
		})
	}
	if len(evidence) == 0 {
		return ok("requests go without a proxy")
	}
	return ok("requests go through "+evidence[0].Found, evidence...)
}

func (e *examination) checkProxy(ctx context.Context, proxy *url.URL) Verdict {
	if !slices.Contains([]string{"http", "https", "socks5", "socks5h"}, proxy.Scheme) {
		return failure("a proxy of the kind "+proxy.Scheme+" cannot be used", withoutProxy)
	}
	ctx, cancel := e.Deadline.Set(ctx, patience, ProxyUsable.asks())
	defer cancel()
	_, err := e.LookupHost(ctx, proxy.Hostname())
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
