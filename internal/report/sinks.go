package report

import "errors"

// Sinks are where the reports for CI systems go.
type Sinks struct {
	JUnit  string // the file; empty for none
	GitHub GitHub
}

// Write writes a run to all of them. That one fails does not keep the others from being
// written. Secrets are taken out of what is written.
func (s Sinks) Write(run Run, secrets []string) error {
	if s.JUnit == "" && !s.GitHub.On {
		return nil
	}
	made, err := New(run, secrets...)
	if s.JUnit != "" {
		err = errors.Join(err, made.WriteJUnit(s.JUnit))
	}
	return errors.Join(err, s.GitHub.Write(made))
}
