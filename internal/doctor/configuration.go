// The API's configuration, as the AWS account has it, compared with what is shown to
// the API.

package doctor

import (
	"context"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/appsyncctl/appsyncctl/internal/awsaccount"
)

// accountFacts are what the AWS account says.
type accountFacts struct {
	api   *awsaccount.API // nil if it says nothing
	found findings
}

// examineAccount reads the API's configuration.
func examineAccount(ctx context.Context, r *runner, settings settingsFacts) (f accountFacts) {
	f.api, f.found = learn(ctx, r, settings.found, AccountReadable, func(ctx context.Context) (*awsaccount.API, Verdict) {
		return accountReadable(ctx, caller{Subject: r.Subject, settingsFacts: settings})
	})
	return f
}

// accountReadable reads the API's configuration. That the account is another one, or
// that there are no credentials, is no finding: most people have none for the API.
func accountReadable(ctx context.Context, c caller) (*awsaccount.API, Verdict) {
	if c.Account == nil {
		return nil, skipped("there are no AWS credentials to read it with")
	}
	api, err := c.Account.API(ctx, c.endpoint.String())
	if failed, known := errors.AsType[*awsaccount.Error](err); known {
		switch failed.Reason {
		case awsaccount.NoCredentials, awsaccount.NoRegion:
			return nil, skipped(c.harmlessly(failed.Error()))
		case awsaccount.NotFound:
			return nil, skipped("the AWS credentials are those of an account without this API")
		case awsaccount.Denied:
			verdict := unknown("these AWS credentials are not allowed to read it: "+c.harmlessly(failed.Error()), err)
			verdict.Fix = "allow " + failed.Action
			return nil, verdict
		}
	}
	if err != nil {
		return nil, unknown(c.harmlessly(err.Error()), err)
	}
	if api == nil || len(api.Modes) == 0 {
		return nil, unknown("the account says nothing of its modes", nil)
	}
	return api, ok(fmt.Sprintf("the API is called %q", c.harmlessly(api.Name)), accountEvidence(api)...)
}

// accountEvidence is what the other checks compare with.
func accountEvidence(api *awsaccount.API) []Evidence {
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

// A configuration is the API's, with the caller whom it is to let in.
type configuration struct {
	caller
	api *awsaccount.API // nil if the account does not tell
}

// A comparison looks at one setting of the API. decided is false where the
// configuration does not say.
type comparison struct {
	id   ID
	with func(c configuration, h response) (v Verdict, decided bool)
}

// comparisons are in the order in which AppSync looks.
func comparisons() []comparison {
	return []comparison{
		{ModeSet, configuration.compareMode}, {IssuerAccepted, configuration.compareIssuer}, {ClientAccepted, configuration.compareClient},
		{AgeAccepted, configuration.compareAge}, {LoginAccepted, configuration.compareLogin},
	}
}

// cleared tells whether the configuration shows that a check passes.
func (c configuration) cleared(id ID, h response) bool {
	for _, compare := range comparisons() {
		if compare.id == id {
			verdict, decided := compare.with(c, h)
			return decided && verdict.Result == OK
		}
	}
	return false
}

// entry is the API's mode that the caller's credentials meet: of several providers the
// token's own.
func (c configuration) entry() (awsaccount.Mode, bool) {
	var first *awsaccount.Mode
	for i, mode := range c.api.Modes {
		if mode.Type != modeType(c.mode()) {
			continue
		}
		if first == nil || sameIssuer(issuerOf(mode), c.claims.Issuer) {
			first = &c.api.Modes[i]
		}
	}
	if first == nil {
		return awsaccount.Mode{}, false
	}
	return *first, true
}

func (c configuration) compareMode(_ response) (Verdict, bool) {
	var names []string
	for _, mode := range c.api.Modes {
		names = append(names, string(mode.Type))
	}
	wanted := string(modeType(c.mode()))
	found := Evidence{Name: "modes", Expected: wanted, Found: strings.Join(names, ", "), From: account}
	switch slices.Index(names, wanted) {
	case -1:
		return failure(fmt.Sprintf("the API's modes are %s, and %s is not one of them", found.Found, wanted), c.otherMode(), found), true
	case 0:
		return ok(wanted+" is the API's default mode", found), true
	default:
		return ok(wanted+" is an additional mode of the API", found), true
	}
}

func (c configuration) compareIssuer(h response) (Verdict, bool) {
	mode, there := c.entry()
	iss := c.claims.Issuer
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
		return failure(fmt.Sprintf("the API's issuer is %s, and the token's is %s", issuer, iss), c.setIssuer(), found...), true
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

func (c configuration) compareClient(h response) (Verdict, bool) {
	mode, there := c.entry()
	claims := c.claims
	if !there || c.token == "" {
		return Verdict{}, false
	}
	expression := mode.Client + mode.PoolClients // one of them is empty
	if expression == "" || expression == "*" {
		return ok("the API takes the tokens of every client", Evidence{Name: "client id expression", Found: expression, From: account}), true
	}
	found := c.clientEvidence(expression)
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
		return failure("the API's client ID expression matches neither the token's azp nor its aud", c.matchClient(), found...), true
	}
}

// clientEvidence shows what the expression is compared with; expression may be
// unknown.
func (c configuration) clientEvidence(expression string) []Evidence {
	claims := c.claims
	var all []Evidence
	if expression != "" {
		all = append(all, Evidence{Name: "client id expression", Found: expression, From: account})
	}
	if c.token == "" {
		return all
	}
	return append(all, Evidence{Name: "azp", Found: claims.ClientID, From: "token"}, Evidence{Name: "aud", Found: strings.Join(claims.Audience, ", "), From: "token"})
}

func (c configuration) compareAge(h response) (Verdict, bool) {
	mode, there := c.entry()
	claims := c.claims
	now, _ := apiNow(c.Subject, c.networkFacts)
	if !there || c.token == "" || c.younger(h) || mode.Type != awsaccount.OpenIDConnect {
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
		return failure(fmt.Sprintf("the token is %s old, and the API takes none that is older than %s%s", age.Round(time.Second), mode.IatTTL, hint), c.longer(), found...), true
	case mode.IatTTL < life:
		return warning(fmt.Sprintf("the token lives %s, and the API takes it for %s only%s", life.Round(time.Second), mode.IatTTL, hint), c.longer(), found...), true
	default:
		return ok(fmt.Sprintf("the token is %s old, and the API takes it for %s", age.Round(time.Second), mode.IatTTL), found...), true
	}
}

func (c configuration) compareLogin(h response) (Verdict, bool) {
	mode, there := c.entry()
	claims := c.claims
	now, _ := apiNow(c.Subject, c.networkFacts)
	if !there || c.token == "" || c.younger(h) || mode.Type != awsaccount.OpenIDConnect {
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

// What to do about an API's configuration. aws appsync update-graphql-api is not among
// it: it takes away every setting that it is not told again.

const noAuthTTL = "remove the authentication time (authTTL) from the API's OpenID Connect provider (AppSync console, Settings)"

// otherMode sets the mode that the API has, where that is known.
func (c configuration) otherMode() string {
	if c.api == nil {
		return `aws appsync list-graphql-apis --query "graphqlApis[].[uris.GRAPHQL,authenticationType,additionalAuthenticationProviders[].authenticationType]"`
	}
	for _, mode := range c.api.Modes {
		if name := modeName(mode.Type); name != "" && name != c.mode() {
			return c.change("auth", name)
		}
	}
	return fmt.Sprintf("add %s to the API's authorization modes (AppSync console, Settings)", modeType(c.mode()))
}

func (c configuration) setIssuer() string {
	if c.mode() == modeCognito {
		return "set the API's user pool (AppSync console, Settings) to that of " + c.claims.Issuer
	}
	return "set the API's OpenID Connect provider (AppSync console, Settings) to " + c.claims.Issuer
}

func (c configuration) matchClient() string {
	claims := c.claims
	name := claims.ClientID
	if name == "" && len(claims.Audience) > 0 {
		name = claims.Audience[0]
	}
	if name == "" {
		return "set the client ID of the API's OpenID Connect provider (AppSync console, Settings) to the token's azp"
	}
	return "set the client ID of the API's OpenID Connect provider (AppSync console, Settings) to " + regexp.QuoteMeta(name)
}

// longer lets the API take a token as long as it lives.
func (c configuration) longer() string {
	claims := c.claims
	life := claims.Expiry.Sub(claims.IssuedAt)
	if claims.IssuedAt.IsZero() || life <= 0 {
		return "remove the issue time (iatTTL) from the API's OpenID Connect provider (AppSync console, Settings)"
	}
	return fmt.Sprintf("set the issue time (iatTTL) of the API's OpenID Connect provider (AppSync console, Settings) to %d milliseconds", life.Milliseconds())
}

// askAgain is the way on when only the account can tell.
func (c configuration) askAgain() string {
	api := c.api
	switch {
	case c.mode() == modeAPIKey && api != nil:
		return "aws appsync list-api-keys --api-id " + api.ID
	case c.mode() == modeIAM:
		return "aws sts get-caller-identity"
	case c.mode() == modeLambda && function(api) != "":
		return "aws logs tail /aws/lambda/" + function(api) + " --since 10m"
	case api != nil:
		return "aws appsync get-graphql-api --api-id " + api.ID
	default:
		return "AWS_PROFILE=NAME appsyncctl doctor"
	}
}

// function is the name of the API's Lambda function; empty if it is not known.
func function(api *awsaccount.API) string {
	if api == nil {
		return ""
	}
	for _, mode := range api.Modes {
		if name := regexp.MustCompile(`:function:([A-Za-z0-9_-]+)`).FindStringSubmatch(mode.Function); name != nil {
			return name[1]
		}
	}
	return ""
}
