package cli

import "github.com/spf13/cobra"

func (app *App) setupCommand(flags *globals) *cobra.Command {
	return group(&cobra.Command{
		Use:   "setup",
		Short: "Create the API in AWS and what it needs in Auth0",
		Long: `Create from the command line what you would otherwise click together in two web
consoles: an AppSync API in OPENID_CONNECT mode with its table and resolvers, and the
API and applications in Auth0. Both commands can write the result to a profile.`,
	},
		app.setupAWSCommand(flags),
		app.setupAuth0Command(flags),
	)
}
