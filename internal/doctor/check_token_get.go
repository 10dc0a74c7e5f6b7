// Getting a token, and what is in the way.

package doctor

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/appsyncctl/appsyncctl/internal/auth"
	"github.com/appsyncctl/appsyncctl/internal/tokencache"
)

func tokenHad(ctx context.Context, e *examination) Verdict {
	switch {
	case e.Answer != nil && !e.offline && e.Grant != "":
		return skipped("the token that was sent with the saved answer is not known: give it with --token")
	case e.Token != nil:
	case !e.tokened():
		return skipped("the authorization mode " + e.mode() + " uses no token")
	default:
		return skipped("no token is looked at")
	}
	wait := tokenWait(ctx)
	ctx, cancel := e.Deadline.Set(ctx, wait, TokenObtained.asks())
	defer cancel()
	token, err := e.Token(ctx)
	withheld := unreadable(err)
	switch {
	case withheld:
		e.learn(func(f *facts) { f.withheld = err })
		return ok("the provider gave a token", e.tokenOrigin()...)
	case err != nil:
		return e.tokenless(ctx, wait, err)
	case token == "":
		return failure("the token that was given is empty", e.anotherToken(), e.tokenOrigin()...)
	}
	e.learn(func(f *facts) { f.token = token })
	return ok("there is a token", e.tokenOrigin()...)
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

func (e *examination) tokenOrigin() []Evidence {
	if e.TokenFrom == nil {
		return nil
	}
	return []Evidence{{Name: "token", Found: "[redacted]", From: e.TokenFrom()}}
}

// tokenless says why there is no token. The provider's own refusal tells most, and
// stands behind "log in again" too.
func (e *examination) tokenless(ctx context.Context, wait time.Duration, err error) Verdict {
	known, _ := errors.AsType[*TokenError](err)
	if refusal, refused := errors.AsType[*auth.Error](err); refused {
		verdict := e.refused(refusal)
		if strings.HasSuffix(refusal.Endpoint, "/.well-known/openid-configuration") { // the token was never asked for
			verdict = e.attributed(unknown("the provider does not say where tokens are to be had", err), MetadataPublished)
		}
		verdict.Err = err
		return verdict
	}
	verdict := e.kept(ctx, wait, err, known)
	verdict.Err = err
	return verdict
}

// kept says what kept the caller from asking the provider, or from its answer.
func (e *examination) kept(ctx context.Context, wait time.Duration, err error, known *TokenError) Verdict {
	switch {
	case known != nil && known.Kind == LoginNeeded:
		return failure(bounded(err.Error()), e.login())
	case known != nil && known.Kind == Unset:
		return e.unset(known.Setting)
	case known != nil && known.Kind == NoSecret && known.Setting == "client_key_file":
		return failure("the client's key cannot be read: "+bounded(err.Error()), e.change("client_key_file", "FILE"))
	case known != nil && known.Kind == NoSecret:
		return failure("the client's secret cannot be read: "+bounded(err.Error()), e.newSecret())
	case ctx.Err() != nil:
		return e.attributed(unknown(fmt.Sprintf("no token within %s", wait), err), ProxyUsable, ProviderResolves, ProviderConnects, MetadataPublished, StoreReached, StoreUnlocked)
	}
	if verdict, found := e.storeInTheWay(err); found {
		return verdict
	}
	return e.providerInTheWay(err)
}

func (e *examination) unset(name string) Verdict {
	setting := e.setting(name)
	verdict := failure("no "+setting.Label+" is set", setting.remedy())
	if name == "client_secret" {
		verdict.Fix = e.newSecret()
	}
	if e.cause(SettingsComplete) != "" {
		return consequence(verdict, SettingsComplete)
	}
	return verdict
}

// storeInTheWay says what an error of the token store means.
func (e *examination) storeInTheWay(err error) (Verdict, bool) {
	if unavailable, ok := errors.AsType[*tokencache.UnavailableError](err); ok {
		return e.attributed(failure("the token store cannot be reached: "+bounded(unavailable.Reason), e.change("token_store", "memory")), StoreReached), true
	}
	if locked, ok := errors.AsType[*tokencache.LockedError](err); ok {
		return e.attributed(failure("the token store is locked: "+bounded(locked.Reason), e.change("token_store", "memory")), StoreUnlocked, StoreReached), true
	}
	if _, ok := errors.AsType[tokencache.NoSealError](err); ok {
		return failure("the token file is sealed, and there is nothing to open it with", passphraseFix), true
	}
	if open, ok := errors.AsType[*tokencache.PermissionError](err); ok {
		return failure("the token file is not used because others can read it", "chmod 600 "+quoted(open.Path)), true
	}
	if _, ok := errors.AsType[*tokencache.LockTimeoutError](err); ok {
		return unknown("another process is renewing the same token", err), true
	}
	return Verdict{}, false
}

// providerInTheWay says what an error on the way to the provider's answer means.
func (e *examination) providerInTheWay(err error) Verdict {
	if lost, ok := errors.AsType[*auth.TransportError](err); ok {
		found := Evidence{Name: "request", Found: bounded(err.Error()), From: lost.Endpoint}
		return e.attributed(unknown("the provider gave no answer", err, found), ProxyUsable, ProviderResolves, ProviderConnects, MetadataPublished)
	}
	if _, ok := errors.AsType[*auth.IssuerError](err); ok {
		return e.attributed(failure("the issuer cannot be used", e.setting("issuer").remedy()), SettingsComplete, IssuerUsable)
	}
	if mismatch, ok := errors.AsType[*auth.IssuerMismatchError](err); ok {
		return e.attributed(failure("the provider calls itself by another name", e.change("issuer", mismatch.Found),
			Evidence{Name: "issuer", Expected: bounded(mismatch.Expected), Found: bounded(mismatch.Found), From: "discovery"}), MetadataPublished, IssuerMatches)
	}
	if _, ok := errors.AsType[*auth.DiscoveryError](err); ok {
		return e.attributed(failure(bounded(err.Error()), e.setting("issuer").remedy()), IssuerUsable, MetadataPublished)
	}
	if lacking, ok := errors.AsType[*auth.UnsupportedError](err); ok {
		return e.attributed(failure("the provider does not offer "+lacking.Feature, e.change("grant", grantMachine)), MetadataPublished, GrantOffered)
	}
	if _, ok := errors.AsType[*auth.EndpointError](err); ok {
		return e.attributed(failure(bounded(err.Error()), e.setting("issuer").remedy()), MetadataPublished)
	}
	if _, ok := errors.AsType[*auth.AnswerError](err); ok {
		return failure(bounded(err.Error()), e.setting("issuer").remedy())
	}
	if broken, ok := errors.AsType[*auth.KeyError](err); ok {
		return failure("the client's key cannot be used: "+bounded(broken.Reason), e.change("client_key_file", "FILE"))
	}
	return unknown(bounded(err.Error()), err)
}
