package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"syscall"
	"time"

	"github.com/spf13/cobra"

	"github.com/appsyncctl/appsyncctl/internal/app"
	"github.com/appsyncctl/appsyncctl/internal/cli/command"
	"github.com/appsyncctl/appsyncctl/internal/config"
	"github.com/appsyncctl/appsyncctl/internal/redact"
)

// Run executes the command that args name and returns its exit code. All that
// goes wrong is said on world.Err before it returns.
func Run(ctx context.Context, world *app.App, args []string) int {
	out := &checkedWriter{Writer: world.Out}
	inside := *world
	inside.Out, inside.Secrets = out, new(redact.Secrets)
	app := &App{App: &inside, commands: new(secretCommands)}
	root := app.rootCommand()
	root.SetArgs(args)
	running, end := context.WithCancel(ctx)
	err := root.ExecuteContext(running)
	end()
	app.commands.end()
	if err == nil && !errors.Is(out.err, syscall.EPIPE) { // a reader may have had enough
		err = out.err // cobra does not ask whether its help could be written
	}
	code := exitCode(ctx, err)
	if app.flags.Output.ForPrograms() {
		app.reportJSON(err, code)
	} else {
		app.report(err)
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

func (app *App) rootCommand() *cobra.Command {
	flags := &globals{Settings: make(map[config.Name]*string), Output: table}
	app.flags = flags
	root := &cobra.Command{
		Use:   "appsyncctl",
		Short: "Log in to an OpenID provider and talk to an AWS AppSync API",
		Long: `appsyncctl gets access tokens from Auth0 or another OpenID provider, keeps them
in the keyring, and runs typed GraphQL operations against an AWS AppSync API
in OPENID_CONNECT mode. It brings an emulator of both, so that everything can be
tried on one machine:

    appsyncctl smoke --emulator`,
		SilenceErrors: true,
		SilenceUsage:  true,
		Args:          knownCommand,
		RunE:          showHelp,
	}
	root.SetIn(app.In)
	root.SetOut(app.Out)
	root.SetErr(app.Err)
	root.SetHelpFunc(shortHelp(root.HelpFunc()))
	root.SetFlagErrorFunc(func(cmd *cobra.Command, err error) error {
		return &usageError{command: cmd.CommandPath(), err: err}
	})
	root.CompletionOptions.DisableDescriptions = false
	app.globalFlags(root, flags)

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
	add("token", app.loginCommand(flags), app.logoutCommand(flags), app.statusCommand(flags), app.tokenCommand(flags), app.profileCommand(flags))
	add("api", app.customersCommand(flags), app.queryCommand(flags), app.schemaCommand(flags), app.setupCommand(flags))
	add("try", app.doctorCommand(flags), app.smokeCommand(flags), app.emulatorCommand(flags))
	root.AddCommand(app.versionCommand(flags))
	root.AddCommand(helpTopics()...)
	root.InitDefaultCompletionCmd()
	root.SetHelpCommand(helpCommand())
	root.InitDefaultHelpCmd()
	return root
}

func (app *App) globalFlags(root *cobra.Command, flags *globals) {
	set := root.PersistentFlags()
	set.SortFlags = false
	for _, setting := range config.Settings() {
		switch {
		case setting.Flag == "":
		case setting.Name == config.Scopes:
			set.StringArrayVar(&flags.Scopes, setting.Flag, nil, setting.Usage)
		default:
			flags.Settings[setting.Name] = set.String(setting.Flag, "", setting.Usage)
		}
	}
	set.VarP(command.Enum(&flags.Output, "format", table, asJSON, asJSONL, asCSV, asYAML, asID), "output", "o", "how to write the result: table, json, jsonl, csv, yaml or id")
	flags.Timeout = 35 * time.Second
	set.Var(command.PositiveDuration(&flags.Timeout), "timeout", "longest time for one HTTP request; AppSync itself gives up after 30s")
	flags.MaxRetries = 3
	set.Var(command.Count(&flags.MaxRetries, 100), "max-retries", "how often to send a request again after throttling or a fault, where that is safe")
	set.BoolVar(&flags.Debug, "debug", false, "trace HTTP on standard error, without secrets")
	set.BoolVar(&flags.NoInput, "no-input", false, "never wait for a person: no browser, no prompt")
}

// showsSettings marks the commands whose help shows the flags of settings.
const showsSettings = "shows settings"

// shortHelp leaves the flags of settings out of the pages below the root, but for
// the commands that keep them: there are many, and they are the same everywhere.
func shortHelp(help func(*cobra.Command, []string)) func(*cobra.Command, []string) {
	return func(cmd *cobra.Command, args []string) {
		if _, shows := cmd.Annotations[showsSettings]; shows || !cmd.HasParent() || !cmd.Runnable() {
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

// group makes a command that only holds others.
func group(cmd *cobra.Command, subcommands ...*cobra.Command) *cobra.Command {
	cmd.Args = knownCommand
	cmd.RunE = showHelp
	cmd.AddCommand(subcommands...)
	return cmd
}

func showHelp(cmd *cobra.Command, _ []string) error { return cmd.Help() }

// usageError says that a command line cannot be understood.
type usageError struct {
	command string // the command that was called
	err     error
}

func (e *usageError) Error() string { return e.err.Error() }
func (e *usageError) Unwrap() error { return e.err }

// knownCommand refuses an argument where only a subcommand can stand.
func knownCommand(cmd *cobra.Command, args []string) error {
	if len(args) == 0 {
		return nil
	}
	err := fmt.Errorf("unknown command %q for %q", args[0], cmd.CommandPath())
	cmd.SuggestionsMinimumDistance = 2
	if near := cmd.SuggestionsFor(args[0]); len(near) > 0 {
		err = fmt.Errorf("%w; did you mean %q?", err, near[0])
	}
	return &usageError{cmd.CommandPath(), err}
}

// noArguments refuses any argument.
func noArguments(cmd *cobra.Command, args []string) error {
	if len(args) > 0 {
		return &usageError{cmd.CommandPath(), fmt.Errorf("%q takes no argument, got %q", cmd.CommandPath(), args[0])}
	}
	return nil
}
