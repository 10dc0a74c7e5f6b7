package cli

import (
	"context"
	"errors"
	"slices"
	"time"

	"github.com/spf13/cobra"

	"github.com/appsyncctl/appsyncctl/internal/config"
	"github.com/appsyncctl/appsyncctl/internal/doctor"
	"github.com/appsyncctl/appsyncctl/internal/redact"
	"github.com/appsyncctl/appsyncctl/internal/report"
)

type doctorOptions struct {
	format   doctorFormat
	failOn   severity
	suppress checkList
	wait     time.Duration
	token    string // the file with a token to be explained, - for standard input, or empty
	response string // the same for an answer of the API
}

func (app *App) doctorCommand(flags *globals) *cobra.Command {
	options := doctorOptions{format: doctorFormat{document: &flags.Output}, failOn: severity(doctor.Unknown)}
	cmd := &cobra.Command{
		Use:   "doctor",
		Short: "Find out why the API cannot be reached, or says 401",
		Long: `Examine the whole set-up, in causal order: settings, network, provider, token
store, token, API. Each check has an ID, which "appsyncctl help AUTH-004" explains
offline; "appsyncctl help checks" lists them all. A finding says what was expected,
what was found and where, and one thing to do about it. The first failure is named
as the cause.

A check is ok, or ends as a warning, as unknown (it could not be determined, and the
message says why), as a failure, or skipped. The exit code is 1 if anything failed or
is unknown: --fail-on failure lets unknowns pass, and --fail-on warning lets nothing
pass. What is unknown about the token store, or about the API's configuration in AWS,
counts as a warning only: it does not keep the API from being called.

Nothing is changed. A token that has to be fetched or renewed on the way is kept, as
by any other command. No token is shown. It takes ten seconds at most, unless it has
to wait for a renewal that would otherwise be lost. --wait repeats it, for an API that
is still starting, or is down.

With --token, a token is examined that is in a file or comes from standard input, and
with --response a saved answer of the API: what curl -i wrote, or the body alone. No
settings are required; those that exist are compared.

In GitHub Actions, findings also become annotations and a summary of the job.`,
		Example: `  appsyncctl doctor
  appsyncctl doctor -o json --fail-on warning
  appsyncctl doctor --wait 2m -o short
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
	set.Var(&options.failOn, "fail-on", "exit with 1 for a finding this bad or worse: warning, unknown or failure")
	set.Var(&options.suppress, "suppress", "`ID` of a check whose finding, and what follows from it, does not count (repeatable)")
	set.Var((*positiveDuration)(&options.wait), "wait", "examine again, for this long at most, until there is nothing that --fail-on counts")
	set.StringVar(&options.token, "token", "", "`FILE` with a token to examine instead of your own, or - for standard input")
	set.StringVar(&options.response, "response", "", "`FILE` with a saved answer of the API to explain, or - for standard input")
	set.Lookup("wait").DefValue = "" // nothing is waited for by default
	completeDoctor(cmd)
	return cmd
}

// check refuses flags that exclude each other.
func (o doctorOptions) check() error {
	if o.token == "-" && o.response == "-" {
		return errors.New("--token and --response cannot both come from standard input")
	}
	return nil
}

// doctor examines what flags, environment and profile lead to, and reports it.
func (app *App) doctor(ctx context.Context, flags *globals, options doctorOptions) (err error) {
	report := app.newDoctorReport(options)
	defer func() {
		if cause := recover(); cause != nil {
			err = report.breakDown(cause)
		}
	}()
	given, about, err := app.doctorInput(ctx, options)
	if err != nil {
		return report.refuse(about, err)
	}
	settings, problem := app.readableSettings(flags)
	if given.token != "" {
		settings = settings.With(config.Token, config.Value{Text: given.token, Source: config.FromFlag, Origin: given.tokenFrom})
		if mode := settings.Text(config.Auth); !usesToken(mode) {
			return report.refuse(doctor.TokenObtained, &noTokenError{mode})
		}
	}
	examinee := app.examinee(ctx, flags, settings)
	examinee.Problem, examinee.Remedy = problem.err, problem.remedy
	examinee.Answer = given.answer
	if given.any() {
		examinee.Needed = nil
	}
	if given.answer != nil && is[*config.MissingError](examinee.tokens.err) {
		examinee.Token = nil // an answer tells something by itself
	}
	report.profile = examinee.Profile

	findings := app.examine(ctx, examinee, report, options)
	if err := report.finish(findings); err != nil {
		return err
	}
	if err := app.annotate(report, examinee.secrets); err != nil {
		return err
	}
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	if len(options.counting(findings)) > 0 {
		return &findingsError{}
	}
	return nil
}

// annotate tells GitHub Actions what was found, if that runs the program.
func (app *App) annotate(r *doctorReport, secrets *redact.Secrets) error {
	github := app.GitHub()
	app.mask(github)
	run := report.Run{Suite: "appsyncctl.doctor", Started: r.start, Elapsed: r.now().Sub(r.start), Cases: r.cases}
	return smokeSinks{github: github}.write(run, secrets.All())
}

// findingsError says that doctor found something, and has said so already.
type findingsError struct{}

func (*findingsError) Error() string { return "" }

// counting are the findings that are as bad as --fail-on says.
func (o doctorOptions) counting(findings []doctor.Finding) []doctor.Finding {
	suppressed := o.suppress.spread(findings)
	return slices.DeleteFunc(slices.Clone(findings), func(f doctor.Finding) bool {
		return slices.Contains(suppressed, f.ID) || slices.Index(severities(), weight(f)) < slices.Index(severities(), doctor.Result(o.failOn))
	})
}
