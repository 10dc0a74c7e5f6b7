package doctor

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"

	"github.com/appsyncctl/appsyncctl/internal/auth"
)

func keysFetched(ctx context.Context, e *examination) Verdict {
	provider := e.known().provider
	limited, cancel := e.Deadline.Set(ctx, patience, KeysFetched.asks())
	defer cancel()
	keys, err := auth.FetchKeys(limited, e.Provider, provider)
	found := Evidence{Name: "jwks_uri", Found: provider.JWKSURI, From: "discovery"}
	refusal, refused := errors.AsType[*auth.Error](err)
	_, lost := errors.AsType[*auth.TransportError](err)
	_, none := errors.AsType[*auth.UnsupportedError](err)
	switch {
	case err == nil:
		e.learn(func(f *facts) { f.keys = keys })
		return ok(fmt.Sprintf("the provider publishes %s", counted(len(keys.Keys), "key")), found)
	case lost:
		return unknown("no answer with the provider's keys", err, found, said("connection", err))
	case refused && (refusal.Temporary() || refusal.Status == http.StatusRequestTimeout):
		return unknown(fmt.Sprintf("the provider answered %d when asked for its keys", refusal.Status), err, found)
	case refused:
		found.Found += fmt.Sprintf(": %d", refusal.Status)
		return failedBy(fmt.Sprintf("the provider does not show its keys: %d", refusal.Status), "curl -sSi "+quoted(provider.JWKSURI), err, found)
	case none:
		found.Found = "none"
		return failedBy("the provider's metadata names no place for its keys", e.setting("issuer").remedy(), err, found)
	default:
		return failedBy("the provider's keys cannot be read", "curl -sSi "+quoted(provider.JWKSURI), err, found)
	}
}

// keysTaken looks for a key that AppSync can find and use.
func keysTaken(_ context.Context, e *examination) Verdict {
	keys, from := e.known().keys.Keys, e.known().provider.JWKSURI // OIDC-004 has passed
	var evidence []Evidence
	named, taken := false, false
	for _, key := range keys {
		named = named || key.ID != ""
		taken = taken || key.ID != "" && takenKey(key)
		if len(evidence) < 5 {
			evidence = append(evidence, Evidence{
				Name: "key", Expected: "RS256 with a kid",
				Found: strings.TrimSpace(fmt.Sprintf("%s %s kid %q", key.Type, key.Algorithm, bounded(key.ID))), From: from,
			})
		}
	}
	const fix = "let the provider sign with RS256 and publish the key with a kid"
	switch {
	case taken:
		return ok("AppSync can check signatures with the provider's keys", evidence...)
	case len(keys) == 0:
		return failure("the provider publishes no key for signatures", fix)
	case !named:
		return failure("the provider's keys have no kid, by which AppSync finds them", fix, evidence...)
	default:
		return failure("none of the provider's keys is of a kind that AppSync takes", fix, evidence...)
	}
}

// takenKey reports whether AppSync can check a signature with key. A key need not
// say for which algorithm it is.
func takenKey(key auth.Key) bool {
	if key.Algorithm == "" {
		return key.Type == "RSA" || key.Type == "EC"
	}
	return appSyncAlgorithm(key.Algorithm)
}

// counted is "1 key" or "2 keys".
func counted(n int, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return fmt.Sprintf("%d %ss", n, noun)
}
