package emulator

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"github.com/spf13/cobra"

	"github.com/appsyncctl/appsyncctl/internal/app"
	"github.com/appsyncctl/appsyncctl/internal/config"
	"github.com/appsyncctl/appsyncctl/internal/emulator"
)

type execOptions struct {
	sharedOptions
	command []string
}

func newExecCommand(world *app.App) *cobra.Command {
	var options execOptions
	cmd := &cobra.Command{
		Use:   "exec [flags] -- COMMAND [ARGUMENT...]",
		Short: "Run a command with an emulator of its own",
		Long: `Start the emulator, run COMMAND with the variables that lead to it, stop it and
exit with COMMAND's exit code (127 if there is no such command, 128 plus the
signal's number if a signal ended it).

Settings from the caller's environment that would lead elsewhere, such as
APPSYNCCTL_TOKEN and APPSYNCCTL_PROFILE, are not passed on.

` + keeping,
		Example: `  appsyncctl emulator exec -- appsyncctl customers list
  appsyncctl emulator exec --schema extended --seed 100 -- ./my-script.sh`,
		Args: func(_ *cobra.Command, args []string) error {
			if len(args) == 0 {
				return app.Usagef("no command to run: give it after --")
			}
			return nil
		},
		RunE: func(cmd *cobra.Command, args []string) error {
			options.command = args
			if err := options.check(); err != nil {
				return &app.UsageError{Err: err}
			}
			return runExec(cmd.Context(), world, options)
		},
	}
	addFlags(cmd.Flags(), &options.sharedOptions)
	cmd.Flags().SetInterspersed(false) // flags after COMMAND are COMMAND's
	return cmd
}

func runExec(ctx context.Context, world *app.App, options execOptions) error {
	if options.tls && options.caFile == "" {
		folder, err := os.MkdirTemp("", "appsyncctl-emulator-")
		if err != nil {
			return err
		}
		defer os.RemoveAll(folder) //nolint:errcheck // a certificate at worst
		options.caFile = filepath.Join(folder, "ca.pem")
	}
	emulator, err := startEmulator(ctx, world, options.sharedOptions)
	if err != nil {
		return err
	}
	defer emulator.Close() //nolint:errcheck // it ends with the process in any case

	child := exec.CommandContext(ctx, options.command[0], options.command[1:]...)
	child.Stdin, child.Stdout, child.Stderr = world.In, world.Out, world.Err
	child.Env = childEnvironment(world.Environ(), emulator.variables)
	// The child of a terminal gets Ctrl-C by itself; after another signal it is
	// asked to end, and then has some time.
	child.Cancel = func() error { return child.Process.Signal(syscall.SIGTERM) }
	child.WaitDelay = 10 * time.Second
	return childResult(options.command[0], child.Run())
}

// childEnvironment is the caller's environment with the emulator's variables in
// place of every setting that leads to another API or identity.
func childEnvironment(environ []string, variables []emulator.Variable) []string {
	var env []string
	for _, pair := range environ {
		if name, _, _ := strings.Cut(pair, "="); !leadsElsewhere(name) {
			env = append(env, pair)
		}
	}
	for _, variable := range variables {
		env = append(env, variable.Name+"="+variable.Value)
	}
	return env
}

func leadsElsewhere(variable string) bool {
	for _, setting := range config.Settings() {
		switch setting.Name {
		case config.File, config.TokenStore, config.Passphrase:
		default:
			if setting.Variable == variable {
				return true
			}
		}
	}
	return false
}

// childError passes on the exit code of a command that said itself what was
// wrong.
type childError struct {
	code int
	text string // empty when the command has spoken
}

func (e *childError) Error() string { return e.text }

// ChildExitCode is what this program exits with, too.
func (e *childError) ChildExitCode() int { return e.code }

func childResult(name string, err error) error {
	var exit *exec.ExitError
	switch {
	case err == nil:
		return nil
	case errors.As(err, &exit):
		if code := exit.ExitCode(); code >= 0 {
			return &childError{code: code}
		}
		return &childError{code: 128 + signalNumber(exit.ProcessState)}
	case errors.Is(err, exec.ErrNotFound), errors.Is(err, fs.ErrNotExist):
		return &childError{127, fmt.Sprintf("there is no command %q", name)}
	case errors.Is(err, fs.ErrPermission):
		return &childError{126, fmt.Sprintf("%q cannot be executed", name)}
	default:
		return err
	}
}
