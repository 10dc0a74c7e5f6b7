package cli

import "github.com/spf13/cobra"

// RootCommand lets tests walk the tree of commands.
func (app *App) RootCommand() *cobra.Command { return app.rootCommand() }
