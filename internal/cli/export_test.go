package cli

import (
	"context"
	"net/http"
	"time"

	"github.com/Khan/genqlient/graphql"
	"github.com/spf13/cobra"

	"github.com/appsyncctl/appsyncctl/internal/app"
	"github.com/appsyncctl/appsyncctl/internal/appsync"
	"github.com/appsyncctl/appsyncctl/internal/auth"
	"github.com/appsyncctl/appsyncctl/internal/config"
)

// RootCommand lets tests walk the tree of commands.
func RootCommand(world *app.App) *cobra.Command { return (&App{App: world}).rootCommand() }

// Report says what went wrong.
func Report(world *app.App, err error) { (&App{App: world}).report(err) }

// SecretFromCommand runs a secret command.
func SecretFromCommand(world *app.App, ctx context.Context, command string) (auth.Secret, error) {
	return (&App{App: world}).secretFromCommand(ctx, command)
}

// LocalTerminal reports whether a browser would open before the person who asks.
func LocalTerminal(world *app.App) bool { return (&App{App: world}).localTerminal() }

// Provider returns the metadata of an issuer.
func Provider(world *app.App, ctx context.Context, client *http.Client, issuer string) (*auth.Provider, error) {
	return (&App{App: world}).provider(ctx, client, issuer)
}

// NewExplaining returns the client that looks into refused tokens of source.
func NewExplaining(client graphql.Client, source interface {
	Token(ctx context.Context) (string, error)
	Renew(ctx context.Context, rejected string) (string, error)
}, wanted config.Resolved, now func() time.Time,
) graphql.Client {
	return &explaining{client, source, wanted, now}
}

// Small parts, each with a table of its own.
var (
	ExitCode  = exitCode
	ExitCodes = exitCodes
	Hint      = hint
	QuotaHint = quotaHint

	RefusalCause = refusalCause
	Skew         = skew
	Span         = span
	RegionOf     = regionOf

	ReadSecret      = readSecret
	Absolute        = absolute
	StoreName       = storeName
	OthersUseSecret = othersUseSecret

	ChildEnvironment = childEnvironment
	ChildResult      = childResult
	ShellExports     = shellExports
)

// The errors that only this package makes.

func NewUsageError(command string, err error) error { return &usageError{command, err} }
func NewNoTokenError(mode string) error             { return &noTokenError{mode} }
func NewInputError(file, reason string) error       { return &inputError{file, reason} }
func NewFormatError(reason string) error            { return &formatError{reason} }
func NewSecretError(from string, err error) error   { return &secretError{from, err} }
func NewAWSError(err error) error                   { return &awsError{err} }
func NewOpaqueTokenError(audience string) error     { return &opaqueTokenError{audience} }
func NewLoginNeededError(reason string, err error) error {
	return &loginNeededError{reason, err}
}

func NewRefusedTokenError(answer *appsync.ResponseError, cause string) error {
	return &refusedTokenError{answer, cause}
}
func NewBrokenListError(err error, goOn string) error { return &brokenListError{err, goOn} }
func NewChildError(code int, text string) error       { return &childError{code, text} }

// A SecretCommand is what remembers the secret of a command.
type SecretCommand struct{ command secretCommand }

// Ask returns the secret, and whether run was called for it. forget is to be called if
// the provider refuses the secret.
func (c *SecretCommand) Ask(now time.Time, run func() (auth.Secret, error)) (secret auth.Secret, fresh bool, forget func(), err error) {
	printed, err := c.command.ask(func() time.Time { return now }, run)
	return printed.secret, printed.fresh, func() { c.command.forget(printed) }, err
}
