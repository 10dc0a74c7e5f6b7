package cli

import "github.com/spf13/cobra"

func (app *App) setupCommand(flags *globals) *cobra.Command {
	return group(&cobra.Command{
		Use:   "setup",
		Short: "Make an API at AWS and what it needs at Auth0",
		Long: `What the console of AWS and the dashboard of Auth0 are clicked together for, as
commands: an AppSync API in OPENID_CONNECT mode with its table and its resolvers,
and the provider's side of it. Both write what they made into the profile.`,
	},
		app.setupAWSCommand(flags),
		app.setupAuth0Command(flags),
	)
}
