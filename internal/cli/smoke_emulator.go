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

// besideEmulator starts an emulator, and returns the program in a world that has
// nothing else, with the flags for it. end ends that world.
func (app *App) besideEmulator(ctx context.Context, flags *globals) (inside *App, ownFlags *globals, end func(), err error) {
	// See firstToken.
	expired := []emulator.Fault{{Name: "expired-token", Count: 1}}
	beside, err := emulator.Start(ctx, emulator.Config{Now: app.Now, Faults: expired})
	if err != nil {
		return nil, nil, nil, err
	}
	home, err := os.MkdirTemp("", "appsyncctl-smoke-")
	if err != nil {
		_ = beside.Close() // it ends with the process in any case
		return nil, nil, nil, err
	}
	end = func() {
		_ = os.RemoveAll(home) // an empty folder at worst
		_ = beside.Close()
	}
	world := *app.App
	world.LookupEnv = lookupIn(home, beside.Environment())
	own := &App{App: &world, flags: app.flags, commands: app.commands}
	return own, &globals{Output: flags.Output, Timeout: flags.Timeout, Debug: flags.Debug, NoInput: true}, end, nil
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
