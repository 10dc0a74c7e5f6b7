package setup

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/appsyncctl/appsyncctl/internal/app"
	"github.com/appsyncctl/appsyncctl/internal/appsync"
	"github.com/appsyncctl/appsyncctl/internal/auth"
	"github.com/appsyncctl/appsyncctl/internal/cli/command"
	"github.com/appsyncctl/appsyncctl/internal/cloudformation"
	"github.com/appsyncctl/appsyncctl/internal/config"
	"github.com/appsyncctl/appsyncctl/internal/doctor"
	"github.com/appsyncctl/appsyncctl/internal/failure"
	"github.com/appsyncctl/appsyncctl/internal/output"
	"github.com/appsyncctl/appsyncctl/internal/session"
)

type awsOptions struct {
	clientIDPattern string
	iatTTL, authTTL int64  // milliseconds
	schema          string // wizard or extended
	outputs         string // file with the description of a stack, or -
	yes             bool   // replace what the profile has without asking
}

func newAWSCommand(s *session.Session) *cobra.Command {
	var options awsOptions
	cmd := &cobra.Command{
		Use:   "aws",
		Short: "Print a CloudFormation template of the API",
		Long: `Print a CloudFormation template for an AppSync API in OPENID_CONNECT mode: its schema,
a DynamoDB table with on-demand billing, a role that can reach only that table, a
resolver for each query and mutation, and logs. Nothing is sent to AWS. With -o json
the template is JSON.

The flags and the issuer setting become the defaults of the template's parameters; the
other parameters, such as TableName and LogLevel, are described in the template. An
existing stack keeps its values: aws cloudformation deploy changes them with
--parameter-overrides NAME=VALUE. If you delete the stack, the table and its customers
stay.

With --outputs the command reads the description of the finished stack and writes the
endpoint, the issuer and the region to the profile. The profile for machines that setup
auth0 adds, PROFILE-machine, gets them too if it has the same issuer. Before it replaces
a value it asks; where nobody can be asked it needs --yes. A new issuer takes away what
belonged to the old one, such as the client ID.`,
		Example: `  appsyncctl setup aws --issuer https://TENANT.auth0.com/ > template.yaml
  aws cloudformation deploy --stack-name customers --template-file template.yaml --capabilities CAPABILITY_IAM
  aws cloudformation describe-stacks --stack-name customers | appsyncctl setup aws --outputs -`,
		Args: command.NoArguments,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if err := options.check(cmd.Flags()); err != nil {
				return &app.UsageError{Err: err}
			}
			if options.outputs != "" {
				return runAWSProfile(cmd.Context(), s, options)
			}
			return runAWS(s, options)
		},
	}
	set := cmd.Flags()
	set.SortFlags = false
	set.StringVar(&options.clientIDPattern, "client-id-pattern", "", "regular `expression` for the client IDs that may call the API, such as ID1|ID2 (default: all clients of the issuer)")
	set.Var(command.Milliseconds(&options.iatTTL), "iat-ttl", "how many `milliseconds` after its iat a token is accepted; 0 means no limit")
	set.Var(command.Milliseconds(&options.authTTL), "auth-ttl", "how many `milliseconds` after its auth_time a token is accepted; 0 means no limit; Auth0's access tokens have no auth_time")
	options.schema = "wizard"
	set.Var(command.Enum(&options.schema, "schema", "wizard", "extended"), "schema", "schema of the API: wizard, or extended (customers create accepts --id)")
	set.StringVar(&options.outputs, "outputs", "", "`FILE` with the output of aws cloudformation describe-stacks, or - for standard input: write the profile")
	set.BoolVarP(&options.yes, "yes", "y", false, "with --outputs: replace values in the profile without asking")
	return cmd
}

// check finds what does not go together.
func (o *awsOptions) check(set *pflag.FlagSet) error {
	if !set.Changed("outputs") {
		if o.yes {
			return errors.New("--yes can only be used with --outputs")
		}
		return nil
	}
	if o.outputs == "" {
		return errors.New("--outputs names no file")
	}
	for _, name := range []string{"client-id-pattern", "iat-ttl", "auth-ttl", "schema"} {
		if set.Changed(name) {
			return fmt.Errorf("--%s is for the template and cannot be used with --outputs", name)
		}
	}
	return nil
}

func runAWS(s *session.Session, options awsOptions) error {
	settings, err := s.NewSettings()
	if err != nil {
		return err
	}
	defaults := cloudformation.Defaults{
		ClientIDPattern: options.clientIDPattern,
		IatTTL:          options.iatTTL,
		AuthTTL:         options.authTTL,
		Extended:        options.schema == "extended",
	}
	if defaults.Issuer, err = publicIssuer(settings.Text(config.Issuer)); err != nil {
		return err
	}
	if err := writeTemplate(s, defaults); err != nil {
		return err
	}
	for _, warning := range options.limitWarnings() {
		s.App.Notice(warning)
	}
	tellDeploy(s, defaults, settings.Get(config.Profile))
	return nil
}

// publicIssuer returns an issuer that AppSync can ask for its keys, as its tokens name
// it; none is none.
func publicIssuer(text string) (string, error) {
	if text == "" {
		return "", nil
	}
	issuer, err := auth.ParseIssuer(text)
	if err == nil && !strings.HasPrefix(issuer, "https://") {
		err = &auth.IssuerError{Input: issuer, Reason: "AppSync accepts only https"}
	}
	return issuer, err
}

func writeTemplate(s *session.Session, defaults cloudformation.Defaults) error {
	format := s.Flags.Output
	switch format {
	case app.Table, app.YAML, "":
		template, err := cloudformation.YAML(defaults)
		if err == nil {
			_, err = s.App.Out.Write(template)
		}
		return err
	case app.JSON, app.JSONL:
		document, err := cloudformation.Document(defaults)
		if err != nil {
			return err
		}
		return format.Write(s.App.Out, document, nil)
	default:
		return failure.Errorf(failure.Usage, "a template is YAML or JSON: -o %s cannot write it", format)
	}
}

// tellDeploy says what makes the stack, and what comes after.
func tellDeploy(s *session.Session, defaults cloudformation.Defaults, profile config.Value) {
	missing := ""
	if defaults.Issuer == "" {
		missing = " --parameter-overrides Issuer=https://TENANT.auth0.com/"
	}
	named := ""
	if profile.Source == config.FromFlag {
		named = " --profile " + profile.Text
	}
	s.App.Notice("to make the API, save the template as template.yaml and run")
	s.App.Notice("  aws cloudformation deploy --stack-name customers --template-file template.yaml --capabilities CAPABILITY_IAM" + missing)
	s.App.Notice("  aws cloudformation describe-stacks --stack-name customers | appsyncctl setup aws --outputs -" + named)
}

// mostSeconds is the largest limit that looks like seconds: 86400 was meant to be a day.
const mostSeconds = 100_000

// limitWarnings says which limits would refuse tokens that they were not meant for.
func (o *awsOptions) limitWarnings() []string {
	var warnings []string
	for _, limit := range []struct {
		flag  string
		value int64
		help  doctor.ID
	}{{"--iat-ttl", o.iatTTL, doctor.AgeAccepted}, {"--auth-ttl", o.authTTL, doctor.LoginAccepted}} {
		if limit.value > 0 && limit.value < mostSeconds {
			warnings = append(warnings, fmt.Sprintf("%s %d is %s: the unit is milliseconds, and %d seconds are %d (see appsyncctl help %s)",
				limit.flag, limit.value, time.Duration(limit.value)*time.Millisecond, limit.value, 1000*limit.value, limit.help))
		}
	}
	if o.authTTL > 0 {
		warnings = append(warnings, "--auth-ttl: Auth0's access tokens have no auth_time, and the API will refuse every one of them (see appsyncctl help API-009)")
	}
	return warnings
}

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
