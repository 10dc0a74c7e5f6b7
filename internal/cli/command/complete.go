package command

import (
	"strings"

	"github.com/spf13/cobra"

	"github.com/appsyncctl/appsyncctl/internal/doctor"
)

// CompleteChecks offers the ids of checks with their titles, in the case in which they
// were begun: a shell drops what does not begin as it was typed. Lists are completed
// behind their last comma.
func CompleteChecks(checks []doctor.Check) cobra.CompletionFunc {
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
