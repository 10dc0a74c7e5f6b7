package cli

import (
	"errors"

	"github.com/appsyncctl/appsyncctl/internal/report"
)

// smokeSinks are where the reports for CI systems go, besides what a person reads.
type smokeSinks struct {
	junit  string // the file; empty for none
	github report.GitHub
}

// mask hides the access tokens of this run in the log of GitHub Actions from now on. To
// hide a text is to say it, and standard error may lead elsewhere: of what lasts longer
// than a token nothing is said, and the runner knows the secrets of a workflow by itself.
// A log that goes into a file is none of the runner's.
func (app *App) mask(github report.GitHub) {
	if !app.ErrToFile {
		_ = github.Mask(app.Secrets.Tokens()...) // a log that cannot be written shows nothing
	}
}

// write writes all of them. That one fails does not keep the others from being
// written.
func (s smokeSinks) write(run report.Run, secrets []string) error {
	if s.junit == "" && !s.github.On {
		return nil
	}
	made, err := report.New(run, secrets...)
	if s.junit != "" {
		err = errors.Join(err, made.WriteJUnit(s.junit))
	}
	return errors.Join(err, s.github.Write(made))
}
