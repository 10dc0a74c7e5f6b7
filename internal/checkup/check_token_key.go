// The signature of a token, checked as AppSync does it: with the keys that the
// provider publishes.

package checkup

import (
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
		var published []string
		for _, key := range keys.Keys {
			published = append(published, name(key.ID, "(no ID)"))
		}
		found := Evidence{Name: "kid", Expected: bounded(name(strings.Join(published, ", "), "none")), Found: bounded(name(claims.KeyID, "none")), From: "token"}
		_, known := keys.Find(claims.KeyID)
		switch {
		case strings.HasPrefix(claims.Algorithm, "HS"):
			found = Evidence{Name: "alg", Expected: "RS256", Found: claims.Algorithm, From: "token"}
			return failure("the token is signed with a secret, for which there is no key to publish", e.signWithRSA(), found)
		case claims.KeyID == "":
			return failure("the token does not name the key that signed it", e.anotherToken(), found)
		case known:
			return ok("the provider publishes it", Evidence{Name: "kid", Found: bounded(claims.KeyID), From: "token"})
		case e.elsewhere(claims.Issuer):
			verdict := skipped("these are not the keys of the token's issuer: see AUTH-007")
			verdict.Because = "AUTH-007"
			return verdict
		default:
			return failure("the provider does not publish the key that signed the token: it was revoked when the keys were rotated, or the token was made elsewhere",
				e.anotherToken(), found)
		}
	})(ctx, e)
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
			return ok("the provider has signed it", evidence...)
		case otherwise:
			return failure("the token names a key that is for another algorithm", e.anotherToken(), evidence...)
		case !slices.Contains([]string{"RSA", "EC"}, key.Type):
			return unknown(fmt.Sprintf("its key is of the kind %.20q, which cannot be checked here", key.Type), nil, evidence...)
		default:
			return failure("the signature is not that of the key: the token was changed, or somebody else made it", e.anotherToken(), evidence...)
		}
	})(ctx, e)
}
