// What a token says of itself, against what is set.

package doctor

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/appsyncctl/appsyncctl/internal/auth"
)

func tokenIssuer(ctx context.Context, e *examination) Verdict {
	return ofJWT(func(e *examination, claims auth.Claims) Verdict {
		known, setting := e.known(), e.setting("issuer")
		found := Evidence{Name: "iss", Found: bounded(claims.Issuer), From: "token"}
		switch {
		case setting.Value == "":
			return Verdict{Result: Skipped, Message: "no issuer is set to compare with", Lacks: "issuer", Evidence: []Evidence{found}}
		case known.issuer == "":
			return Verdict{Result: Skipped, Because: IssuerUsable, Evidence: []Evidence{found}}
		}
		found.Expected = setting.Value
		if known.provider != nil { // it says which way it writes its name
			found.Expected = bounded(known.provider.Issuer)
		}
		canonical, _ := auth.ParseIssuer(claims.Issuer) // "" is no issuer's name
		switch {
		case claims.Issuer == "":
			return failure("the token names no issuer", e.anotherToken(), found)
		case known.provider != nil && claims.Issuer == known.provider.Issuer:
			return ok("the token's issuer is the provider", found)
		case known.provider == nil && (claims.Issuer == known.issuer || claims.Issuer == setting.Value):
			return ok("the token's issuer is the one that is set", found)
		case known.provider == nil && canonical == known.issuer:
			// The provider may write it as the token does, but cannot be asked.
			return e.attributed(unknown("it differs from the one that is set "+cmp.Or(difference(claims.Issuer, setting.Value), "in how it is written"), nil, found), ProviderResolves, ProviderConnects, MetadataPublished, IssuerMatches)
		}
		if little := difference(claims.Issuer, found.Expected); little != "" {
			return failure("the token's issuer differs from the provider's own name "+little, e.anotherToken(), found)
		}
		verdict := failure(foreign(claims.Issuer, found.Expected), e.toIssuer(canonical, claims.Issuer), found)
		if e.cause(IssuerMatches) != "" { // the provider calls itself by another name, and so do its tokens
			return consequence(verdict, IssuerMatches)
		}
		return verdict
	})(ctx, e)
}

// toIssuer is the way out when a token's issuer is another one: a provider that was
// asked gave its own name, so that the setting is wrong; a token that was given is
// the wrong one.
func (e *examination) toIssuer(canonical, issuer string) string {
	if e.Grant == "" || canonical == "" {
		return e.anotherToken()
	}
	return e.change("issuer", issuer)
}

func tokenAudience(ctx context.Context, e *examination) Verdict {
	return ofJWT(func(e *examination, claims auth.Claims) Verdict {
		setting := e.setting("audience")
		wanted := setting.Value
		found := Evidence{Name: "aud", Expected: wanted, Found: bounded(cmp.Or(strings.Join(claims.Audience, ", "), "none")), From: "token"}
		switch {
		case wanted == "":
			return Verdict{Result: Skipped, Message: "no audience is set to compare with", Lacks: "audience", Evidence: []Evidence{found}}
		case slices.Contains(claims.Audience, wanted):
			return ok("the token is for the audience that is set", found)
		case len(claims.Audience) == 0 && e.mode() == modeCognito:
			return skipped("Cognito's access tokens name no audience")
		case len(claims.Audience) == 0:
			return failure("the token names no audience", e.anotherToken(), found)
		case e.identity(claims) != "":
			return failure("the token is for the client itself: it is an ID token", e.anotherToken(), found)
		}
		for _, audience := range claims.Audience {
			if little := difference(audience, wanted); little != "" {
				return failure("the token's audience differs from the one that is set "+little, e.change("audience", audience), found)
			}
		}
		return failure(otherAudience(claims.Audience), e.anotherToken(), found)
	})(ctx, e)
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

func tokenClient(ctx context.Context, e *examination) Verdict {
	return ofJWT(func(e *examination, claims auth.Claims) Verdict {
		setting := e.setting("client_id")
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
		case e.Grant == "": // somebody else's token is a fair thing to look at
			return warning("the token that was given was issued to another client", e.anotherToken(), found)
		default:
			return failure("the token was issued to another client", e.anotherToken(), found)
		}
	})(ctx, e)
}

func tokenScopes(ctx context.Context, e *examination) Verdict {
	return ofJWT(func(e *examination, claims auth.Claims) Verdict {
		granted := slices.Concat(claims.Scopes, claims.Permissions)
		var asked, missing []string
		for scope := range strings.FieldsSeq(e.setting("scopes").Value) {
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
			return warning(fmt.Sprintf("%d of %d scopes were not granted: %s", len(missing), len(asked), bounded(strings.Join(missing, " "))), e.grantScopes(claims), found)
		}
	})(ctx, e)
}

// ofProvider reports whether a scope is about the login and not about an API
// (OpenID Connect Core 1.0, sections 5.4 and 11): no access token need show it.
func ofProvider(scope string) bool {
	return slices.Contains([]string{"openid", "profile", "email", "address", "phone", "offline_access"}, scope)
}

func (e *examination) grantScopes(claims auth.Claims) string {
	api := cmp.Or(e.setting("audience").Value, "API")
	if claims.GrantType == "client-credentials" || e.Grant == grantMachine {
		return e.atProvider("Applications", cmp.Or(e.setting("client_id").Value, "CLIENT"), "APIs", api, "select the permissions")
	}
	return e.atProvider("Applications", "APIs", api, "Permissions, and with RBAC the roles of the person")
}

func tokenAccess(ctx context.Context, e *examination) Verdict {
	return ofJWT(func(e *examination, claims auth.Claims) Verdict {
		why := e.identity(claims)
		switch {
		case e.mode() == modeCognito:
			return skipped("AppSync takes Cognito's ID tokens as well")
		case why == "":
			return ok("the token is an access token")
		}
		verdict := warning("this is an ID token: it tells the client who has logged in, and is not for an API", e.anotherToken(),
			Evidence{Name: "ID token", Found: why, From: "token"})
		if e.cause(TokenAudience) != "" {
			return consequence(verdict, TokenAudience)
		}
		return verdict
	})(ctx, e)
}

// identity says what makes an ID token of a token; "" if it is none. An access
// token of some providers is for the client too, but then it has scopes.
func (e *examination) identity(claims auth.Claims) string {
	client := cmp.Or(claims.ClientID, e.setting("client_id").Value)
	switch {
	case client != "" && client == e.setting("audience").Value: // some name an API by its client
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
