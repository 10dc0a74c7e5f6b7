// The cause of a refusal. AppSync says one of a few sentences at its edge; with what is
// known of the token, of the other calls and of the account, most leave one cause.

package doctor

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"
)

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
func (e *examination) diagnosis(ctx context.Context, h response) diagnosis {
	if id := e.earlier(h); id != "" {
		return diagnosis{id: id}
	}
	if e.jwt() || e.mode() == modeLambda {
		if otherScheme := read(e.otherScheme(ctx)); otherScheme.accepted() {
			return diagnosis{id: FormAccepted, verdict: e.otherForm(h)}
		}
	}
	if api := e.known().api; api != nil {
		for _, compare := range comparisons() {
			if verdict, decided := compare.with(e, api, h); decided && verdict.Result == Failure {
				return diagnosis{id: compare.id, verdict: verdict}
			}
		}
	}
	said := e.byWords(ctx, h)
	if e.known().api == nil {
		return said
	}
	return said.without(func(id ID) bool { return e.cleared(id, h) })
}

// earlier returns the check before those of the API that explains the refusal.
func (e *examination) earlier(h response) ID {
	if skew, _ := e.finding(APIClock); skew.Result == Failure && (timely(h.words()) || e.outOfTime()) {
		return skew.ID
	}
	if !e.jwt() || e.younger(h) {
		return ""
	}
	for _, check := range tokenChecks() {
		if found, made := e.finding(check.ID); made && found.Result == Failure {
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
func (e *examination) outOfTime() bool {
	for _, id := range []ID{TokenUnexpired, TokenBegun} {
		if found, _ := e.finding(id); found.Result == Failure && found.Because == APIClock {
			return true
		}
	}
	return false
}

// younger tells whether the token was issued after a saved answer was given: then it is
// not the one that was refused, and nothing follows from it.
func (e *examination) younger(h response) bool {
	if e.Answer == nil || e.offline || h.Header.Get("Date") == "" {
		return false
	}
	now, _ := e.apiNow()
	return e.known().claims.IssuedAt.After(now.Add(time.Second)) // Date has whole seconds
}

// byWords reads AppSync's own sentence. Which one it says when is known from
// observation (aws-amplify/amplify-js#2112, aws/aws-appsync-community#115), not from
// its documentation.
func (e *examination) byWords(ctx context.Context, h response) diagnosis {
	words := strings.ToLower(h.words())
	switch {
	case e.mode() != modeIAM && wantsSignature(h, words):
		return e.blame(ModeSet, h, "the API wants a signature of AWS: its mode is AWS_IAM", e.otherMode())
	case e.mode() == modeIAM && words == notAllowed:
		return e.blame(ModeSet, h, "the API takes no signatures of AWS: AWS_IAM is none of its modes", e.otherMode())
	case e.mode() == modeLambda && strings.Contains(words, "jwt"), e.mode() == modeLambda && words == noHeader:
		return e.blame(ModeSet, h, "the API reads the token as an OpenID provider's, and asks no Lambda function", e.otherMode())
	case e.mode() == modeIAM:
		return diagnosis{suspects: signatureSuspects(words)}
	case e.mode() == modeAPIKey:
		return diagnosis{suspects: []suspect{
			{"", "the key has expired (after seven days, unless it was made for longer)"}, {"", "it is another API's key"}, {ModeSet, "API_KEY is not one of the API's modes"},
		}}
	case e.mode() == modeLambda:
		return diagnosis{suspects: []suspect{
			{"", "the API's Lambda function does not allow this token"}, {"", "the function failed: see its log"}, {ModeSet, "AWS_LAMBDA is not one of the API's modes"},
		}}
	case words == notAllowed:
		return e.blame(ModeSet, h, fmt.Sprintf("%s is not one of the API's modes", modeType(e.mode())), e.otherMode())
	case words == "token has expired":
		return e.late(h)
	case words == "unauthorized" && e.known().token != "" && !e.younger(h) && e.known().claims.IssuedAt.IsZero():
		return diagnosis{id: TokenBegun} // AppSync wants an iat
	case words == "unauthorized" && (e.mode() == modeCognito || e.known().api != nil && e.cleared(LoginAccepted, h)):
		return e.blame(ClientAccepted, h, "the API's client ID expression matches neither the token's azp nor its aud", e.matchClient(), e.clientEvidence("")...)
	case words == "unauthorized":
		return diagnosis{suspects: []suspect{{ClientAccepted, "the API's client ID expression does not match the token"}, {LoginAccepted, e.loginSuspected(h)}}}
	case words == noHeader:
		return e.unproven(ctx, h)
	case strings.Contains(words, "unable to parse jwt"):
		return e.unread(h)
	}
	return diagnosis{suspects: e.openIDSuspects()}
}

// loginSuspected is what an API with an authTTL has against the token.
func (e *examination) loginSuspected(h response) string {
	const bound = "the API bounds the time since the login (authTTL)"
	switch {
	case e.known().token == "", e.younger(h):
		return bound
	case e.known().claims.AuthTime.IsZero():
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
func (e *examination) late(h response) diagnosis {
	claims := e.known().claims
	now, _ := e.apiNow()
	if e.known().token == "" || e.younger(h) {
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
	return e.blame(AgeAccepted, h, fmt.Sprintf("the API rejects a %s-old token as expired, though it is valid for %s: its iatTTL is shorter", brief(age), brief(life)),
		e.longer(), Evidence{Name: "iat", Found: stamp(claims.IssuedAt), From: "token"}, Evidence{Name: "exp", Found: stamp(claims.Expiry), From: "token"},
		Evidence{Name: "now", Found: stamp(now), From: "the API's clock"})
}

// unproven is the cause of "Valid authorization header not provided.", which AppSync
// says of a token, too, if its signature is by no key of the API's issuer.
func (e *examination) unproven(ctx context.Context, h response) diagnosis {
	claims := e.known().claims
	if e.Answer == nil && strings.EqualFold(read(e.nonsense(ctx)).words(), noHeader) {
		// Of a token that is none, AppSync says that it cannot parse it.
		return diagnosis{suspects: []suspect{
			{"", "the Authorization header does not reach the API: it says the same to what is no token at all"},
			{IssuerAccepted, "the API's issuer is another than the token's"},
		}}
	}
	verified, _ := e.finding(TokenSigned)
	if !verified.Passed() || e.younger(h) {
		return diagnosis{suspects: append([]suspect{
			{IssuerAccepted, "the API's issuer is another than the token's, or its keys are"}, {"", "the token's signature is wrong"},
			{"", "the Authorization header did not reach the API"},
		}, e.scheme()...)}
	}
	return e.blame(IssuerAccepted, h, "the token is valid, but the API is configured for an issuer other than "+claims.Issuer,
		e.setIssuer(), Evidence{Name: "iss", Found: claims.Issuer, From: "token"})
}

// unread is the cause of "Unable to parse JWT token."
func (e *examination) unread(h response) diagnosis {
	switch {
	case e.bearer():
		verdict := e.otherForm(h)
		verdict.Message = "the API cannot read the token behind Bearer"
		return diagnosis{id: FormAccepted, verdict: verdict}
	case e.known().token == "", e.younger(h):
		return diagnosis{suspects: []suspect{{"", `the token that was sent is no JWT: ask for one with an audience`}, {FormAccepted, `it stood behind "Bearer"`}}}
	default:
		return diagnosis{suspects: []suspect{{"", "the token was changed on its way"}, {"", "its algorithm is one that AppSync does not take"}}}
	}
}

func (e *examination) scheme() []suspect {
	if !e.bearer() {
		return nil
	}
	return []suspect{{FormAccepted, `the API does not read tokens behind "Bearer"`}}
}

func (e *examination) openIDSuspects() []suspect {
	return append([]suspect{
		{IssuerAccepted, "the API's issuer is another than the token's"}, {ClientAccepted, "its client ID expression does not match"},
		{AgeAccepted, "its iatTTL is less than the token's age"}, {LoginAccepted, "it asks for an authentication time"},
		{ModeSet, "it is not in this mode"},
	}, e.scheme()...)
}

// blame is a cause that one check names.
func (e *examination) blame(id ID, h response, message, fix string, evidence ...Evidence) diagnosis {
	verdict := failure(message, fix, append([]Evidence{e.evidence("answer", "", h)}, evidence...)...)
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
