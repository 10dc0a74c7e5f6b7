// Package cli is the root of the commands: it composes the nouns below it, turns an error
// into an exit code and a hint, and has the topics of help.
//
// A noun is a package. A command in it is three things: an options struct, a constructor
// that declares flags (newCreateCommand), and a function over the options and the session
// that does the work and never sees cobra (runCreate). Cobra lives here and below only.
package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"syscall"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/appsyncctl/appsyncctl/internal/app"
	"github.com/appsyncctl/appsyncctl/internal/cli/command"
	"github.com/appsyncctl/appsyncctl/internal/cli/customers"
	"github.com/appsyncctl/appsyncctl/internal/cli/doctor"
	"github.com/appsyncctl/appsyncctl/internal/cli/emulator"
	"github.com/appsyncctl/appsyncctl/internal/cli/login"
	"github.com/appsyncctl/appsyncctl/internal/cli/profile"
	"github.com/appsyncctl/appsyncctl/internal/cli/query"
	"github.com/appsyncctl/appsyncctl/internal/cli/records"
	"github.com/appsyncctl/appsyncctl/internal/cli/setup"
	"github.com/appsyncctl/appsyncctl/internal/cli/smoke"
	"github.com/appsyncctl/appsyncctl/internal/config"
	"github.com/appsyncctl/appsyncctl/internal/redact"
	"github.com/appsyncctl/appsyncctl/internal/session"
)

// Run executes the command that args name and returns its exit code. All that
// goes wrong is said on world.Err before it returns.
func Run(ctx context.Context, world *app.App, args []string) int {
	out := &checkedWriter{Writer: world.Out}
	inside := *world
	inside.Out, inside.Secrets = out, new(redact.Secrets)
	s := session.New(&inside, &app.Flags{})
	root := newRoot(s)
	root.SetArgs(args)
	running, end := context.WithCancel(ctx)
	called, err := root.ExecuteContextC(running)
	end()
	s.Close()
	if err == nil && !errors.Is(out.err, syscall.EPIPE) { // a reader may have had enough
		err = out.err // cobra does not ask whether its help could be written
	}
	if usage, ok := errors.AsType[*app.UsageError](err); ok && usage.Command == "" {
		usage.Command = called.CommandPath()
	}
	code := exitCode(ctx, err)
	if s.Flags.Output.ForPrograms() {
		reportJSON(&inside, err, code)
	} else {
		report(&inside, err)
	}
	return code
}

// checkedWriter remembers that a write has failed.
type checkedWriter struct {
	io.Writer
	err error
}

// Write implements io.Writer.
func (w *checkedWriter) Write(p []byte) (int, error) {
	n, err := w.Writer.Write(p)
	if err != nil && w.err == nil {
		w.err = err
	}
	return n, err
}

// newRoot returns the tree of commands.
func newRoot(s *session.Session) *cobra.Command {
	root := command.Group(&cobra.Command{
		Use:   "appsyncctl",
		Short: "Log in to an OpenID provider and talk to an AWS AppSync API",
		Long: `appsyncctl gets access tokens from Auth0 or another OpenID provider, keeps them
in the keyring, and runs typed GraphQL operations against an AWS AppSync API
in OPENID_CONNECT mode. It brings an emulator of both, so that everything can be
tried on one machine:

    appsyncctl smoke --emulator`,
		SilenceErrors: true,
		SilenceUsage:  true,
	})
	root.SetIn(s.App.In)
	root.SetOut(s.App.Out)
	root.SetErr(s.App.Err)
	root.SetHelpFunc(shortHelp(root.HelpFunc()))
	root.SetFlagErrorFunc(func(_ *cobra.Command, err error) error { return &app.UsageError{Err: err} })
	root.CompletionOptions.DisableDescriptions = false
	addFlags(root.PersistentFlags(), s.Flags)

	root.AddGroup(
		&cobra.Group{ID: "token", Title: "Tokens and settings:"},
		&cobra.Group{ID: "api", Title: "The API:"},
		&cobra.Group{ID: "try", Title: "Trying it out:"},
	)
	add := func(group string, commands ...*cobra.Command) {
		for _, command := range commands {
			command.GroupID = group
			root.AddCommand(command)
		}
	}
	group := customers.NewCommand(s)
	group.AddCommand(records.NewImportCommand(s), records.NewExportCommand(s))
	add("token", login.NewCommand(s), login.NewLogoutCommand(s), login.NewStatusCommand(s), login.NewTokenCommand(s), profile.NewCommand(s))
	add("api", group, query.NewCommand(s), query.NewSchemaCommand(s), setup.NewCommand(s))
	add("try", doctor.NewCommand(s), smoke.NewCommand(s), emulator.NewCommand(s))
	root.AddCommand(newVersionCommand(s))
	root.AddCommand(helpTopics()...)
	root.InitDefaultCompletionCmd()
	root.SetHelpCommand(helpCommand())
	root.InitDefaultHelpCmd()
	return root
}

// addFlags declares the flags that every command takes.
func addFlags(set *pflag.FlagSet, flags *app.Flags) {
	set.SortFlags = false
	*flags = app.Flags{Settings: make(map[config.Name]*string), Output: app.Table, Timeout: 35 * time.Second, MaxRetries: 3}
	for _, setting := range config.Settings() {
		switch {
		case setting.Flag == "":
		case setting.Name == config.Scopes:
			set.StringArrayVar(&flags.Scopes, setting.Flag, nil, setting.Usage)
		default:
			flags.Settings[setting.Name] = set.String(setting.Flag, "", setting.Usage)
		}
	}
	set.VarP(command.Enum(&flags.Output, "format", app.Formats()...), "output", "o", "how to write the result: table, json, jsonl, csv, yaml or id")
	set.Var(command.PositiveDuration(&flags.Timeout), "timeout", "longest time for one HTTP request; AppSync itself gives up after 30s")
	set.Var(command.Count(&flags.MaxRetries, 100), "max-retries", "how often to send a request again after throttling or a fault, where that is safe")
	set.BoolVar(&flags.Debug, "debug", false, "trace HTTP on standard error, without secrets")
	set.BoolVar(&flags.NoInput, "no-input", false, "never wait for a person: no browser, no prompt")
}

// shortHelp leaves the flags of settings out of the pages below the root, but for
// the commands that keep them: there are many, and they are the same everywhere.
func shortHelp(help func(*cobra.Command, []string)) func(*cobra.Command, []string) {
	return func(cmd *cobra.Command, args []string) {
		if _, shows := cmd.Annotations[command.ShowsSettings]; shows || !cmd.HasParent() || !cmd.Runnable() {
			help(cmd, args)
			return
		}
		for _, setting := range config.Settings() {
			if flag := cmd.InheritedFlags().Lookup(setting.Flag); flag != nil && setting.Name != config.Profile {
				flag.Hidden = true
			}
		}
		help(cmd, args)
		_, _ = fmt.Fprintln(cmd.OutOrStdout(), "\nEach setting has a flag too, such as --endpoint: see appsyncctl help environment")
	}
}

// SecretVariables returns the environment variables that hold secrets.
func SecretVariables() []string {
	var names []string
	for _, setting := range config.Settings() {
		if setting.Secret {
			names = append(names, setting.Variable)
		}
	}
	return names
}
