// Package doctor has the command that explains what is wrong with a set-up.
package doctor

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/appsyncctl/appsyncctl/internal/app"
	"github.com/appsyncctl/appsyncctl/internal/cli/command"
	"github.com/appsyncctl/appsyncctl/internal/config"
	"github.com/appsyncctl/appsyncctl/internal/doctor"
	"github.com/appsyncctl/appsyncctl/internal/failure"
	"github.com/appsyncctl/appsyncctl/internal/report"
	"github.com/appsyncctl/appsyncctl/internal/session"
)

type doctorOptions struct {
	format   doctorFormat
	failOn   doctor.Result
	suppress doctor.Suppressed
	wait     time.Duration
	token    string // the file with a token to be explained, - for standard input, or empty
	response string // the same for an answer of the API
}

// NewCommand returns the command doctor.
func NewCommand(s *session.Session) *cobra.Command {
	options := doctorOptions{format: doctorFormat{document: &s.Flags.Output}, failOn: doctor.Unknown}
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
		Args: command.NoArguments,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if err := options.check(); err != nil {
				return &app.UsageError{Err: err}
			}
			return run(cmd.Context(), s, options)
		},
	}
	set := cmd.Flags()
	set.SortFlags = false
	set.VarP(&options.format, "output", "o", "how to write the findings: table, short (problems only) or json")
	set.Var(command.Enum(&options.failOn, "result", doctor.Severities()[1:]...), "fail-on", "exit with 1 for a finding this bad or worse: warning, unknown or failure")
	set.Var(suppress(&options.suppress), "suppress", "`ID` of a check whose finding, and what follows from it, does not count (repeatable)")
	set.Var(command.PositiveDuration(&options.wait), "wait", "examine again, for this long at most, until there is nothing that --fail-on counts")
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
func run(ctx context.Context, s *session.Session, options doctorOptions) (err error) {
	report := newReporter(s.App, options)
	defer func() {
		if cause := recover(); cause != nil {
			err = report.breakDown(cause)
		}
	}()
	given, about, err := readInput(ctx, s, options)
	if err != nil {
		return report.refuse(about, err)
	}
	settings, _ := s.ReadableSettings()
	if given.token != "" {
		if mode := settings.Text(config.Auth); !session.UsesToken(mode) {
			return report.refuse(doctor.TokenObtained, session.NoToken(mode))
		}
		s.Override(config.Token, config.Value{Text: given.token, Source: config.FromFlag, Origin: given.tokenFrom})
	}
	subject := s.Subject(ctx)
	subject.Answer = given.answer
	if given.any() {
		subject.Needed = nil
	}
	if given.answer != nil && failure.Is[*config.MissingError](subject.Tokens.Err()) {
		subject.Token = nil // an answer tells something by itself
	}
	report.profile = subject.Profile

	findings := examine(ctx, s, subject, report, options)
	if err := report.finish(findings); err != nil {
		return err
	}
	if err := annotate(s.App, report); err != nil {
		return err
	}
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	if len(options.counting(findings)) > 0 {
		return errFindings
	}
	return nil
}

// annotate tells GitHub Actions what was found, if that runs the program.
func annotate(world *app.App, r *reporter) error {
	github := world.GitHub()
	world.MaskTokens(github)
	run := report.Run{Suite: "appsyncctl.doctor", Started: r.start, Elapsed: r.now().Sub(r.start), Cases: r.cases}
	return report.Sinks{GitHub: github}.Write(run, world.Secrets.All())
}

// errFindings says that doctor found something, and has said so already.
var errFindings = errors.New("")

// counting are the findings that are as bad as --fail-on says.
func (o doctorOptions) counting(findings []doctor.Finding) []doctor.Finding {
	suppressed := o.suppress.With(findings)
	return slices.DeleteFunc(slices.Clone(findings), func(f doctor.Finding) bool {
		return slices.Contains(suppressed, f.ID) || slices.Index(doctor.Severities(), f.Weight()) < slices.Index(doctor.Severities(), o.failOn)
	})
}

// suppress is the value of --suppress.
func suppress(target *doctor.Suppressed) pflag.Value {
	return command.Parsed(target, "ID", func(text string) (doctor.Suppressed, error) {
		list := slices.Clone(*target)
		for name := range strings.SplitSeq(text, ",") {
			id := doctor.ID(strings.ToUpper(strings.TrimSpace(name)))
			if _, found := doctor.Find(id); !found {
				return nil, fmt.Errorf("there is no check %q: appsyncctl help checks lists them", id)
			}
			list = append(list, id)
		}
		return list, nil
	}, func(list doctor.Suppressed) string { return doctor.JoinIDs(list, ",") })
}

// doctorFormat is the value of --output, which is another one here: doctor has a
// short form, and its findings are no records.
type doctorFormat struct {
	document *app.Format // as the other commands know it: errors follow it
	short    bool
}

// String implements pflag.Value.
func (f *doctorFormat) String() string {
	switch {
	case f.short:
		return "short"
	case f.document == nil: // pflag asks an empty value
		return string(app.Table)
	default:
		return string(*f.document)
	}
}

// Set implements pflag.Value.
func (f *doctorFormat) Set(text string) error {
	switch text {
	case "short":
		f.short, *f.document = true, app.Table
	case string(app.Table), string(app.JSON):
		f.short, *f.document = false, app.Format(text)
	default:
		return errors.New("must be table, short or json")
	}
	return nil
}

// Type implements pflag.Value.
func (f *doctorFormat) Type() string { return "format" }

// completeDoctor lets a shell complete the values of doctor's flags.
func completeDoctor(cmd *cobra.Command) {
	for flag, complete := range map[string]cobra.CompletionFunc{
		"output":   cobra.FixedCompletions([]string{string(app.Table), "short\tproblems only", string(app.JSON)}, cobra.ShellCompDirectiveNoFileComp),
		"fail-on":  cobra.FixedCompletions(failOnWords(), cobra.ShellCompDirectiveNoFileComp|cobra.ShellCompDirectiveKeepOrder),
		"suppress": command.CompleteChecks(doctor.Catalogue()),
	} {
		_ = cmd.RegisterFlagCompletionFunc(flag, complete) // they are there, and asked for once
	}
}

func failOnWords() []string {
	return []string{
		string(doctor.Warning) + "\twarnings, unknowns and failures",
		string(doctor.Unknown) + "\tunknowns and failures",
		string(doctor.Failure) + "\tfailures only",
	}
}

// input is what a person wants to have explained.
type input struct {
	token, tokenFrom string
	answer           *doctor.Answer
}

func (g input) any() bool { return g.token != "" || g.answer != nil }

// readInput reads what is to be explained. about is the check that it was to be for, if
// it cannot be read.
func readInput(ctx context.Context, s *session.Session, options doctorOptions) (given input, about doctor.ID, err error) {
	if options.token != "" {
		token, from, err := session.SavedToken(ctx, s.App, "--token", options.token)
		if err != nil {
			return given, doctor.TokenObtained, err
		}
		given.token, given.tokenFrom = string(token), from
	}
	if options.response != "" {
		if given.answer, err = savedAnswer(ctx, s.App.In, options.response); err != nil {
			return given, doctor.EndpointAnswers, err
		}
	}
	return given, "", nil
}

// savedAnswer reads an answer of the API from a file, or from standard input if its
// name is "-".
func savedAnswer(ctx context.Context, in io.Reader, file string) (*doctor.Answer, error) {
	return session.Interruptible(ctx, func() (*doctor.Answer, error) {
		if file == "-" {
			return doctor.ReadAnswer(in)
		}
		opened, err := os.Open(file)
		if err != nil {
			return nil, failure.Errorf(failure.Usage, "%s: it cannot be opened: %s", file, session.Reason(err))
		}
		defer opened.Close() //nolint:errcheck // opened for reading
		return doctor.ReadAnswer(opened)
	})
}

// Between two examinations, with --wait: twice as long each time. An examination
// sends about ten requests.
const (
	firstPause = time.Second
	lastPause  = 15 * time.Second
)

// examine runs the checks, and with --wait again until nothing that counts is
// found, waiting has no sense or no time is left. The last findings count.
//
// Before it returns no request for a token is under way.
func examine(ctx context.Context, s *session.Session, subject *session.Subject, report *reporter, options doctorOptions) []doctor.Finding {
	end := s.App.Now().Add(options.wait)
	show := report.show
	if options.wait > 0 {
		show = func(doctor.Finding) {} // it may not be the last
	}
	for between := firstPause; ; between = min(2*between, lastPause) {
		findings := doctor.Examine(ctx, subject.Again(), show)
		subject.Tokens.Settle(report.notice)
		left := end.Sub(s.App.Now())
		counting := options.counting(findings)
		if ctx.Err() != nil || left <= 0 || len(counting) == 0 || slices.ContainsFunc(counting, permanent) {
			return findings
		}
		wait := min(between, left) // the last look is at the end
		report.notice(fmt.Sprintf("%s: %s; looking again in %s, for another %s", counting[0].ID, counting[0].Message, wait.Round(100*time.Millisecond), left.Round(time.Second)))
		if s.App.Wait(ctx, wait) != nil {
			return findings
		}
	}
}

// permanent reports whether only a person can mend what was found.
func permanent(f doctor.Finding) bool {
	return f.Result == doctor.Failure && (f.Category == doctor.Settings || failure.Is[*session.LoginNeededError](f.Err))
}
