// smoke in a world of its own: settings lead to an emulator, and no profile,
// keyring or file of the user's is touched.

package cli

import (
	"context"
	"os"

	"github.com/appsyncctl/appsyncctl/internal/config"
	"github.com/appsyncctl/appsyncctl/internal/emulator"
	"github.com/appsyncctl/appsyncctl/internal/tokencache"
)

// smokeEmulator is smoke against an emulator that lives as long as the test.
func (app *App) smokeEmulator(ctx context.Context, flags *globals, options smokeOptions) error {
	report := app.newSmokeReport("emulator", new(secretTexts), options)
	emulator, err := emulator.Start(ctx, emulator.Config{Now: app.Now})
	if err != nil {
		return report.abandon(ctx, err)
	}
	defer emulator.Close() //nolint:errcheck // it ends with the process in any case

	home, err := os.MkdirTemp("", "appsyncctl-smoke-")
	if err != nil {
		return report.abandon(ctx, err)
	}
	defer os.RemoveAll(home) //nolint:errcheck // an empty folder at worst
	inside := *app
	inside.LookupEnv = lookupIn(home, emulator.Environment())
	own := &globals{output: flags.output, timeout: flags.timeout, debug: flags.debug, noInput: true}
	return inside.smoke(ctx, own, options)
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
