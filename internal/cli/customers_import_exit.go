package cli

import (
	"errors"

	"github.com/appsyncctl/appsyncctl/internal/bulk"
)

// importHint advises on an error that only an import or an export has.
func importHint(err error) string {
	if edited, ok := errors.AsType[*editedError](err); ok {
		return "bring back what it was and run: " + edited.resume + "; or give --job NAME to import it as it is now, with all its rows"
	}
	if broken, ok := errors.AsType[*brokenExportError](err); ok && !is[*bulk.BusyError](err) && !is[*bulk.OccupiedError](err) {
		return joined(hint(broken.err), "the same command goes on where the export ended")
	}
	switch {
	case is[*bulk.TooManyError](err):
		return "look at the reasons; --max-errors allows more"
	case is[*bulk.OutageError](err), is[*bulk.DiskError](err):
		return "the same command goes on where this one ended"
	case is[*bulk.OccupiedError](err):
		return "move it away, or export to another file"
	case is[*bulk.BusyError](err):
		return "wait for it, or stop it"
	case is[*bulk.ChangedError](err):
		return "give --job another name to import the file as it is now, with all its rows"
	case is[*bulk.HeaderError](err):
		return "--map COLUMN=FIELD says what a column holds, and --map COLUMN= leaves it out"
	case is[*bulk.IDError](err):
		return "leave the ids out with --map id="
	default:
		return ""
	}
}
