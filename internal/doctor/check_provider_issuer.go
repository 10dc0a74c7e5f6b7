package doctor

import (
	"context"
	"errors"
	"net/url"
	"strings"

	"github.com/appsyncctl/appsyncctl/internal/auth"
)

// issuerMatches compares the issuer that is set with what the provider calls itself.
// A slash at the end and the host's case make no difference to this program, so they
// are told and not found fault with: API-006 looks at what the API has.
func issuerMatches(_ context.Context, e *examination) Verdict {
	asked, setting := e.known().metadata, e.setting("issuer")
	if other, mismatch := errors.AsType[*auth.IssuerMismatchError](asked.err); mismatch {
		return e.otherIssuer(other)
	}
	e.learn(func(f *facts) { f.provider = asked.provider })
	named := Evidence{Name: "issuer", Expected: asked.provider.Issuer, Found: setting.Value, From: setting.Origin}
	if setting.Value == asked.provider.Issuer {
		return ok("the provider calls itself "+asked.provider.Issuer, named)
	}
	return ok("the provider calls itself "+asked.provider.Issuer+", and so must the API's configuration, to the slash", named)
}

// otherIssuer is the verdict on a provider that goes by another name.
func (e *examination) otherIssuer(other *auth.IssuerMismatchError) Verdict {
	setting := e.setting("issuer")
	fix := e.change("issuer", other.Found)
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
