package cli

import (
	"context"
	"fmt"
	"os"

	"github.com/spf13/cobra"

	"github.com/appsyncctl/appsyncctl/internal/checkup"
	"github.com/appsyncctl/appsyncctl/internal/config"
	"github.com/appsyncctl/appsyncctl/internal/emulator"
	"github.com/appsyncctl/appsyncctl/internal/tokencache"
)

type smokeOptions struct {
	emulator bool
	format   format
}

func (app *App) smokeCommand(flags *globals) *cobra.Command {
	var options smokeOptions
	cmd := &cobra.Command{
		Use:   "smoke",
		Short: "Check the whole path: token, create, list, clean up",
		Long: `Get an access token, create customer1 (Boston, MA, USA) and customer2 (Dallas,
TX, USA), list them, see that a call without a token is refused, and delete
them again. Each step is printed with its time; the exit code is that of the
first step that failed, 0 when all passed.

It runs against the API of the profile. With --emulator it brings its own tenant
and API, needs no settings and leaves nothing behind.`,
		Example: `  appsyncctl smoke --emulator
  appsyncctl smoke --profile staging`,
		Args: noArguments,
	}
	cmd.Flags().BoolVar(&options.emulator, "emulator", false, "run against an emulator that is started for it")
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		options.format = flags.output
		if options.format != asJSON && options.format.String() != string(table) {
			return &formatError{fmt.Sprintf("smoke reports as a table or as json, not as %s", options.format)}
		}
		if options.emulator {
			return app.smokeEmulator(cmd.Context(), flags, options)
		}
		return app.smoke(cmd.Context(), flags, options)
	}
	return cmd
}

// smokeEmulator is smoke in a world of its own: settings lead to an emulator,
// and no profile, keyring or file of the user's is touched.
func (app *App) smokeEmulator(ctx context.Context, flags *globals, options smokeOptions) error {
	emulator, err := emulator.Start(ctx, emulator.Config{Now: app.Now})
	if err != nil {
		return err
	}
	defer emulator.Close() //nolint:errcheck // it ends with the process in any case

	home, err := os.MkdirTemp("", "appsyncctl-smoke-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(home) //nolint:errcheck // an empty folder at worst
	inside := *app
	inside.LookupEnv = lookupIn(home, emulator.Environment())
	own := &globals{output: flags.output, timeout: flags.timeout, debug: flags.debug, noInput: true}
	return inside.smoke(ctx, own, options)
}

// firstToken gets the token that the first request would get; an API key or a
// signature needs none.
func (a access) firstToken(ctx context.Context) error {
	if a.source == nil {
		return nil
	}
	_, err := a.source.Token(ctx)
	return err
}

// lookupIn is an environment of a home folder, the emulator's variables and a
// token store that ends with the process.
func lookupIn(home string, variables []emulator.Variable) func(string) (string, bool) {
	settings := map[string]string{
		"HOME": home, "APPDATA": home, "LOCALAPPDATA": home,
		config.Describe(config.TokenStore).Variable: string(tokencache.MemoryMode),
	}
	for _, variable := range variables {
		settings[variable.Name] = variable.Value
	}
	return func(name string) (string, bool) {
		value, ok := settings[name]
		return value, ok
	}
}

func (app *App) smoke(ctx context.Context, flags *globals, options smokeOptions) error {
	settings, err := app.settings(flags)
	if err != nil {
		return err
	}
	endpoint, err := endpoint(settings)
	if err != nil {
		return err
	}
	access, err := app.authorized(ctx, flags, settings, endpoint)
	if err != nil {
		return err
	}
	report := newSmokeReport(app.Out, options.format)
	smoke := &checkup.Smoke{
		Token:     access.firstToken,
		API:       app.explained(access, settings, client(endpoint, access.chain)),
		Anonymous: client(endpoint, app.chain(flags, app.attempt(flags))),
		Now:       app.Now,
		Done:      report.step,
	}
	start := app.Now()
	results := smoke.Run(ctx)
	report.view.Elapsed = milliseconds(app.Now().Sub(start))
	return report.finish(ctx, results)
}
