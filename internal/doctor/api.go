// The API: whether it answers, whom it lets in, and why it refuses the caller.

package doctor

import (
	"context"
	"fmt"
	"net/http"
	"strings"
	"time"
	"unicode"

	"github.com/appsyncctl/appsyncctl/internal/redact"
)

func apiChecks() []Check {
	checks := []Check{
		{
			ID: EndpointAnswers, Title: "the endpoint answers as AppSync does", limit: totalLimit,
			Meaning: `A call without credentials is enough to see who answers: AppSync refuses it with 401 and a GraphQL error. A page of HTML, a redirect or 404 come from another host or path. 403 {"message":"Forbidden"} comes from a firewall (AWS WAF) in front of the API, or from a private API that is called from outside its VPC: no token helps there. 429 and 5xx say nothing about the set-up: try again.`,
		},
		{
			ID: AnonymousRefused, Title: "a call without credentials is refused", needs: []ID{EndpointAnswers},
			Meaning: `A call without any credentials is sent, which AppSync always refuses. If it is answered, the API gives its data to everyone: something in front of it adds credentials, such as a proxy or a CloudFront distribution with an API key in it. Take the credentials out there, and let each caller send their own.`,
		},
		{
			ID: MadeUpRefused, Title: "a call with a made-up token is refused", needs: []ID{EndpointAnswers},
			Meaning: `A call with a token that nobody has issued is sent, and the API has to refuse it. If it is answered, every token opens the API: AppSync hands a token that is no JWT to the API's Lambda function, where it has one (mode AWS_LAMBDA), and that function allows everything. Let the function answer isAuthorized: false to tokens that it does not know.`,
		},
		{
			ID: AccountReadable, Title: "the API's configuration can be read", needs: []ID{EndpointUsable}, limit: 5 * time.Second,
			Meaning: `With AWS credentials at hand, the API's own settings are read (appsync:ListGraphqlApis, appsync:GetGraphqlApi) and compared with the token, so that the cause of a refusal is known and not guessed. Nothing is changed. Without credentials for the API's account the other checks conclude from its answers.`,
		},
	}
	for _, check := range refusalChecks() {
		check.needs, check.limit = append(check.needs, EndpointAnswers), 2*patientLimit // for two calls
		checks = append(checks, check)
	}
	checks = append(checks, useChecks()...)
	for i := range checks {
		checks[i].Category = API
	}
	return checks
}

// refusalChecks are those that share the answer to the authorized call.
func refusalChecks() []Check {
	return []Check{
		{
			ID: ModeSet, Title: "the API is in the authorization mode that is set", Refusal: true,
			Meaning: `An API has a default authorization mode and may have additional ones: OPENID_CONNECT, AMAZON_COGNITO_USER_POOLS, AWS_LAMBDA, API_KEY, AWS_IAM. Credentials of another mode are refused with 401 "You are not authorized to make this call."; an API in the mode AWS_IAM asks for parameters of a signature. Set --auth to a mode that the API has, or add the mode to the API.`,
		},
		{
			ID: IssuerAccepted, Title: "the API's issuer is the one that issued the token", Refusal: true,
			Meaning: `AppSync fetches keys from the issuer in the API's OpenID Connect settings. A token of another issuer, be it another tenant or the same one under its custom domain, verifies with none of them and is refused with 401 "Valid authorization header not provided.", as if there were no token. An API with several modes compares iss as well; a slash at the end makes no difference, the rest must be equal. The API's provider must be the token's iss: https://TENANT.auth0.com/, or the custom domain if tokens are asked for there.`,
		},
		{
			ID: ClientAccepted, Title: "the API's client ID expression matches the token", Refusal: true,
			Meaning: `The client ID in the API's OpenID Connect settings is a regular expression that must match the token's azp or one of its aud; tokens of all other clients are refused with 401 "Unauthorized". Auth0's access tokens have the client in azp, and in aud the API's identifier. Several clients are written as FIRST|SECOND. AppSync says the same to a token without auth_time when authTTL is set.`,
		},
		{
			ID: AgeAccepted, Title: "the token is young enough for the API", Refusal: true,
			Meaning: `The API's OpenID Connect settings may bound the time since the token's iat (iatTTL). A token that is older is refused with 401 "Token has expired." although its exp has not passed. The value is in milliseconds: 3600 is 3.6 seconds, and an hour is 3600000. Set it to the lifetime of tokens at the provider, or remove it.`,
		},
		{
			ID: LoginAccepted, Title: "the API asks for no authentication time that the token lacks", Refusal: true,
			Meaning: `The API's OpenID Connect settings may bound the time since the login (authTTL, in milliseconds). It is counted from the token's auth_time, which Auth0's access tokens do not have, and those of machines cannot have: such an API refuses every one of them. Remove authTTL, or let an Action add the claim.`,
		},
		{
			ID: FormAccepted, Title: "the token is sent in a form that the API reads", Refusal: true,
			Meaning: `AppSync reads the bare token in the Authorization header everywhere, and behind "Bearer" only since 2022; a proxy or an authorizer in between may want the one or the other. The API was shown the same token in both forms and took the other one. Set --auth-scheme to it.`,
		},
		{
			ID: CallerAccepted, Title: "the API accepts the caller", Refusal: true,
			Meaning: `{ __typename } is sent with the caller's own credentials, which touches no data. If it is refused and no other check knows why, the causes that are left are listed, the most likely first: with AWS credentials of the API's account (AWS_PROFILE) doctor can tell most of them apart, so run it again with these. An API key expires, after seven days unless it was made for longer: make a new one. For AWS_IAM the identity needs appsync:GraphQL on the API's types: allow it. For AWS_LAMBDA the function decides: its log says why.`,
		},
	}
}

// useChecks need a caller who is let in.
func useChecks() []Check {
	return []Check{
		{
			ID: FieldsCallable, Title: "the fields can be called", needs: []ID{CallerAccepted}, limit: 2 * patientLimit,
			Meaning: `One customer is asked for. If the answer is 200 with errorType "Unauthorized", the API has let the caller in, and the field is closed to the mode: what has no directive is open to the API's default mode only, so that in another one each field and each type in the answer needs its own, @aws_oidc for OpenID Connect; and what has any is closed to the default mode, unless that is named as well. "null" without a reason is a field without a resolver; AccessDenied comes from the role of the data source, which may not read the table.`,
		},
		{
			ID: SchemaFits, Title: "the API's schema has the operations", needs: []ID{CallerAccepted}, limit: 5 * time.Second,
			Meaning: `The operations of "appsyncctl customers" are compared with the API's schema: that of AppSync's console for a type Customer with id, name, city, state and country. What is missing is named. "appsyncctl schema" prints what the API has, and "appsyncctl setup aws" a template with the schema that is expected. Where introspection is off, the queries are sent in a form that runs no resolver, and the mutations remain unseen.`,
		},
		{
			ID: RealtimeConnects, Title: "the real-time endpoint accepts a connection", needs: []ID{CallerAccepted}, limit: 5 * time.Second,
			Meaning: `Subscriptions ("appsyncctl customers watch") go over a WebSocket to another host: ID.appsync-realtime-api.REGION.amazonaws.com, or /graphql/realtime of a custom domain. A proxy or a firewall that knows the API's host may not know that one, or may not let WebSockets pass. Everything else works without it.`,
		},
	}
}

// examineAPI looks at the API as strangers see it, then as the caller does.
func examineAPI(ctx context.Context, r *runner, settings settingsFacts, network networkFacts, token promise[tokenFacts], account promise[accountFacts]) {
	stranger := caller{r.Subject, settings, network, tokenFacts{}, network.found}
	calls := newCalls(r.Subject, settings.endpoint, network.toAPI.proxy)
	edge := edge{stranger, calls, token}
	answering := r.check(ctx, network.found, EndpointAnswers, edge.endpointAnswers)
	strangers := begin(func() findings { return edge.examineStrangers(ctx, r, answering) })
	shown, configured := token.wait(), account.wait()
	e := inquiry{configuration{caller{r.Subject, settings, network, shown, joined(answering, configured.found, shown.found)}, configured.api}, calls}
	e.found = e.examineRefusal(ctx, r)
	use{e.caller, calls}.examineUse(ctx, r)
	strangers.wait()
}

// A caller is who calls the API, with what is known of the way to it. The token is that
// of nobody as long as a stranger is looked at.
type caller struct {
	*Subject
	settingsFacts
	networkFacts
	tokenFacts
	found findings // with those of the checks that this one looks at
}

// cannotCall is why the caller's credentials cannot be shown to the API; the verdict is
// good if they can.
func (c caller) cannotCall() (Verdict, bool) {
	switch {
	case c.Answer != nil:
		return Verdict{}, false
	case c.endpoint == nil:
		return lacking("endpoint"), true
	case c.tokened() && c.token == "":
		if had, made := c.found[TokenObtained]; made && !had.Passed() {
			return skippedWith(had), true
		}
		return skipped("there is no token"), true
	case c.Authorized == nil:
		return Verdict{Result: Skipped, Because: SettingsComplete}, true
	default:
		return Verdict{}, false
	}
}

// shown tells whether the caller's credentials can be shown.
func (c caller) shown() bool {
	_, cannotCall := c.cannotCall()
	return !cannotCall
}

// younger tells whether the token was issued after a saved answer was given: then it is
// not the one that was refused, and nothing follows from it.
func (c caller) younger(h response) bool {
	if c.Answer == nil || c.Answer.justNow() || h.Header.Get("Date") == "" {
		return false
	}
	now, _ := apiNow(c.Subject, c.networkFacts)
	return c.claims.IssuedAt.After(now.Add(time.Second)) // Date has whole seconds
}

// evidence is the reply for the eyes of a person.
func (c caller) evidence(name, expected string, h response) Evidence {
	evidence := Evidence{Name: name, Expected: expected, From: "the API"}
	if c.Answer != nil {
		evidence.From = "the saved answer"
	}
	switch {
	case h.lost != nil:
		evidence.Found = "no answer: " + c.harmlessly(h.lost.Error())
	case h.answer == nil:
		evidence.Found = "200 with data"
	case len(h.answer.Errors) > 0 && h.Status != 0:
		evidence.Found = fmt.Sprintf("%d %s", h.Status, c.harmlessly(h.answer.Error()))
	default:
		evidence.Found = c.harmlessly(h.told())
	}
	return evidence
}

// harmlessly is a server's text on one line, without what commands a terminal and
// without secrets, which go before the cut.
func (c caller) harmlessly(text string) string {
	const shortest, most = 8, 400
	if token := c.token; len(token) >= shortest {
		text = strings.ReplaceAll(text, token, redact.Redacted)
	}
	if c.Clean != nil {
		text = c.Clean(text)
	}
	text = strings.Join(strings.Fields(strings.Map(func(c rune) rune {
		switch {
		case unicode.IsSpace(c):
			return ' '
		case !unicode.IsPrint(c):
			return unicode.ReplacementChar
		default:
			return c
		}
	}, text)), " ")
	if len(text) > most {
		text = strings.ToValidUTF8(text[:most], "") + "…"
	}
	return text
}

// briefly is the beginning of a chain of errors: AWS's library tells of every place in
// which it has looked for credentials.
func (c caller) briefly(err error) string {
	const most = 2
	links := strings.SplitN(c.harmlessly(err.Error()), ", ", most+1)
	return strings.Join(links[:min(most, len(links))], ", ")
}

// otherForm is the verdict on a token that is sent in a form that the API does not read.
func (c caller) otherForm(h response) Verdict {
	sent, read, message := "raw", "bearer", "the API accepts the token behind Bearer; it was sent bare"
	if c.bearer() {
		sent, read, message = read, sent, "the API accepts the bare token; it was sent with Bearer"
	}
	setting := c.setting("auth_scheme")
	verdict := failure(message, c.change("auth_scheme", read),
		c.evidence("answer", "", h), Evidence{Name: "auth_scheme", Expected: read, Found: sent, From: setting.Origin})
	verdict.Err = h.err()
	return verdict
}

const savedAnswer = "a saved answer is examined"

// listEndpoints prints the endpoints of an account's APIs.
const listEndpoints = `aws appsync list-graphql-apis --query "graphqlApis[].uris.GRAPHQL"`

// listFirewalls prints what stands in front of an account's APIs.
const listFirewalls = `aws appsync list-graphql-apis --query "graphqlApis[].[name,uris.GRAPHQL,visibility,wafWebAclArn]"`

// An edge is what the API shows to strangers.
type edge struct {
	caller
	calls *calls
	token promise[tokenFacts]
}

// examineStrangers looks at whom the API lets in that it should not.
func (e edge) examineStrangers(ctx context.Context, r *runner, known findings) findings {
	known = r.check(ctx, known, AnonymousRefused, e.anonymousRefused)
	return r.check(ctx, known, MadeUpRefused, func(ctx context.Context) Verdict { return e.madeUpRefused(ctx, known[AnonymousRefused]) })
}

// endpointAnswers looks at the call without credentials, or at the saved answer: who
// answers is seen best where no token has a part in it.
func (e edge) endpointAnswers(ctx context.Context) Verdict {
	if e.Answer != nil {
		e.tokenFacts, _ = e.token.within(ctx) // which the answer may repeat
		return e.recognized(e.calls.asCaller(ctx, ""))
	}
	if connected, made := e.found[APIConnects]; made && !connected.Passed() {
		return skippedWith(connected)
	}
	if e.endpoint == nil {
		return lacking("endpoint")
	}
	anonymous := read(e.anonymous)
	verdict := e.recognized(anonymous)
	if anonymous.Status == http.StatusForbidden && !gateway(anonymous) && verdict.Result == Failure {
		token, _ := e.token.within(ctx) // no other API has to wait for it
		e.tokenFacts, e.found = token, joined(e.found, token.found)
		if !e.shown() {
			return verdict
		}
		if own := e.calls.asCaller(ctx, e.tokenFacts.token); own.accepted() || own.refused() {
			return ok("the API answers callers with credentials; others meet a firewall", e.evidence("call without credentials", "", anonymous))
		}
	}
	return verdict
}

// recognized says whether a reply is AppSync's.
func (e edge) recognized(h response) Verdict {
	found := e.evidence("answer", "GraphQL", h)
	findIt := func(message string) Verdict {
		verdict := failure(message, listEndpoints, append([]Evidence{found}, e.endpointEvidence()...)...)
		verdict.Err = h.err()
		return e.found.attributed(verdict, EndpointShape)
	}
	switch {
	case h.lost != nil:
		return unknown("the API did not answer: "+e.harmlessly(h.lost.Error()), h.lost, found)
	case h.accepted() || h.refused() || h.schemaless():
		return ok("AppSync answers the call", found)
	case h.Status == http.StatusTooManyRequests || h.answer.Throttled():
		return unknown("the API has too many calls at the moment", h.answer, found)
	case h.Status >= 500:
		return unknown(fmt.Sprintf("the API is out of order: it answers %d %s", h.Status, http.StatusText(h.Status)), h.answer, found)
	case h.Status/100 == 3:
		return findIt(e.harmlessly(h.answer.NotGraphQL) + ": no GraphQL API does that")
	case h.Status == http.StatusNotFound:
		return findIt("there is no API at this address (404): its host or its path is another's")
	case gateway(h):
		return findIt("an API Gateway without such a path answers, and not AppSync")
	case h.Status == http.StatusForbidden && len(h.answer.Errors) == 0:
		verdict := failure("a firewall (AWS WAF) refuses this caller, or the API is private to its VPC",
			listFirewalls, append([]Evidence{found}, e.endpointEvidence()...)...)
		verdict.Err = h.answer
		return verdict
	case h.Status == http.StatusUnauthorized || h.Status == http.StatusProxyAuthRequired:
		return findIt("something in front of the API wants a login of its own: " + strings.TrimPrefix(found.Found, "the API answered "))
	case len(h.answer.Errors) > 0:
		return ok("AppSync answers the call", found) // 400, which the call with credentials explains
	default:
		return findIt("what answers is no GraphQL API: " + strings.TrimPrefix(found.Found, "the API answered "))
	}
}

// gateway tells whether an API Gateway answers to a path that it has not.
func gateway(h response) bool {
	return h.Status == http.StatusForbidden && h.answer != nil && h.answer.Message == "Missing Authentication Token" && len(h.answer.Errors) == 0
}

// endpointEvidence is where the call went; nothing for a saved answer of nowhere.
func (e edge) endpointEvidence() []Evidence {
	setting := e.setting("endpoint")
	if setting.Value == "" {
		return nil
	}
	return []Evidence{{Name: "endpoint", Found: harmless(setting.Value), From: setting.Origin}}
}

func (e edge) anonymousRefused(context.Context) Verdict {
	if e.Answer != nil {
		return skipped(savedAnswer)
	}
	return e.strangerRefused(read(e.anonymous), "call without credentials",
		"the API answers calls without any credentials: it is open to everyone",
		"take out what adds an API key or a signature in front of the API at "+e.endpoint.Host)
}

func (e edge) madeUpRefused(ctx context.Context, open Finding) Verdict {
	if e.Answer != nil {
		return skipped(savedAnswer)
	}
	if open.Result == Failure {
		return Verdict{Result: Skipped, Because: open.ID}
	}
	return e.strangerRefused(e.calls.madeUp(ctx), "call with a made-up token",
		"the API answers a call with a token that nobody has issued: it checks none",
		"let the API's Lambda function answer isAuthorized: false to tokens that it does not know")
}

// strangerRefused says whether a call that had to be refused was.
func (e edge) strangerRefused(h response, name, open, fix string) Verdict {
	found := e.evidence(name, "401", h)
	closed := h.answer != nil && len(h.data) == 0 && h.answer.HasType("Unauthorized")
	switch {
	case h.inconclusive():
		return unknown("the call got no answer to go by: "+found.Found, h.err(), found)
	case h.refused(), h.accepted() && closed:
		return ok("the API refuses the "+name, found)
	case h.accepted():
		return failure(open, fix, found)
	default:
		return unknown("the API neither accepts nor refuses the "+name+": "+strings.TrimPrefix(found.Found, "the API answered "), h.err(), found)
	}
}
