package cli

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/Khan/genqlient/graphql"

	"github.com/appsyncctl/appsyncctl/internal/appsync"
	"github.com/appsyncctl/appsyncctl/internal/auth"
	"github.com/appsyncctl/appsyncctl/internal/config"
)

// refusedTokenError is an API's refusal of a token, with what the token itself
// tells of the cause. AppSync has four words for two dozen causes.
type refusedTokenError struct {
	answer *appsync.ResponseError
	cause  string
}

func (e *refusedTokenError) Error() string { return e.answer.Error() }
func (e *refusedTokenError) Unwrap() error { return e.answer }

// explaining is a GraphQL client that looks into a token which was refused. By
// then it has been renewed once.
type explaining struct {
	graphql.Client
	source tokenSource
	wanted config.Resolved // the settings that the token was asked for with
	now    func() time.Time
}

// MakeRequest implements graphql.Client.
func (c *explaining) MakeRequest(ctx context.Context, req *graphql.Request, resp *graphql.Response) error {
	err := c.Client.MakeRequest(ctx, req, resp)
	answer, ok := errors.AsType[*appsync.ResponseError](err)
	if !ok || !answer.Unauthorized() {
		return err
	}
	token, tokenErr := c.source.Token(ctx)
	if tokenErr != nil {
		return err
	}
	clock := answer.Date
	if clock.IsZero() {
		clock = c.now()
	}
	return &refusedTokenError{answer, refusalCause(token, answer, c.wanted, clock, c.now())}
}

// refusalCause names the first thing about a token that explains its refusal.
// clock is the server's time.
func refusalCause(token string, answer *appsync.ResponseError, wanted config.Resolved, clock, now time.Time) string {
	claims, err := auth.ParseClaims(token)
	issuer, _ := auth.ParseIssuer(wanted.Text(config.Issuer)) // unset with a given token
	audience := wanted.Text(config.Audience)
	switch {
	case wanted.Text(config.Auth) == authLambda:
		return "the API's Lambda function did not allow this token"
	case err != nil:
		return "the token is damaged: " + err.Error()
	case claims.Format == auth.Opaque:
		return "the token is opaque, which AppSync cannot read: ask for one with --audience (APPSYNCCTL_AUDIENCE)"
	case claims.Format == auth.Encrypted:
		return "the token is encrypted (five parts), which AppSync cannot read: turn encryption off for this API at the provider"
	case claims.KeyThumbprint != "":
		return "the token is bound to a key (DPoP), which AppSync does not support: turn that off for this API at the provider"
	case !claims.Expiry.IsZero() && !clock.Before(claims.Expiry):
		return fmt.Sprintf("the token expired at %s by the API's clock%s", stamp(claims.Expiry), skew(clock, now))
	case claims.NotBefore.After(clock) || claims.IssuedAt.After(clock.Add(time.Minute)):
		return "the token is not valid yet by the API's clock" + skew(clock, now)
	case issuer != "" && strings.TrimSuffix(claims.Issuer, "/") != strings.TrimSuffix(issuer, "/"):
		return fmt.Sprintf("the token's issuer is %s and not %s, as behind a custom domain: the API must be set to the token's", claims.Issuer, issuer)
	case audience != "" && !slices.Contains(claims.Audience, audience):
		return fmt.Sprintf("the token is for %s and not for %s", strings.Join(claims.Audience, ", "), audience)
	case answer.Error() == "UnauthorizedException: Unauthorized":
		return fmt.Sprintf("the API's client ID expression must match the token's azp %q or one of its aud %s",
			claims.ClientID, strings.Join(claims.Audience, ", "))
	case !claims.IssuedAt.IsZero() && clock.Sub(claims.IssuedAt) > time.Hour:
		return fmt.Sprintf("the token is %s old: the API may allow less (issue time, in milliseconds); its issuer setting must be %s, slash included",
			span(clock.Sub(claims.IssuedAt)), claims.Issuer)
	default:
		return fmt.Sprintf("the token looks right: check that the API's mode is OpenID Connect and its issuer %s, slash included, and that authentication time is not set; appsyncctl doctor looks further", claims.Issuer)
	}
}

// skew says how far this machine's clock is off, if it is.
func skew(clock, now time.Time) string {
	switch off := now.Sub(clock); {
	case off > time.Minute:
		return fmt.Sprintf("; this machine's clock is %s ahead of it", span(off))
	case off < -time.Minute:
		return fmt.Sprintf("; this machine's clock is %s behind it", span(-off))
	default:
		return ""
	}
}

func stamp(t time.Time) string { return t.UTC().Format(time.RFC3339) }
