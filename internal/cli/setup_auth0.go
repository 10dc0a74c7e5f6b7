package cli

import (
	"cmp"
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
		Short: "Create the API and the applications in an Auth0 tenant",
		Long: `Create what a login needs in an Auth0 tenant, through its Management API: the API that
--audience names (RS256, offline access), an application for machines with a grant for
that API, and a native application for people, for device flow and the browser. Two
profiles are written: --profile for people, and the same name with -machine for
machines. The machines' client secret goes into the keyring and is never shown.

The token for the Management API is read from standard input and sent only to the tenant.
You can create one in the dashboard (Applications → APIs → Auth0 Management API → API
Explorer), or get one with appsyncctl token, for an application that is granted that API.
It needs these scopes:
` + scopeLines() + `
(read:client_keys only to store the secret of an application that already exists).

Existing objects are found by the API's identifier and the applications' names. A second
run has nothing to do, and a run after an error continues where the first one stopped.
Lists such as callbacks only grow. Objects are created without asking. Before it changes
existing ones it asks; where nobody can be asked it needs --yes. With --dry-run it only
reads, and prints what it would do.`,
		Example: `  appsyncctl setup auth0 --issuer https://TENANT.auth0.com/ --audience https://customers.example.com --dry-run <token
  appsyncctl token --profile management | appsyncctl setup auth0 --issuer https://TENANT.auth0.com/ --audience https://customers.example.com`,
		Args: noArguments,
	}
	set := cmd.Flags()
	set.SortFlags = false
	set.StringVar(&options.name, "name", "appsyncctl", "`name` of the API; the applications get \" machine\" and \" device\" appended")
	set.StringVar(&options.machine, "machine", "", "`name` of the application for machines (default: NAME machine)")
	set.StringVar(&options.native, "native", "", "`name` of the application for people (default: NAME device)")
	set.StringVar(&options.machineProfile, "machine-profile", "", "`profile` for machines (default: PROFILE-machine)")
	set.BoolVar(&options.dryRun, "dry-run", false, "print what would be done, and change nothing")
	set.BoolVarP(&options.yes, "yes", "y", false, "change existing objects without asking")
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		options.machine = cmp.Or(options.machine, options.name+" machine")
		options.native = cmp.Or(options.native, options.name+" device")
		switch {
		case options.name == "":
			return &usageError{cmd.CommandPath(), errors.New("--name cannot be empty")}
		case options.machine == options.native:
			return &usageError{cmd.CommandPath(), errors.New("the two applications need different names")}
		case app.InTerminal && flags.NoInput:
			return &usageError{cmd.CommandPath(), errors.New("nobody can be asked here: pipe the token to standard input")}
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
