package cli

import (
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/appsyncctl/appsyncctl/internal/config"
	"github.com/appsyncctl/appsyncctl/internal/output"
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
				return &usageError{"appsyncctl", fmt.Errorf("there is no help on %q", strings.Join(args, " "))}
			}
			page.InitDefaultHelpFlag()
			return page.Help()
		},
	}
}

// positiveDuration is the value of a flag that takes a time above nothing.
type positiveDuration time.Duration

// String implements pflag.Value.
func (d *positiveDuration) String() string { return time.Duration(*d).String() }

// Set implements pflag.Value.
func (d *positiveDuration) Set(text string) error {
	parsed, err := time.ParseDuration(text)
	if err != nil || parsed <= 0 {
		return errors.New("must be a time such as 35s")
	}
	*d = positiveDuration(parsed)
	return nil
}

// Type implements pflag.Value.
func (d *positiveDuration) Type() string { return "duration" }
