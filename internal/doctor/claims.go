// What a token is and what it says of itself, against what is set.

package doctor

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/appsyncctl/appsyncctl/internal/auth"
)

const (
	// aheadOfClock is how far a token may be issued in the future of the API's
	// clock, which is known to the second, before it is worth a word.
	aheadOfClock = time.Minute
	// soon is when a token that nothing renews is about to expire.
	soon = time.Minute
)

// A reading is a token with what it is compared with.
type reading struct {
	*Subject
	settingsFacts
	networkFacts
	providerFacts
	tokenFacts
	found findings // with those of the checks that this one looks at
}

// readForm looks at what a token is, and returns what was found with that.
func (t reading) readForm(ctx context.Context, r *runner) findings {
	return r.checks(ctx, t.found, t.look(TokenUnbound, reading.unbound), t.look(TokenAlgorithm, reading.algorithm))
}

// readClaims looks at what a token says, and returns what was found with that.
func (t reading) readClaims(ctx context.Context, r *runner) findings {
	t.found = r.checks(ctx, t.found,
		t.look(TokenIssuer, reading.issuedBy), t.look(TokenAudience, reading.issuedFor), t.look(TokenClient, reading.issuedTo),
		t.look(TokenUnexpired, reading.unexpired), t.look(TokenBegun, reading.begun), t.look(TokenScopes, reading.scopes))
	return r.checks(ctx, t.found, t.look(TokenAccess, reading.access))
}

// readSignature checks the signature as AppSync does it: with the keys that the provider
// publishes.
func (t reading) readSignature(ctx context.Context, r *runner) findings {
	fetched := t.fetched.wait()
	keys, known := learn(ctx, r, joined(t.found, fetched.found), TokenKeyPublished, func(ctx context.Context) (*auth.KeySet, Verdict) {
		return t.keyPublished(ctx, fetched.keys)
	})
	return r.checks(ctx, known, t.look(TokenSigned, func(t reading, claims auth.Claims) Verdict { return t.signed(claims, keys) }))
}

// look makes a check of what a token says of itself. An opaque one says nothing,
// which only a Lambda function can be content with: AUTH-002 stops the others.
func (t reading) look(id ID, at func(t reading, claims auth.Claims) Verdict) look {
	return look{id, func(context.Context) Verdict {
		if t.claims.Format != auth.JWT {
			return skipped(saysNothing)
		}
		return at(t, t.claims)
	}}
}

const saysNothing = "the API's Lambda function reads the token, which says nothing to others"

func tokenReadable(s *Subject, provider providerFacts, token string, withheld error) (auth.Claims, Verdict) {
	claims, err := auth.ParseClaims(token)
	if damaged, ok := errors.AsType[*auth.ClaimsError](withheld); ok {
		err = damaged
	}
	format := Evidence{Name: "format", Expected: auth.JWT.String(), Found: claims.Format.String(), From: "token"}
	switch {
	case err != nil:
		verdict := failure(bounded(err.Error()), s.anotherToken(), format)
		verdict.Err = err
		return claims, verdict
	case claims.Format == auth.JWT:
		return claims, ok("the token is a JWT", Evidence{Name: "typ", Found: bounded(cmp.Or(claims.Type, "none")), From: "token"})
	case s.mode() == modeLambda:
		return claims, ok("the token is " + claims.Format.String() + ", which the API's Lambda function may read")
	case claims.Format == auth.Encrypted:
		return claims, failure("the token is encrypted (five parts), and AppSync reads signed ones only",
			provider.console("Applications", "APIs", cmp.Or(s.setting("audience").Value, "API"), "Settings", "JSON Web Encryption", "off"), format)
	}
	verdict := opaque(s, token, format)
	verdict.Err = withheld
	return claims, verdict
}

const bearerWord = "Bearer "

// withoutBearer takes the word off a token, as it was written before it.
func withoutBearer(s *Subject, word string) string {
	if s.TokenFrom != nil && s.TokenFrom() == "APPSYNCCTL_TOKEN" {
		return `export APPSYNCCTL_TOKEN="${APPSYNCCTL_TOKEN#` + word + `}"`
	}
	return s.anotherToken()
}

// opaque says why a token is no JWT, as far as its outside or the settings tell.
func opaque(s *Subject, token string, format Evidence) Verdict {
	audience := s.setting("audience")
	switch {
	case strings.HasPrefix(token, "da2-"):
		return failure("this is an API key of AppSync and no token", s.change("auth", modeAPIKey), format)
	case len(token) > len(bearerWord) && strings.EqualFold(token[:len(bearerWord)], bearerWord):
		return failure("the word Bearer was copied along with the token", withoutBearer(s, token[:len(bearerWord)]), format)
	case strings.ContainsAny(token, " \t\r\n\"'`"):
		return failure("the token holds a blank or a quotation mark, as when quotes or a line break were copied along", s.anotherToken(), format)
	case strings.HasPrefix(token, "eyJ"):
		return failure("the token begins as a JWT and does not have its three parts: it was not copied whole", s.anotherToken(), format)
	case s.Grant == "":
		return failure("the token is opaque, which AppSync cannot read", s.anotherToken(), format)
	case audience.Value == "":
		return failure("the token is opaque, which AppSync cannot read: no audience was asked for", s.change("audience", "IDENTIFIER"), format,
			Evidence{Name: "audience", Expected: "the identifier of the API at the provider", Found: "", From: audience.from()})
	default:
		return failure("the token is opaque, which AppSync cannot read, although an audience was asked for: it is not that of an API with JWTs",
			s.change("audience", "IDENTIFIER"), format, s.asked("audience"))
	}
}

func (t reading) unbound(claims auth.Claims) Verdict {
	switch {
	case t.mode() == modeLambda:
		return skipped("the API's Lambda function decides that")
	case claims.KeyThumbprint != "":
		return failure("the token is bound to a key (DPoP), which AppSync does not support", t.console("Applications", "APIs", cmp.Or(t.setting("audience").Value, "API"), "Settings", "Token Sender-Constraining", "None"),
			Evidence{Name: "cnf.jkt", Found: bounded(claims.KeyThumbprint), From: "token"})
	default:
		return ok("whoever holds the token may use it")
	}
}

func (t reading) algorithm(claims auth.Claims) Verdict {
	found := Evidence{Name: "alg", Expected: "RS256, or another of RS, PS, ES and HS", Found: bounded(claims.Algorithm), From: "token"}
	switch {
	case t.mode() == modeLambda:
		return skipped("the API's Lambda function decides that")
	case strings.EqualFold(claims.Algorithm, "none"), claims.Algorithm == "":
		return failure("the token is not signed", t.anotherToken(), found)
	case !appSyncAlgorithm(claims.Algorithm):
		return failure("AppSync does not take the algorithm that signed the token", t.signWithRSA(), found)
	default:
		return ok("the token is signed with "+claims.Algorithm, found)
	}
}

// appSyncAlgorithm reports whether AppSync takes a signature algorithm (developer
// guide, "OPENID_CONNECT authorization").
func appSyncAlgorithm(algorithm string) bool {
	return slices.Contains([]string{
		"RS256", "RS384", "RS512", "PS256", "PS384", "PS512",
		"ES256", "ES384", "ES512", "HS256", "HS384", "HS512",
	}, algorithm)
}

// signWithRSA is the way to tokens that everybody takes.
func (t reading) signWithRSA() string {
	return t.console("Applications", "APIs", cmp.Or(t.setting("audience").Value, "API"), "Settings", "Signing Algorithm", "RS256")
}

func (t reading) issuedBy(claims auth.Claims) Verdict {
	setting := t.setting("issuer")
	found := Evidence{Name: "iss", Found: bounded(claims.Issuer), From: "token"}
	switch {
	case setting.Value == "":
		return Verdict{Result: Skipped, Message: "no issuer is set to compare with", Lacks: "issuer", Evidence: []Evidence{found}}
	case t.issuer == "":
		return Verdict{Result: Skipped, Because: IssuerUsable, Evidence: []Evidence{found}}
	}
	found.Expected = setting.Value
	if t.provider != nil { // it says which way it writes its name
		found.Expected = bounded(t.provider.Issuer)
	}
	canonical, _ := auth.ParseIssuer(claims.Issuer) // "" is no issuer's name
	switch {
	case claims.Issuer == "":
		return failure("the token names no issuer", t.anotherToken(), found)
	case t.provider != nil && claims.Issuer == t.provider.Issuer:
		return ok("the token's issuer is the provider", found)
	case t.provider == nil && (claims.Issuer == t.issuer || claims.Issuer == setting.Value):
		return ok("the token's issuer is the one that is set", found)
	case t.provider == nil && canonical == t.issuer:
		// The provider may write it as the token does, but cannot be asked.
		return t.found.attributed(unknown("it differs from the one that is set "+cmp.Or(difference(claims.Issuer, setting.Value), "in how it is written"), nil, found), ProviderResolves, ProviderConnects, MetadataPublished, IssuerMatches)
	}
	if little := difference(claims.Issuer, found.Expected); little != "" {
		return failure("the token's issuer differs from the provider's own name "+little, t.anotherToken(), found)
	}
	verdict := failure(foreign(claims.Issuer, found.Expected), t.toIssuer(canonical, claims.Issuer), found)
	if t.found.cause(IssuerMatches) != "" { // the provider calls itself by another name, and so do its tokens
		return consequence(verdict, IssuerMatches)
	}
	return verdict
}

// toIssuer is the way out when a token's issuer is another one: a provider that was
// asked gave its own name, so that the setting is wrong; a token that was given is
// the wrong one.
func (t reading) toIssuer(canonical, issuer string) string {
	if t.Grant == "" || canonical == "" {
		return t.anotherToken()
	}
	return t.change("issuer", issuer)
}

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

func (t reading) issuedFor(claims auth.Claims) Verdict {
	setting := t.setting("audience")
	wanted := setting.Value
	found := Evidence{Name: "aud", Expected: wanted, Found: bounded(cmp.Or(strings.Join(claims.Audience, ", "), "none")), From: "token"}
	switch {
	case wanted == "":
		return Verdict{Result: Skipped, Message: "no audience is set to compare with", Lacks: "audience", Evidence: []Evidence{found}}
	case slices.Contains(claims.Audience, wanted):
		return ok("the token is for the audience that is set", found)
	case len(claims.Audience) == 0 && t.mode() == modeCognito:
		return skipped("Cognito's access tokens name no audience")
	case len(claims.Audience) == 0:
		return failure("the token names no audience", t.anotherToken(), found)
	case t.identity(claims) != "":
		return failure("the token is for the client itself: it is an ID token", t.anotherToken(), found)
	}
	for _, audience := range claims.Audience {
		if little := difference(audience, wanted); little != "" {
			return failure("the token's audience differs from the one that is set "+little, t.change("audience", audience), found)
		}
	}
	return failure(otherAudience(claims.Audience), t.anotherToken(), found)
}

// otherAudience says what a token is for that is not for the API. Auth0 adds its
// own addresses to what a person's token is for.
func otherAudience(audience []string) string {
	is := func(suffix string) func(string) bool {
		return func(a string) bool { return strings.HasSuffix(strings.TrimRight(a, "/"), suffix) }
	}
	others := slices.DeleteFunc(slices.Clone(audience), is("/userinfo"))
	switch {
	case len(others) == 0:
		return "the token is for the provider's /userinfo only: no audience was asked for"
	case slices.ContainsFunc(others, is("/api/v2")):
		return "the token is for Auth0's Management API"
	default:
		return "the token is for another audience"
	}
}

func (t reading) issuedTo(claims auth.Claims) Verdict {
	setting := t.setting("client_id")
	found := Evidence{Name: "azp", Expected: setting.Value, Found: bounded(cmp.Or(claims.ClientID, "none")), From: "token"}
	subject, isClient := strings.CutSuffix(claims.Subject, "@clients")
	switch {
	case setting.Value == "":
		return Verdict{Result: Skipped, Message: "no client ID is set to compare with", Lacks: "client_id", Evidence: []Evidence{found}}
	case claims.ClientID == setting.Value,
		claims.ClientID == "" && (isClient && subject == setting.Value || slices.Contains(claims.Audience, setting.Value)):
		return ok("the token was issued to the client that is set", found)
	case claims.ClientID == "":
		return Verdict{Result: Skipped, Message: "the token names no client", Evidence: []Evidence{found}}
	case t.Grant == "": // somebody else's token is a fair thing to look at
		return warning("the token that was given was issued to another client", t.anotherToken(), found)
	default:
		return failure("the token was issued to another client", t.anotherToken(), found)
	}
}

func (t reading) scopes(claims auth.Claims) Verdict {
	granted := slices.Concat(claims.Scopes, claims.Permissions)
	var asked, missing []string
	for scope := range strings.FieldsSeq(t.setting("scopes").Value) {
		if ofProvider(scope) {
			continue
		}
		asked = append(asked, scope)
		if !slices.Contains(granted, scope) {
			missing = append(missing, scope)
		}
	}
	found := Evidence{Name: "scope", Expected: bounded(strings.Join(asked, " ")), Found: bounded(cmp.Or(strings.Join(granted, " "), "none")), From: "token"}
	switch {
	case len(asked) == 0:
		return Verdict{Result: Skipped, Message: "no scope of an API is asked for", Evidence: []Evidence{found}}
	case len(missing) == 0:
		return ok("the token has all scopes that were asked for", found)
	default:
		return warning(fmt.Sprintf("%d of %d scopes were not granted: %s", len(missing), len(asked), bounded(strings.Join(missing, " "))), t.grantScopes(claims), found)
	}
}

// ofProvider reports whether a scope is about the login and not about an API
// (OpenID Connect Core 1.0, sections 5.4 and 11): no access token need show it.
func ofProvider(scope string) bool {
	return slices.Contains([]string{"openid", "profile", "email", "address", "phone", "offline_access"}, scope)
}

func (t reading) grantScopes(claims auth.Claims) string {
	api := cmp.Or(t.setting("audience").Value, "API")
	if claims.GrantType == "client-credentials" || t.Grant == grantMachine {
		return t.console("Applications", cmp.Or(t.setting("client_id").Value, "CLIENT"), "APIs", api, "select the permissions")
	}
	return t.console("Applications", "APIs", api, "Permissions, and with RBAC the roles of the person")
}

func (t reading) access(claims auth.Claims) Verdict {
	why := t.identity(claims)
	switch {
	case t.mode() == modeCognito:
		return skipped("AppSync takes Cognito's ID tokens as well")
	case why == "":
		return ok("the token is an access token")
	}
	verdict := warning("this is an ID token: it tells the client who has logged in, and is not for an API", t.anotherToken(),
		Evidence{Name: "ID token", Found: why, From: "token"})
	if t.found.cause(TokenAudience) != "" {
		return consequence(verdict, TokenAudience)
	}
	return verdict
}

// identity says what makes an ID token of a token; "" if it is none. An access
// token of some providers is for the client too, but then it has scopes.
func (t reading) identity(claims auth.Claims) string {
	client := cmp.Or(claims.ClientID, t.setting("client_id").Value)
	switch {
	case client != "" && client == t.setting("audience").Value: // some name an API by its client
		return ""
	case claims.Type == "at+jwt", claims.GrantType != "", len(claims.Scopes) > 0, len(claims.Permissions) > 0:
		return ""
	case client != "" && slices.Contains(claims.Audience, client):
		return "aud is the client, and there is no scope"
	case claims.Nonce != "":
		return "there is a nonce, and no scope"
	default:
		return ""
	}
}

// apiNow returns the time by the API's clock, and whose clock it is: that of a saved
// answer, since the token need be good for no other time, else the one that NET-004
// has read, else this machine's.
func apiNow(s *Subject, network networkFacts) (now time.Time, whose string) {
	now = s.Now()
	if s.Answer != nil {
		whose = "the saved answer's clock"
		if s.Answer.justNow() {
			whose = "the API's clock"
		}
		if date := s.Answer.date(); !date.IsZero() {
			return date, whose
		}
	}
	if clock := network.found[APIClock]; clock.Passed() || clock.Result == Failure {
		return now.Add(network.clock), "the API's clock"
	}
	return now, "this machine's clock"
}

func (t reading) unexpired(claims auth.Claims) Verdict {
	now, whose := apiNow(t.Subject, t.networkFacts)
	evidence := []Evidence{{Name: "exp", Found: instant(claims.Expiry), From: "token"}, {Name: "now", Found: instant(now), From: whose}}
	left := claims.Expiry.Sub(now).Truncate(time.Second)
	switch {
	case claims.Expiry.IsZero():
		return warning("the token does not say when it expires", t.anotherToken(), evidence...)
	case !now.Before(claims.Expiry):
		verdict := failure("the token expired "+(-left).String()+" ago", t.anotherToken(), evidence...)
		if !t.Now().Before(claims.Expiry) {
			if clock := t.found[ProviderClock]; clock.Because == "" {
				return t.found.byClock(verdict, ProviderClock) // it may have been issued so
			}
			return verdict
		}
		return t.found.byClock(verdict, APIClock) // nobody has noticed here
	case t.Grant == "" && left < min(soon, claims.Expiry.Sub(claims.IssuedAt)/10):
		return warning("the token expires in "+left.String()+", and nothing renews it", t.anotherToken(), evidence...)
	default:
		return ok("the token is valid for "+left.String(), evidence...)
	}
}

func (t reading) begun(claims auth.Claims) Verdict {
	now, whose := apiNow(t.Subject, t.networkFacts)
	evidence := []Evidence{{Name: "iat", Found: instant(claims.IssuedAt), From: "token"}, {Name: "now", Found: instant(now), From: whose}}
	if !claims.NotBefore.IsZero() {
		evidence = append(evidence, Evidence{Name: "nbf", Found: instant(claims.NotBefore), From: "token"})
	}
	age := now.Sub(claims.IssuedAt).Truncate(time.Second)
	switch {
	case t.Answer != nil && !t.Answer.justNow() && -age > aheadOfClock:
		return skipped("the token is younger than the answer, and not the one that was refused")
	case claims.IssuedAt.IsZero():
		return warning("the token does not say when it was issued, which AppSync asks for", t.anotherToken(), evidence...)
	case claims.NotBefore.After(now.Add(time.Second)) && claims.NotBefore.Sub(claims.IssuedAt) > aheadOfClock:
		return failure("the token is for later: it becomes valid in "+claims.NotBefore.Sub(now).Truncate(time.Second).String(), t.anotherToken(), evidence...)
	case -age > aheadOfClock, claims.NotBefore.After(now.Add(2 * time.Second)):
		verdict := failure("the token was issued "+(-age).String()+" in the future of "+whose, t.anotherToken(), evidence...)
		return t.found.byClock(verdict, APIClock, ProviderClock)
	default:
		return ok("the token was issued "+age.String()+" ago", evidence...)
	}
}

// brief is a duration to the second, without parts that are zero: 24h, 1h30m, 2s.
func brief(d time.Duration) string {
	text := d.Round(time.Second).String()
	if whole, is := strings.CutSuffix(text, "m0s"); is {
		text = whole + "m"
	}
	if whole, is := strings.CutSuffix(text, "h0m"); is {
		text = whole + "h"
	}
	return text
}

// instant writes a time as the claims mean it.
func instant(t time.Time) string {
	if t.IsZero() {
		return "none"
	}
	return t.UTC().Format(time.RFC3339)
}

// keyPublished looks for the token's key among keys, and returns those that have it.
func (t reading) keyPublished(ctx context.Context, keys *auth.KeySet) (*auth.KeySet, Verdict) {
	claims := t.claims
	switch {
	case claims.Format != auth.JWT:
		return nil, skipped(saysNothing)
	case strings.HasPrefix(claims.Algorithm, "HS"):
		return nil, failure("the token is signed with a secret, for which there is no key to publish", t.signWithRSA(),
			Evidence{Name: "alg", Expected: "RS256", Found: claims.Algorithm, From: "token"})
	case claims.KeyID == "":
		return nil, failure("the token does not name the key that signed it", t.anotherToken(), keyEvidence(claims, keys))
	case has(keys, claims):
		return keys, ok("the provider publishes the token's key", Evidence{Name: "kid", Found: bounded(claims.KeyID), From: "token"})
	case t.elsewhere(claims.Issuer):
		verdict := skipped("these are not the keys of the token's issuer: see AUTH-007")
		verdict.Because = TokenIssuer
		return nil, verdict
	}
	// The token may have been made after the keys were fetched, by one that came in
	// between: who checks signatures looks again then, and so does AppSync.
	newer, err := auth.FetchKeys(ctx, t.Provider, t.provider)
	switch {
	case err != nil:
		return nil, unknown("the key was not there, and the keys could not be fetched again", err, keyEvidence(claims, keys))
	case has(newer, claims):
		return newer, ok("the provider publishes the token's key since a moment ago", keyEvidence(claims, newer))
	default:
		return nil, failure("the provider does not publish the key that signed the token: it was revoked when the keys were rotated, or the token was made elsewhere",
			t.anotherToken(), keyEvidence(claims, newer))
	}
}

func has(keys *auth.KeySet, claims auth.Claims) bool {
	_, found := keys.Find(claims.KeyID)
	return found
}

// keyEvidence is the key that a token names beside those that the provider has.
func keyEvidence(claims auth.Claims, keys *auth.KeySet) Evidence {
	var published []string
	for _, key := range keys.Keys {
		published = append(published, cmp.Or(key.ID, "(no ID)"))
	}
	return Evidence{Name: "kid", Expected: bounded(cmp.Or(strings.Join(published, ", "), "none")), Found: bounded(cmp.Or(claims.KeyID, "none")), From: "token"}
}

// elsewhere reports whether an issuer's host is another one than that of the provider
// whose keys are known.
func (t reading) elsewhere(issuer string) bool {
	theirs, err := url.Parse(issuer)
	ours, ourErr := url.Parse(t.issuer)
	return err == nil && ourErr == nil && theirs.Host != "" && !strings.EqualFold(theirs.Host, ours.Host)
}

func (t reading) signed(claims auth.Claims, keys *auth.KeySet) Verdict {
	key, _ := keys.Find(claims.KeyID)
	evidence := []Evidence{{Name: "kid", Found: bounded(key.ID), From: "token"}}
	otherwise := key.Algorithm != "" && key.Algorithm != claims.Algorithm
	if otherwise {
		evidence = append(evidence, Evidence{Name: "alg", Expected: bounded(key.Algorithm), Found: claims.Algorithm, From: "token"})
	}
	switch {
	case keys.Verify(t.token):
		return ok("the provider has signed the token", evidence...)
	case otherwise:
		return failure("the token names a key that is for another algorithm", t.anotherToken(), evidence...)
	case !slices.Contains([]string{"RSA", "EC"}, key.Type):
		return unknown(fmt.Sprintf("its key is of the kind %.20q, which cannot be checked here", key.Type), nil, evidence...)
	default:
		return failure("the signature is not that of the key: the token was changed, or somebody else made it", t.anotherToken(), evidence...)
	}
}
