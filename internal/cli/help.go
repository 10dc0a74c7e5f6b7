package cli

import (
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/appsyncctl/appsyncctl/internal/app"
	"github.com/appsyncctl/appsyncctl/internal/cli/command"
	"github.com/appsyncctl/appsyncctl/internal/config"
	"github.com/appsyncctl/appsyncctl/internal/doctor"
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

// helpWidth is the width of a line of help, in characters.
const helpWidth = 80

// namedCheck returns the check that arguments of help name, in any case.
func namedCheck(args []string) (doctor.Check, bool) {
	if len(args) != 1 {
		return doctor.Check{}, false
	}
	id := doctor.ID(strings.ToUpper(args[0]))
	if check, found := doctor.Find(id); found {
		return check, true
	}
	return smoke.Find(id)
}

// checkHelp is the page of one check.
func checkHelp(check doctor.Check) string {
	text := string(check.ID) + ": " + check.Title + "\n\n" + wrapped(check.Meaning, helpWidth) + "\n"
	if check.Refusal {
		text += "\nIt is one of the causes of AppSync's 401.\n"
	}
	if ids := check.Needs(); len(ids) > 0 {
		text += "\n" + wrapped("It is skipped unless "+listed(ids)+".", helpWidth) + "\n"
	}
	command := "appsyncctl doctor and smoke check it"
	if check.Category == smoke.Category {
		command = "It is a step of appsyncctl smoke"
	}
	return text + "\n" + command + ". For the whole list: appsyncctl help checks\n"
}

// listed says that checks hold: "SET-002 and NET-003 hold".
func listed(ids []doctor.ID) string {
	if len(ids) == 1 {
		return string(ids[0]) + " holds"
	}
	last := len(ids) - 1
	return doctor.JoinIDs(ids[:last], ", ") + " and " + string(ids[last]) + " hold"
}

func checksHelp() string {
	var text strings.Builder
	text.WriteString(`"appsyncctl doctor" makes these checks in this order; "appsyncctl smoke" makes them
and goes on with steps of its own. "appsyncctl help ID" explains what it means when
one does not hold, and what to do about it.`)
	category := doctor.Category("")
	for _, check := range slices.Concat(doctor.Catalogue(), smoke.Steps()) {
		if check.Category != category {
			category = check.Category
			text.WriteString("\n\n" + string(category))
		}
		text.WriteString("\n  " + string(check.ID) + strings.Repeat(" ", max(0, len(doctor.StoreReached)-len(check.ID))) + "  " + check.Title)
	}
	return text.String()
}

// wrapped breaks text into lines of at most width characters, at blanks.
func wrapped(text string, width int) string {
	var out strings.Builder
	length := 0
	for word := range strings.FieldsSeq(text) {
		letters := len([]rune(word))
		switch {
		case length == 0:
		case length+1+letters > width:
			out.WriteByte('\n')
			length = 0
		default:
			out.WriteByte(' ')
			length++
		}
		out.WriteString(word)
		length += letters
	}
	return out.String()
}
