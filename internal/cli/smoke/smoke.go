// Package smoke has the command that tests a whole set-up, and the one that removes what a
// killed test has left behind.
package smoke

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/appsyncctl/appsyncctl/internal/app"
	"github.com/appsyncctl/appsyncctl/internal/appsync"
	"github.com/appsyncctl/appsyncctl/internal/auth"
	"github.com/appsyncctl/appsyncctl/internal/awsaccount"
	"github.com/appsyncctl/appsyncctl/internal/cli/command"
	"github.com/appsyncctl/appsyncctl/internal/config"
	"github.com/appsyncctl/appsyncctl/internal/doctor"
	"github.com/appsyncctl/appsyncctl/internal/emulator"
	"github.com/appsyncctl/appsyncctl/internal/report"
	"github.com/appsyncctl/appsyncctl/internal/session"
	"github.com/appsyncctl/appsyncctl/internal/smoke"
	"github.com/appsyncctl/appsyncctl/internal/tokencache"
)

type smokeOptions struct {
	format       app.Format
	emulator     bool
	readOnly     bool
	keep         bool
	subscribe    bool
	table        string          // of DynamoDB; empty if nobody asked for it
	expiredToken string          // the file with a token that has expired; may be empty
	latencies    []smoke.Latency // limits
	junit        string          // the file to write a report to; empty for none
	github       report.GitHub
}

// NewCommand returns the command smoke.
func NewCommand(s *session.Session) *cobra.Command {
	var options smokeOptions
	cmd := &cobra.Command{
		Use:   "smoke",
		Short: "Check the whole path: token, create, list, clean up",
		Long: `Run the checks of "appsyncctl doctor", then see that tampered, expired and absent
tokens are refused, create customer1 (Boston, MA, USA) and customer2 (Dallas, TX,
USA), list, get and update them, and delete them again, also after a failure or
Ctrl-C. The exit code is that of the first step that failed, 0 when all passed.

Both customers carry a mark of this run in their names, so that runs do not
disturb each other; what a killed run leaves behind, "appsyncctl smoke clean"
deletes. On an API in production, --read-only creates nothing.

A request is sent again only when it surely was not executed. "failed" means that
the API did wrong, "error" that it could not be tested, as with missing settings or
after a timeout; both fail the test.

It runs against the API of the profile. With --emulator it brings its own tenant
and API, needs no settings and leaves nothing behind.`,
		Example: `  appsyncctl smoke --emulator
  appsyncctl smoke --profile staging
  appsyncctl smoke --table Customer --subscribe --max-latency p95=800ms`,
		Args: command.NoArguments,
	}
	addFlags(cmd.Flags(), &options)
	cmd.SetFlagErrorFunc(func(cmd *cobra.Command, err error) error {
		return misused(s, cmd, options, err)
	})
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		options.format, options.github = s.Flags.Output, s.App.GitHub()
		if err := options.check(); err != nil {
			return misused(s, cmd, options, err)
		}
		return run(cmd.Context(), s, options)
	}
	clean := newCleanCommand(s)
	clean.SetFlagErrorFunc(func(_ *cobra.Command, err error) error { return &app.UsageError{Err: err} })
	cmd.AddCommand(clean)
	return cmd
}

// check refuses what excludes each other.
func (o smokeOptions) check() error {
	switch {
	case o.format != app.JSON && o.format != app.Table:
		return fmt.Errorf("smoke reports as a table or as json, not as %s", o.format)
	case o.junit == "-":
		return errors.New("--junit takes the name of a file: what is not in one cannot be read back")
	case o.emulator && o.table != "":
		return errors.New("--table looks into an AWS account, which --emulator has not")
	case o.readOnly && (o.table != "" || o.subscribe || o.keep):
		return errors.New("--read-only creates nothing that --table, --subscribe or --keep could be about")
	default:
		return nil
	}
}

// misused leaves reports of a command line that cannot be understood, too: an old
// one in their place would read as if the test had passed. Flags before the broken one
// are known.
func misused(s *session.Session, cmd *cobra.Command, options smokeOptions, err error) error {
	usage := &app.UsageError{Err: err}
	options.github = s.App.GitHub()
	if options.junit == "-" {
		options.junit = ""
	}
	report := newReporter(s.App, options)
	report.out = io.Discard
	_ = report.abandon(cmd.Context(), usage) // the exit code is not 0 in any case
	return usage
}

func addFlags(set *pflag.FlagSet, options *smokeOptions) {
	set.SortFlags = false
	set.BoolVar(&options.emulator, "emulator", false, "run against an emulator that is started for it")
	set.BoolVar(&options.readOnly, "read-only", false, "create nothing, for an API in production")
	set.BoolVar(&options.keep, "keep", false, "do not delete the two customers")
	set.StringVar(&options.table, "table", "", "`NAME` of the API's DynamoDB table, to look for both customers in, with AWS credentials")
	set.BoolVar(&options.subscribe, "subscribe", false, "see that a subscription tells of both customers")
	set.StringVar(&options.expiredToken, "expired-token-file", "", "`FILE` with a token that has expired, which must be refused")
	set.StringVar(&options.junit, "junit", "", "write a JUnit report to this `FILE`")
	set.Var(latencies(&options.latencies), "max-latency", "longest time for the API's answers, such as p95=800ms or max=2s (repeatable)")
}

// latencies is the value of --max-latency.
func latencies(target *[]smoke.Latency) pflag.Value {
	return command.Parsed(target, "limit", func(text string) ([]smoke.Latency, error) {
		limit, err := smoke.ParseLatency(text)
		return append(*target, limit), err
	}, func(limits []smoke.Latency) string {
		var texts []string
		for _, limit := range limits {
			texts = append(texts, limit.Name+"="+limit.Most.String())
		}
		return strings.Join(texts, ",")
	})
}

// smoke takes all steps and reports them, whatever goes wrong: a setting that is
// missing is a failed step, and a signal skips those that are left.
func run(ctx context.Context, s *session.Session, options smokeOptions) (err error) {
	report := newReporter(s.App, options)
	defer context.AfterFunc(ctx, report.interrupted)()
	defer func() {
		if thrown := recover(); thrown != nil {
			err = report.abandon(ctx, app.Panicked("smoke", thrown))
		}
	}()
	if options.emulator {
		report.profile = "emulator"
		inside, end, err := besideEmulator(ctx, s)
		if err != nil {
			return report.abandon(ctx, err)
		}
		defer end()
		s = inside
	}
	settings, _ := s.ReadableSettings()
	if !options.emulator {
		report.profile = settings.Text(config.Profile)
	}
	subject := s.Subject(ctx)
	expired, err := expiredToken(ctx, s, subject, options)
	if err != nil {
		return report.abandon(ctx, err)
	}
	s.App.Secrets.Add(string(expired))
	report.begin()
	doctor.Examine(ctx, subject.Subject, report.step)
	subject.Tokens.Settle(s.App.Notice)
	s.App.MaskTokens(options.github)
	if ctx.Err() != nil {
		report.skipSteps("interrupted")
		return report.finish(ctx)
	}
	test, err := newTest(ctx, s, options, report)
	if err != nil {
		report.skipSteps(err.Error()) // the checks have said why, and more
		return report.finish(ctx)
	}
	test.Expired = string(expired)
	if options.table != "" {
		test.Table = &accountTable{options.table, subject.Account}
	}
	test.Run(ctx)
	return report.finish(ctx)
}

// newTest puts together what comes after the checks. The token is theirs.
func newTest(ctx context.Context, s *session.Session, options smokeOptions, report *reporter) (*smoke.Test, error) {
	meter := &smoke.Meter{Now: s.App.Now}
	api, err := s.API(ctx, session.Options{Attempt: func(one http.RoundTripper) http.RoundTripper {
		meter.Base = one
		return meter
	}})
	if err != nil {
		return nil, err
	}
	test := &smoke.Test{
		Checks:    report.findings,
		API:       api,
		Mark:      smoke.NewMark(s.App.Now()),
		ReadOnly:  options.readOnly,
		Keep:      options.keep,
		Meter:     meter,
		Latencies: options.latencies,
		Now:       s.App.Now,
		Deadline:  s.App.Deadline,
		Done:      report.step,
	}
	if api.Source != nil {
		test.Token = api.Source.Token
		test.Presented = api.Presenting
	}
	if options.subscribe {
		connector := api.Connector()
		connector.Lifetime = nil // it is of use for seconds, and never replaced
		test.Follow = func(ctx context.Context) (*appsync.Stream, error) {
			stream, err := connector.Follow(ctx, []appsync.Operation{appsync.Created}, appsync.Match{})
			return stream, api.Explain(ctx, err)
		}
	}
	return test, nil
}

// accountTable is a table of DynamoDB in an account.
type accountTable struct {
	name string
	open func() (*awsaccount.Account, error)
}

// Item implements smoke.Table.
func (t *accountTable) Item(ctx context.Context, id string) (map[string]string, bool, error) {
	account, err := t.open()
	if err != nil {
		return nil, false, err
	}
	return account.Item(ctx, t.name, id)
}

// besideEmulator starts an emulator, and returns a session in a world that has nothing
// else: no profile, keyring or file of the user's is touched. end ends that world.
func besideEmulator(ctx context.Context, s *session.Session) (inside *session.Session, end func(), err error) {
	// See Uncached in expiredToken.
	expired := []emulator.Fault{{Name: "expired-token", Count: 1}}
	beside, err := emulator.Start(ctx, emulator.Config{Now: s.App.Now, Faults: expired})
	if err != nil {
		return nil, nil, err
	}
	home, err := os.MkdirTemp("", "appsyncctl-smoke-")
	if err != nil {
		_ = beside.Close() // it ends with the process in any case
		return nil, nil, err
	}
	world := *s.App
	world.LookupEnv = lookupIn(home, beside.Environment())
	inside = session.New(&world, &app.Flags{Output: s.Flags.Output, Timeout: s.Flags.Timeout, Debug: s.Flags.Debug, NoInput: true})
	end = func() {
		inside.Close()
		_ = os.RemoveAll(home) // an empty folder at worst
		_ = beside.Close()
	}
	return inside, end, nil
}

// lookupIn is an environment of a home folder, the emulator's variables and a
// token store that ends with the process.
func lookupIn(home string, variables []emulator.Variable) func(string) (string, bool) {
	settings := map[string]string{
		"HOME": home, "APPDATA": home, "LOCALAPPDATA": home,
		config.Describe(config.TokenStore).Variable: string(tokencache.MemoryMode),
	}
	for _, variable := range variables {
		settings[variable.Name] = variable.Value
	}
	return func(name string) (string, bool) {
		value, ok := settings[name]
		return value, ok
	}
}

// expiredToken returns the token of --expired-token-file, or one that the token store
// still holds from an earlier run; with an emulator, one that it has made. It is empty
// if there is none.
func expiredToken(ctx context.Context, s *session.Session, subject *session.Subject, options smokeOptions) (auth.Secret, error) {
	switch {
	case options.expiredToken != "":
		token, _, err := session.SavedToken(ctx, s.App, "--expired-token-file", options.expiredToken)
		return token, err
	case subject.Cached == nil:
		return "", nil
	case options.emulator: // the first token that it gives has expired
		token, err := subject.Cached.Uncached(ctx)
		if err != nil {
			return "", err
		}
		s.App.Secrets.AddToken(token.AccessToken)
		return auth.Secret(token.AccessToken), nil
	default:
		return outlivedToken(ctx, s, subject.Cached), nil
	}
}

// outlivedToken is the token that rests in the store, if its time is over: the next
// command will renew it.
func outlivedToken(ctx context.Context, s *session.Session, cached *session.CachedGrant) auth.Secret {
	entry, err := cached.Source.Stored(ctx)
	if err != nil {
		return "" // the checks will say so
	}
	claims, err := auth.ParseClaims(entry.AccessToken)
	if err != nil || claims.Expiry.IsZero() || !claims.Expiry.Before(s.App.Now()) {
		return ""
	}
	return auth.Secret(entry.AccessToken)
}
