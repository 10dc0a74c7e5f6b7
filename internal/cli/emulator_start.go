package cli

import (
	"context"
	"io"
	"strings"

	"github.com/spf13/cobra"

	"github.com/appsyncctl/appsyncctl/internal/atomicfile"
	"github.com/appsyncctl/appsyncctl/internal/emulator"
)

type emulatorStartOptions struct {
	emulatorOptions
	envFile string
}

func (app *App) emulatorStartCommand(_ *globals) *cobra.Command {
	var options emulatorStartOptions
	cmd := &cobra.Command{
		Use:   "start",
		Short: "Start the emulator and wait for a signal to stop it",
		Long: `Start the emulator. When it is ready it writes shell exports with the endpoint,
the issuer, the client ids, the secret and the audience, on standard output or
into --env-file, whose appearance tells a script that the emulator is ready. It
stops on Ctrl-C or SIGTERM, with exit code 0.`,
		Example: `  appsyncctl emulator start --env-file emulator.env &
  until [ -e emulator.env ]; do sleep 0.1; done; . ./emulator.env
  appsyncctl customers list`,
		Args: noArguments,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return app.emulatorStart(cmd.Context(), options)
		},
	}
	emulatorFlags(cmd.Flags(), &options.emulatorOptions)
	cmd.Flags().StringVar(&options.envFile, "env-file", "", "file for the shell exports, written when the emulator is ready")
	return cmd
}

func (app *App) emulatorStart(ctx context.Context, options emulatorStartOptions) error {
	emulator, err := app.startEmulator(ctx, options.emulatorOptions)
	if err != nil {
		return err
	}
	defer emulator.Close() //nolint:errcheck // it ends with the process in any case
	exports := shellExports(emulator.Environment())
	if options.envFile == "" {
		_, err = io.WriteString(app.Out, exports)
	} else {
		err = atomicfile.Write(options.envFile, []byte(exports))
	}
	if err != nil {
		return err
	}
	app.notice("emulator ready; Ctrl-C stops it")
	<-ctx.Done()
	return emulator.Close()
}

func shellExports(variables []emulator.Variable) string {
	var text strings.Builder
	for _, variable := range variables {
		text.WriteString("export " + variable.Name + "=" + shellQuote(variable.Value) + "\n")
	}
	return text.String()
}
