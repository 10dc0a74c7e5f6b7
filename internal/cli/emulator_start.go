package cli

import (
	"context"
	"errors"
	"io"
	"os"
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
stops on Ctrl-C or SIGTERM, with exit code 0.

` + keeping,
		Example: `  appsyncctl emulator start --env-file emulator.env &
  until [ -e emulator.env ]; do sleep 0.1; done; . ./emulator.env
  appsyncctl customers list
  appsyncctl emulator start --data customers.db --seed 1000 --log`,
		Args: noArguments,
		RunE: func(cmd *cobra.Command, _ []string) error {
			err := options.check()
			if err == nil && options.tls && options.caFile == "" {
				err = errors.New("--tls needs a --ca-file: nobody would trust the emulator")
			}
			if err != nil {
				return &usageError{cmd.CommandPath(), err}
			}
			return app.emulatorStart(cmd.Context(), options)
		},
	}
	emulatorFlags(cmd.Flags(), &options.emulatorOptions)
	cmd.Flags().StringVar(&options.envFile, "env-file", "", "file for the shell exports, written when the emulator is ready")
	return cmd
}

func (app *App) emulatorStart(ctx context.Context, options emulatorStartOptions) error {
	// The file of an earlier run would tell that this one is ready.
	if err := removeFile(options.envFile); err != nil {
		return err
	}
	emulator, err := app.startEmulator(ctx, options.emulatorOptions)
	if err != nil {
		return err
	}
	defer emulator.Close() //nolint:errcheck // it ends with the process in any case
	exports := shellExports(emulator.variables)
	if options.envFile == "" {
		_, err = io.WriteString(app.Out, exports)
	} else {
		err = atomicfile.Write(options.envFile, []byte(exports))
	}
	if err != nil {
		return err
	}
	app.Notice("emulator ready; Ctrl-C stops it")
	<-ctx.Done()
	return errors.Join(emulator.Close(), removeFile(options.envFile))
}

// removeFile removes a regular file, if name names one: never a device.
func removeFile(name string) error {
	if info, err := os.Lstat(name); err == nil && info.Mode().IsRegular() {
		return os.Remove(name)
	}
	return nil
}

func shellExports(variables []emulator.Variable) string {
	var text strings.Builder
	for _, variable := range variables {
		text.WriteString(variable.Export() + "\n")
	}
	return text.String()
}
