// Package emulator has the commands that run and control the emulator.
package emulator

import (
	"context"
	"os"
	"path/filepath"

	"github.com/spf13/cobra"

	"github.com/appsyncctl/appsyncctl/internal/app"
	"github.com/appsyncctl/appsyncctl/internal/cli/command"
	"github.com/appsyncctl/appsyncctl/internal/emulator"
	"github.com/appsyncctl/appsyncctl/internal/session"
)

// NewCommand returns the group of commands emulator.
func NewCommand(s *session.Session) *cobra.Command {
	return command.Group(&cobra.Command{
		Use:   "emulator",
		Short: "Run an Auth0-like tenant and an AppSync-like API on this machine",
		Long: `The emulator is an Auth0-like tenant and an AppSync-like API on one loopback
address. It verifies what it is given as the services do: signatures, issuer,
times, clients. Customers are kept in memory and end with it, unless they are
given a file (--data) or a table (--dynamodb-table).`,
	}, newStartCommand(s.App), newExecCommand(s.App), newStatusCommand(s), newResetCommand(s))
}

// keeping is a paragraph of the help of start and exec.
const keeping = `Customers outlive the emulator in a --data file, even when it is killed, and in a
--dynamodb-table; in the file nextTokens do, too. Signing keys, secrets, logins
and refresh tokens are made anew at each start; a client whose secret stands in
the --tenant file keeps it. A seeded customer that is there already is left as
it is.`

// runningEmulator is an emulator and the variables that lead to it.
type runningEmulator struct {
	*emulator.Emulator
	variables []emulator.Variable
}

func startEmulator(ctx context.Context, world *app.App, options sharedOptions) (*runningEmulator, error) {
	config, err := configure(world, options)
	if err != nil {
		return nil, err
	}
	started, err := emulator.Start(ctx, config)
	if err != nil {
		return nil, err
	}
	running := &runningEmulator{Emulator: started, variables: started.Environment()}
	if options.tls {
		err = running.writeCA(options.caFile)
	}
	if err != nil {
		_ = started.Close() // the error says more
		return nil, err
	}
	if options.allowRemote {
		world.Notice("the emulator answers to other machines: it gives tokens to anybody who asks")
	}
	return running, nil
}

// writeCA adds the variables that make programs trust the emulator: Go's and
// OpenSSL's (which then trust nothing else), and Node's.
func (r *runningEmulator) writeCA(name string) error {
	path, err := filepath.Abs(name)
	if err != nil {
		return err
	}
	r.variables = append(r.variables,
		emulator.Variable{Name: "SSL_CERT_FILE", Value: path},
		emulator.Variable{Name: "NODE_EXTRA_CA_CERTS", Value: path})
	return os.WriteFile(path, r.CA(), 0o644) //nolint:gosec // a certificate is public
}
