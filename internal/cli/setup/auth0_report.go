package setup

import (
	"io"

	"github.com/appsyncctl/appsyncctl/internal/management"
	"github.com/appsyncctl/appsyncctl/internal/output"
	"github.com/appsyncctl/appsyncctl/internal/session"
)

// setupView is the result of a setup, or its plan.
type setupView struct {
	DryRun bool        `json:"dry_run"`
	Steps  []setupStep `json:"steps"`
}

// setupStep is what a setup has for one object.
type setupStep struct {
	Action  management.Action   `json:"action"`
	Kind    string              `json:"kind"`
	Name    string              `json:"name"`
	ID      string              `json:"id,omitempty"` // a client ID for an application
	Changes []management.Change `json:"changes,omitempty"`
	Done    bool                `json:"done"`
}

// steps returns all steps, those of the profiles last.
func (s *auth0Setup) steps() []setupStep {
	var steps []setupStep
	for _, step := range s.plan.Steps() {
		steps = append(steps, setupStep{step.Action, string(step.Kind), step.Name, step.ID, step.Changes, step.Done})
	}
	for _, p := range []*profilePlan{s.machine, s.people} {
		steps = append(steps, setupStep{p.action, "profile", p.name, "", p.changes, p.done})
	}
	return steps
}

// does reports whether there is anything to do.
func (s *auth0Setup) does() bool {
	for _, step := range s.steps() {
		if step.Action != management.Keep {
			return true
		}
	}
	return false
}

// changes says what a person is to agree to: what is there and gets another value.
func (s *auth0Setup) changes() []string {
	var lines []string
	for _, step := range s.steps() {
		asked := step.Action == management.Update
		if step.Kind == "profile" {
			asked = (step.Name == s.machine.name && s.machine.replaces()) || (step.Name == s.people.name && s.people.replaces())
		}
		if asked {
			lines = append(lines, changeLine(step.Kind, step.Name, step.summary()))
		}
	}
	return lines
}

// summary is the changes of a step on one line.
func (s setupStep) summary() string { return summary(s.Changes, "(the new one)") }

// word is a step's action: what is to be done, or what became of it.
func (s setupStep) word(dryRun bool) string {
	switch {
	case dryRun:
		return string(s.Action)
	case !s.Done:
		return "not done"
	default:
		return map[management.Action]string{management.Create: "created", management.Update: "changed", management.Keep: "kept"}[s.Action]
	}
}

// reportSetup writes the result: what was done, or with dryRun what would be.
func reportSetup(s *session.Session, setup *auth0Setup, dryRun bool) error {
	view := setupView{DryRun: dryRun, Steps: setup.steps()}
	return s.Flags.Output.Write(s.App.Out, view, func(w io.Writer) error {
		var rows [][]string
		for _, step := range view.Steps {
			rows = append(rows, []string{step.word(dryRun), step.Kind, step.Name, step.ID, step.summary()})
		}
		return output.Table(w, []string{"ACTION", "KIND", "NAME", "ID", "CHANGES"}, rows)
	})
}
