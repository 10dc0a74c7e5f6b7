// The edge of the API: whether AppSync answers at all, and whom it lets in that it
// should not.

package doctor

import (
	"context"
	"fmt"
	"net/http"
	"strings"
)

// listEndpoints prints the endpoints of an account's APIs.
const listEndpoints = `aws appsync list-graphql-apis --query "graphqlApis[].uris.GRAPHQL"`

// listFirewalls prints what stands in front of an account's APIs.
const listFirewalls = `aws appsync list-graphql-apis --query "graphqlApis[].[name,uris.GRAPHQL,visibility,wafWebAclArn]"`

// endpointAnswers looks at the call without credentials, or at the saved answer: who
// answers is seen best where no token has a part in it.
func endpointAnswers(ctx context.Context, e *examination) Verdict {
	if e.Answer != nil {
		return e.recognized(e.ownResponse(ctx))
	}
	if connected, made := e.finding(APIConnects); made && !connected.Passed() {
		return skippedWith(connected)
	}
	if e.known().endpoint == nil {
		return lacking("endpoint")
	}
	anonymous := read(e.anonymous(ctx))
	verdict := e.recognized(anonymous)
	if anonymous.Status == http.StatusForbidden && !gateway(anonymous) && verdict.Result == Failure {
		_, _ = e.await(ctx, TokenObtained) // no other API has to wait for the token
		if !e.shown() {
			return verdict
		}
		if own := e.ownResponse(ctx); own.accepted() || own.refused() {
			return ok("the API answers callers with credentials; others meet a firewall", e.evidence("call without credentials", "", anonymous))
		}
	}
	return verdict
}

// recognized says whether a reply is AppSync's.
func (e *examination) recognized(h response) Verdict {
	found := e.evidence("answer", "GraphQL", h)
	findIt := func(message string) Verdict {
		verdict := failure(message, listEndpoints, append([]Evidence{found}, e.endpointEvidence()...)...)
		verdict.Err = h.err()
		return e.attributed(verdict, EndpointShape)
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
func (e *examination) endpointEvidence() []Evidence {
	setting := e.setting("endpoint")
	if setting.Value == "" {
		return nil
	}
	return []Evidence{{Name: "endpoint", Found: harmless(setting.Value), From: setting.Origin}}
}

// skippedWith is the verdict on what makes no sense because of another finding.
func skippedWith(f Finding) Verdict {
	if f.Result == Skipped {
		return Verdict{Result: Skipped, Message: f.Message, Because: f.Because, Lacks: f.Lacks}
	}
	return Verdict{Result: Skipped, Because: f.ID}
}

const savedAnswer = "a saved answer is examined"

func anonymousRefused(ctx context.Context, e *examination) Verdict {
	if e.Answer != nil {
		return skipped(savedAnswer)
	}
	return e.strangerRefused(read(e.anonymous(ctx)), "call without credentials",
		"the API answers calls without any credentials: it is open to everyone",
		"take out what adds an API key or a signature in front of the API at "+e.known().endpoint.Host)
}

func nonsenseRefused(ctx context.Context, e *examination) Verdict {
	if e.Answer != nil {
		return skipped(savedAnswer)
	}
	if open, _ := e.finding(AnonymousRefused); open.Result == Failure {
		return Verdict{Result: Skipped, Because: open.ID}
	}
	return e.strangerRefused(read(e.nonsense(ctx)), "call with a made-up token",
		"the API answers a call with a token that nobody has issued: it checks none",
		"let the API's Lambda function answer isAuthorized: false to tokens that it does not know")
}

// strangerRefused says whether a call that had to be refused was.
func (e *examination) strangerRefused(h response, name, open, fix string) Verdict {
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
