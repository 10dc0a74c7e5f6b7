// The cause of a refusal. AppSync says one of a few sentences at its edge; with what is
// known of the token, of the other calls and of the account, most leave one cause.

package doctor

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"
)

// An inquiry is into whether the API lets the caller in, and why not.
type inquiry struct {
	configuration
	calls *calls
}

// examineRefusal looks for each cause of a refusal, and then at the call itself. It
// returns what is known by then.
func (q inquiry) examineRefusal(ctx context.Context, r *runner) findings {
	q.found = r.checks(ctx, q.found,
		q.settled(ModeSet, configuration.compareMode), q.settled(IssuerAccepted, configuration.compareIssuer), q.settled(ClientAccepted, configuration.compareClient),
		q.settled(AgeAccepted, configuration.compareAge), q.settled(LoginAccepted, configuration.compareLogin), q.settled(FormAccepted, nil))
	return r.check(ctx, q.found, CallerAccepted, q.callAccepted)
}

// settled makes a check of one possible cause: by the account's configuration where it
// could be read, else by what the API answers. An accepted call is never a failure.
func (q inquiry) settled(id ID, compare func(configuration, response) (Verdict, bool)) look {
	return look{id, func(ctx context.Context) Verdict {
		if verdict, cannotCall := q.cannotCall(); cannotCall {
			return verdict
		}
		if reason := q.pointless(id); reason != "" {
			return skipped(reason)
		}
		own := q.calls.asCaller(ctx, q.token)
		configured, decided := q.configured(compare, own)
		switch {
		case decided && (configured.Result != Unknown || !own.refused()):
			return configured
		case own.accepted():
			return ok("the API accepts the call")
		case !own.refused():
			return skipped("the API has neither accepted nor refused the caller")
		}
		found := q.diagnosis(ctx, own)
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
	}}
}

// configured is what the account's configuration says; decided is false if it says
// nothing.
func (q inquiry) configured(compare func(configuration, response) (Verdict, bool), own response) (v Verdict, decided bool) {
	if q.api == nil || compare == nil {
		return Verdict{}, false
	}
	v, decided = compare(q.configuration, own)
	switch {
	case v.Result == Failure && own.accepted():
		v.Result, v.Message = Warning, v.Message+", but the API accepts the call"
	case v.Result == Failure && own.refused():
		v.Err = own.err()
	}
	return v, decided
}

// pointless is why a check makes no sense for the mode; empty if it does.
func (q inquiry) pointless(id ID) string {
	mode := modeType(q.mode())
	switch {
	case id == FormAccepted && q.Answer != nil && !q.bearer():
		return savedAnswer
	case id == FormAccepted && !q.tokened(), !q.jwt() && id != ModeSet && id != FormAccepted:
		return fmt.Sprintf("the mode %s has no such setting", mode)
	case q.mode() == modeCognito && (id == AgeAccepted || id == LoginAccepted):
		return fmt.Sprintf("the mode %s has no such setting", mode)
	default:
		return ""
	}
}

func (q inquiry) callAccepted(ctx context.Context) Verdict {
	if verdict, cannotCall := q.cannotCall(); cannotCall {
		return verdict
	}
	own := q.calls.asCaller(ctx, q.token)
	found := q.evidence("authorized call", "200", own)
	wrong := func(message, fix string) Verdict {
		verdict := failure(message, fix, found)
		verdict.Err = own.err()
		return verdict
	}
	switch {
	case own.accepted() && q.Answer == nil && !own.typed():
		return wrong("the answer to the call with credentials does not hold the field that was asked for (__typename): something in front of the API answers", listEndpoints)
	case own.accepted():
		return ok("the API accepts the caller", found)
	case own.unsent:
		return q.uncredentialed(own.lost)
	case own.lost != nil:
		return unknown("the API did not answer: "+q.harmlessly(own.lost.Error()), own.lost, found)
	case own.inconclusive():
		return unknown("the API could not answer: "+q.harmlessly(own.answer.Error()), own.answer, found)
	case own.schemaless():
		return wrong("the API has no schema", expectedSchema)
	case own.refused():
		return q.refusal(q.diagnosis(ctx, own), own, wrong)
	case own.Status == 403:
		return wrong("a firewall (AWS WAF) refuses the call with credentials, and not the one without", listFirewalls)
	case own.Status == 400:
		return wrong("the API cannot read the request, as if something had changed it on its way: "+q.harmlessly(own.answer.Error()), listEndpoints)
	default:
		return wrong(q.harmlessly(own.answer.Error()), listEndpoints)
	}
}

// refusal words what is known of the cause.
func (q inquiry) refusal(c diagnosis, own response, wrong func(message, fix string) Verdict) Verdict {
	words := q.harmlessly(own.words())
	if c.id != "" {
		return consequence(wrong(fmt.Sprintf("the API refuses the caller (%s)", words), ""), c.id)
	}
	if len(c.suspects) == 0 {
		return wrong(fmt.Sprintf("the API refuses the caller (%s), and nothing that is known explains it", words), q.askAgain())
	}
	var reasons []string
	for i, s := range c.suspects {
		reason := fmt.Sprintf("(%d) %s", i+1, s.reason)
		if s.id != "" {
			reason += ", " + string(s.id)
		}
		reasons = append(reasons, reason)
	}
	return wrong(fmt.Sprintf("the API refuses the caller (%s); most likely first: %s", words, strings.Join(reasons, "; ")), q.askAgain())
}

// uncredentialed is the verdict on a call that could not be made, since there is nothing
// to make it with.
func (q inquiry) uncredentialed(err error) Verdict {
	found := Evidence{Name: "authorized call", Expected: "200", Found: "none: " + q.briefly(err), From: "this machine"}
	verdict := failure("no call can be made without credentials: "+q.briefly(err), "aws sts get-caller-identity", found)
	verdict.Err = err
	known, told := errors.AsType[*TokenError](err)
	switch {
	case told && known.Kind == Unset:
		setting := q.setting(known.Setting)
		verdict.Message, verdict.Fix = "no "+setting.Label+" is set", setting.remedy()
	case q.mode() == modeIAM:
		verdict.Message = "there are no AWS credentials to sign the call with"
	case q.mode() == modeAPIKey:
		verdict.Fix = q.setting("api_key").remedy()
	}
	return verdict
}

// A diagnosis is what a refusal comes from: the check that names it, with its verdict if
// that is one of API-005 to API-010. Without an id there are suspects, most likely
// first.
type diagnosis struct {
	id       ID
	verdict  Verdict
	suspects []suspect
}

// A suspect is a cause that cannot be ruled out from outside. id may be empty.
type suspect struct {
	id     ID
	reason string
}

// diagnosis says why h refused the caller.
func (q inquiry) diagnosis(ctx context.Context, h response) diagnosis {
	if id := q.earlier(h); id != "" {
		return diagnosis{id: id}
	}
	if q.jwt() || q.mode() == modeLambda {
		if otherScheme := q.calls.otherScheme(ctx, q.token); otherScheme.accepted() {
			return diagnosis{id: FormAccepted, verdict: q.otherForm(h)}
		}
	}
	if q.api != nil {
		for _, compare := range comparisons() {
			if verdict, decided := compare.with(q.configuration, h); decided && verdict.Result == Failure {
				return diagnosis{id: compare.id, verdict: verdict}
			}
		}
	}
	said := q.byWords(ctx, h)
	if q.api == nil {
		return said
	}
	return said.without(func(id ID) bool { return q.cleared(id, h) })
}

// earlier returns the check before those of the API that explains the refusal.
func (q inquiry) earlier(h response) ID {
	if skew := q.found[APIClock]; skew.Result == Failure && (timely(h.words()) || q.outOfTime()) {
		return skew.ID
	}
	if !q.jwt() || q.younger(h) {
		return ""
	}
	for _, check := range tokenChecks() {
		if found := q.found[check.ID]; found.Result == Failure {
			return check.ID
		}
	}
	return ""
}

// timely tells whether the words of a refusal are about time.
func timely(words string) bool {
	words = strings.ToLower(words)
	return strings.Contains(words, "expired") || strings.Contains(words, "not yet")
}

// outOfTime tells whether the token has ended, or not begun, by the API's clock.
func (q inquiry) outOfTime() bool {
	for _, id := range []ID{TokenUnexpired, TokenBegun} {
		if found := q.found[id]; found.Result == Failure && found.Because == APIClock {
			return true
		}
	}
	return false
}

// byWords reads AppSync's own sentence. Which one it says when is known from
// observation (aws-amplify/amplify-js#2112, aws/aws-appsync-community#115), not from
// its documentation.
func (q inquiry) byWords(ctx context.Context, h response) diagnosis {
	words := strings.ToLower(h.words())
	switch {
	case q.mode() != modeIAM && wantsSignature(h, words):
		return q.blame(ModeSet, h, "the API wants a signature of AWS: its mode is AWS_IAM", q.otherMode())
	case q.mode() == modeIAM && words == notAllowed:
		return q.blame(ModeSet, h, "the API takes no signatures of AWS: AWS_IAM is none of its modes", q.otherMode())
	case q.mode() == modeLambda && strings.Contains(words, "jwt"), q.mode() == modeLambda && words == noHeader:
		return q.blame(ModeSet, h, "the API reads the token as an OpenID provider's, and asks no Lambda function", q.otherMode())
	case q.mode() == modeIAM:
		return diagnosis{suspects: signatureSuspects(words)}
	case q.mode() == modeAPIKey:
		return diagnosis{suspects: []suspect{
			{"", "the key has expired (after seven days, unless it was made for longer)"}, {"", "it is another API's key"}, {ModeSet, "API_KEY is not one of the API's modes"},
		}}
	case q.mode() == modeLambda:
		return diagnosis{suspects: []suspect{
			{"", "the API's Lambda function does not allow this token"}, {"", "the function failed: see its log"}, {ModeSet, "AWS_LAMBDA is not one of the API's modes"},
		}}
	case words == notAllowed:
		return q.blame(ModeSet, h, fmt.Sprintf("%s is not one of the API's modes", modeType(q.mode())), q.otherMode())
	case words == "token has expired":
		return q.late(h)
	case words == "unauthorized" && q.token != "" && !q.younger(h) && q.claims.IssuedAt.IsZero():
		return diagnosis{id: TokenBegun} // AppSync wants an iat
	case words == "unauthorized" && (q.mode() == modeCognito || q.api != nil && q.cleared(LoginAccepted, h)):
		return q.blame(ClientAccepted, h, "the API's client ID expression matches neither the token's azp nor its aud", q.matchClient(), q.clientEvidence("")...)
	case words == "unauthorized":
		return diagnosis{suspects: []suspect{{ClientAccepted, "the API's client ID expression does not match the token"}, {LoginAccepted, q.loginSuspected(h)}}}
	case words == noHeader:
		return q.unproven(ctx, h)
	case strings.Contains(words, "unable to parse jwt"):
		return q.unread(h)
	}
	return diagnosis{suspects: q.openIDSuspects()}
}

// loginSuspected is what an API with an authTTL has against the token.
func (q inquiry) loginSuspected(h response) string {
	const bound = "the API bounds the time since the login (authTTL)"
	switch {
	case q.token == "", q.younger(h):
		return bound
	case q.claims.AuthTime.IsZero():
		return bound + ", and the token has no auth_time"
	default:
		return bound + ", and the token's auth_time is too long ago"
	}
}

const (
	notAllowed = "you are not authorized to make this call"
	noHeader   = "valid authorization header not provided"
)

// wantsSignature tells whether a refusal speaks of AWS's signature, as an API in the
// mode AWS_IAM does.
func wantsSignature(h response, words string) bool {
	types := []string{"MissingAuthenticationTokenException", "IncompleteSignatureException", "InvalidSignatureException", "UnrecognizedClientException"}
	if slices.ContainsFunc(types, h.answer.HasType) {
		return true
	}
	return strings.Contains(words, "missing authentication token") || strings.Contains(words, "'credential'") ||
		strings.Contains(words, "'signature'") || strings.Contains(words, "security token included in the request")
}

// signatureSuspects are the causes of a refused signature, in the order of AWS's own
// words (AWS General Reference, "Troubleshooting Signature Version 4").
func signatureSuspects(words string) []suspect {
	rights := suspect{"", "the AWS identity lacks appsync:GraphQL for this API"}
	keys := suspect{"", "the AWS credentials are wrong"}
	old := suspect{"", "the AWS session has expired"}
	region := suspect{"", "the region is not the API's"}
	switch {
	case strings.Contains(words, "scoped to"):
		return []suspect{region, keys}
	case strings.Contains(words, "expired"):
		return []suspect{old, {APIClock, "this machine's clock is off"}}
	case strings.Contains(words, "signature"), strings.Contains(words, "invalid"):
		return []suspect{keys, old, region}
	default:
		return []suspect{rights, keys, old}
	}
}

// late is the cause of "Token has expired."
func (q inquiry) late(h response) diagnosis {
	claims := q.claims
	now, _ := apiNow(q.Subject, q.networkFacts)
	if q.token == "" || q.younger(h) {
		return diagnosis{suspects: []suspect{
			{"", "the token had expired"}, {AgeAccepted, "the token was older than the API's iatTTL allows"},
		}}
	}
	if !now.Before(claims.Expiry) { // or it has no exp
		return diagnosis{id: TokenUnexpired}
	}
	if !claims.AuthTime.IsZero() {
		return diagnosis{suspects: []suspect{
			{AgeAccepted, "the token is older than the API's iatTTL allows"}, {LoginAccepted, "the login is longer ago than the API's authTTL allows"},
		}}
	}
	age, life := max(now.Sub(claims.IssuedAt), 0), claims.Expiry.Sub(claims.IssuedAt)
	return q.blame(AgeAccepted, h, fmt.Sprintf("the API rejects a %s-old token as expired, though it is valid for %s: its iatTTL is shorter", brief(age), brief(life)),
		q.longer(), Evidence{Name: "iat", Found: stamp(claims.IssuedAt), From: "token"}, Evidence{Name: "exp", Found: stamp(claims.Expiry), From: "token"},
		Evidence{Name: "now", Found: stamp(now), From: "the API's clock"})
}

// unproven is the cause of "Valid authorization header not provided.", which AppSync
// says of a token, too, if its signature is by no key of the API's issuer.
func (q inquiry) unproven(ctx context.Context, h response) diagnosis {
	claims := q.claims
	if q.Answer == nil && strings.EqualFold(q.calls.madeUp(ctx).words(), noHeader) {
		// Of a token that is none, AppSync says that it cannot parse it.
		return diagnosis{suspects: []suspect{
			{"", "the Authorization header does not reach the API: it says the same to what is no token at all"},
			{IssuerAccepted, "the API's issuer is another than the token's"},
		}}
	}
	verified := q.found[TokenSigned]
	if !verified.Passed() || q.younger(h) {
		return diagnosis{suspects: append([]suspect{
			{IssuerAccepted, "the API's issuer is another than the token's, or its keys are"}, {"", "the token's signature is wrong"},
			{"", "the Authorization header did not reach the API"},
		}, q.scheme()...)}
	}
	return q.blame(IssuerAccepted, h, "the token is valid, but the API is configured for an issuer other than "+claims.Issuer,
		q.setIssuer(), Evidence{Name: "iss", Found: claims.Issuer, From: "token"})
}

// unread is the cause of "Unable to parse JWT token."
func (q inquiry) unread(h response) diagnosis {
	switch {
	case q.bearer():
		verdict := q.otherForm(h)
		verdict.Message = "the API cannot read the token behind Bearer"
		return diagnosis{id: FormAccepted, verdict: verdict}
	case q.token == "", q.younger(h):
		return diagnosis{suspects: []suspect{{"", `the token that was sent is no JWT: ask for one with an audience`}, {FormAccepted, `it stood behind "Bearer"`}}}
	default:
		return diagnosis{suspects: []suspect{{"", "the token was changed on its way"}, {"", "its algorithm is one that AppSync does not take"}}}
	}
}

func (q inquiry) scheme() []suspect {
	if !q.bearer() {
		return nil
	}
	return []suspect{{FormAccepted, `the API does not read tokens behind "Bearer"`}}
}

func (q inquiry) openIDSuspects() []suspect {
	return append([]suspect{
		{IssuerAccepted, "the API's issuer is another than the token's"}, {ClientAccepted, "its client ID expression does not match"},
		{AgeAccepted, "its iatTTL is less than the token's age"}, {LoginAccepted, "it asks for an authentication time"},
		{ModeSet, "it is not in this mode"},
	}, q.scheme()...)
}

// blame is a cause that one check names.
func (q inquiry) blame(id ID, h response, message, fix string, evidence ...Evidence) diagnosis {
	verdict := failure(message, fix, append([]Evidence{q.evidence("answer", "", h)}, evidence...)...)
	verdict.Err = h.err()
	return diagnosis{id: id, verdict: verdict}
}

// without is what is left of a cause when some checks are known to pass.
func (c diagnosis) without(cleared func(id ID) bool) diagnosis {
	var left diagnosis
	if c.id != "" && !cleared(c.id) {
		return c
	}
	for _, s := range c.suspects {
		if s.id == "" || !cleared(s.id) {
			left.suspects = append(left.suspects, s)
		}
	}
	return left
}

func stamp(t time.Time) string { return t.UTC().Format(time.RFC3339) }
