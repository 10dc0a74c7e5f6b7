// Tokens: whether one can be had, and whether it is one that AppSync takes. What
// depends on the API's own configuration is looked at with the API.

package doctor

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/appsyncctl/appsyncctl/internal/auth"
	"github.com/appsyncctl/appsyncctl/internal/redact"
	"github.com/appsyncctl/appsyncctl/internal/shell"
	"github.com/appsyncctl/appsyncctl/internal/tokencache"
)

const (
	// tokenPatience is how long a token may take: a request to the provider that is
	// tried again, and the token store before and after it.
	tokenPatience = 8 * time.Second
	tokenLimit    = tokenPatience + 500*time.Millisecond // so that it can say how far it got
)

func tokenChecks() []Check {
	return []Check{
		{
			ID: TokenObtained, Category: Token, Title: "an access token can be obtained", limit: tokenLimit,
			Meaning: `A token is taken from where it rests, or asked for. Without one no call can be made. A person has to log in, once and again when the login has ended. For a machine the provider's own words tell: it rejects the client's credentials (wrong secret, or another way of client authentication than the application has), does not allow the grant for this application, knows no API with this audience, or has not authorized the application for it; Auth0 keeps each of these in another place of its dashboard, which the fix names. A used-up quota or a provider that does not answer says nothing about the settings: try again later.`,
		},
		{
			ID: TokenReadable, Category: Token, Title: "the token is one that the API can read", needs: []ID{TokenObtained}, Refusal: true,
			Meaning: `AppSync reads signed JWTs only, three parts with two dots. Auth0 gives an opaque token to whoever names no audience, or one that is not an API of the tenant; it is good for /userinfo alone, and AppSync answers "Unable to parse JWT token". A token of five parts is encrypted (JWE), which only its audience could read: turn that off for the API at the provider. Quotes or the word Bearer that were copied along make a token unreadable too.`,
		},
		{
			ID: TokenUnbound, Category: Token, Title: "the token is not bound to a key", needs: []ID{TokenReadable}, Refusal: true,
			Meaning: `A token with the claim cnf.jkt is bound to a key (DPoP, RFC 9449): each request would have to carry a proof that is signed with it. AppSync knows nothing of that, so such a token is no safer there, and a client that keeps the rules cannot use it. Turn sender constraining off for this API at the provider.`,
		},
		{
			ID: TokenAlgorithm, Category: Token, Title: "the token is signed in a way that AppSync takes", needs: []ID{TokenReadable}, Refusal: true,
			Meaning: `The algorithm in the token's header is compared with those that AppSync takes: RS, PS, ES and HS with 256, 384 or 512 bits, of which it recommends RS256. A token that is not signed at all ("none"), or with EdDSA, is refused with 401. Auth0 sets the algorithm for each API, and RS256 is its default: set the API's signing algorithm to it, and get a new token.`,
		},
		{
			ID: TokenKeyPublished, Category: Token, Title: "the provider publishes the key that signed the token", needs: []ID{TokenAlgorithm, KeysFetched}, Refusal: true,
			Meaning: `AppSync looks for the token's key ID (kid) among the keys that the provider publishes, and refuses the token if it is not there. Keys go when they are rotated and the old one is revoked: all older tokens end with it, and a new token is the cure. A token signed with a secret (HS256) has no published key at all: set the API's signing algorithm to RS256 at the provider. A token without a key ID leaves AppSync nothing to look for.`,
		},
		{
			ID: TokenSigned, Category: Token, Title: "the token's signature is that of the provider's key", needs: []ID{TokenKeyPublished}, Refusal: true,
			Meaning: `The key that the token names did not make its signature. Either the token was changed on its way, as by a line break or a character lost when it was copied, or it was made by somebody else. Get a new one.`,
		},
		{
			ID: TokenIssuer, Category: Token, Title: "the token's issuer is the one that is set", needs: []ID{TokenReadable}, Refusal: true,
			Meaning: `The claim iss must be the provider's name to the letter: AppSync compares it with its own setting. Auth0 writes it with a slash at the end, and with the host that was asked: a token from a custom domain does not carry the tenant's own name (TENANT.auth0.com), and the other way round. Set the API and this program to the same one. Any other difference means a token from somewhere else.`,
		},
		{
			ID: TokenAudience, Category: Token, Title: "the token is for the audience that is set", needs: []ID{TokenReadable}, Refusal: true,
			Meaning: `The claim aud names the APIs that the token is for, and providers and APIs compare it to the letter, slash included. The identifier stands in Auth0's dashboard and cannot be changed there. A token that is only for /userinfo was asked for without an audience; one that is for the client itself is an ID token.`,
		},
		{
			ID: TokenClient, Category: Token, Title: "the token was issued to the client that is set", needs: []ID{TokenReadable}, Refusal: true,
			Meaning: `The claim azp (or client_id) names the application that the token was issued to. An API in AppSync may have a client ID expression, which azp or aud must match; a token of another application is then refused with "Unauthorized". Applications for machines and for people are different ones at Auth0, with different client IDs.`,
		},
		{
			ID: TokenUnexpired, Category: Token, Title: "the token has not expired", needs: []ID{TokenReadable}, Refusal: true,
			Meaning: `AppSync refuses a token once its claim exp is past by AppSync's own clock, with "Token has expired". This program renews its own tokens a minute ahead, so that only a token that was given, or a clock of this machine that is slow, leads here.`,
		},
		{
			ID: TokenBegun, Category: Token, Title: "the token is already valid", needs: []ID{TokenReadable}, Refusal: true,
			Meaning: `A token says when it was issued (iat) and may say from when on it is valid (nbf). If that is in the future by the API's clock, the API refuses it. The provider's clock made these times, so that one of the two clocks is wrong; or somebody made the token for later. AppSync needs iat.`,
		},
		{
			ID: TokenScopes, Category: Token, Title: "the token has the scopes that were asked for", needs: []ID{TokenReadable},
			Meaning: `The provider may grant fewer scopes than it is asked for, without a word: Auth0 leaves out those that the API does not define, that the application's authorization does not include, or that the person's roles do not give when RBAC is on. AppSync itself looks at no scopes, but resolvers may. Permissions in the claim permissions count as well.`,
		},
		{
			ID: TokenAccess, Category: Token, Title: "the token is an access token", needs: []ID{TokenReadable},
			Meaning: `An ID token tells a client who has logged in; it is meant for the client and not for an API. AppSync takes any JWT of the issuer, so it may seem to work, but an ID token has no scopes and no audience of an API, ends with the login, and shows its owner's name and e-mail address to whoever logs it. Send the access token.`,
		},
	}
}

// tokenFacts are what is known of the token.
type tokenFacts struct {
	token    string      // empty if it was withheld
	withheld error       // why the caller threw a token away; mostly nil
	claims   auth.Claims // zero if they cannot be read
	found    findings    // with those of all that comes before it
}

// examineToken gets a token and reads it. A token in the store needs no provider, so
// nothing stops it; but what is wrong with the store or the provider is the cause if there
// is no token.
func examineToken(ctx context.Context, r *runner, settings settingsFacts, network networkFacts, provider providerFacts, store promise[findings]) tokenFacts {
	known := joined(provider.found, store.wait())
	f := obtainToken(ctx, r, settings, provider, known)
	token := reading{r.Subject, settings, network, provider, f, f.found}
	token.found = token.readForm(ctx, r)
	signature := begin(func() findings { return token.readSignature(ctx, r) })
	f.found = joined(token.readClaims(ctx, r), signature.wait())
	return f
}

// obtainToken gets a token, and sees whether it is one.
func obtainToken(ctx context.Context, r *runner, settings settingsFacts, provider providerFacts, known findings) tokenFacts {
	request := tokenRequest{r.Subject, settings, provider, known}
	f, known := learn(ctx, r, known, TokenObtained, request.obtain)
	f.claims, f.found = learn(ctx, r, known, TokenReadable, func(context.Context) (auth.Claims, Verdict) {
		return tokenReadable(r.Subject, provider, f.token, f.withheld)
	})
	return f
}

// A tokenRequest is what leads to a token, with what was found on the way there.
type tokenRequest struct {
	*Subject
	settingsFacts
	providerFacts
	found findings
}

// obtain gets the token that a command would send.
func (t tokenRequest) obtain(ctx context.Context) (tokenFacts, Verdict) {
	switch {
	case t.Answer != nil && !t.Answer.justNow() && t.Grant != "":
		return tokenFacts{}, skipped("the token that was sent with the saved answer is not known: give it with --token")
	case t.Token != nil:
	case !t.tokened():
		return tokenFacts{}, skipped("the authorization mode " + t.mode() + " uses no token")
	default:
		return tokenFacts{}, skipped("no token is looked at")
	}
	wait := tokenWait(ctx)
	ctx, cancel := t.Deadline.Set(ctx, wait, TokenObtained.asks())
	defer cancel()
	token, err := t.Token(ctx)
	withheld := unreadable(err)
	switch {
	case withheld:
		return tokenFacts{withheld: err}, ok("the provider gave a token", t.tokenOrigin()...)
	case err != nil:
		return tokenFacts{}, t.tokenless(ctx, wait, err)
	case token == "":
		return tokenFacts{}, failure("the token that was given is empty", t.anotherToken(), t.tokenOrigin()...)
	}
	return tokenFacts{token: token}, ok("there is a token", t.tokenOrigin()...)
}

// tokenWait is how long a token may take: tokenPatience, or less where what came before
// has taken its time. It ends before the check itself does.
func tokenWait(ctx context.Context) time.Duration {
	deadline, set := ctx.Deadline()
	if !set {
		return tokenPatience
	}
	return max(min(tokenPatience, time.Until(deadline)-(tokenLimit-tokenPatience)), 0).Round(100 * time.Millisecond)
}

// unreadable reports whether there was a token after all, but one that nobody can
// read. To say what is wrong with it is for AUTH-002.
func unreadable(err error) bool {
	if known, ok := errors.AsType[*TokenError](err); ok && known.Kind == Unreadable {
		return true
	}
	_, damaged := errors.AsType[*auth.ClaimsError](err)
	return damaged
}

func (t tokenRequest) tokenOrigin() []Evidence {
	if t.TokenFrom == nil {
		return nil
	}
	return []Evidence{{Name: "token", Found: redact.Redacted, From: t.TokenFrom()}}
}

// tokenless says why there is no token. The provider's own refusal tells most, and
// stands behind "log in again" too.
func (t tokenRequest) tokenless(ctx context.Context, wait time.Duration, err error) Verdict {
	known, _ := errors.AsType[*TokenError](err)
	if refusal, refused := errors.AsType[*auth.Error](err); refused {
		verdict := t.refused(refusal)
		if strings.HasSuffix(refusal.Endpoint, "/.well-known/openid-configuration") { // the token was never asked for
			verdict = t.found.attributed(unknown("the provider does not say where tokens are to be had", err), MetadataPublished)
		}
		verdict.Err = err
		return verdict
	}
	verdict := t.kept(ctx, wait, err, known)
	verdict.Err = err
	return verdict
}

// kept says what kept the caller from asking the provider, or from its answer.
func (t tokenRequest) kept(ctx context.Context, wait time.Duration, err error, known *TokenError) Verdict {
	switch {
	case known != nil && known.Kind == LoginNeeded:
		return failure(bounded(err.Error()), t.login())
	case known != nil && known.Kind == Unset:
		return t.unset(known.Setting)
	case known != nil && known.Kind == NoSecret && known.Setting == "client_key_file":
		return failure("the client's key cannot be read: "+bounded(err.Error()), t.change("client_key_file", "FILE"))
	case known != nil && known.Kind == NoSecret:
		return failure("the client's secret cannot be read: "+bounded(err.Error()), t.newSecret())
	case ctx.Err() != nil:
		return t.found.attributed(unknown(fmt.Sprintf("no token within %s", wait), err), ProxyUsable, ProviderResolves, ProviderConnects, MetadataPublished, StoreReached, StoreUnlocked)
	}
	if verdict, found := t.storeInTheWay(err); found {
		return verdict
	}
	return t.providerInTheWay(err)
}

func (t tokenRequest) unset(name string) Verdict {
	setting := t.setting(name)
	verdict := failure("no "+setting.Label+" is set", setting.remedy())
	if name == "client_secret" {
		verdict.Fix = t.newSecret()
	}
	if t.found.cause(SettingsComplete) != "" {
		return consequence(verdict, SettingsComplete)
	}
	return verdict
}

// storeInTheWay says what an error of the token store means.
func (t tokenRequest) storeInTheWay(err error) (Verdict, bool) {
	if unavailable, ok := errors.AsType[*tokencache.UnavailableError](err); ok {
		return t.found.attributed(failure("the token store cannot be reached: "+bounded(unavailable.Reason), t.change("token_store", "memory")), StoreReached), true
	}
	if locked, ok := errors.AsType[*tokencache.LockedError](err); ok {
		return t.found.attributed(failure("the token store is locked: "+bounded(locked.Reason), t.change("token_store", "memory")), StoreUnlocked, StoreReached), true
	}
	if _, ok := errors.AsType[tokencache.NoSealError](err); ok {
		return failure("the token file is sealed, and there is nothing to open it with", passphraseFix), true
	}
	if open, ok := errors.AsType[*tokencache.PermissionError](err); ok {
		return failure("the token file is not used because others can read it", "chmod 600 "+shell.Word(open.Path)), true
	}
	if _, ok := errors.AsType[*tokencache.LockTimeoutError](err); ok {
		return unknown("another process is renewing the same token", err), true
	}
	return Verdict{}, false
}

// providerInTheWay says what an error on the way to the provider's answer means.
func (t tokenRequest) providerInTheWay(err error) Verdict {
	if lost, ok := errors.AsType[*auth.TransportError](err); ok {
		found := Evidence{Name: "request", Found: bounded(err.Error()), From: lost.Endpoint}
		return t.found.attributed(unknown("the provider gave no answer", err, found), ProxyUsable, ProviderResolves, ProviderConnects, MetadataPublished)
	}
	if _, ok := errors.AsType[*auth.IssuerError](err); ok {
		return t.found.attributed(failure("the issuer cannot be used", t.setting("issuer").remedy()), SettingsComplete, IssuerUsable)
	}
	if mismatch, ok := errors.AsType[*auth.IssuerMismatchError](err); ok {
		return t.found.attributed(failure("the provider calls itself by another name", t.change("issuer", mismatch.Found),
			Evidence{Name: "issuer", Expected: bounded(mismatch.Expected), Found: bounded(mismatch.Found), From: "discovery"}), MetadataPublished, IssuerMatches)
	}
	if _, ok := errors.AsType[*auth.DiscoveryError](err); ok {
		return t.found.attributed(failure(bounded(err.Error()), t.setting("issuer").remedy()), IssuerUsable, MetadataPublished)
	}
	if lacking, ok := errors.AsType[*auth.UnsupportedError](err); ok {
		return t.found.attributed(failure("the provider does not offer "+lacking.Feature, t.change("grant", grantMachine)), MetadataPublished, GrantOffered)
	}
	if _, ok := errors.AsType[*auth.EndpointError](err); ok {
		return t.found.attributed(failure(bounded(err.Error()), t.setting("issuer").remedy()), MetadataPublished)
	}
	if _, ok := errors.AsType[*auth.AnswerError](err); ok {
		return failure(bounded(err.Error()), t.setting("issuer").remedy())
	}
	if broken, ok := errors.AsType[*auth.KeyError](err); ok {
		return failure("the client's key cannot be used: "+bounded(broken.Reason), t.change("client_key_file", "FILE"))
	}
	return unknown(bounded(err.Error()), err)
}

// newSecret is the way to give the client another secret, where it has it from now.
// None shows it.
func (t tokenRequest) newSecret() string {
	secret := t.console("Applications", cmp.Or(t.setting("client_id").Value, "CLIENT"), "Settings", "Client Secret")
	file, command := t.setting("client_secret_file"), t.setting("secret_command")
	switch {
	case t.setting("client_secret").Value != "":
		return "read -rs APPSYNCCTL_CLIENT_SECRET && export APPSYNCCTL_CLIENT_SECRET"
	case file.Value != "":
		return secret + ": copy it into " + file.Value
	case command.Value != "":
		return secret + ": copy it to where the command of " + command.from() + " has it from"
	default:
		return t.login("--client-secret-stdin")
	}
}
