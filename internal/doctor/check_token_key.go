// The signature of a token, checked as AppSync does it: with the keys that the
// provider publishes.

package doctor

import (
	"cmp"
	"context"
	"fmt"
	"net/url"
	"slices"
	"strings"

	"github.com/appsyncctl/appsyncctl/internal/auth"
)

func tokenKeyPublished(ctx context.Context, e *examination) Verdict {
	return ofJWT(func(e *examination, claims auth.Claims) Verdict {
		keys := e.known().keys
		switch {
		case strings.HasPrefix(claims.Algorithm, "HS"):
			return failure("the token is signed with a secret, for which there is no key to publish", e.signWithRSA(),
				Evidence{Name: "alg", Expected: "RS256", Found: claims.Algorithm, From: "token"})
		case claims.KeyID == "":
			return failure("the token does not name the key that signed it", e.anotherToken(), keyEvidence(claims, keys))
		case has(keys, claims):
			return ok("the provider publishes the token's key", Evidence{Name: "kid", Found: bounded(claims.KeyID), From: "token"})
		case e.elsewhere(claims.Issuer):
			verdict := skipped("these are not the keys of the token's issuer: see AUTH-007")
			verdict.Because = TokenIssuer
			return verdict
		}
		// The token may have been made after the keys were fetched, by one that came in
		// between: who checks signatures looks again then, and so does AppSync.
		keys, err := auth.FetchKeys(ctx, e.Provider, e.known().provider)
		switch {
		case err != nil:
			return unknown("the key was not there, and the keys could not be fetched again", err, keyEvidence(claims, e.known().keys))
		case has(keys, claims):
			e.learn(func(f *facts) { f.keys = keys })
			return ok("the provider publishes the token's key since a moment ago", keyEvidence(claims, keys))
		default:
			return failure("the provider does not publish the key that signed the token: it was revoked when the keys were rotated, or the token was made elsewhere",
				e.anotherToken(), keyEvidence(claims, keys))
		}
	})(ctx, e)
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
func (e *examination) elsewhere(issuer string) bool {
	theirs, err := url.Parse(issuer)
	ours, ourErr := url.Parse(e.known().issuer)
	return err == nil && ourErr == nil && theirs.Host != "" && !strings.EqualFold(theirs.Host, ours.Host)
}

func tokenSigned(ctx context.Context, e *examination) Verdict {
	return ofJWT(func(e *examination, claims auth.Claims) Verdict {
		known := e.known()
		key, _ := known.keys.Find(claims.KeyID)
		evidence := []Evidence{{Name: "kid", Found: bounded(key.ID), From: "token"}}
		otherwise := key.Algorithm != "" && key.Algorithm != claims.Algorithm
		if otherwise {
			evidence = append(evidence, Evidence{Name: "alg", Expected: bounded(key.Algorithm), Found: claims.Algorithm, From: "token"})
		}
		switch {
		case known.keys.Verify(known.token):
			return ok("the provider has signed the token", evidence...)
		case otherwise:
			return failure("the token names a key that is for another algorithm", e.anotherToken(), evidence...)
		case !slices.Contains([]string{"RSA", "EC"}, key.Type):
			return unknown(fmt.Sprintf("its key is of the kind %.20q, which cannot be checked here", key.Type), nil, evidence...)
		default:
			return failure("the signature is not that of the key: the token was changed, or somebody else made it", e.anotherToken(), evidence...)
		}
	})(ctx, e)
}
