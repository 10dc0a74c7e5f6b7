// What a shell offers after --suppress, --fail-on and "appsyncctl help".

package cli

import (
	"strings"

	"github.com/spf13/cobra"

	"github.com/appsyncctl/appsyncctl/internal/doctor"
	"github.com/appsyncctl/appsyncctl/internal/smoke"
)

// completeDoctor lets a shell complete the values of doctor's flags.
func completeDoctor(cmd *cobra.Command) {
	for flag, complete := range map[string]cobra.CompletionFunc{
		"output":   cobra.FixedCompletions([]string{string(table), "short\tproblems only", string(asJSON)}, cobra.ShellCompDirectiveNoFileComp),
		"fail-on":  cobra.FixedCompletions(failOnWords(), cobra.ShellCompDirectiveNoFileComp|cobra.ShellCompDirectiveKeepOrder),
		"suppress": completeChecks(doctor.Catalogue()),
	} {
		_ = cmd.RegisterFlagCompletionFunc(flag, complete) // they are there, and asked for once
	}
}

func failOnWords() []string {
	return []string{
		string(doctor.Warning) + "\twarnings, unknowns and failures",
		string(doctor.Unknown) + "\tunknowns and failures",
		string(doctor.Failure) + "\tfailures only",
	}
}

// completeChecks offers the ids of checks with their titles, in the case in which they
// were begun: a shell drops what does not begin as it was typed. Lists are completed
// behind their last comma.
func completeChecks(checks []doctor.Check) cobra.CompletionFunc {
	return func(_ *cobra.Command, _ []string, typed string) ([]string, cobra.ShellCompDirective) {
		list := typed[:strings.LastIndex(typed, ",")+1]
		begun := typed[len(list):]
		var found []string
		for _, check := range checks {
			id := string(check.ID)
			if begun != strings.ToUpper(begun) {
				id = strings.ToLower(id)
			}
			if strings.HasPrefix(id, begun) {
				found = append(found, list+id+"\t"+check.Title)
			}
		}
		return found, cobra.ShellCompDirectiveNoFileComp
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
		checks, _ := completeChecks(smoke.Plan())(cmd, args, typed)
		found = append(found, checks...)
	}
	return found, cobra.ShellCompDirectiveNoFileComp
}
