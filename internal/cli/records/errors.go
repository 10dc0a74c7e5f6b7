package records

import (
	"github.com/appsyncctl/appsyncctl/internal/app"
	"github.com/appsyncctl/appsyncctl/internal/bulk"
	"github.com/appsyncctl/appsyncctl/internal/failure"
)

// advise adds to an error of an import or an export what its user can do about it.
func advise(err error) error {
	switch {
	case failure.Is[*app.AdvisedError](err):
		return err
	case failure.Is[*bulk.TooManyError](err):
		return app.Advise(err, "look at the reasons; --max-errors allows more")
	case failure.Is[*bulk.OutageError](err), failure.Is[*bulk.DiskError](err):
		return app.Advise(err, "the same command goes on where this one ended")
	case failure.Is[*bulk.OccupiedError](err):
		return app.Advise(err, "move it away, or export to another file")
	case failure.Is[*bulk.BusyError](err):
		return app.Advise(err, "wait for it, or stop it")
	case failure.Is[*bulk.ChangedError](err):
		return app.Advise(err, "give --job another name to import the file as it is now, with all its rows")
	case failure.Is[*bulk.HeaderError](err):
		return app.Advise(err, "--map COLUMN=FIELD says what a column holds, and --map COLUMN= leaves it out")
	case failure.Is[*bulk.IDError](err):
		return app.Advise(err, "leave the ids out with --map id=")
	default:
		return err
	}
}
