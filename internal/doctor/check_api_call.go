// The authorized call: accepted, or refused and why.

package doctor

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/appsyncctl/appsyncctl/internal/awsaccount"
)

// cannotCall is why the caller's credentials cannot be shown to the API; the verdict is
// good if they can.
func (e *examination) cannotCall() (Verdict, bool) {
	switch {
	case e.Answer != nil:
		return Verdict{}, false
	case e.known().endpoint == nil:
		return lacking("endpoint"), true
	case e.tokened() && e.known().token == "":
		if had, made := e.finding(TokenObtained); made && !had.Passed() {
			return skippedWith(had), true
		}
		return skipped("there is no token"), true
	case e.Authorized == nil:
		return Verdict{Result: Skipped, Because: SettingsComplete}, true
	default:
		return Verdict{}, false
	}
}

// shown tells whether the caller's credentials can be shown.
func (e *examination) shown() bool {
	_, cannotCall := e.cannotCall()
	return !cannotCall
}

// settled makes a check of one possible cause: by the account's configuration where it
// could be read, else by what the API answers. An accepted call is never a failure.
func settled(id ID, compare func(*examination, *awsaccount.API, response) (Verdict, bool)) func(context.Context, *examination) Verdict {
	return func(ctx context.Context, e *examination) Verdict {
		if verdict, cannotCall := e.cannotCall(); cannotCall {
			return verdict
		}
		if reason := e.pointless(id); reason != "" {
			return skipped(reason)
		}
		own := e.ownResponse(ctx)
		configured, decided := e.configured(compare, own)
		switch {
		case decided && (configured.Result != Unknown || !own.refused()):
			return configured
		case own.accepted():
			return ok("the API accepts the call")
		case !own.refused():
			return skipped("the API has neither accepted nor refused the caller")
		}
		found := e.diagnosis(ctx, own)
		suspected := slices.IndexFunc(found.suspects, func(s suspect) bool { return s.id == id })
		switch {
		case found.id == id:
			return found.verdict
		case decided:
			return configured
		case suspected >= 0:
			return unknown("only the API's configuration can tell: "+found.suspects[suspected].reason, own.err())
		case found.id != "":
			return Verdict{Result: Skipped, Because: found.id}
		default:
			return skipped("the API's answer points to other causes")
		}
	}
}

// configured is what the account's configuration says; decided is false if it says
// nothing.
func (e *examination) configured(compare func(*examination, *awsaccount.API, response) (Verdict, bool), own response) (v Verdict, decided bool) {
	api := e.known().api
	if api == nil || compare == nil {
		return Verdict{}, false
	}
	v, decided = compare(e, api, own)
	switch {
	case v.Result == Failure && own.accepted():
		v.Result, v.Message = Warning, v.Message+", but the API accepts the call"
	case v.Result == Failure && own.refused():
		v.Err = own.err()
	}
	return v, decided
}

// pointless is why a check makes no sense for the mode; empty if it does.
func (e *examination) pointless(id ID) string {
	mode := modeType(e.mode())
	switch {
	case id == FormAccepted && e.Answer != nil && !e.bearer():
		return savedAnswer
	case id == FormAccepted && !e.tokened(), !e.jwt() && id != ModeSet && id != FormAccepted:
		return fmt.Sprintf("the mode %s has no such setting", mode)
	case e.mode() == modeCognito && (id == AgeAccepted || id == LoginAccepted):
		return fmt.Sprintf("the mode %s has no such setting", mode)
	default:
		return ""
	}
}

func callAccepted(ctx context.Context, e *examination) Verdict {
	if verdict, cannotCall := e.cannotCall(); cannotCall {
		return verdict
	}
	own := e.ownResponse(ctx)
	found := e.evidence("authorized call", "200", own)
	wrong := func(message, fix string) Verdict {
		verdict := failure(message, fix, found)
		verdict.Err = own.err()
		return verdict
	}
	switch {
	case own.accepted() && e.Answer == nil && !own.typed():
		return wrong("the answer to the call with credentials does not hold the field that was asked for (__typename): something in front of the API answers", listEndpoints)
	case own.accepted():
		return ok("the API accepts the caller", found)
	case unsent(own.lost):
		return e.uncredentialed(own.lost)
	case own.lost != nil:
		return unknown("the API did not answer: "+e.harmlessly(own.lost.Error()), own.lost, found)
	case own.inconclusive():
		return unknown("the API could not answer: "+e.harmlessly(own.answer.Error()), own.answer, found)
	case own.schemaless():
		return wrong("the API has no schema", expectedSchema)
	case own.refused():
		return e.refusal(e.diagnosis(ctx, own), own, wrong)
	case own.Status == 403:
		return wrong("a firewall (AWS WAF) refuses the call with credentials, and not the one without", listFirewalls)
	case own.Status == 400:
		return wrong("the API cannot read the request, as if something had changed it on its way: "+e.harmlessly(own.answer.Error()), listEndpoints)
	default:
		return wrong(e.harmlessly(own.answer.Error()), listEndpoints)
	}
}

// refusal words what is known of the cause.
func (e *examination) refusal(c diagnosis, own response, wrong func(message, fix string) Verdict) Verdict {
	words := e.harmlessly(own.words())
	if c.id != "" {
		return consequence(wrong(fmt.Sprintf("the API refuses the caller (%s)", words), ""), c.id)
	}
	if len(c.suspects) == 0 {
		return wrong(fmt.Sprintf("the API refuses the caller (%s), and nothing that is known explains it", words), e.askAgain())
	}
	var reasons []string
	for i, s := range c.suspects {
		reason := fmt.Sprintf("(%d) %s", i+1, s.reason)
		if s.id != "" {
			reason += ", " + string(s.id)
		}
		reasons = append(reasons, reason)
	}
	return wrong(fmt.Sprintf("the API refuses the caller (%s); most likely first: %s", words, strings.Join(reasons, "; ")), e.askAgain())
}
