package cli

import (
	"context"
	"fmt"
	"log/slog"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/appsyncctl/appsyncctl/internal/emulator"
	"github.com/appsyncctl/appsyncctl/internal/schema"
)

type emulatorOptions struct {
	listen          string
	schema          schemaVariant
	autoApprove     bool
	clientIDPattern string
	log             bool
}

func (app *App) emulatorCommand(flags *globals) *cobra.Command {
	return group(&cobra.Command{
		Use:   "emulator",
		Short: "Run an Auth0-like tenant and an AppSync-like API on this machine",
		Long: `The emulator is an Auth0-like tenant and an AppSync-like API on one loopback
address. It verifies what it is given as the services do: signatures, issuer,
times, clients. Customers are kept in memory and end with it.`,
	}, app.emulatorStartCommand(flags), app.emulatorExecCommand(flags))
}

func emulatorFlags(set *pflag.FlagSet, options *emulatorOptions) {
	set.SortFlags = false
	set.StringVar(&options.listen, "listen", "127.0.0.1:0", "loopback address to listen on; port 0 takes a free one")
	set.Var(&options.schema, "schema", "schema of the API: wizard, or extended (customers create takes --id)")
	set.BoolVar(&options.autoApprove, "auto-approve", false, "approve every device login by itself")
	set.StringVar(&options.clientIDPattern, "client-id-pattern", "", "regular expression that a token's aud or azp must match")
	set.BoolVar(&options.log, "log", false, "write a line for each request on standard error")
}

func (app *App) startEmulator(ctx context.Context, options emulatorOptions) (*emulator.Emulator, error) {
	log := slog.New(slog.DiscardHandler)
	if options.log {
		log = slog.New(slog.NewTextHandler(app.Err, nil))
	}
	return emulator.Start(ctx, emulator.Config{
		Listen:          options.listen,
		Schema:          options.schema.text(),
		AutoApprove:     options.autoApprove,
		ClientIDPattern: options.clientIDPattern,
		Log:             log,
		Now:             app.Now,
	})
}

// schemaVariant is the value of --schema.
type schemaVariant string

// String implements pflag.Value.
func (v *schemaVariant) String() string {
	if *v == "" {
		return "wizard"
	}
	return string(*v)
}

// Set implements pflag.Value.
func (v *schemaVariant) Set(text string) error {
	if text != "wizard" && text != "extended" {
		return fmt.Errorf("must be wizard or extended")
	}
	*v = schemaVariant(text)
	return nil
}

// Type implements pflag.Value.
func (v *schemaVariant) Type() string { return "schema" }

func (v *schemaVariant) text() string {
	if *v == "extended" {
		return schema.Extended()
	}
	return schema.Wizard()
}

// shellQuote makes text one word for a POSIX shell.
func shellQuote(text string) string {
	return "'" + strings.ReplaceAll(text, "'", `'\''`) + "'"
}
