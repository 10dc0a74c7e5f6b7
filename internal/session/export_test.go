package session

import (
	"context"
	"net/http"
	"time"

	"github.com/appsyncctl/appsyncctl/internal/app"
	"github.com/appsyncctl/appsyncctl/internal/auth"
)

// Small parts, each with a table of its own.
var (
	Explain           = explain
	RefusalCause      = refusalCause
	Skew              = skew
	SecretFromCommand = secretFromCommand
)

// Provider returns the metadata of an issuer.
func Provider(ctx context.Context, world *app.App, client *http.Client, issuer string) (*auth.Provider, error) {
	return New(world, &app.Flags{}).Provider(ctx, client, issuer)
}

// A SecretCommand is what remembers the secret of a command.
type SecretCommand struct{ command secretCommand }

// Ask returns the secret, and whether run was called for it. forget is to be called if
// the provider refuses the secret.
func (c *SecretCommand) Ask(now time.Time, run func() (auth.Secret, error)) (secret auth.Secret, fresh bool, forget func(), err error) {
	printed, err := c.command.ask(func() time.Time { return now }, run)
	return printed.secret, printed.fresh, func() { c.command.forget(printed) }, err
}
