package cli

import (
	"github.com/spf13/cobra"

	"github.com/appsyncctl/appsyncctl/internal/app"
	"github.com/appsyncctl/appsyncctl/internal/session"
)

// NewRoot lets tests walk the tree of commands.
func NewRoot(world *app.App) *cobra.Command { return newRoot(session.New(world, &app.Flags{})) }

// Small parts, each with a table of its own.
var (
	ExitCode  = exitCode
	ExitCodes = exitCodes
	Report    = report
	Hint      = hint
	QuotaHint = quotaHint
)
