package session

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/Khan/genqlient/graphql"

	"github.com/appsyncctl/appsyncctl/internal/app"
	"github.com/appsyncctl/appsyncctl/internal/appsync"
	"github.com/appsyncctl/appsyncctl/internal/config"
	"github.com/appsyncctl/appsyncctl/internal/doctor"
	"github.com/appsyncctl/appsyncctl/internal/failure"
	"github.com/appsyncctl/appsyncctl/internal/output"
)

// explaining is a GraphQL client that looks into a token which was refused. By
// then it has been renewed once.
type explaining struct {
	graphql.Client
	api *API
}

// MakeRequest implements graphql.Client.
func (c *explaining) MakeRequest(ctx context.Context, req *graphql.Request, resp *graphql.Response) error {
	return c.api.Explain(ctx, c.Client.MakeRequest(ctx, req, resp))
}

// explain adds to an API's refusal of a token of source what doctor's checks make of it:
// AppSync has four words for two dozen causes.
func explain(ctx context.Context, err error, source TokenSource, wanted config.Resolved, now func() time.Time) error {
	answer, ok := errors.AsType[*appsync.ResponseError](err)
	if source == nil || !ok || !answer.Unauthorized() || failure.Is[*app.AdvisedError](err) {
		return err
	}
	token, tokenErr := source.Token(ctx)
	if tokenErr != nil {
		return err
	}
	return app.Advise(answer, refusalCause(ctx, token, answer, wanted, now))
}

// refusalCause runs doctor's checks on what is at hand, and asks nobody.
func refusalCause(ctx context.Context, token string, answer *appsync.ResponseError, wanted config.Resolved, now func() time.Time) string {
	given := wanted.Get(config.Token)
	grant := ""
	if given.Text == "" {
		grant = likelyGrant(wanted)
	}
	cause, found := doctor.Explain(ctx, &doctor.Subject{
		Profile:   wanted.Text(config.Profile),
		Settings:  subjectSettings(wanted),
		Mode:      cmp.Or(wanted.Text(config.Auth), ModeOIDC),
		Grant:     grant,
		Token:     func(context.Context) (string, error) { return token, nil },
		TokenFrom: func() string { return given.Origin },
		Now:       now,
	}, answer)
	if !found {
		return "appsyncctl doctor looks further"
	}
	if cause.Category != doctor.Token {
		return cause.Message + "; appsyncctl doctor looks further"
	}
	text := cause.Message
	if i := slices.IndexFunc(cause.Evidence, func(e doctor.Evidence) bool { return e.Expected != "" && e.Name != "format" }); i >= 0 {
		text += fmt.Sprintf(" (%s: expected %s, found %s)", cause.Evidence[i].Name, cause.Evidence[i].Expected, cause.Evidence[i].Found)
	}
	if !answer.Date.IsZero() {
		text += skew(answer.Date, now())
	}
	if cause.Fix != "" {
		text += "; fix: " + cause.Fix
	}
	return fmt.Sprintf("%s; see appsyncctl help %s", text, cause.ID)
}

// likelyGrant is how the token was got, as far as settings tell.
func likelyGrant(settings config.Resolved) string {
	for _, proof := range []config.Name{config.ClientSecret, config.ClientSecretFile, config.SecretCommand, config.ClientKeyFile} {
		if settings.Text(proof) != "" {
			return cmp.Or(settings.Text(config.Grant), ClientCredentials)
		}
	}
	return cmp.Or(settings.Text(config.Grant), Device)
}

// skew says how far this machine's clock is off, if it is.
func skew(clock, now time.Time) string {
	switch off := now.Sub(clock); {
	case off > time.Minute:
		return fmt.Sprintf("; this machine's clock is %s ahead of it", output.Span(off))
	case off < -time.Minute:
		return fmt.Sprintf("; this machine's clock is %s behind it", output.Span(-off))
	default:
		return ""
	}
}
