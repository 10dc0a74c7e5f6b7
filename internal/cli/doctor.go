package cli

import (
	"context"
	"errors"
	"regexp"
	"slices"
	"time"

	"github.com/spf13/cobra"

	"github.com/appsyncctl/appsyncctl/internal/checkup"
	"github.com/appsyncctl/appsyncctl/internal/config"
)

type doctorOptions struct {
	format   doctorFormat
	failOn   severity
	suppress checkList
	wait     time.Duration
	token    string // the file with a token to be explained, - for standard input, or empty
	response string // the same for an answer of the API
	bundle   string // the file to write, or empty
}

func (app *App) doctorCommand(flags *globals) *cobra.Command {
	options := doctorOptions{format: doctorFormat{document: &flags.output}, failOn: severity(checkup.Failure)}
	cmd := &cobra.Command{
		Use:   "doctor",
		Short: "Find out why the API cannot be reached, or says 401",
		Long: `Examine the whole set-up, in causal order: settings, network, provider, token
store, token, API. Each check has an id, which "appsyncctl help AUTH-004" explains
offline ("appsyncctl help checks" lists them), and says what was expected, what was
found and where, and one thing to do. The first failure is named as the cause.

A check is ok, or ends as a warning, as unknown (it could not be found out, and why),
as a failure, or skipped. That order is also how bad they are: --fail-on unknown
stands for unknowns and failures, --fail-on warning for all three, and the exit code
is 1 then.

Nothing is changed. A token that had to be fetched or renewed on the way is kept as
every command keeps it. No token is shown. It takes ten seconds at most, unless a
renewal has to be waited for that would otherwise be lost.

With --token a token is examined that lies in a file or comes on standard input, and
with --response an answer of the API that was saved, such as by curl -i. Settings are
then needed only as far as there are any.`,
		Example: `  appsyncctl doctor
  appsyncctl doctor -o json --fail-on warning
  appsyncctl doctor --wait 2m -o short
  appsyncctl doctor --bundle report.zip
  appsyncctl doctor --token token.txt --response answer.txt`,
		Args: noArguments,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if err := options.check(); err != nil {
				return &usageError{cmd.CommandPath(), err}
			}
			return app.doctor(cmd.Context(), flags, options)
		},
	}
	set := cmd.Flags()
	set.SortFlags = false
	set.VarP(&options.format, "output", "o", "how to write the findings: table, short (problems only) or json")
	set.Var(&options.failOn, "fail-on", "exit with 1 at the first of these or worse: warning, unknown or failure")
	set.Var(&options.suppress, "suppress", "`ID` of a check whose finding does not count (repeatable)")
	set.Var((*positiveDuration)(&options.wait), "wait", "examine again, for this long at most, until nothing of --fail-on is found")
	set.StringVar(&options.token, "token", "", "`FILE` with a token to examine in place of one's own, or - for standard input")
	set.StringVar(&options.response, "response", "", "`FILE` with a saved answer of the API to explain, or - for standard input")
	set.StringVar(&options.bundle, "bundle", "", "write the findings and what they rest on, without secrets, into this zip `FILE`")
	set.Lookup("wait").DefValue = "" // it is not waited for by default
	return cmd
}

// tokenLike is a JSON Web Token, which is no name of a file.
var tokenLike = regexp.MustCompile(`^\s*(?i:bearer\s+)?eyJ[\w-]+\.`)

// check refuses what excludes each other. It quotes no value that may be a token.
func (o doctorOptions) check() error {
	switch {
	case tokenLike.MatchString(o.token):
		return errors.New("--token takes the name of a file, or - for standard input, and not the token itself: others can see a command line")
	case o.token == "-" && o.response == "-":
		return errors.New("--token and --response cannot both come from standard input")
	case o.bundle == "":
		return nil
	default:
		return freeFile(o.bundle)
	}
}

// doctor examines what flags, environment and profile lead to, and reports it.
func (app *App) doctor(ctx context.Context, flags *globals, options doctorOptions) (err error) {
	report := app.newDoctorReport(options)
	defer func() {
		if cause := recover(); cause != nil {
			err = report.breakDown(cause)
		}
	}()
	given, err := app.doctorInput(ctx, options)
	if err != nil {
		return err
	}
	settings, problem := app.doctorSettings(flags)
	if given.token != "" {
		settings = settings.With(config.Token, config.Value{Text: given.token, Source: config.FromFlag, Origin: given.tokenFrom})
		if mode := settings.Text(config.Auth); !usesToken(mode) {
			return &noTokenError{mode}
		}
	}
	subject := app.subject(ctx, flags, settings)
	subject.Problem, subject.Remedy = problem.err, problem.remedy
	subject.Answer = given.answer
	if given.any() {
		subject.Needed = nil
	}
	if given.answer != nil && is[*config.MissingError](subject.tokens.err) {
		subject.Token = nil // an answer tells something by itself
	}
	report.clean = subject.secrets.clean

	findings := app.examine(ctx, subject, report, options)
	if err := report.finish(findings); err != nil {
		return err
	}
	if options.bundle != "" {
		if err := app.writeBundle(options.bundle, subject, report.view); err != nil {
			return err
		}
	}
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	if options.reached(findings) {
		return &findingsError{report.view.Verdict}
	}
	return nil
}

// findingsError says that doctor found something, and has said so already.
type findingsError struct{ verdict checkup.Result }

func (*findingsError) Error() string { return "" }

// reached reports whether a finding is as bad as --fail-on says.
func (o doctorOptions) reached(findings []checkup.Finding) bool {
	return slices.ContainsFunc(findings, o.counts)
}

func (o doctorOptions) counts(finding checkup.Finding) bool {
	if slices.Contains(o.suppress, finding.ID) {
		return false
	}
	return slices.Index(severities(), finding.Result) >= slices.Index(severities(), checkup.Result(o.failOn))
}
