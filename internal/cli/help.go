package cli

import (
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"github.com/appsyncctl/appsyncctl/internal/app"
	"github.com/appsyncctl/appsyncctl/internal/cli/command"
	"github.com/appsyncctl/appsyncctl/internal/config"
	"github.com/appsyncctl/appsyncctl/internal/output"
	"github.com/appsyncctl/appsyncctl/internal/smoke"
)

// helpTopics are pages of help that are no commands.
func helpTopics() []*cobra.Command {
	return []*cobra.Command{
		{
			Use:   "environment",
			Short: "Settings, and the variables that set them",
			Long: `A setting comes from its flag, else from its variable, else from the profile,
else from its default. Secrets have no flags, because others can see the command
line of a process.

` + settingsHelp(),
		},
		{
			Use:   "exit-codes",
			Short: "What the exit codes mean",
			Long:  exitCodesHelp(),
		},
		{
			Use:   "checks",
			Short: "The checks of doctor and the steps of smoke",
			Long:  checksHelp(),
		},
	}
}

func settingsHelp() string {
	var rows [][]string
	for _, setting := range config.Settings() {
		flag := ""
		if setting.Flag != "" {
			flag = "--" + setting.Flag
		}
		rows = append(rows, []string{setting.Variable, flag, setting.Usage + defaultText(setting)})
	}
	return tableText([]string{"VARIABLE", "FLAG", "MEANING"}, rows)
}

func defaultText(setting config.Setting) string {
	if setting.Default == "" {
		return ""
	}
	return " (default: " + setting.Default + ")"
}

func exitCodesHelp() string {
	var rows [][]string
	for _, code := range exitCodes() {
		rows = append(rows, code[:])
	}
	return tableText([]string{"CODE", "MEANING"}, rows)
}

func tableText(header []string, rows [][]string) string {
	var text strings.Builder
	_ = output.Table(&text, header, rows) // a strings.Builder takes everything
	return strings.TrimSuffix(text.String(), "\n")
}

// helpCommand is cobra's, but that an unknown page is an error.
func helpCommand() *cobra.Command {
	return &cobra.Command{
		Use:               "help [COMMAND | TOPIC | CHECK]",
		Short:             "Show the help of a command, a topic or a check",
		ValidArgsFunction: completeHelp,
		RunE: func(cmd *cobra.Command, args []string) error {
			if check, found := namedCheck(args); found {
				_, err := fmt.Fprint(cmd.OutOrStdout(), checkHelp(check))
				return err
			}
			page, rest, err := cmd.Root().Find(args)
			if err != nil || len(rest) > 0 {
				return &app.UsageError{Err: fmt.Errorf("there is no help on %q", strings.Join(args, " ")), Command: "appsyncctl"}
			}
			page.InitDefaultHelpFlag()
			return page.Help()
		},
	}
}

// completeHelp offers the pages of help: commands and topics, and checks as soon as
// something is typed: there are many.
func completeHelp(cmd *cobra.Command, args []string, typed string) ([]string, cobra.ShellCompDirective) {
	page, rest, err := cmd.Root().Find(args)
	if err != nil || len(rest) > 0 {
		return nil, cobra.ShellCompDirectiveNoFileComp
	}
	var found []string
	for _, child := range page.Commands() {
		if strings.HasPrefix(child.Name(), typed) && (child.IsAvailableCommand() || child.IsAdditionalHelpTopicCommand()) {
			found = append(found, child.Name()+"\t"+child.Short)
		}
	}
	if len(args) == 0 && typed != "" {
		checks, _ := command.CompleteChecks(smoke.Plan())(cmd, args, typed)
		found = append(found, checks...)
	}
	return found, cobra.ShellCompDirectiveNoFileComp
}
