// The form of a token: whether AppSync can read it, and whether it may use it.

package doctor

import (
	"cmp"
	"context"
	"errors"
	"slices"
	"strings"

	"github.com/appsyncctl/appsyncctl/internal/auth"
)

// ofJWT makes a check of what a token says of itself. An opaque one says nothing,
// which only a Lambda function can be content with: AUTH-002 stops the others.
func ofJWT(check func(e *examination, claims auth.Claims) Verdict) func(context.Context, *examination) Verdict {
	return func(_ context.Context, e *examination) Verdict {
		claims := e.known().claims
		if claims.Format != auth.JWT {
			return skipped("the API's Lambda function reads the token, which says nothing to others")
		}
		return check(e, claims)
	}
}

func tokenReadable(_ context.Context, e *examination) Verdict {
	known := e.known()
	claims, err := auth.ParseClaims(known.token)
	if damaged, ok := errors.AsType[*auth.ClaimsError](known.withheld); ok {
		err = damaged
	}
	e.learn(func(f *facts) { f.claims = claims })
	format := Evidence{Name: "format", Expected: auth.JWT.String(), Found: claims.Format.String(), From: "token"}
	switch {
	case err != nil:
		verdict := failure(bounded(err.Error()), e.anotherToken(), format)
		verdict.Err = err
		return verdict
	case claims.Format == auth.JWT:
		return ok("the token is a JWT", Evidence{Name: "typ", Found: bounded(cmp.Or(claims.Type, "none")), From: "token"})
	case e.mode() == modeLambda:
		return ok("the token is " + claims.Format.String() + ", which the API's Lambda function may read")
	case claims.Format == auth.Encrypted:
		return failure("the token is encrypted (five parts), and AppSync reads signed ones only",
			e.atProvider("Applications", "APIs", cmp.Or(e.setting("audience").Value, "API"), "Settings", "JSON Web Encryption", "off"), format)
	}
	verdict := e.opaque(known.token, format)
	verdict.Err = known.withheld
	return verdict
}

const bearerWord = "Bearer "

// withoutBearer takes the word off a token, as it was written before it.
func (e *examination) withoutBearer(word string) string {
	if e.TokenFrom != nil && e.TokenFrom() == "APPSYNCCTL_TOKEN" {
		return `export APPSYNCCTL_TOKEN="${APPSYNCCTL_TOKEN#` + word + `}"`
	}
	return e.anotherToken()
}

// opaque says why a token is no JWT, as far as its outside or the settings tell.
func (e *examination) opaque(token string, format Evidence) Verdict {
	audience := e.setting("audience")
	switch {
	case strings.HasPrefix(token, "da2-"):
		return failure("this is an API key of AppSync and no token", e.change("auth", modeAPIKey), format)
	case len(token) > len(bearerWord) && strings.EqualFold(token[:len(bearerWord)], bearerWord):
		return failure("the word Bearer was copied along with the token", e.withoutBearer(token[:len(bearerWord)]), format)
	case strings.ContainsAny(token, " \t\r\n\"'`"):
		return failure("the token holds a blank or a quotation mark, as when quotes or a line break were copied along", e.anotherToken(), format)
	case strings.HasPrefix(token, "eyJ"):
		return failure("the token begins as a JWT and does not have its three parts: it was not copied whole", e.anotherToken(), format)
	case e.Grant == "":
		return failure("the token is opaque, which AppSync cannot read", e.anotherToken(), format)
	case audience.Value == "":
		return failure("the token is opaque, which AppSync cannot read: no audience was asked for", e.change("audience", "IDENTIFIER"), format,
			Evidence{Name: "audience", Expected: "the identifier of the API at the provider", Found: "", From: audience.from()})
	default:
		return failure("the token is opaque, which AppSync cannot read, although an audience was asked for: it is not that of an API with JWTs",
			e.change("audience", "IDENTIFIER"), format, e.asked("audience"))
	}
}

func tokenUnbound(ctx context.Context, e *examination) Verdict {
	return ofJWT(func(e *examination, claims auth.Claims) Verdict {
		switch {
		case e.mode() == modeLambda:
			return skipped("the API's Lambda function decides that")
		case claims.KeyThumbprint != "":
			return failure("the token is bound to a key (DPoP), which AppSync does not support", e.unbind(),
				Evidence{Name: "cnf.jkt", Found: bounded(claims.KeyThumbprint), From: "token"})
		default:
			return ok("whoever holds the token may use it")
		}
	})(ctx, e)
}

func tokenAlgorithm(ctx context.Context, e *examination) Verdict {
	return ofJWT(func(e *examination, claims auth.Claims) Verdict {
		found := Evidence{Name: "alg", Expected: "RS256, or another of RS, PS, ES and HS", Found: bounded(claims.Algorithm), From: "token"}
		switch {
		case e.mode() == modeLambda:
			return skipped("the API's Lambda function decides that")
		case strings.EqualFold(claims.Algorithm, "none"), claims.Algorithm == "":
			return failure("the token is not signed", e.anotherToken(), found)
		case !appSyncAlgorithm(claims.Algorithm):
			return failure("AppSync does not take the algorithm that signed the token", e.signWithRSA(), found)
		default:
			return ok("the token is signed with "+claims.Algorithm, found)
		}
	})(ctx, e)
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
func (e *examination) signWithRSA() string {
	return e.atProvider("Applications", "APIs", cmp.Or(e.setting("audience").Value, "API"), "Settings", "Signing Algorithm", "RS256")
}
