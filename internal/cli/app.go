// Package cli holds the commands. Cobra lives here and nowhere else.
//
// A command is three things: an options struct, a constructor that declares
// flags and parses them into it (customersCreateCommand), and a function that
// does the work and never sees cobra (customersCreate). What the commands share
// is the way from settings to an API: see connect in connection.go, the one
// place where the packages below meet.
package cli

import (
	"github.com/appsyncctl/appsyncctl/internal/app"
)

// App is one run of the program.
type App struct {
	*app.App

	flags    *globals
	commands *secretCommands
}

// globals are the flags that every command takes.
type globals = app.Flags

// format is the value of --output.
type format = app.Format

const (
	table   = app.Table
	asJSON  = app.JSON
	asJSONL = app.JSONL
	asCSV   = app.CSV
	asYAML  = app.YAML
	asID    = app.ID
)

// A formatError says that a result cannot be written in the format asked for.
type formatError struct{ reason string }

func (e *formatError) Error() string { return e.reason }
