// The API's configuration, compared with what is shown to it.

package doctor

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/appsyncctl/appsyncctl/internal/awsaccount"
)

// A comparison looks at one setting of the API. decided is false where the
// configuration does not say.
type comparison struct {
	id   ID
	with func(e *examination, api *awsaccount.API, h response) (v Verdict, decided bool)
}

// comparisons are in the order in which AppSync looks.
func comparisons() []comparison {
	return []comparison{
		{ModeSet, (*examination).compareMode}, {IssuerAccepted, (*examination).compareIssuer}, {ClientAccepted, (*examination).compareClient},
		{AgeAccepted, (*examination).compareAge}, {LoginAccepted, (*examination).compareLogin},
	}
}

// cleared tells whether the configuration shows that a check passes.
func (e *examination) cleared(id ID, h response) bool {
	for _, compare := range comparisons() {
		if compare.id == id {
			verdict, decided := compare.with(e, e.known().api, h)
			return decided && verdict.Result == OK
		}
	}
	return false
}

// entry is the API's mode that the caller's credentials meet: of several providers the
// token's own.
func (e *examination) entry(api *awsaccount.API) (awsaccount.Mode, bool) {
	var first *awsaccount.Mode
	for i, mode := range api.Modes {
		if mode.Type != modeType(e.mode()) {
			continue
		}
		if first == nil || sameIssuer(issuerOf(mode), e.known().claims.Issuer) {
			first = &api.Modes[i]
		}
	}
	if first == nil {
		return awsaccount.Mode{}, false
	}
	return *first, true
}

func (e *examination) compareMode(api *awsaccount.API, _ response) (Verdict, bool) {
	var names []string
	for _, mode := range api.Modes {
		names = append(names, string(mode.Type))
	}
	wanted := string(modeType(e.mode()))
	found := Evidence{Name: "modes", Expected: wanted, Found: strings.Join(names, ", "), From: account}
	switch slices.Index(names, wanted) {
	case -1:
		return failure(fmt.Sprintf("the API's modes are %s, and %s is not one of them", found.Found, wanted), e.otherMode(), found), true
	case 0:
		return ok(wanted+" is the API's default mode", found), true
	default:
		return ok(wanted+" is an additional mode of the API", found), true
	}
}

func (e *examination) compareIssuer(api *awsaccount.API, h response) (Verdict, bool) {
	mode, there := e.entry(api)
	iss := e.known().claims.Issuer
	if !there || iss == "" {
		return Verdict{}, false
	}
	if mode.Type == awsaccount.UserPools && h.accepted() {
		return Verdict{}, false // a pool has one issuer, which then is the token's
	}
	issuer := issuerOf(mode)
	found := []Evidence{{Name: "issuer", Expected: iss, Found: issuer, From: account}, {Name: "iss", Found: iss, From: "token"}}
	switch {
	case issuer == iss:
		return ok("the API's issuer is the token's", found...), true
	case sameIssuer(issuer, iss):
		return ok("the API's issuer is the token's but for the slash at its end, which AppSync forgives", found...), true
	default:
		return failure(fmt.Sprintf("the API's issuer is %s, and the token's is %s", issuer, iss), e.setIssuer(), found...), true
	}
}

// issuerOf is whose tokens a mode takes; for a user pool see the Amazon Cognito
// developer guide, "Verifying JSON web tokens".
func issuerOf(mode awsaccount.Mode) string {
	if mode.Type != awsaccount.UserPools {
		return mode.Issuer
	}
	domain := "amazonaws.com"
	if strings.HasPrefix(mode.PoolRegion, "cn-") {
		domain = "amazonaws.com.cn"
	}
	return fmt.Sprintf("https://cognito-idp.%s.%s/%s", mode.PoolRegion, domain, mode.UserPool)
}

// sameIssuer allows for one slash at the end, as AppSync does (aws-amplify/amplify-cli#6463).
func sameIssuer(a, b string) bool { return strings.TrimSuffix(a, "/") == strings.TrimSuffix(b, "/") }

func (e *examination) compareClient(api *awsaccount.API, h response) (Verdict, bool) {
	mode, there := e.entry(api)
	claims := e.known().claims
	if !there || e.known().token == "" {
		return Verdict{}, false
	}
	expression := mode.Client + mode.PoolClients // one of them is empty
	if expression == "" || expression == "*" {
		return ok("the API takes the tokens of every client", Evidence{Name: "client id expression", Found: expression, From: account}), true
	}
	found := e.clientEvidence(expression)
	whole, err := regexp.Compile("^(?:" + expression + ")$")
	if err != nil {
		// AppSync's expressions are Java's, which can say more than Go's.
		return unknown("the API's client ID expression is one that only Java understands", nil, found...), !h.accepted()
	}
	part := regexp.MustCompile("(?:" + expression + ")")
	names := append([]string{claims.ClientID}, claims.Audience...)
	switch {
	case slices.ContainsFunc(names, whole.MatchString):
		return ok("the API's client ID expression matches the token", found...), true
	case slices.ContainsFunc(names, part.MatchString) && h.accepted():
		return ok("the API's client ID expression matches a part of the token's, which was enough", found...), true
	default:
		return failure("the API's client ID expression matches neither the token's azp nor its aud", e.matchClient(), found...), true
	}
}

// clientEvidence shows what the expression is compared with; expression may be
// unknown.
func (e *examination) clientEvidence(expression string) []Evidence {
	claims := e.known().claims
	var all []Evidence
	if expression != "" {
		all = append(all, Evidence{Name: "client id expression", Found: expression, From: account})
	}
	if e.known().token == "" {
		return all
	}
	return append(all, Evidence{Name: "azp", Found: claims.ClientID, From: "token"}, Evidence{Name: "aud", Found: strings.Join(claims.Audience, ", "), From: "token"})
}

func (e *examination) compareAge(api *awsaccount.API, h response) (Verdict, bool) {
	mode, there := e.entry(api)
	claims := e.known().claims
	now, _ := e.apiNow()
	if !there || e.known().token == "" || e.younger(h) || mode.Type != awsaccount.OpenIDConnect {
		return Verdict{}, false
	}
	if mode.IatTTL <= 0 {
		return ok("the API sets no bound to a token's age", Evidence{Name: "iatTTL", Found: "none", From: account}), true
	}
	if claims.IssuedAt.IsZero() {
		return Verdict{}, false
	}
	age, life := now.Sub(claims.IssuedAt), claims.Expiry.Sub(claims.IssuedAt)
	found := []Evidence{
		{Name: "iatTTL", Found: milliseconds(mode.IatTTL), From: account}, {Name: "iat", Found: stamp(claims.IssuedAt), From: "token"},
		{Name: "now", Found: stamp(now), From: "the API's clock"},
	}
	hint := ""
	if mode.IatTTL < 100*time.Second { // 86400 and less were meant to be seconds
		hint = fmt.Sprintf(" (iatTTL is %d milliseconds; were seconds meant, it would be %d)", mode.IatTTL.Milliseconds(), 1000*mode.IatTTL.Milliseconds())
	}
	switch {
	case age >= mode.IatTTL, h.refused() && age+2*time.Second >= mode.IatTTL: // clocks in answers have whole seconds
		return failure(fmt.Sprintf("the token is %s old, and the API takes none that is older than %s%s", age.Round(time.Second), mode.IatTTL, hint), e.longer(), found...), true
	case mode.IatTTL < life:
		return warning(fmt.Sprintf("the token lives %s, and the API takes it for %s only%s", life.Round(time.Second), mode.IatTTL, hint), e.longer(), found...), true
	default:
		return ok(fmt.Sprintf("the token is %s old, and the API takes it for %s", age.Round(time.Second), mode.IatTTL), found...), true
	}
}

func (e *examination) compareLogin(api *awsaccount.API, h response) (Verdict, bool) {
	mode, there := e.entry(api)
	claims := e.known().claims
	now, _ := e.apiNow()
	if !there || e.known().token == "" || e.younger(h) || mode.Type != awsaccount.OpenIDConnect {
		return Verdict{}, false
	}
	found := Evidence{Name: "authTTL", Found: milliseconds(mode.AuthTTL), From: account}
	switch {
	case mode.AuthTTL <= 0:
		found.Found = "none"
		return ok("the API asks for no authentication time", found), true
	case claims.AuthTime.IsZero():
		return failure("the API bounds the time since the login (authTTL), and the token has no auth_time", noAuthTTL,
			found, Evidence{Name: "auth_time", Found: "none", From: "token"}), true
	case now.Sub(claims.AuthTime) >= mode.AuthTTL:
		return failure(fmt.Sprintf("the login was %s ago, and the API takes %s", now.Sub(claims.AuthTime).Round(time.Second), mode.AuthTTL), "appsyncctl login",
			found, Evidence{Name: "auth_time", Found: stamp(claims.AuthTime), From: "token"}), true
	default:
		return ok("the login is recent enough for the API", found), true
	}
}
