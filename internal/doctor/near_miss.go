package doctor

import (
	"net/url"
	"strings"
)

// difference says in what little found differs from wanted; "" if they differ in
// more, or not at all. Providers and APIs compare such names to the letter, and
// people do not see a slash.
func difference(found, wanted string) string {
	switch {
	case found == wanted:
		return ""
	case strings.TrimSpace(found) == strings.TrimSpace(wanted):
		return "by blanks around it"
	case strings.TrimRight(found, "/") == strings.TrimRight(wanted, "/"):
		return "by the slash at the end"
	case strings.EqualFold(found, wanted):
		return "by upper and lower case"
	case withoutScheme(found) == withoutScheme(wanted):
		return "by http and https"
	case strings.EqualFold(loose(found), loose(wanted)):
		return "by scheme, slash or case"
	}
	return ""
}

func withoutScheme(text string) string {
	return strings.TrimPrefix(strings.TrimPrefix(text, "https://"), "http://")
}

func loose(text string) string {
	return strings.TrimRight(withoutScheme(strings.ToLower(strings.TrimSpace(text))), "/")
}

// foreign says how two issuers that are not the same are related.
func foreign(found, wanted string) string {
	theirs, err := url.Parse(found)
	ours, ourErr := url.Parse(wanted)
	switch {
	case err != nil || ourErr != nil || theirs.Host == "" || ours.Host == "":
		return "the token is of another issuer"
	case strings.EqualFold(theirs.Host, ours.Host):
		return "the token's issuer is another one on the same host"
	case isAuth0(theirs.Hostname()) && isAuth0(ours.Hostname()):
		return "the token is of another tenant"
	case isAuth0(theirs.Hostname()):
		return "the token is of a tenant by its own name, and a custom domain is set, or it is of another provider"
	case isAuth0(ours.Hostname()):
		return "the token is of a custom domain, and the tenant's own name is set, or it is of another provider"
	}
	return "the token is of another issuer"
}
