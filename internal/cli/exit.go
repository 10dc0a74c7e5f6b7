package cli

import (
	"context"
	"errors"
	"fmt"

	"github.com/appsyncctl/appsyncctl/internal/app"
	"github.com/appsyncctl/appsyncctl/internal/failure"
	"github.com/appsyncctl/appsyncctl/internal/output"
)

// The exit codes. exitCodes describes them for people.
const (
	exitOK          = 0
	exitFailed      = 1
	exitUsage       = 2
	exitGraphQL     = 3
	exitLogin       = 4
	exitNetwork     = 5
	exitRejected    = 6
	exitUnknown     = 7
	exitInterrupted = Interrupted
)

// Interrupted is the exit code after Ctrl-C or another signal.
const Interrupted = 130

// exitCodes is the table that the help and the README show.
func exitCodes() [][2]string {
	return [][2]string{
		{"0", "it worked"},
		{"1", "it failed for a reason that no other code names"},
		{"2", "the command line or a setting is wrong or missing"},
		{"3", "the API answered with GraphQL errors; partial data is printed all the same"},
		{"4", "a login is needed, or was refused (401, or a refusal of the token endpoint)"},
		{"5", "network, timeout, 5xx or throttling, after all retries"},
		{"6", "an import rejected rows, or found others under their ids"},
		{"7", "nobody knows whether some rows of an import were created"},
		{"130", "interrupted by Ctrl-C or a signal"},
		{"other", "emulator exec passes on the code of its command: 126, 127, 128 plus a signal's number"},
	}
}

// exitCode is the one place where an error becomes an exit code.
func exitCode(ctx context.Context, err error) int {
	if err == nil {
		return exitOK
	}
	if own, ok := errors.AsType[interface {
		error
		ChildExitCode() int
	}](err); ok { // it is that of a command that the program has run
		return own.ChildExitCode()
	}
	if ctx.Err() != nil || errors.Is(err, context.Canceled) {
		return exitInterrupted
	}
	switch failure.Of(err) {
	case failure.Unknown:
		return exitUnknown
	case failure.Rejected:
		return exitRejected
	case failure.Usage:
		return exitUsage
	case failure.Network:
		return exitNetwork
	case failure.Login:
		return exitLogin
	case failure.GraphQL:
		return exitGraphQL
	default:
		return exitFailed
	}
}

// report says on standard error what went wrong: one line, and a hint where
// there is something to do about it.
func report(world *app.App, err error) {
	text := world.Secrets.Text(app.Message(err))
	if text == "" {
		return // there is none, or a child has spoken for itself
	}
	_, _ = fmt.Fprintln(world.Err, "error: "+text)
	if hint := hint(err); hint != "" {
		_, _ = fmt.Fprintln(world.Err, "hint: "+output.Line(world.Secrets.Text(hint)))
	}
}
