// The token of the Management API, and where it may go.

package cli

import (
	"context"
	"net/http"
	"strings"

	"github.com/appsyncctl/appsyncctl/internal/auth"
	"github.com/appsyncctl/appsyncctl/internal/management"
)

// managementClient reads the token and returns a client for the tenant of issuer, with the
// scopes that the token names.
func (app *App) managementClient(ctx context.Context, flags *globals, issuer string) (*management.Client, []string, error) {
	token, err := app.secretFromStdin(ctx, "Token of the Management API: ")
	if err != nil {
		return nil, nil, err
	}
	claims, err := auth.ParseClaims(string(token))
	switch {
	case err != nil:
		return nil, nil, &management.TokenError{Reason: err.Error()}
	case claims.Format != auth.JWT || strings.ContainsFunc(string(token), func(c rune) bool { return c <= ' ' || c > '~' }):
		return nil, nil, &management.TokenError{Reason: "it is not a JWT"}
	}
	base, err := management.Base(claims.Audience)
	if err != nil {
		return nil, nil, err
	}
	client := app.providerClient(flags)
	if err := app.sameTenant(ctx, client, issuer, base, string(token)); err != nil {
		return nil, nil, err
	}
	return &management.Client{
		Base:   base,
		Token:  management.Secret(token),
		HTTP:   client,
		Now:    app.Now,
		Notice: app.Notice,
	}, claims.Scopes, nil
}

// sameTenant makes sure that the token is one of the tenant that the profiles will name.
// Behind a custom domain the Management API is at the tenant's own domain; the keys are
// the same, and the token is not sent to find that out.
func (app *App) sameTenant(ctx context.Context, client *http.Client, issuer, base, token string) error {
	if strings.TrimSuffix(issuer, "/") == strings.TrimSuffix(base, "/api/v2/") {
		return nil
	}
	provider, err := app.provider(ctx, client, issuer)
	if err != nil {
		return err
	}
	keys, err := auth.FetchKeys(ctx, client, provider)
	if err != nil {
		return err
	}
	if !keys.Verify(token) {
		return &management.TokenError{Reason: "it is for " + base + " and not signed by " + issuer}
	}
	app.Notice("the Management API is at " + base + ", the tenant's own domain")
	return nil
}
