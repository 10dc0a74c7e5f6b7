package cli

import (
	"errors"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/appsyncctl/appsyncctl/internal/management"
)

type setupAuth0Options struct {
	name           string // from which the others follow
	machine        string // name of the application for machines
	native         string // name of the application for people
	machineProfile string
	dryRun         bool
	yes            bool
}

func (app *App) setupAuth0Command(flags *globals) *cobra.Command {
	var options setupAuth0Options
	cmd := &cobra.Command{
		Use:   "auth0",
		Short: "Make the API and the applications in an Auth0 tenant",
		Long: `Make in an Auth0 tenant what a login needs, by its Management API: the API that
--audience names (RS256, offline access), an application for machines with a grant for
that API, and a native application for people, for device flow and the browser. Both
are then written into profiles: --profile for people, and the same name with -machine
for machines, with its client secret in the keyring. The secret is never shown.

The token of the Management API is read from standard input, and is sent to the tenant
only. Applications → APIs → Auth0 Management API → API Explorer in the dashboard makes
one, and so does appsyncctl token with an application that is granted that API. Scopes:
` + scopeLines() + `
(read:client_keys only to keep the secret of an application that is there already).

What is there is found by the API's identifier and the applications' names, so that a
second run has nothing to do, and one after an error goes on. Lists such as callbacks
grow and never shrink. To make something needs no consent; to change what is there it
asks, and where nobody can be asked it needs --yes. --dry-run says what would be done,
and only reads.`,
		Example: `  appsyncctl setup auth0 --issuer https://TENANT.auth0.com/ --audience https://customers.example.com --dry-run <token
  appsyncctl token --profile management | appsyncctl setup auth0 --issuer https://TENANT.auth0.com/ --audience https://customers.example.com`,
		Args: noArguments,
	}
	set := cmd.Flags()
	set.SortFlags = false
	set.StringVar(&options.name, "name", "appsyncctl", "what an API that is made is called, and the applications with \" machine\" and \" device\" behind it")
	set.StringVar(&options.machine, "machine", "", "`name` of the application for machines, if another")
	set.StringVar(&options.native, "native", "", "`name` of the application for people, if another")
	set.StringVar(&options.machineProfile, "machine-profile", "", "`profile` for machines, if another")
	set.BoolVar(&options.dryRun, "dry-run", false, "say what would be done, and do nothing")
	set.BoolVarP(&options.yes, "yes", "y", false, "change what is there without asking")
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		options.machine = firstOf(options.machine, options.name+" machine")
		options.native = firstOf(options.native, options.name+" device")
		switch {
		case options.name == "":
			return &usageError{cmd.CommandPath(), errors.New("--name cannot be empty")}
		case options.machine == options.native:
			return &usageError{cmd.CommandPath(), errors.New("the two applications need different names")}
		case app.InTerminal && flags.noInput:
			return &usageError{cmd.CommandPath(), errors.New("nobody can be asked here: give the token on standard input")}
		}
		return app.setupAuth0(cmd.Context(), flags, options)
	}
	return cmd
}

// scopeLines are the scopes that a token needs, for the help.
func scopeLines() string {
	var lines []string
	for line := range slices.Chunk(management.Scopes(), 3) {
		lines = append(lines, "    "+strings.Join(line, " "))
	}
	return strings.Join(lines, "\n")
}
