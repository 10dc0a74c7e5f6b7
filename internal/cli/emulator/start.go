package emulator

import (
	"context"
	"errors"
	"io"
	"os"
	"strings"

	"github.com/spf13/cobra"

	"github.com/appsyncctl/appsyncctl/internal/app"
	"github.com/appsyncctl/appsyncctl/internal/atomicfile"
	"github.com/appsyncctl/appsyncctl/internal/cli/command"
	"github.com/appsyncctl/appsyncctl/internal/emulator"
)

type startOptions struct {
	sharedOptions
	envFile string
}

func newStartCommand(world *app.App) *cobra.Command {
	var options startOptions
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
		Args: command.NoArguments,
		RunE: func(cmd *cobra.Command, _ []string) error {
			err := options.check()
			if err == nil && options.tls && options.caFile == "" {
				err = errors.New("--tls needs a --ca-file: nobody would trust the emulator")
			}
			if err != nil {
				return &app.UsageError{Err: err}
			}
			return runStart(cmd.Context(), world, options)
		},
	}
	addFlags(cmd.Flags(), &options.sharedOptions)
	cmd.Flags().StringVar(&options.envFile, "env-file", "", "file for the shell exports, written when the emulator is ready")
	return cmd
}

func runStart(ctx context.Context, world *app.App, options startOptions) error {
	// The file of an earlier run would tell that this one is ready.
	if err := removeFile(options.envFile); err != nil {
		return err
	}
	emulator, err := startEmulator(ctx, world, options.sharedOptions)
	if err != nil {
		return err
	}
	defer emulator.Close() //nolint:errcheck // it ends with the process in any case
	exports := shellExports(emulator.variables)
	if options.envFile == "" {
		_, err = io.WriteString(world.Out, exports)
	} else {
		err = atomicfile.Write(options.envFile, []byte(exports))
	}
	if err != nil {
		return err
	}
	world.Notice("emulator ready; Ctrl-C stops it")
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
