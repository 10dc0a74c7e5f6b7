// Package command has what the commands below internal/cli have in common: how a command
// that only holds others answers, which arguments are taken, and the values of flags.
package command

import (
	"fmt"
	"io"
	"os"

	"github.com/spf13/cobra"

	"github.com/appsyncctl/appsyncctl/internal/app"
	"github.com/appsyncctl/appsyncctl/internal/failure"
)

// ShowsSettings marks, among a command's annotations, one whose help shows the flags of
// settings.
const ShowsSettings = "shows settings"

// Group makes a command that only holds others.
func Group(cmd *cobra.Command, subcommands ...*cobra.Command) *cobra.Command {
	cmd.Args = KnownCommand
	cmd.RunE = func(cmd *cobra.Command, _ []string) error { return cmd.Help() }
	cmd.AddCommand(subcommands...)
	return cmd
}

// KnownCommand refuses an argument where only a subcommand can stand.
func KnownCommand(cmd *cobra.Command, args []string) error {
	if len(args) == 0 {
		return nil
	}
	cmd.SuggestionsMinimumDistance = 2
	if near := cmd.SuggestionsFor(args[0]); len(near) > 0 {
		return app.Usagef("unknown command %q for %q; did you mean %q?", args[0], cmd.CommandPath(), near[0])
	}
	return app.Usagef("unknown command %q for %q", args[0], cmd.CommandPath())
}

// NoArguments refuses any argument.
func NoArguments(cmd *cobra.Command, args []string) error {
	if len(args) > 0 {
		return app.Usagef("%q takes no argument, got %q", cmd.CommandPath(), args[0])
	}
	return nil
}

// maxInput bounds what ReadInput reads; AppSync takes 1 MB in a request.
const maxInput = 4 << 20

// ReadInput reads a file, or standard input if its name is "-".
func ReadInput(file string, in io.Reader) (string, error) {
	name := "standard input"
	if file != "-" {
		opened, err := os.Open(file)
		if err != nil {
			return "", err
		}
		defer opened.Close() //nolint:errcheck // read only
		name, in = file, opened
	}
	text, err := io.ReadAll(io.LimitReader(in, maxInput+1))
	if err != nil {
		return "", fmt.Errorf("read %s: %w", name, err)
	}
	if len(text) > maxInput {
		return "", failure.Errorf(failure.Usage, "%s: %s", name, "it is larger than 4 MiB")
	}
	return string(text), nil
}
