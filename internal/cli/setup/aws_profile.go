package setup

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"

	"github.com/appsyncctl/appsyncctl/internal/appsync"
	"github.com/appsyncctl/appsyncctl/internal/cli/command"
	"github.com/appsyncctl/appsyncctl/internal/cloudformation"
	"github.com/appsyncctl/appsyncctl/internal/config"
	"github.com/appsyncctl/appsyncctl/internal/failure"
	"github.com/appsyncctl/appsyncctl/internal/output"
	"github.com/appsyncctl/appsyncctl/internal/session"
)

// stackView is the result of setup aws --outputs.
type stackView struct {
	Profile string `json:"profile"`
	Machine string `json:"machine_profile,omitempty"`
	cloudformation.Stack
}

// runAWSProfile puts what a stack says of itself into the profile, and into that of the
// machines which setup auth0 makes beside it. What would be replaced is asked about first.
func runAWSProfile(ctx context.Context, s *session.Session, options awsOptions) error {
	if err := s.Flags.Output.CheckDocument(); err != nil {
		return err // before anything is written
	}
	settings, err := s.NewSettings()
	if err != nil {
		return err
	}
	file, err := s.Profiles()
	if err != nil {
		return err
	}
	stack, err := readStack(ctx, s, options.outputs)
	if err != nil {
		return err
	}
	plans := planStack(file, settings.Text(config.Profile), stack)
	var changes []string
	for _, plan := range plans {
		if plan.replaces() {
			changes = append(changes, changeLine("profile", plan.name, summary(plan.changes, noValue)))
		}
	}
	if err := agree(ctx, s, options.yes, changes); err != nil {
		return err
	}
	for _, plan := range plans {
		if err := writePlanned(ctx, s, file, plan); err != nil {
			return err
		}
	}
	view := stackView{Profile: plans[0].name, Stack: stack}
	if len(plans) > 1 {
		view.Machine = plans[1].name
	}
	tellStack(s, plans, options.yes)
	return s.Flags.Output.Write(s.App.Out, view, func(w io.Writer) error { return output.Fields(w, view.fields()) })
}

// readStack reads what describes a stack, from a file or from standard input if it is "-",
// and takes only what a profile can hold.
func readStack(ctx context.Context, s *session.Session, file string) (cloudformation.Stack, error) {
	description, err := session.Interruptible(ctx, func() (string, error) { return command.ReadInput(file, s.App.In) })
	if _, unreadable := errors.AsType[*fs.PathError](err); unreadable {
		err = failure.Errorf(failure.Usage, "%s: it cannot be read: %s", file, session.Reason(err))
	}
	if err != nil {
		return cloudformation.Stack{}, err
	}
	stack, err := cloudformation.ReadStack([]byte(description))
	if err != nil {
		return stack, err
	}
	if _, err := appsync.ParseEndpoint(stack.Endpoint); err != nil {
		return stack, err
	}
	stack.Issuer, err = publicIssuer(stack.Issuer)
	return stack, err
}

// planStack plans the profile called name. That of the machines comes second, where
// there is one for the same issuer.
func planStack(file *config.ProfileFile, name string, stack cloudformation.Stack) []*profilePlan {
	values := map[config.Name]string{
		config.Endpoint: stack.Endpoint,
		config.Issuer:   stack.Issuer,
		config.Region:   stack.Region,
	}
	plan := func(name string) *profilePlan {
		values := maps.Clone(values)
		if file.Profiles[name].Auth != "" {
			values[config.Auth] = config.Describe(config.Auth).Default // the mode of this API
		}
		return newProfilePlan(file, name, values)
	}
	plans := []*profilePlan{plan(name)}
	if machine := machineProfile(name); sameIssuer(file.Profiles[machine].Issuer, stack.Issuer) {
		plans = append(plans, plan(machine))
	}
	return plans
}

// tellStack says what comes next, and what was replaced if nobody was asked.
func tellStack(s *session.Session, plans []*profilePlan, unasked bool) {
	for _, plan := range plans {
		if unasked && plan.replaces() {
			s.App.Notice(fmt.Sprintf("changed profile %s: %s", plan.name, summary(plan.changes, noValue)))
		}
		s.App.Notice(fmt.Sprintf("profile %s now leads to this API", plan.name))
	}
	s.App.Notice(fmt.Sprintf("next: appsyncctl setup auth0 --profile %[1]s, or appsyncctl login --profile %[1]s", plans[0].name))
}

func (v stackView) fields() [][2]string {
	fields := [][2]string{{"Profile", v.Profile}}
	if v.Machine != "" {
		fields = append(fields, [2]string{"Machine profile", v.Machine})
	}
	return append(fields, [][2]string{
		{"Stack", v.Name},
		{"Endpoint", v.Endpoint},
		{"Issuer", v.Issuer},
		{"Region", v.Region},
		{"Table", v.Table},
	}...)
}
